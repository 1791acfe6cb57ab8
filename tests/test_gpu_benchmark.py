"""The script for machines with a GPU, tried out on the CPU."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch

from benchmarks import gpu
from deepspectra.planning.work import work_of
from tests import ROOT


def test_every_rule_that_asks_for_a_gpu_is_compared_with_the_cpu():
    text = "\n".join(path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    rules = re.findall(r"^rule (\w+):\n(.*?)(?=^rule |\Z)", text, re.MULTILINE | re.DOTALL)
    assert set(gpu.CHECKS) == {name for name, body in rules if "gpu=GPU" in body}


def test_a_difference_is_seen():
    here = {"a": np.array([1.0, -4.0]), "b": np.zeros(3), "c": np.empty(0)}
    assert gpu.largest_difference(here, here) == 0
    assert gpu.largest_difference(here, here | {"a": np.array([1.0, -4.4])}) == pytest.approx(0.1)
    assert gpu.largest_difference(here, here | {"a": np.array([1.0, np.nan])}) == np.inf
    assert gpu.largest_difference(here, here | {"a": np.ones(3)}) == np.inf
    assert gpu.largest_difference(here, {"a": here["a"]}) == np.inf


def test_the_large_matrix_is_that_of_the_paper():
    assert gpu._parameters(100) == 20060
    assert gpu._published("cpu", 4).shape == (gpu._parameters(4),) * 2


def test_cases_are_those_of_the_model():
    """What is measured here tells how fast these jobs are."""
    from deepspectra.config import load_settings

    settings = load_settings(ROOT / "config")
    of = {
        "scale": "paper",
        "network": "mlp_deep_mnist",
        "state": "final",
        "split": "test",
        "kind": "hessian",
        "batch": "0",
    }
    jobs = [("train_network", {"scale": "paper", "network": name}) for name in ("mlp512_seed1", "minialexnet")]
    jobs += [("compute_curvature", of), ("decompose_curvature", of)]
    jobs += [("compute_kernels", {"scale": "paper", "item": "figure_2"})]
    cases = [(rule, work_of(rule, wildcards, settings, {})[0]) for rule, wildcards in jobs]
    assert cases == [(timing.rule, timing.case) for timing in gpu.TIMINGS.values()]


def test_without_a_gpu_it_is_refused_by_name(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.main([str(tmp_path)]) == 1
    assert "error: torch sees no CUDA device here." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_dry_run_writes_everything(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(gpu, "_tests", lambda seconds: "passed: 2 passed")
    assert gpu.main([str(tmp_path / "out"), "--dry-run"]) == 0
    report = json.loads((tmp_path / "out" / "gpu.json").read_text())
    assert [row["rule"] for row in report["agreement"]] == list(gpu.CHECKS)
    assert all(row["agrees"] for row in report["agreement"])
    assert all(row["seconds"] > 0 and row["cpu_seconds"] > 0 for row in report["timings"])
    assert capsys.readouterr().out.strip() == (tmp_path / "out" / "gpu.md").read_text().strip()
    assert len((tmp_path / "out" / "gpu_speeds.csv").read_text().splitlines()) == 1 + len(gpu.TIMINGS)


def test_what_no_time_is_left_for_is_left_out_and_said_so(monkeypatch, tmp_path):
    monkeypatch.setattr(
        gpu, "CHECKS", {"draw_kernels": (lambda device: {"a": np.array([float(device == "cpu")])}, 1e-9)}
    )
    monkeypatch.setattr(gpu, "_tests", lambda seconds: "failed: 1 failed")
    report = gpu.run("elsewhere", False, tmp_path, lambda: 0.0)
    assert [row["seconds"] for row in report["timings"]] == [None] * len(gpu.TIMINGS)
    assert not report["agreement"][0]["agrees"]
    shown = (tmp_path / "gpu.md").read_text()
    assert shown.count("left out: no time") == len(gpu.TIMINGS)
    assert "**differs**" in shown
    assert "failed: 1 failed" in shown
