"""The registry of thamm2024's items against the settings of all scales."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

from deepspectra.config import SCALES, load_settings
from deepspectra.papers.thamm2024.items import ITEMS
from tests import ROOT

TESTS = "statistics/thamm2024/networks"


@pytest.fixture(scope="module")
def settings():
    return load_settings(ROOT / "config")


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("item", ITEMS)
def test_every_item_has_what_the_rules_ask_for(settings, item, scale):
    entry, paper = ITEMS[item], settings[scale].thamm2024
    for place in filter(None, (entry.numbers, entry.drawing)):
        module, _, function = place.partition(":")
        assert callable(getattr(importlib.import_module(f"deepspectra.papers.thamm2024.{module}"), function))
    assert bool(entry.drawing) == item.startswith("figure") != bool(entry.tables)
    for paths in entry.inputs(paper).values():
        assert paths
        assert len(set(paths)) == len(paths)
        assert all((ROOT / path).is_file() for path in paths if path.startswith("resources/"))
    # Snakemake records the values of parameters.
    json.dumps(entry.parameters(paper))
    for name in entry.shaped_by(paper):
        node = paper
        for part in name.split("."):
            node = node[part] if isinstance(node, dict) else getattr(node, part)
    figure = paper.figure_3
    scaled = {paper.at_alpha(name, alpha) for name in (figure.network, *figure.further) for alpha in figure.alphas}
    assert set(entry.spectra(paper)) <= {*paper.known_networks, *scaled}


def test_seeds_shape_the_figures_that_show_or_tell_them(settings):
    paper, names = settings["record"].thamm2024, [f"networks.mlp512_seed{seed}" for seed in (1, 2, 3)]
    for item in ("figure_3", "figure_4"):
        assert [name for name in ITEMS[item].shaped_by(paper) if name.startswith("networks.")] == names


def test_the_inputs_of_the_paper_scale(settings):
    paper = settings["paper"].thamm2024
    four = ["mlp1024", "minialexnet", "alexnet", "vgg19"]
    assert ITEMS["figure_1"].inputs(paper) == {
        kind: [f"{TESTS}/{network}_{kind}.csv" for network in four] for kind in ("levels", "curves")
    }
    assert ITEMS["figure_1"].parameters(paper)["networks"] == ITEMS["figure_1"].spectra(paper) == four
    five = ["mlp512_seed1", "mlp1024", "alexnet", "vgg19", "minialexnet"]
    assert ITEMS["figure_2"].inputs(paper)["vectors"] == [f"{TESTS}/{network}_vectors.csv" for network in five]
    regimes = ["mlp512_seed1_alpha0.5", "mlp512_seed1", "mlp512_seed1_alpha5"]
    found = ITEMS["figure_3"].inputs(paper)
    assert list(found) == ["levels", "curves", "vectors", "history"]
    assert found["history"] == [f"networks/{network}_history.csv" for network in regimes]
    sweep = ITEMS["figure_4"].inputs(paper)["linearised"]
    assert len(sweep) == 13 * len(paper.figure_4.networks)
    assert sweep[0] == f"{TESTS}/mlp512_seed1_alpha0.1_linearised.csv"
    assert ITEMS["table_1"].inputs(paper) == {
        "published": ["resources/published/thamm2024_table_1.csv"],
        "history": [f"networks/{network}_history.csv" for network in paper.networks],
    }
    assert ITEMS["table_1"].parameters(paper) == {
        "test_images": dict.fromkeys(paper.networks, 10_000),
        "left_out": [],
    }
    assert ITEMS["table_2"].inputs(paper)["levels"] == [f"{TESTS}/{name}_levels.csv" for name in paper.known_networks]


def test_a_network_that_is_left_out_keeps_its_rows_but_has_no_history(settings):
    paper = settings["paper"].thamm2024.model_copy(update={"left_out": ["minialexnet"]})
    rest = [name for name in paper.networks if name != "minialexnet"]
    assert ITEMS["table_1"].inputs(paper)["history"] == [f"networks/{network}_history.csv" for network in rest]
    told = {"test_images": dict.fromkeys(rest, 10_000), "left_out": ["minialexnet"]}
    assert ITEMS["table_1"].parameters(paper) == told
    assert f"{TESTS}/minialexnet_levels.csv" in ITEMS["table_2"].inputs(paper)["levels"]


def test_a_network_with_test_images_of_its_own_keeps_them(settings):
    paper = settings["preview"].thamm2024
    assert paper.networks["minialexnet"].test_images == 1000
    assert ITEMS["table_1"].parameters(paper)["test_images"]["minialexnet"] == 1000


def test_the_registry_imports_nothing_heavy():
    """Every start of Snakemake imports it."""
    code = (
        "import sys; import deepspectra.papers.thamm2024.items, deepspectra.papers.thamm2024.networks; "
        "sys.exit(' '.join(set(sys.modules) & {'numpy', 'pandas', 'scipy', 'torch', 'matplotlib', 'h5py'}) or 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
