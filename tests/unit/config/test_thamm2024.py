"""What is particular to thamm2024: networks and the figures that name them."""

from __future__ import annotations

import pytest
import yaml

from deepspectra.config import describe_scale, differences, load_settings
from deepspectra.papers.thamm2024.settings import WeightNetwork
from deepspectra.runtime.errors import UserError

from .conftest import FOLDER, complaint, nested, read

PAPER = "thamm2024"


def with_own(overrides, scale="paper"):
    return load_settings(FOLDER, {"scale": scale, "thamm2024": overrides})[scale].thamm2024


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "figure_1.panels",
            [{"network": "mlp2048", "layer": "dense1"}],
            "figure_1.panels names the network 'mlp2048'; known are mlp512_seed1, mlp512_seed2, mlp512_seed3, mlp1024, "
            "minialexnet, alexnet, vgg16, vgg19",
        ),
        (
            "figure_2.spectrum",
            {"network": "mlp1024", "layer": "dense9"},
            "figure_2.spectrum names the layer 'dense9' of mlp1024, which has dense1, dense2, dense3",
        ),
        (
            "figure_2.panels.d",
            [{"network": "minialexnet", "layer": "dense1"}, {"network": "minialexnet", "layer": "conv3"}],
            "figure_2.panels.d names the layer 'conv3' of minialexnet, which has conv1, conv2, dense1, dense2",
        ),
        (
            "figure_1.panels",
            [{"network": "vgg19", "layer": "conv1"}],
            "figure_1.panels names the layer 'conv1' of vgg19, which has dense1, dense2, dense3",
        ),
        (
            "figure_1.panels",
            [{"network": "mlp1024", "layer": "second"}],
            "figure_1.panels names the layer 'second' of mlp1024, which has dense1, dense2, dense3",
        ),
        ("figure_3.layer", "dense4", "figure_3 names the layer 'dense4' of mlp512_seed1"),
        ("figure_4.layer", "conv1", "figure_4 names the layer 'conv1' of mlp512_seed1"),
        ("figure_3.network", "nobody", "figure_3 names the network 'nobody'; known are mlp512_seed1"),
        (
            "figure_3.network",
            "vgg19",
            "figures 2 (spectrum), 3 and 4 take networks that are trained here, mlp512_seed1, mlp512_seed2, "
            "mlp512_seed3, mlp1024, minialexnet; found 'vgg19'",
        ),
        ("figure_4.networks", ["mlp512_seed1", "alexnet"], "figures 2 (spectrum), 3 and 4 take networks"),
        (
            "networks.mlp512_seed1.alpha",
            2,
            "networks of figures 3 and 4 have alpha 1 as they stand; that of mlp512_see",
        ),
        ("left_out", ["mine"], "left_out names the network 'mine'; trained here are mlp512_seed1, mlp512_seed2, "),
        (
            "left_out",
            ["mlp512_seed1"],
            "figures 2 (spectrum), 3 and 4 show mlp512_seed1, which left_out leaves out",
        ),
        (
            "figure_3.alphas",
            [1, 0.5],
            "alphas must ascend without repetition, with at most six digits; found [1.0, 0.5]",
        ),
        (
            "figure_4.alphas",
            [1, 1, 5],
            "alphas must ascend without repetition, with at most six digits; found [1.0, 1.0",
        ),
        (
            "figure_4.alphas",
            [0.1234567],
            "alphas must ascend without repetition, with at most six digits; found [0.1234567]",
        ),
        *(
            (
                "networks",
                {name: {"hidden": [4], "seed": 1}},
                "names of networks have small letters, digits and underscores, no '_alpha' and not the name of a "
                f"pretrained one; found {name!r}",
            )
            for name in ("Mine", "mlp-4", "4layers", "../mine", "mine_alpha2", "vgg16")
        ),
    ],
)
def test_what_does_not_go_together_is_named(path, value, expected):
    lines = complaint(nested(f"{PAPER}.{path}", value)).splitlines()
    assert lines[0].endswith("has 1 mistake:")
    assert lines[1].startswith(f"  - {PAPER}: {expected}")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("networks.mine", {"seed": 1}, ": architecture mlp needs its hidden layers (hidden: [512, 512])"),
        ("networks.mine", {"seed": 1, "hidden": []}, ": architecture mlp needs its hidden layers"),
        (
            "networks.minialexnet.hidden",
            [5],
            "-: architecture mlp needs its hidden layers (hidden: [512, 512]), and no",
        ),
        ("networks.mine", {"hidden": [5]}, ".seed: this key is missing"),
        ("networks.mine", {"hidden": [5], "seed": 1, "layers": 2}, ".layers: unknown key; known here: architecture, "),
        ("networks.mlp1024.hidden", [5, 1], ".1: expected greater than or equal to 2, found 1"),
        ("networks.minialexnet.architecture", "resnet", ": expected 'minialexnet' or 'mlp', found 'resnet'"),
        ("networks.minialexnet.crop", 6, ": expected greater than or equal to 7, found 6"),
        ("networks.minialexnet.crop", 33, ": expected less than or equal to 32, found 33"),
        ("networks.minialexnet.alpha", 0, ": expected greater than or equal to 0.001, found 0"),
        ("networks.minialexnet.l2", -1, ": expected greater than or equal to 0, found -1"),
        ("networks.minialexnet.images", 9, ": expected greater than or equal to 10, found 9"),
        ("networks.minialexnet.images", 50_001, ": expected less than or equal to 50000, found 50001"),
        ("networks.minialexnet.test_images", 10_001, ": expected less than or equal to 10000, found 10001"),
        ("training.momentum", 1, ": expected less than 1, found 1"),
        ("training.learning_rate", 0, ": expected greater than 0, found 0"),
        ("training.images", 50_001, ": expected less than or equal to 50000, found 50001"),
        ("pretrained.resnet", {"file": None}, "expected 'alexnet', 'vgg16' or 'vgg19', found 'resnet'"),
        ("pretrained.vgg16.file", [1], ": expected a string, found [1]"),
        ("nulls.matrices", 18, ": expected greater than or equal to 19, found 18"),
        ("unfolding.half_window", 0, ": expected greater than or equal to 1, found 0"),
        ("figure_1.panels", [], "expected at least 1 entry, found 0"),
        ("figure_2.panels.e", [{"network": "mlp1024", "layer": "dense1"}], "expected 'b', 'c' or 'd', found 'e'"),
        ("figure_3.alphas", [0.5, -1], ".1: expected greater than or equal to 0.001, found -1"),
        ("figure_4.networks", [], "expected at least 1 entry, found 0"),
    ],
)
def test_a_mistake_of_one_key_is_named_with_its_path(path, value, expected):
    lines = complaint(nested(f"{PAPER}.{path}", value)).splitlines()
    assert lines[0].endswith("has 1 mistake:")
    # A dash: the mistake is that of the entry which holds the key.
    where, expected = (path.rpartition(".")[0], expected[1:]) if expected.startswith("-") else (path, expected)
    assert lines[1].startswith(f"  - {PAPER}.{where}"), lines[1]
    assert expected in lines[1]


def test_the_smallest_crop_leaves_one_pixel():
    assert WeightNetwork(architecture="minialexnet", seed=1, crop=7).weight_shapes["dense1"] == (384, 150)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (
            {"networks": {"mine": {"hidden": [80, 9], "seed": 5}}},
            "dense2 of mine is 9 x 80: unfolding needs more than 14 singular values",
        ),
        ({"unfolding": {"half_window": 200}}, "unfolding needs more than 400 singular values"),
        (
            {"figure_4": {"networks": ["mlp512_seed1", "mlp1024"]}},
            "networks of figure 4 differ in their seeds alone; mlp1024 differs in more",
        ),
        (
            {"figure_2": {"spectrum": {"network": "minialexnet", "layer": "conv2"}}},
            "figure_2.spectrum takes a dense layer",
        ),
        ({"figure_2": {"window": 14}}, "a centred window has an odd number of neighbours"),
    ],
)
def test_what_could_not_be_judged_is_refused_before_it_is_trained(overrides, expected):
    assert expected in complaint({"thamm2024": overrides})


def test_a_network_of_ones_own_can_be_added_and_shown():
    paper = with_own(
        {
            "networks": {"mine": {"hidden": [80, 60], "seed": 5}},
            "figure_1": {"panels": [{"network": "mine", "layer": "dense2"}, {"network": "vgg16", "layer": "dense1"}]},
        }
    )
    assert paper.known_networks[-4:] == ("mine", "alexnet", "vgg16", "vgg19")
    assert paper.network("mine").weight_shapes == {"dense1": (80, 3072), "dense2": (60, 80), "output": (10, 60)}
    # The same matrices as before, unless a figure names others.
    assert [place.network for place in paper.figure_1.panels] == ["mine", "vgg16"]


@pytest.mark.parametrize(
    ("entry", "shapes"),
    [
        (
            {"hidden": [1024, 512, 512]},
            {"dense1": (1024, 3072), "dense2": (512, 1024), "dense3": (512, 512), "output": (10, 512)},
        ),
        ({"hidden": [4], "crop": 8}, {"dense1": (4, 192), "output": (10, 4)}),
        (
            {"architecture": "minialexnet", "crop": 28},
            # 28 -> 13 -> 6 pixels.
            {"conv1": (300, 3, 5, 5), "conv2": (150, 300, 5, 5), "dense1": (384, 5400)}
            | {"dense2": (192, 384), "output": (10, 192)},
        ),
        (
            {"architecture": "minialexnet"},
            # 32 -> 15 -> 7 pixels.
            {"conv1": (300, 3, 5, 5), "conv2": (150, 300, 5, 5), "dense1": (384, 7350)}
            | {"dense2": (192, 384), "output": (10, 192)},
        ),
    ],
)
def test_shapes_of_weights(entry, shapes):
    found = WeightNetwork(seed=1, **entry).weight_shapes
    assert found == shapes
    assert list(found)[-1] == "output"


def test_places_are_every_matrix_that_a_figure_names():
    paper = with_own({"figure_4": {"networks": ["mlp512_seed1", "mlp512_seed2"]}})
    assert [f"{place.network} {place.layer}" for _, place in paper.places] == [
        *("mlp1024 dense2", "minialexnet conv2", "alexnet dense2", "vgg19 dense3"),
        "mlp512_seed1 dense2",
        *("mlp1024 dense2", "alexnet dense1", "vgg19 dense1", "minialexnet conv2", "minialexnet dense1"),
        "mlp512_seed1 dense2",
        *("mlp512_seed1 dense2", "mlp512_seed2 dense2"),
    ]


def test_networks_at_other_output_scales_have_names_of_their_own():
    paper = with_own({"networks": {"rich": {"hidden": [40], "seed": 1, "alpha": 0.5}}})
    names = [paper.at_alpha("mlp512_seed1", alpha) for alpha in (0.1, 0.85, 1, 10)]
    assert names == ["mlp512_seed1_alpha0.1", "mlp512_seed1_alpha0.85", "mlp512_seed1", "mlp512_seed1_alpha10"]
    assert [paper.at_alpha("rich", alpha) for alpha in (0.5, 1)] == ["rich", "rich_alpha1"]


def test_a_network_is_found_by_its_name_at_any_output_scale():
    paper = with_own({})
    entry = paper.networks["mlp512_seed1"]
    assert paper.network("mlp512_seed1") == entry
    for alpha in paper.figure_4.alphas:
        found = paper.network(paper.at_alpha("mlp512_seed1", alpha))
        assert found.alpha == alpha
        assert found.model_copy(update={"alpha": 1.0}) == entry
    assert entry.alpha == 1


@pytest.mark.parametrize("name", ["mlp", "vgg19", "mlp_alpha2"])
def test_a_network_that_is_not_trained_here_is_an_error_that_names_those_that_are(name):
    with pytest.raises(UserError, match=f"there is no network '{name}'; trained here are mlp512_seed1, "):
        with_own({}).network(name)


def changes(overrides, folder=FOLDER):
    base = load_settings(folder)["paper"]
    return differences(base, load_settings(folder, {"thamm2024": overrides})["paper"], PAPER)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, ""),
        ({"networks": {"minialexnet": {"images": 1000}}}, "minialexnet with training images 1000"),
        (
            {"networks": {"minialexnet": {"images": 1000, "test_images": 500, "epochs": 3, "crop": 24}}},
            "minialexnet with crop 24 instead of 28 and training images 1000 and test images 500 and epochs 3",
        ),
        (
            {"networks": {"mlp1024": {"seed": 9, "l2": 0.01}, "mine": {"hidden": [40], "seed": 1}}},
            "mlp1024 with seed 9 instead of 1 and l2 0.01 instead of 0, with mine (hidden [40], seed 1)",
        ),
        ({"networks": {"mlp1024": {"hidden": [1024, 512]}}}, "mlp1024 with hidden 2 instead of 3"),
        ({"left_out": ["minialexnet", "mlp1024"]}, "without training minialexnet and mlp1024"),
        ({"pretrained": {"vgg16": {"file": "/weights/mine.pth"}}}, "vgg16 with file /weights/mine.pth"),
    ],
)
def test_changes_of_networks_are_told_by_their_names(overrides, expected):
    assert changes(overrides) == expected


def test_networks_that_are_gone_are_named(folder):
    """An override can only add; a file of one's own may leave one out."""
    base = load_settings(folder)["paper"]
    content = read("config.yaml")
    del content["thamm2024"]["networks"]["mlp512_seed3"]
    content["thamm2024"]["networks"]["mlp64"] = {"hidden": [64], "seed": 1}
    (folder / "config.yaml").write_text(yaml.safe_dump(content))
    assert (
        differences(base, load_settings(folder)["paper"], PAPER)
        == "without mlp512_seed3, with mlp64 (hidden [64], seed 1)"
    )


def test_what_preview_scale_reduces_is_told():
    filed = load_settings(FOLDER)
    items = [f"{PAPER}.{part}" for part in ("training", "nulls", "unfolding", "figure_4")]
    preview = filed["preview"].thamm2024
    assert describe_scale(filed, filed, "paper", *items) == "Paper scale."
    assert describe_scale(filed, filed, "preview", *items) == (
        f"Preview scale: epochs {preview.training.epochs} instead of 100, "
        f"null matrices {preview.nulls.matrices} instead of 999, null vectors {preview.nulls.vectors} instead of 9999, "
        "alphas 0.3 to 5 (5) instead of 0.1 to 10 (13)."
    )
    assert "minialexnet with training images 1000 and test images 1000" in differences(
        filed["paper"], filed["preview"], PAPER
    )


def test_panels_of_ones_own_are_told():
    overrides = {"figure_1": {"panels": [{"network": "vgg16", "layer": "dense1"}]}}
    own = load_settings(FOLDER, {"thamm2024": overrides})["paper"]
    assert differences(load_settings(FOLDER)["paper"], own, f"{PAPER}.figure_1") == "panels as set"
