"""Two runs at once: in one folder, where Snakemake's lock speaks, and in two that fetch the same data set."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from deepspectra.data.sources.bike import COLUMNS
from deepspectra.runtime import store

from .conftest import Project, copy_project
from .disturbances import wait_for_jobs

#: A training of minutes, and a figure that takes seconds and shares nothing with it.
LONG = ("--config", "scale=smoke", "fan2020={training: {epochs: 5000, samples: 1500}}", "--", "fan2020_figure_3")
SHORT = ("--config", "scale=smoke", "--", "pennington2017_figure_3")


def end(process: subprocess.Popen[str]) -> str:
    """Kill a run and its jobs."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    return process.communicate()[0]


def test_a_second_run_in_the_folder_leaves_the_first_alone(project):
    locks = project.folder / ".snakemake" / "locks"
    first = project.start("--cores", "1", *LONG)
    try:
        (job,) = wait_for_jobs(first)
        held = sorted(locks.iterdir())
        assert held
        # By this the library knows that Ctrl-C may end it while it still imports.
        assert "DEEPSPECTRA_JOB" in job.environ()

        # The same files: refused, with what to think of the lock.
        second = project.snakemake("--cores", "1", *LONG)
        assert second.returncode != 0
        for words in (
            "Directory cannot be locked",
            "--unlock",
            f"another run is alive in this folder (process {first.pid}",
        ):
            assert words in second.stdout, second.stdout
        assert "Traceback" not in second.stdout
        assert sorted(locks.iterdir()) == held

        # A plan of them is made, and told the same.
        plan = project.snakemake("--dry-run", "--cores", "1", *LONG)
        assert plan.returncode == 0, plan.stdout
        assert f"another run is alive in this folder (process {first.pid}" in plan.stdout
        assert sorted(locks.iterdir()) == held

        # Other files: made, and the lock of the first is there afterwards.
        second = project.snakemake("--cores", "1", *SHORT)
        assert second.returncode == 0, second.stdout
        assert sorted(locks.iterdir()) == held

        # A lock that is not stale is not removed, even on demand.
        unlocked = project.snakemake("--unlock", *LONG[:2])
        assert "the lock of a run that is alive in this folder was put back" in unlocked.stdout, unlocked.stdout
        assert sorted(locks.iterdir()) == held

        assert first.poll() is None
        assert job.is_running()
    finally:
        if first.poll() is None:
            first.send_signal(signal.SIGINT)
            job.terminate()
        first.communicate(timeout=60)
    # It took its own lock away, whichever of the two signals it saw first.
    assert not locks.exists()


class Source:
    """A table like Bike Sharing's, served slowly on the loopback address, and as a file."""

    def __init__(self, folder: Path, seconds: float) -> None:
        draw = np.random.default_rng(1)
        values = draw.integers(0, 9, (400, len(COLUMNS))).astype(float)
        table = pd.DataFrame(values, columns=COLUMNS)
        table.insert(0, "dteday", "2011-01-01")
        table.insert(0, "instant", np.arange(1, 401))
        self.csv = table.to_csv(index=False).encode()
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("hour.csv", self.csv)
        self.archive = stream.getvalue()
        self.sha256 = hashlib.sha256(values.tobytes()).hexdigest()
        self.shape = list(values.shape)
        self.requests = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests += 1
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer.archive)))
                self.end_headers()
                step = -(-len(outer.archive) // 20)
                for start in range(0, len(outer.archive), step):
                    try:
                        self.wfile.write(outer.archive[start : start + step])
                        self.wfile.flush()
                    except OSError:  # who asked is gone
                        return
                    time.sleep(seconds / 20)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def declare(self, project: Project) -> None:
        """Put it in the place of Bike Sharing in a project's table."""
        path = project.folder / "resources" / "datasets.yaml"
        table = yaml.safe_load(path.read_text())
        table["bike"]["arrays"]["table"] |= {"shape": self.shape, "sha256": self.sha256}
        (official,) = (source for source in table["bike"]["sources"] if source["kind"] == "http")
        official |= {
            "urls": [f"http://127.0.0.1:{self.server.server_port}/bike.zip"],
            "bytes": len(self.archive),
            "members": {"table": {"path": "hour.csv", "sha256": hashlib.sha256(self.csv).hexdigest()}},
        }
        table["bike"]["sources"] = [official]
        path.write_text(yaml.safe_dump(table, sort_keys=False))


@pytest.fixture
def source(tmp_path) -> Iterator[Source]:
    source = Source(tmp_path, seconds=4)
    yield source
    source.server.shutdown()
    source.server.server_close()


@pytest.fixture
def neighbours(tmp_path, source) -> tuple[Project, Project]:
    """Two folders side by side, whose tools share one cache."""
    projects = tuple(copy_project(tmp_path / name) for name in ("one", "two"))
    for project in projects:
        source.declare(project)
    return projects


DATA = "resources/data/bike.h5"
LOOPBACK = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def fetch(project: Project, *options: str) -> subprocess.Popen[str]:
    return project.start("--cores", "1", *options, "--", DATA, TMPDIR=str(project.folder.parent), **LOOPBACK)


def leftovers(folder: Path) -> list[Path]:
    """Downloads and parts that were not removed."""
    return [*folder.glob("bike-*"), *folder.rglob(".*.part")]


def test_two_folders_fetch_the_same_data_set_at_once(neighbours, source, tmp_path):
    """While one of them is killed in the middle; it has to fetch again, and the other does not notice."""
    killed, other = (fetch(project) for project in neighbours)
    try:
        deadline = time.monotonic() + 60
        while source.requests < 2 or not wait_for_jobs(killed):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(1)
        killed.kill()
        output = other.communicate(timeout=60)[0]
        assert other.returncode == 0, output
    finally:
        end(killed)
        end(other)
    first, second = (project.folder / DATA for project in neighbours)
    assert second.exists()
    assert not first.exists()

    assert neighbours[0].snakemake("--unlock").returncode == 0
    again = fetch(neighbours[0])
    output = again.communicate(timeout=60)[0]
    assert again.returncode == 0, output
    assert first.read_bytes() == second.read_bytes()
    assert store.read(first, {"table": tuple(source.shape)})
    assert source.requests == 3
    # The job that lost its run took its download away with it.
    assert not leftovers(tmp_path)


def test_two_folders_take_their_data_from_a_third(neighbours, source, tmp_path):
    """At once; the folder stays as it was."""
    shared = tmp_path / "a shared folder"
    shared.mkdir()
    (shared / "hour.csv").write_bytes(source.csv)
    runs = [fetch(project, "--config", f"data={{folder: '{shared}'}}") for project in neighbours]
    for run in runs:
        output = run.communicate(timeout=120)[0]
        assert run.returncode == 0, output
    first, second = ((project.folder / DATA).read_bytes() for project in neighbours)
    assert first == second
    assert source.requests == 0
    assert [path.name for path in shared.iterdir()] == ["hour.csv"]
    assert (shared / "hour.csv").read_bytes() == source.csv
