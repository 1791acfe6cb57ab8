"""Scripts of the curvature stage on whole sets, which are too large for the smoke run, with features of few numbers."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from deepspectra.nn.architectures import architecture
from deepspectra.nn.networks import initialise_default, parameters_of
from deepspectra.papers.baskerville2022.curvature_statistics import RATIO_CUT, WHOLE_CUT, whole_cut
from deepspectra.papers.baskerville2022.names import CONTROLS
from deepspectra.rmt.ratios import mean_ratio
from deepspectra.runtime import store

from .conftest import ROOT

NETWORK = {"architecture": "mlp", "data": "features", "hidden": [], "activation": "relu", "seed": 1}
FEATURES, SAMPLES, PARAMETERS = 30, 200, 310
RUN = """
import json, runpy, sys
from types import SimpleNamespace

class Wildcards(SimpleNamespace):
    def __getitem__(self, key):
        return getattr(self, key)

for script, given in json.loads(sys.argv[1]):
    given["wildcards"] = Wildcards(**given["wildcards"])
    named = {key: given[key] for key in ("params", "input", "output") if isinstance(given[key], dict)}
    named = {key: SimpleNamespace(**values) for key, values in named.items()}
    runpy.run_path(script, {"snakemake": SimpleNamespace(**given | named)})
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A folder with weights and features, in which all scripts have run, one after the other in one process."""
    folder = tmp_path_factory.mktemp("curvature")
    rng = np.random.default_rng(1)
    arrays = {}
    for part in ("train", "test"):
        arrays[f"{part}_features"] = rng.standard_normal((SAMPLES, FEATURES)).astype(np.float32)
        arrays[f"{part}_labels"] = rng.integers(10, size=SAMPLES)
    store.write(folder / "features.h5", arrays, parameters={})
    model = architecture(NETWORK["architecture"]).build(NETWORK, FEATURES, 10)
    initialise_default(model, 1)
    weights = {f"final/{name}": array for name, array in parameters_of(model).items()}
    store.write(folder / "weights.h5", weights, parameters={})

    jobs = []

    def script(name, **given):
        log = {"log": [f"{name}.log"], "threads": 1, "config": {"device": "cpu"}}
        jobs.append([str(ROOT / "workflow" / "scripts" / f"{name}.py"), given | log])

    place = {"state": "final", "split": "test", "kind": "hessian"}
    files = {"weights": "weights.h5", "data": "features.h5"}
    for batch in ("whole", "0", "1", "2"):
        wildcards = place | {"network": "toy", "batch": batch}
        params = {"network": NETWORK, "samples": 150 if batch == "whole" else 20}
        script("compute_curvature", wildcards=wildcards, input=files, output=[f"{batch}.h5"], params=params)
        script("decompose_curvature", wildcards=wildcards, input=[f"{batch}.h5"], output=[f"p{batch}.h5"], params={})
    params = {"network": NETWORK, "batch_size": 20, "whole_samples": 150, "method": None}
    wildcards = place | {"network": "toy", "first": "0", "last": "2"}
    script("resolve_curvature", wildcards=wildcards, input=files, output=["resolved.h5"], params=params)
    script("resolve_whole_set", wildcards=wildcards, input=files, output=["whole_resolved.h5"], params=params)
    batches = {"size": 20, "there": 3, "drawn": 6, "vectors": 2}
    params = {"network": NETWORK, "batches": batches, "softmax": True, "seed": 3, "method": None}
    script("draw_controls", wildcards=wildcards, input=files, output=["controls.h5"], params=params)
    inputs = {"published": [f"p{batch}.h5" for batch in range(3)], "resolved": ["resolved.h5"]}
    inputs |= {"published_whole": ["pwhole.h5"], "resolved_whole": ["whole_resolved.h5"], "zeros": []}
    inputs |= {"controls": ["controls.h5"]}
    outputs = {"curves": "curves.csv", "summary": "summary.csv"}
    params = {"curvature": {"batch_size": 20, "unfolded_share": 0.3333, "seed": 2}, "data": "features"}
    params |= {"full_batches": 10, "mapped": {"draws": 2, "seed": 3}}
    script("analyse_curvature", wildcards=wildcards, input=inputs, output=outputs, params=params)
    result = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(jobs)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow" / "lib")},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return folder


def test_a_whole_set_as_published_and_resolved_are_one_matrix(run):
    """P = 310: 31 x 9 combinations of inputs and classes, and 31 zeros, of the first 150 samples."""
    matrix = store.read(run / "whole.h5", {"matrix": (PARAMETERS, PARAMETERS)})["matrix"]
    assert matrix.dtype == np.float32
    exact = torch.linalg.eigvalsh(torch.from_numpy(matrix).double()).numpy()
    published = store.read(run / "pwhole.h5", {"eigenvalues": (PARAMETERS,)})["eigenvalues"]
    resolved = store.read(run / "whole_resolved.h5", {"eigenvalues": ("levels",)})["eigenvalues"]
    assert len(resolved) == 31 * 9
    # Solved for in double precision and rounded, as by NumPy: equal to a last bit or to an error of 1e-16.
    np.testing.assert_allclose(published, exact, rtol=2e-7, atol=1e-13 * exact[-1])
    assert (published == published.astype(np.float32)).all()
    np.testing.assert_allclose(resolved, published[-len(resolved) :], rtol=0, atol=1e-5 * exact[-1])


def test_the_cut_off_of_a_whole_set_is_its_own(run):
    table = pd.read_csv(run / "summary.csv").set_index(["series", "scope", "quantity"]).value
    assert table["published", "batch", "ratio_cut"] == RATIO_CUT
    assert table["published", "whole", "ratio_cut"] == WHOLE_CUT
    published = store.read(run / "pwhole.h5", {"eigenvalues": (PARAMETERS,)})["eigenvalues"]
    kept = published[np.abs(published) > WHOLE_CUT]
    assert table["published", "whole", "kept_mean"] == len(kept) < PARAMETERS
    expected = mean_ratio([kept], 2).value
    assert table["published", "whole", "mean_ratio"] == pytest.approx(expected, rel=1e-8)
    assert table["resolved", "whole", "parameters"] == PARAMETERS


def test_batches_are_unfolded_with_and_without_cut_off(run):
    curves = pd.read_csv(run / "curves.csv")
    assert {"unfolded", "unfolded reference", "unfolded without cut-off"} <= set(
        curves[curves.series == "published"].statistic
    )
    table = pd.read_csv(run / "summary.csv").set_index(["series", "scope", "quantity"]).value
    assert table["resolved", "batch", "kept_mean"] == 20 * 9
    assert table["published", "batch", "kept_mean"] > 20 * 9


def test_trained_networks_on_mnist_have_no_cut_off_of_whole_sets():
    assert whole_cut("mnist", "final") == 0
    assert whole_cut("mnist", "initial") == whole_cut("features", "final") == 1e-5


def test_controls_stand_beside_the_resolved_spectrum(run):
    table = pd.read_csv(run / "summary.csv").set_index(["series", "scope", "quantity"]).value
    for name in CONTROLS.values():
        assert table[name, "batch", "matrices"] == 6
    curves = pd.read_csv(run / "curves.csv").set_index(["series", "statistic"]).y
    assert len(curves["Gaussian inputs", "deciles low"]) == len(curves["resolved", "participation"]) == 10
