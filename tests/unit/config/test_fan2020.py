"""What is particular to fan2020: networks that are trained, and the figures that name them."""

from __future__ import annotations

import pytest

from deepspectra.config import load_settings

from .conftest import FOLDER, complaint, nested

PAPER = "fan2020"
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
NET = {"hidden": [10], "activation": "arctan", "seed": 1}
SPHERE = NET | {"data": "sphere", "input_dimension": 5}
IMAGES = NET | {"data": "cifar10", "classes": ["cat", "dog"]}

NEEDS_DIMENSION = "data sphere needs input_dimension and has neither classes nor removed_components"
NEEDS_CLASSES = "data cifar10 needs two classes and has no input_dimension: an image has 3072 pixels"
NAMES = "names of networks are small letters, digits and _, a letter first, and not those of figures, draws or further "
NAMES += "seeds; found "


def paper(overrides=None, scale="paper"):
    return load_settings(FOLDER, {"scale": scale, PAPER: overrides or {}})[scale].fan2020


def without(network, key):
    return {name: value for name, value in network.items() if name != key}


@pytest.mark.parametrize(
    ("network", "where", "expected"),
    [
        (without(SPHERE, "input_dimension"), "", NEEDS_DIMENSION),
        (SPHERE | {"classes": ["cat", "dog"]}, "", NEEDS_DIMENSION),
        (SPHERE | {"removed_components": 1}, "", NEEDS_DIMENSION),
        (without(IMAGES, "classes"), "", NEEDS_CLASSES),
        (IMAGES | {"input_dimension": 3072}, "", NEEDS_CLASSES),
        (IMAGES | {"classes": ["cat", "cat"]}, "", "classes must be two different ones, found cat twice"),
        (IMAGES | {"classes": ["cat"]}, ".classes", "expected at least 2 entries, found 1"),
        (IMAGES | {"classes": ["cat", "dog", "frog"]}, ".classes", "expected at most 2 entries, found 3"),
        (
            IMAGES | {"classes": ["cat", "aeroplane"]},
            ".classes.1",
            f"expected {', '.join(map(repr, CLASSES[:-1]))} or 'truck', found 'aeroplane'",
        ),
        (IMAGES | {"class": ["cat", "dog"]}, ".class", "unknown key; did you mean classes? known here: data, input_d"),
        (IMAGES | {"removed_components": -1}, ".removed_components", "expected greater than or equal to 0, found -1"),
        (SPHERE | {"input_dimension": 1}, ".input_dimension", "expected greater than or equal to 2, found 1"),
        (SPHERE | {"hidden": []}, ".hidden", "expected at least 1 entry, found 0"),
        (SPHERE | {"hidden": [20, 9]}, ".hidden.1", "expected greater than or equal to 10, found 9"),
        (SPHERE | {"activation": "relu"}, ".activation", "expected 'arctan' or 'cosine', found 'relu'"),
        (SPHERE | {"data": "mnist"}, ".data", "expected 'sphere' or 'cifar10', found 'mnist'"),
        (without(SPHERE, "seed"), ".seed", "this key is missing"),
    ],
)
def test_a_mistake_in_a_network_is_named_with_its_path(network, where, expected):
    lines = complaint({PAPER: {"networks": {"mine": network}}}).splitlines()
    assert lines[0].endswith("has 1 mistake:")
    assert lines[1].startswith(f"  - fan2020.networks.mine{where}: "), lines[1]
    assert expected in lines[1]


@pytest.mark.parametrize(
    "network", [SPHERE, IMAGES, IMAGES | {"classes": CLASSES[:2]}, IMAGES | {"classes": CLASSES[8:]}]
)
def test_a_network_of_ones_own_is_taken_and_what_it_does_not_say_has_its_default(network):
    mine = paper({"networks": {"mine": network}, "figure_s5": {"network": "mine"}}).network("mine")
    assert mine.model_dump() == {"input_dimension": None, "classes": None, "removed_components": 0} | network
    assert mine.dimension == (5 if network is SPHERE else 3072)


@pytest.mark.parametrize("key", ["input_dimension", "removed_components"])
def test_a_network_is_not_turned_into_another_kind_by_half(key):
    """Keys of one's own stand beside those of the files, which have to be taken back."""
    change = {"data": "cifar10", "classes": ["cat", "dog"]} if key == "input_dimension" else {"data": "sphere"}
    name = "single_neuron" if key == "input_dimension" else "two_classes"
    message = complaint({PAPER: {"networks": {name: change}}})
    assert (NEEDS_CLASSES if key == "input_dimension" else NEEDS_DIMENSION) in message
    whole = {"input_dimension": None} if key == "input_dimension" else {"input_dimension": 9, "classes": None}
    whole |= {"removed_components": 0}
    assert paper({"networks": {name: change | whole}}).network(name).data == change["data"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        *(
            (
                nested(f"{item}.network", "nobody"),
                f"{item} names the network 'nobody'; known are single_neuron, two_classes",
            )
            for item in ("figure_3", "figure_s5", "figure_s6")
        ),
        *(
            ({"networks": {name: SPHERE}}, f"{NAMES}{name!r}")
            for name in ("figure_1", "draws_mine", "net_seed4", "table_1", "Mine", "my-net", "2layers", "../mine", "")
        ),
        (
            {"networks": {"mine": IMAGES | {"removed_components": 99}}},
            "networks.mine.removed_components must be fewer than training.samples - 1 and than the 3072 pixels, found "
            "99 with 100 samples",
        ),
        (
            {"training": {"samples": 4000}, "networks": {"mine": IMAGES | {"removed_components": 3072}}},
            "networks.mine.removed_components must be fewer than training.samples - 1 and than the 3072 pixels, found "
            "3072 with 4000 samples",
        ),
        (
            nested("figure_scaling.images.samples", [100, 1000, 50_001]),
            "figure_scaling.images.samples must be at most the 50000 training images of CIFAR-10, found 50001",
        ),
        (
            nested("figure_components.sizes", 4),
            "figure_components.sizes must be at most the 3 sizes of figure_scaling.images, found 4",
        ),
        (
            nested("figure_components.removed_components", [0, 29]),
            "figure_scaling.images: removed_components must be fewer than samples - 1 and than the 3072 pixels, found "
            "29 with 30 samples",
        ),
        (
            {"training": {"samples": 10_001}},
            "training.samples: two classes of CIFAR-10 have 10000 such images, found 10001 (two_classes)",
        ),
        (
            {"training": {"test_samples": 2001}},
            "training.test_samples: two classes of CIFAR-10 have 2000 such images, found 2001 (two_classes)",
        ),
    ],
)
def test_what_does_not_go_together_is_named(change, expected):
    lines = complaint({PAPER: change}).splitlines()
    assert lines[0].endswith("has 1 mistake:")
    assert lines[1] == f"  - fan2020: {expected}"


def test_the_largest_possible_values_are_taken():
    images = IMAGES | {"removed_components": 3071}
    settings = paper({"training": {"samples": 10_000, "test_samples": 2000}, "networks": {"mine": images}})
    assert settings.network("mine").removed_components == 3071
    few = paper({"training": {"samples": 100}, "networks": {"mine": IMAGES | {"removed_components": 98}}})
    assert few.network("mine").removed_components == 98


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("training.learning_rate", 0, "expected greater than 0, found 0"),
        ("training.learning_rate", float("inf"), "expected a finite number, found inf"),
        ("training.epochs", 0, "expected greater than or equal to 1, found 0"),
        ("training.batch_size", 0, "expected greater than or equal to 1, found 0"),
        ("training.samples", 9, "expected greater than or equal to 10, found 9"),
        ("training.momentum", 0.9, "unknown key; known here: samples, test_samples, epochs, batch_size, learning_rate"),
        ("figure_s3.images", 21, "expected less than or equal to 20, found 21"),
        ("figure_1.accumulation", "float16", "expected 'float32' or 'float64', found 'float16'"),
        ("figure_scaling.gaussian.samples", [30, 60], "expected at least 3 entries, found 2"),
        ("figure_s4", {}, "unknown key; did you mean figure_s"),
    ],
)
def test_a_mistake_of_one_key_is_named_with_its_path(path, value, expected):
    lines = complaint(nested(f"{PAPER}.{path}", value)).splitlines()
    assert lines[0].endswith("has 1 mistake:")
    assert lines[1].startswith(f"  - fan2020.{path}: {expected}")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("figure_3.seeds", [3, 3], "seeds must be different whole numbers from 0 to 2^63 - 1, found [3, 3]"),
        ("figure_3.seeds", [-1], "seeds must be different whole numbers from 0 to 2^63 - 1, found [-1]"),
        ("figure_scaling.images.draws", [3, 3], "draws needs a number for each of 3 sizes, found 2"),
        ("figure_scaling.gaussian.samples", [30, 90, 60], "samples must ascend without repetition, found [30, 90, 60]"),
        ("figure_components.removed_components", [3, 3], "removed_components must ascend without repetition, found"),
    ],
)
def test_lists_that_do_not_go_together_are_named_with_their_node(path, value, expected):
    lines = complaint(nested(f"{PAPER}.{path}", value)).splitlines()
    assert lines[0].endswith("has 1 mistake:")
    assert lines[1].startswith(f"  - fan2020.{path.rpartition('.')[0]}: {expected}")


def test_further_seeds_are_further_ones():
    message = complaint(nested(f"{PAPER}.figure_3.seeds", [21, 13]))
    assert "  - fan2020: figure_3.seeds are other ones than that of single_neuron, found 13" in message


@pytest.mark.parametrize("figure", ["figure_1", "figure_2", "figure_s2"])
def test_sums_are_at_least_as_exact_as_what_is_summed(figure):
    message = complaint({PAPER: {figure: {"dtype": "float64"}}})
    assert f"  - fan2020.{figure}: accumulation must be float64 where dtype is float64" in message
    assert complaint({PAPER: {figure: {"dtype": "float64", "accumulation": "float32"}}}) == message
    for dtype, accumulation in (("float64", "float64"), ("float32", "float64"), ("float32", "float32")):
        settings = getattr(paper({figure: {"dtype": dtype, "accumulation": accumulation}}), figure)
        assert (settings.dtype, settings.accumulation) == (dtype, accumulation)


@pytest.mark.parametrize(
    ("name", "owner"), [("mlp1024", "thamm2024"), ("vgg19", "thamm2024"), ("mlp_mnist", "baskerville2022")]
)
def test_networks_of_two_papers_have_two_names(name, owner):
    """Their weights have one folder."""
    message = complaint({PAPER: {"networks": {name: SPHERE}}})
    assert f"two networks are called {name}, one of {owner} and one of fan2020" in message


def test_a_name_of_fan2020_is_taken_for_other_papers_too():
    entry = {"data": "mnist", "hidden": [30], "seed": 1}
    message = complaint({"baskerville2022": {"networks": {"two_classes": entry}}})
    assert "two networks are called two_classes, one of baskerville2022 and one of fan2020" in message


@pytest.mark.parametrize("other", ["fan2020", "baskerville2022"])
def test_a_network_is_not_called_like_one_of_thamm2024_at_another_alpha(other):
    """Figure 3 there would be drawn from it: it has no entry of its own under that name."""
    settings = load_settings(FOLDER, {"scale": "paper"})["paper"].thamm2024
    name = settings.at_alpha("mlp512_seed1", 5)
    entry = SPHERE if other == "fan2020" else {"data": "mnist", "hidden": [30], "seed": 1}
    message = complaint({other: {"networks": {name: entry}}})
    assert f"{name}, of {other}, is the name of mlp512_seed1 of thamm2024 at another alpha" in message
    # Of other networks' names that is an end like any other.
    load_settings(FOLDER, {other: {"networks": {"mine_alpha5": entry}}})["paper"]


def test_fewer_than_three_draws_are_refused():
    """They have no interval, and a verdict needs one."""
    message = complaint(nested(f"{PAPER}.figure_scaling.images.draws", [3, 3, 2]))
    assert "fan2020.figure_scaling.images.draws.2: expected greater than or equal to 3, found 2" in message


def test_a_network_with_another_seed_is_the_same_in_all_else():
    settings = paper()
    name = settings.at_seed("single_neuron", 21)
    assert name == "single_neuron_seed21"
    assert settings.network(name) == settings.network("single_neuron").model_copy(update={"seed": 21})
    assert settings.trains(name)
    assert settings.trains("two_classes")
    assert not settings.trains("mlp512_seed1")
    entry = {"data": "mnist", "hidden": [30], "seed": 1}
    message = complaint({"baskerville2022": {"networks": {name: entry}}})
    assert f"{name}, of baskerville2022, is the name of a network of fan2020 with another seed" in message


def test_networks_are_drawn_with_the_ratios_of_their_figures():
    settings = paper()
    entry = settings.draws("gaussian")
    assert (entry["depth"], entry["activation"], "removed_components" in entry) == (5, "arctan", False)
    for size, n in zip(entry["sizes"], settings.figure_scaling.gaussian.samples, strict=True):
        assert (size["samples"], size["width"], size["input_dimension"]) == (n, 2 * n, n // 3)
    assert settings.drawn_inputs == ["gaussian", "images_10", "images_0"]
    assert len(settings.draws("images_10")["sizes"]) == 4
    # The sweep has fewer sizes, with as many draws.
    swept = settings.draws("images_50")
    assert swept["removed_components"] == 50
    assert swept["sizes"] == settings.draws("images_10")["sizes"][: settings.figure_components.sizes]
    assert "input_dimension" not in swept["sizes"][0]
