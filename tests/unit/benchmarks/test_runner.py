"""The runner with a comparison that is made up: real processes, bad jobs and a run that goes on."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pandas as pd
import pytest

from benchmarks import peers, runner
from benchmarks.comparison import PROJECT, at
from benchmarks.measure import timed
from benchmarks.page import draw, page
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.progress import ProgressBar
from tests import ROOT
from tests.unit.benchmarks.made_up import COMPARISON

MODULE = "tests.unit.benchmarks.made_up"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The runner knows one comparison and writes to a folder of the test."""
    monkeypatch.setattr(runner, "known", lambda: {"made_up": MODULE})
    for name in ("TABLE", "PICTURE", "PAGE"):
        monkeypatch.setattr(runner, name, tmp_path / getattr(runner, name).name)
    return tmp_path


def test_two_jobs_in_fresh_processes(place):
    assert runner.main(["made_up:good"]) == 0
    table = pd.read_csv(place / "results.csv").set_index("job")
    assert list(table.index) == ["deepspectra", "einsum"]
    assert table.loc["einsum", "state"] == "agrees"
    assert (table.pairs == 2).all()
    # The peer sleeps, which takes time by the clock alone.
    assert table.loc["einsum", "wall_seconds"] > 0.01
    assert 0 < table.loc["einsum", "ratio_low"] <= table.loc["einsum", "ratio"] <= table.loc["einsum", "ratio_high"]
    assert (table.gigabytes > 0.01).all()
    text = (place / "results.md").read_text()
    assert "## Sums of squares" in text
    assert "0.001 GB: **missed**" in text
    assert (place / "results.png").read_bytes().startswith(b"\x89PNG")


def test_finished_rows_are_kept_while_the_code_is_the_same(place, monkeypatch, capsys):
    runs = []
    real = runner.measure_size
    monkeypatch.setattr(runner, "measure_size", lambda *all, **more: runs.append(all[3]) or real(*all, **more))
    runner.main(["made_up:good"])
    first = (place / "results.csv").read_bytes()
    runner.main(["made_up:good"])
    assert runs == ["good"]
    assert (place / "results.csv").read_bytes() == first
    runner.main(["made_up:good", "--pairs", "1"])
    assert runs == ["good", "good"]
    assert (place / "results.csv").read_bytes() == first
    monkeypatch.setattr(runner, "code_digest", lambda file: "another")
    runner.main(["made_up:good"])
    assert runs == ["good"] * 3


def test_bad_jobs_are_errors_and_slow_ones_are_not(place, capfd):
    with ProgressBar(total=6) as bar:
        rows = runner.measure_size("made_up", MODULE, COMPARISON, "bad", bar)
        assert bar.n == 5
    states = rows.set_index("job").state
    assert dict(states) == {
        "deepspectra": "ours",
        "wrong": "differs",
        "failing": "failed",
        "endless": "did not finish",
        "alone": "not compared",
    }
    assert "no such thing" in capfd.readouterr().err
    assert rows.set_index("job").loc["wrong", "difference"] == pytest.approx(1e-3, rel=1e-2)
    text = page(rows, {"made_up": COMPARISON})
    assert "**differs** 1.0e-03 of 1e-04" in text
    assert "failed: RuntimeError: no such thing" in text
    assert "did not finish in 2 s" in text
    draw(rows, {"made_up": COMPARISON}, place / "rows.png")


def test_a_difference_sets_the_exit_status(place, monkeypatch):
    monkeypatch.setattr(
        runner, "measure_size", lambda name, *rest: pd.DataFrame([{"comparison": name, "state": "differs"}])
    )
    monkeypatch.setattr(runner, "_write", lambda table, comparisons: table)
    monkeypatch.setattr(runner, "page", lambda table, comparisons: "")
    assert runner.main(["made_up:bad"]) == 1


@pytest.mark.parametrize(("name", "message"), [("nothing", "no comparison"), ("made_up:huge", "no size 'huge'")])
def test_unknown_names(place, name, message):
    with pytest.raises(UserError, match=message):
        runner.main([name])


@pytest.mark.parametrize(
    ("first", "later", "seconds", "calls"),
    # A short first call is left out, a long one counts alone.
    [(0.75, 0.125, 0.125, 5), (2.0, 5.0, 5.0, 2), (60.0, 1.0, 60.0, 1)],
)
def test_what_a_call_takes(monkeypatch, first, later, seconds, calls):
    done, clock = [], [0.0]

    def work():
        clock[0] += later if done else first
        done.append(1)
        return len(done)

    monkeypatch.setattr("time.process_time", lambda: clock[0])
    monkeypatch.setattr("time.perf_counter", lambda: clock[0] / 2)
    assert timed(work) == (seconds, seconds / 2, calls)


def test_peak_memory_is_that_of_the_process_and_not_of_its_parent():
    """Memory that was given back counts, and what the parent holds does not."""
    code = "from benchmarks.measure import peak_gigabytes as p; a = p(); b'1' * 200_000_000; print(a, p())"
    held = b"1" * 300_000_000
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    before, after = map(float, done.stdout.split())
    del held
    assert before < 0.15
    assert after - before == pytest.approx(0.2, abs=0.01)


def test_every_comparison_can_be_read_and_its_peers_have_pins():
    """In the project's environment, without a peer."""
    for name, module in runner.known().items():
        comparison = importlib.import_module(module).COMPARISON
        for job in [comparison.ours, *comparison.peers.values()]:
            assert set(job.sizes or comparison.sizes) <= set(comparison.sizes), name
            for size in job.sizes or comparison.sizes:
                assert at(size, job.pairs) >= 1
            peers.pins_of(job.environment)
        assert set(comparison.most) <= set(comparison.sizes)


def test_pins_are_exact_and_name_no_address():
    for file in peers.PINS.glob("*.txt"):
        for line in file.read_text().splitlines():
            name, version = line.partition(";")[0].strip().split("==")
            assert name.replace("-", "").replace("_", "").replace(".", "").isalnum(), line
            assert version.strip("0123456789.abcrpostdev+") == "", line


def test_an_environment_without_pins_is_refused():
    assert peers.pins_of(PROJECT) == ""
    with pytest.raises(UserError, match="no environment 'nothing'"):
        peers.interpreter("nothing")


def test_an_environment_is_made_once_and_anew_if_pins_change(tmp_path, monkeypatch):
    commands = []

    def pretend(command, check):
        commands.append(command)
        if "venv" in command:
            (tmp_path / "made" / "peer" / "bin").mkdir(parents=True)

    monkeypatch.setattr(peers, "PINS", tmp_path)
    monkeypatch.setattr(peers, "ENVIRONMENTS", tmp_path / "made")
    monkeypatch.setattr(peers.shutil, "which", lambda name: "uv")
    monkeypatch.setattr(peers.subprocess, "run", pretend)
    (tmp_path / "peer.txt").write_text("python==3.11\nsomething==1.0\n")
    python = peers.interpreter("peer")
    assert python == peers.interpreter("peer")
    assert [command[:2] for command in commands] == [["uv", "venv"], ["uv", "pip"]]
    assert commands[0][2:4] == ["--python", "3.11"]
    assert "--no-deps" in commands[1]
    (tmp_path / "peer.txt").write_text("python==3.11\nsomething==1.1\n")
    peers.interpreter("peer")
    assert len(commands) == 4
