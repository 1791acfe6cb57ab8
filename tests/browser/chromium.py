"""A headless Chromium, driven through its own debugging protocol over two pipes: no driver, no port, no dependency."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

PACKAGES = ("chromium", "fonts-dejavu-core")
NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 60
#: Headless, without the browser's own calls to the network and without a profile of somebody's.
OPTIONS = (
    *("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"),
    *("--disable-default-apps", "--no-default-browser-check", "--no-proxy-server", "--remote-debugging-pipe"),
)


class Impossible(Exception):
    """Chromium cannot run here; the message says why."""


def find() -> str:
    """The browser's program, from Debian's packages where none is there.

    :raises Impossible: if this is not root, or the packages cannot be had.
    """
    if program := next(filter(None, map(shutil.which, NAMES)), None):
        return program
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Impossible(f"none of {', '.join(NAMES)} is here, and only root can have apt-get install {PACKAGES[0]}")
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        result = subprocess.run(
            [
                "apt-get",
                "-q",
                "-o",
                "Acquire::Retries=1",
                "-o",
                "Acquire::http::Timeout=20",
                "-o",
                "DPkg::Lock::Timeout=300",
                *command,
            ],
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if result.returncode:
            raise Impossible(f"apt-get {command[0]} failed: {result.stdout.strip()[-300:]}")
    if program := shutil.which(NAMES[0]):
        return program
    raise Impossible(f"{NAMES[0]} is not found after its installation")


class Browser:
    """One browser with one page, from ``with`` to its end."""

    def __enter__(self) -> Browser:
        self.profile = tempfile.TemporaryDirectory(prefix="chromium_", ignore_cleanup_errors=True)
        commands, self.sending = os.pipe()
        self.receiving, answers = os.pipe()
        # Chromium reads commands from descriptor 3 and answers on 4.
        line = f'exec "$0" "$@" 3<&{commands} 4>&{answers}'
        options = [*OPTIONS, *(["--no-sandbox"] if os.geteuid() == 0 else []), f"--user-data-dir={self.profile.name}"]
        self.process = subprocess.Popen(
            ["bash", "-c", line, find(), *options, "about:blank"],
            pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self.session, self.count, self.rest, self.events = None, 0, b"", []
        try:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Network", "Log"):
                self.call(f"{domain}.enable")
        except Impossible:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.sending)
        os.close(self.receiving)
        self.profile.cleanup()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What Chromium answers to a command; events that come before it are kept.

        :raises Impossible: if it has ended or does not answer.
        :raises RuntimeError: if it refuses.
        """
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        try:
            content = json.dumps(message).encode() + b"\0"
            while content:
                content = content[os.write(self.sending, content) :]
        except BrokenPipeError as error:
            raise Impossible(f"Chromium has ended before {method}") from error
        while True:
            answer = self._next(method)
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def _next(self, method: str) -> dict[str, Any]:
        """The next message."""
        end = time.monotonic() + SECONDS
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.receiving], [], [], max(0, end - time.monotonic()))
            content = os.read(self.receiving, 1 << 20) if ready else b""
            if not content:
                raise Impossible(f"Chromium {'has ended' if ready else 'does not answer'} at {method}")
            self.rest += content
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)

    def open(self, path: Path, *, width: int = 1400, dark: bool = False, script: bool = True) -> None:
        """Load a file in a window of that width, and wait until all of it is there."""
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.resize(width)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next("Page.navigate"))

    def resize(self, width: int, height: int = 900) -> None:
        """A window of that size in pixels of the page."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **metrics)

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression; also where the page's own scripts are disabled.

        :raises RuntimeError: if it throws.
        """
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["exception"]["description"])
        return result["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Press a key: its name and its Windows code, such as ("Tab", 9)."""
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code)

    def complaints(self) -> list[str]:
        """What the page wrote to the console, and errors, since it was opened."""
        kinds = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}
        return [json.dumps(event["params"]) for event in self.events if event.get("method") in kinds]

    def requests(self) -> list[str]:
        """Every address that was asked for since the page was opened, but for data inside it."""
        sent = (event for event in self.events if event.get("method") == "Network.requestWillBeSent")
        addresses = (event["params"]["request"]["url"] for event in sent)
        return [address for address in addresses if not address.startswith("data:")]

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """What the window shows, or the whole page, as PNG."""
        # Two frames later what was scrolled to is drawn, on a busy machine too.
        self.ask("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")
        result = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(result["data"]))

    def print(self, path: Path) -> None:
        """The page on paper, as PDF."""
        path.write_bytes(base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"]))
