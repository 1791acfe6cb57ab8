"""What is planned from the settings: files, modules, costs and small print, without Snakemake."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace

import pytest

from deepspectra.config import load_settings
from deepspectra.data.sources.tables import WeightsEntry, load_table
from deepspectra.papers.registry import PAPERS, items_of
from deepspectra.planning import checks, costs, items, networks
from deepspectra.runtime.errors import UserError
from tests import ROOT

SETTINGS = load_settings(ROOT / "config")
#: A run on two cores, as Snakemake has it.
RESOURCES = SimpleNamespace(cores=2, nodes=None)
WEIGHTS = load_table(ROOT / "resources" / "weights.yaml", WeightsEntry)
ITEMS = [(paper, item) for paper in PAPERS for item in items_of(paper)]
NETWORKS = [
    network
    for paper in ("thamm2024", "baskerville2022", "fan2020")
    for network in getattr(SETTINGS["paper"], paper).networks
]


def own(*overrides):
    return load_settings(ROOT / "config", *overrides)


@pytest.mark.parametrize(("paper", "item"), ITEMS)
def test_functions_of_items_exist(paper, item):
    """Numbers and drawings are loaded by name."""
    modules = items.numbers_modules(SETTINGS["paper"], paper, item)
    for module in modules + (items.drawing_modules(paper, item) if items.attribute(paper, item, "drawing") else []):
        assert importlib.util.find_spec(f"deepspectra.{module}"), module


@pytest.mark.parametrize("scale", SETTINGS)
@pytest.mark.parametrize(("paper", "item"), ITEMS)
def test_files_of_an_item_are_of_the_scale_asked_for(paper, item, scale):
    files = items.inputs(SETTINGS[scale], paper, item, scale, lambda name: f"/shipped/{name}")
    files = [name for names in files.values() for name in names] + items.targets(SETTINGS[scale], paper, item, scale)
    for name in files:
        assert name.startswith((f"results/{scale}/", "resources/data/", "/shipped/resources/published/")), name


def test_kernels_are_part_of_a_target_only_if_they_are_kept():
    kept = own({"keep_matrices": True})["smoke"]
    kernel = "results/smoke/kernels/fan2020/figure_1.h5"
    assert kernel in items.targets(kept, "fan2020", "figure_1", "smoke")
    assert kernel not in items.targets(SETTINGS["smoke"], "fan2020", "figure_1", "smoke")
    # Those of many draws are never written.
    drawn = items.targets(kept, "fan2020", "figure_scaling", "smoke")
    assert "results/smoke/spectra/fan2020/draws_gaussian.h5" in drawn
    assert not any("/kernels/" in name for name in drawn)


def test_an_unknown_item_or_law_is_named_with_what_there_is():
    with pytest.raises(UserError, match=r"fan2020 has no 'figure_9'; it has figure_1, figure_2"):
        items.attribute("fan2020", "figure_9", "title")
    with pytest.raises(UserError, match=r"no limit law 'mine'; it has three_layers"):
        items.law_settings(SETTINGS["smoke"], "mine")


def test_small_print_tells_reductions_and_own_settings():
    mine = own({"fan2020": {"figure_1": {"width": 400}}})
    note = items.scale_note(SETTINGS, mine, "fan2020", "figure_1", "smoke")
    assert note.startswith("Smoke scale: ")
    assert "Own settings: width 400 instead of 300." in note
    # Figure scaling has other sizes in the same proportions.
    shaped = ["fan2020/figure_1", "fan2020/figure_s4", "fan2020/figure_scaling"]
    assert items.own_claims(SETTINGS, mine, "smoke") == shaped
    assert "width" not in items.scale_note(SETTINGS, SETTINGS, "fan2020", "figure_scaling", "smoke")
    mine = own({"fan2020": {"figure_1": {"width": 400, "bins": 40}, "figure_scaling": {"seed": 9}}})
    scaled, components = (
        items.scale_note(SETTINGS, mine, "fan2020", item, "smoke") for item in ("figure_scaling", "figure_components")
    )
    assert scaled.endswith("Own settings: seed 9 instead of 15, width 400 instead of 300.")
    assert components.endswith("Own settings: seed 9 instead of 15.")
    mine = own({"fan2020": {"figure_1": {"bins": 40}}})
    assert items.own_claims(SETTINGS, mine, "smoke") == shaped[:2]
    assert items.own_claims(SETTINGS, SETTINGS, "smoke") == []


@pytest.mark.parametrize("network", [*NETWORKS, "mlp512_seed1_alpha0.5"])
def test_modules_of_a_network_exist(network):
    """What a training loads by name enters its digest by name."""
    for module in networks.recipe_modules(SETTINGS["paper"], network):
        assert importlib.util.find_spec(f"deepspectra.{module}"), module


@pytest.mark.parametrize(
    ("network", "paper", "data"),
    [
        ("mlp512_seed1_alpha5", "thamm2024", "resources/data/cifar10.h5"),
        ("mlp_bike", "baskerville2022", "resources/data/bike.h5"),
        ("logistic_features", "baskerville2022", "results/smoke/features/cifar10.h5"),
        ("single_neuron", "fan2020", []),
        ("single_neuron_seed21", "fan2020", []),
    ],
)
def test_networks_have_their_paper_and_data(network, paper, data):
    assert networks.network_paper(SETTINGS["smoke"], network) == paper
    assert networks.network_data(SETTINGS["smoke"], "smoke", network) == data


def test_draws_have_their_data_and_cost_what_their_sizes_do():
    paper = SETTINGS["paper"]
    assert networks.drawn_data(paper, "gaussian") == []
    assert networks.drawn_data(paper, "images_30") == ["resources/data/cifar10.h5"]
    assert networks.drawn_modules(paper, "gaussian") == ["nn.activations.arctan"]
    assert networks.network_entry(paper, "single_neuron_seed21")["seed"] == 21
    larger = costs.drawn_memory(paper, "images_10") - costs.drawn_memory(paper, "images_30")
    # 5000 instead of 2500 samples: by hand, layers, kernels and a solver's copies, and inputs.
    n, width, small = 5000, 10_000, 0.25
    numbers = (1 - small) * (4 * (4 * width * n + 11 * n**2) + 8 * 6 * n**2) + 0.5 * 8 * 5 * 3072 * n
    assert larger == pytest.approx(numbers / 1e6)
    assert costs.drawn_minutes(paper, "images_10") > 3 * costs.drawn_minutes(paper, "images_30")


def test_own_epochs_of_a_network_win_over_the_papers():
    mine = own({"baskerville2022": {"networks": {"mlp_bike": {"epochs": 7}}}})["paper"]
    assert networks.training_entry(mine, "mlp_bike")["epochs"] == 7
    assert networks.training_entry(mine, "mlp_mnist")["epochs"] == 300


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        # Two copies of a 20060 x 20060 float32 matrix and a workspace of its size, by hand.
        (lambda: costs.curvature_memory(SETTINGS["paper"], "mlp_deep_mnist"), 1200 + 3 * 4 * 20060**2 / 1e6),
        # Seven tenths of the rows are distinct, in float64 and twice, beside the float32 matrix.
        (
            lambda: costs.curvature_eigenvalue_memory(SETTINGS["paper"], "mlp_deep_mnist", "0"),
            1200 + (4 + 2 * 8 * 0.7**2) * 20060**2 / 1e6,
        ),
        (lambda: costs.curvature_disk(SETTINGS["paper"], "mlp_deep_mnist"), 100 + 4 * 20060**2 / 1e6),
        (lambda: costs.covariance_memory(SETTINGS["paper"]), 1200 + 10 * 4 * 3072**2 / 1e6),
        (lambda: costs.null_level_minutes(SETTINGS["paper"], "3072", "512"), 20 + 999 * 0.012 / 4),
        (lambda: costs.kernel_eigenvalue_minutes(SETTINGS["paper"], "figure_2"), 60),
        # 4096 x 25088, 4096 x 4096 and 1000 x 4096.
        (
            lambda: costs.decomposition_minutes(SETTINGS["paper"], "vgg19", WEIGHTS),
            20 + 1e-10 * (4096**2 * (25088 + 4096) + 1000**2 * 4096),
        ),
    ],
)
def test_costs_follow_from_the_sizes(cost, expected):
    assert cost() == pytest.approx(expected, rel=1e-6)


def test_files_that_the_settings_name_must_be_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    checks.check_files_of(SETTINGS["smoke"])
    for override, message in (
        ({"data": {"folder": "/nowhere"}}, r"data\.folder: expected an existing folder"),
        ({"thamm2024": {"pretrained": {"vgg16": {"file": "/nowhere"}}}}, r"thamm2024\.pretrained\.vgg16\.file"),
    ):
        with pytest.raises(UserError, match=message):
            checks.check_files_of(own(override)["smoke"])


def test_folders_must_be_writable_where_something_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").write_text("a file")
    with pytest.raises(UserError, match="results must be a folder"):
        checks.check_run("smoke", RESOURCES, dry=False, listed=False)


def test_temporary_files_need_room_where_jobs_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", "/proc")
    with pytest.raises(UserError, match=r"^temporary files: /proc is read-only .*export TMPDIR=FOLDER$"):
        checks.check_run("smoke", RESOURCES, dry=False, listed=False)
    checks.check_run("smoke", RESOURCES, dry=True, listed=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "none"))
    checks.check_run("smoke", RESOURCES, dry=False, listed=False)


def test_no_core_is_enough_for_a_plan_only():
    resources = SimpleNamespace(cores=0, nodes=None)
    checks.check_run("smoke", resources, dry=True, listed=False)
    with pytest.raises(UserError, match="--cores: expected at least 1"):
        checks.check_run("smoke", resources, dry=False, listed=False)


def test_only_the_sweep_over_output_scales_may_diverge():
    settings = SETTINGS["paper"]
    assert networks.may_diverge(settings, "mlp512_seed1_alpha0.1")
    assert not any(networks.may_diverge(settings, network) for network in NETWORKS)
