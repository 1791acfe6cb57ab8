"""The registry of items: what figures show, and files, panels and parameters at every scale."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from deepspectra.config import SCALES, load_settings
from deepspectra.papers.baskerville2022.items import ITEMS
from deepspectra.papers.baskerville2022.names import parts_of
from deepspectra.papers.baskerville2022.spectra import (
    HESSIAN_FIGURES,
    analysed_files,
    curvature_panels,
    full_batches,
    hessian_settings,
    samples_of,
    spectrum_files,
)
from tests import ROOT

TEST = "final_test_hessian"
HEAVY = ("numpy", "pandas", "scipy", "torch", "matplotlib")


def shown(paper, item):
    return {letter: tuple(panel.values()) for letter, panel in curvature_panels(paper, item).items()}


def test_items_are_in_the_order_of_the_paper():
    figures = [*(f"figure_{n}" for n in range(1, 10)), *(f"figure_a{n}" for n in range(10, 15))]
    assert list(ITEMS) == [*figures, "figure_controls", "figure_resnet34", "table_networks"]


def test_the_registry_imports_nothing_large():
    code = f"import sys, deepspectra.papers.baskerville2022.items; print([m for m in {HEAVY} if m in sys.modules])"
    path = str(ROOT / "workflow" / "lib")
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": path})
    assert result.stdout.strip() == "[]", result.stderr


@pytest.mark.parametrize("item", ITEMS)
def test_functions_exist_and_titles_fit_a_line(item):
    entry = ITEMS[item]
    for place in filter(None, (entry.numbers, entry.drawing)):
        module, _, function = place.partition(":")
        assert function in import_module(f"deepspectra.papers.baskerville2022.{module}").__all__
    assert 0 < len(entry.title) < 120
    assert entry.drawing if item.startswith("figure") else entry.tables == (item,)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("item", ITEMS)
def test_inputs_settings_and_spectra_are_those_of_the_scale(settings, scale, item):
    """Not of the default scale, which once put false small print on figures of another."""
    paper, entry = settings[scale].baskerville2022, ITEMS[item]
    files = [file for files in entry.inputs(paper).values() for file in files]
    assert files
    assert len(set(files)) == len(files)
    for node in entry.shaped_by(paper):
        value = paper
        for key in node.split("."):
            value = value[key] if isinstance(value, dict) else getattr(value, key)
    for name in entry.spectra(paper):
        spectrum, _, file = name.rpartition("/")
        if spectrum and file.startswith("published_"):
            assert paper.published_batches(*parts_of(spectrum)[::2]) > 0
    assert set(entry.parameters(paper))


def test_settings_that_shape_a_figure_differ_between_scales(settings):
    """Bike Sharing's network has epochs of its own at preview scale alone."""
    paper, preview = (settings[scale].baskerville2022 for scale in ("paper", "preview"))
    assert hessian_settings(paper, "figure_8")[0] == "training"
    assert "training.batch_size" in hessian_settings(preview, "figure_8")
    assert "training.epochs" not in hessian_settings(preview, "figure_8")
    assert "curvature.whole_samples" in hessian_settings(paper, "figure_a13")
    assert "features" in hessian_settings(paper, "figure_3")
    assert "controls.vector_batches" in hessian_settings(paper, "figure_controls")
    assert "controls.vector_batches" not in hessian_settings(paper, "figure_3")


def test_panels(settings):
    paper = settings["paper"].baskerville2022
    assert list(HESSIAN_FIGURES) == [i for i in ITEMS if ITEMS[i].numbers == "curvature_figures:gather_panels"]
    assert shown(paper, "figure_1") == {
        "b": (f"mlp_mnist/{TEST}", "batch", "density"),
        "c": (f"logistic_mnist/{TEST}", "batch", "density"),
        "d": ("logistic_mnist/final_train_hessian", "whole", "density"),
    }
    features = f"logistic_features/{TEST}"
    assert shown(paper, "figure_3") == {
        "a": (features, "batch", "unfolded"),
        "b": (features, "batch", "ratios"),
        "c": (features, "whole", "ratios"),
        "d": (features, "batch", "deciles"),
    }
    assert {panel[0] for panel in shown(paper, "figure_9").values()} == {"mlp_bike/final_train_gauss_newton"}
    untrained = [f"logistic_mnist/initial_{split}_hessian" for split in ("train", "test")]
    assert list(shown(paper, "figure_a12").values()) == [(name, "batch", "unfolded") for name in untrained]
    assert list(shown(paper, "figure_a13").values()) == [
        (name, scope, "ratios") for scope in ("batch", "whole") for name in untrained
    ]
    assert [panel[0] for panel in shown(paper, "figure_a14").values()] == [
        f"logistic_mnist/{TEST}",
        untrained[1],
        features,
    ]


def test_the_table_lists_every_figures_spectra_and_networks_that_no_figure_shows():
    own = {"baskerville2022": {"networks": {"mine": {"data": "mnist", "hidden": [30], "seed": 1}}}}
    paper = load_settings(ROOT / "config", own)["paper"].baskerville2022
    spectra = ITEMS["table_networks"].parameters(paper)["spectra"]
    assert f"mine/{TEST}" in spectra
    assert spectra[-1] == f"mine/{TEST}"
    assert set(spectra) > {panel[0] for item in HESSIAN_FIGURES for panel in shown(paper, item).values()}
    assert "networks/mine_history.csv" in ITEMS["table_networks"].inputs(paper)["histories"]


def test_files_of_a_spectrum(settings):
    paper, preview = (settings[scale].baskerville2022 for scale in ("paper", "preview"))
    folder = f"spectra/baskerville2022/logistic_mnist/{TEST}"
    files = spectrum_files(preview, f"logistic_mnist/{TEST}")
    assert files["published"] == [f"{folder}/published_{batch}.h5" for batch in range(3)]
    assert files["resolved"] == [f"{folder}/resolved_0_155.h5"]
    assert (files["published_whole"], files["resolved_whole"]) == ([], [f"{folder}/resolved_whole.h5"])
    assert spectrum_files(paper, f"logistic_mnist/{TEST}")["published_whole"] == [f"{folder}/published_whole.h5"]
    deep = spectrum_files(paper, f"mlp_deep_mnist/{TEST}")
    assert [file.rpartition("/")[2] for file in deep["resolved"][-2:]] == ["resolved_144_151.h5", "resolved_152_155.h5"]
    assert deep["resolved_whole"] == deep["published_whole"] == []
    assert deep["zeros"] == [f"spectra/baskerville2022/mlp_deep_mnist/{TEST}/zeros.h5"]
    assert files["zeros"] == []
    bike = spectrum_files(paper, "mlp_bike/final_train_gauss_newton")
    assert bike["zeros"] == []
    assert [file.rpartition("/")[2] for file in bike["resolved"]] == ["resolved_0_216.h5"]


def test_the_files_of_a_job_have_its_scale_in_front(settings):
    paper = settings["smoke"].baskerville2022
    files = analysed_files(paper, "smoke", "logistic_mnist", "initial", "train", "hessian")
    expected = spectrum_files(paper, "logistic_mnist/initial_train_hessian")
    assert files == {name: [f"results/smoke/{path}" for path in paths] for name, paths in expected.items()}


def test_samples_of_a_matrix(settings):
    paper, preview = (settings[scale].baskerville2022 for scale in ("paper", "preview"))
    assert [samples_of(scale, "logistic_mnist", "train", "whole") for scale in (paper, preview)] == [60_000, 640]
    assert samples_of(paper, "logistic_mnist", "train", "3") == 64
    assert full_batches(paper, "logistic_mnist", "train") == 937
    assert full_batches(preview, "logistic_features", "test") == 5
