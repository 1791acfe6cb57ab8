"""Work grows with sizes as the dominant operations do, and every rule that takes long has a law."""

from __future__ import annotations

import re

import pytest

from deepspectra.config import load_settings
from deepspectra.data.sources.tables import WeightsEntry, load_table
from deepspectra.nn.backbones import names
from deepspectra.planning.work import _IMAGES, LAWS, law_of, work_of
from tests import ROOT

FILED = load_settings(ROOT / "config")
WEIGHTS = load_table(ROOT / "resources" / "weights.yaml", WeightsEntry)


def work(rule, own=None, **wildcards):
    settings = load_settings(ROOT / "config", own) if own else FILED
    return work_of(rule, {"scale": "paper", **wildcards}, settings, WEIGHTS)


def test_laws_are_of_rules_that_exist_and_rules_with_laws_of_time_have_one():
    text = "\n".join(path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    begins = r"^(?:rule|checkpoint) "
    rules = dict(re.findall(rf"{begins}(\w+):\n(.*?)(?={begins}|\Z)", text, re.MULTILINE | re.DOTALL))
    assert {name.partition(" ")[0] for name in LAWS} <= set(rules)
    by_size = r"runtime=(plan\.grow\((costs|my_networks)\.|lambda )"
    assert {name for name, body in rules.items() if re.search(by_size, body)} <= set(LAWS)


@pytest.mark.parametrize(
    ("rule", "wildcards", "own", "times"),
    [
        ("train_network", {"network": "mlp512_seed1"}, {"thamm2024": {"training": {"epochs": 50}}}, 0.5),
        (
            "train_network",
            {"network": "minialexnet"},
            {"thamm2024": {"training": {"images": 5000, "test_images": 1000}}},
            0.1,
        ),
        ("train_network", {"network": "single_neuron_seed21"}, {"fan2020": {"training": {"samples": 2000}}}, 2),
        ("draw_null_levels", {"rows": "1024", "columns": "512"}, {"thamm2024": {"nulls": {"matrices": 333}}}, 1 / 3),
        ("embed_images", {}, {"baskerville2022": {"features": {"backbone": "resnet34"}}}, 1),
        ("embed_images", {}, {"baskerville2022": {"features": {"backbone": "efficientnet_lite0"}}}, 1 / 2.2),
        ("decompose_kernels", {"item": "figure_1"}, {"fan2020": {"figure_1": {"samples": 1500}}}, 0.125),
        (
            "resolve_resnet34",
            {},
            {"baskerville2022": {"figure_resnet34": {"batch_size": 16}}},
            1 / 4,
        ),
    ],
)
def test_work_follows_the_settings(rule, wildcards, own, times):
    case, amount = work(rule, **wildcards)
    other, changed = work(rule, own, **wildcards)
    assert other == case
    assert changed == pytest.approx(times * amount, rel=0.01)


@pytest.mark.parametrize(
    ("rule", "wildcards", "small", "large", "times"),
    [
        # Products with weights that are wide beside the samples, and Gram matrices of many samples beside the width.
        ("compute_kernels", {"item": "figure_1"}, *({"fan2020.figure_1.width": n} for n in (200_000, 400_000)), 4),
        ("compute_kernels", {"item": "figure_1"}, *({"fan2020.figure_1.samples": n} for n in (10**6, 2 * 10**6)), 4),
        (
            "draw_kernels",
            {"inputs": "gaussian"},
            *({"fan2020.figure_scaling.gaussian": {"samples": [10, 90, 900], "draws": [n] * 3}} for n in (99, 198)),
            2,
        ),
        # Half as many networks, of eight times the product and four times the random numbers each.
        (
            "simulate_data_covariance",
            {"alpha": "0"},
            *({"pennington2017.figure_1": {"input_dimensions": [n], "layers": 50}} for n in (3072, 6144)),
            4,
        ),
        ("simulate_data_covariance", {"alpha": "0"}, *({"pennington2017.figure_1.layers": n} for n in (100, 200)), 2),
        # Twice the samples: products and random numbers of them are most of the work.
        (
            "simulate_data_covariance",
            {"alpha": "0"},
            *({"pennington2017.figure_1": {"layers": 50, "phi": phi}} for phi in (1, 0.5)),
            2,
        ),
        (
            "simulate_random_features",
            {"panel": "a"},
            *({"pennington2017.figure_2.panels.a": {"phi": phi, "psi": 0.25}} for phi in (0.1, 0.05)),
            2,
        ),
        ("analyse_weights", {"network": "mlp512_seed1"}, *({"thamm2024.nulls.matrices": n} for n in (9999, 19998)), 2),
        (
            "solve_limit_law",
            {"law": "three_layers"},
            *({"limit_laws.three_layers.ratios": [0.25] * layers} for layers in (36, 76)),
            2,
        ),
        ("solve_limit_law", {"law": "three_layers"}, {}, {"limit_laws.three_layers.points": 16_000}, 2),
        (
            "make_numbers",
            {"paper": "fan2020", "item": "figure_components"},
            # Without those of figure_scaling, which have another size.
            *({"fan2020.figure_components.removed_components": [*range(1, n)]} for n in (5, 9)),
            2,
        ),
        ("make_numbers", {"paper": "fan2020", "item": "figure_s2"}, {}, {"fan2020.figure_s2.samples": 10_000}, 2),
    ],
)
def test_work_grows_as_the_operations_do_where_one_kind_leads(rule, wildcards, small, large, times):
    (case, less), (other, more) = (work(rule, nested(own), **wildcards) for own in (small, large))
    assert other == case
    assert more / less == pytest.approx(times, rel=0.1)


def nested(own):
    """Settings by dotted keys as a mapping of mappings."""
    found = {}
    for key, value in own.items():
        *parts, last = key.split(".")
        node = found
        for part in parts:
            node = node.setdefault(part, {})
        node[last] = value
    return found


def test_every_backbone_has_its_work():
    assert set(_IMAGES) == set(names())


def test_matrices_as_published_grow_as_the_square_and_their_eigenvalues_as_the_cube():
    of = {"state": "final", "split": "test", "kind": "hessian", "batch": "0"}
    for rule, power in (("compute_curvature", 2), ("decompose_curvature", 3)):
        small, large = (work(rule, network=name, **of) for name in ("mlp_mnist", "mlp_deep_mnist"))
        assert large[1] / small[1] == pytest.approx((20060 / 9960) ** power)
        # Scaled from each other only if nothing nearer was measured.
        assert small[0] != large[0]
        assert work(rule, network="mlp_mnist", **of | {"state": "initial", "split": "train", "batch": "7"}) == small


def test_batches_of_one_kind_and_other_seeds_are_alike():
    of = {"state": "final", "split": "test", "kind": "hessian"}
    eight, four = (work("resolve_curvature", network="mlp_bike", first="0", last=last, **of) for last in ("7", "3"))
    assert eight[0] == four[0]
    assert eight[1] == pytest.approx(2 * four[1])
    assert work("train_network", network="mlp512_seed1")[1] == work("train_network", network="mlp512_seed2_alpha5")[1]


def test_jobs_of_rules_without_a_law_are_alike_by_their_names():
    assert work("make_numbers", paper="thamm2024", item="figure_1") == ("thamm2024 figure_1", 1)
    assert law_of("make_numbers", {"paper": "thamm2024", "item": "figure_1"}) is None
    assert work("write_report") == ("", 1)
