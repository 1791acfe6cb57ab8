"""The three configuration files themselves, and what wins over what."""

from __future__ import annotations

import math

import pytest
import yaml

from deepspectra.config import SCALES, check_files, load_settings
from deepspectra.data.sets import data_set
from deepspectra.runtime.errors import UserError

from .conftest import FOLDER, complaint, leaves, nested, read

# Of large networks.
COSTLY = ("published_batches", "published_whole", "control_batches")


def test_every_scale_loads_and_paper_scale_is_the_file_itself():
    settings = load_settings(FOLDER)
    assert tuple(settings[scale].scale for scale in SCALES) == len(SCALES) * (settings.scale,)
    published = dict(leaves(read("config.yaml")))
    assert dict(leaves(settings["paper"].model_dump(exclude_unset=True))) == published
    # Of networks and limit laws alone it leaves something out, which then has its default.
    default = {path for path, _ in leaves(settings["paper"].model_dump())} - set(published)
    networks = {(paper, "networks") for paper in ("thamm2024", "baskerville2022", "fan2020")}
    assert {path[:2] for path in default} == {*networks, ("limit_laws", "three_layers")}


def shared(path, published):
    """What a network has that does not say it for itself: a number for all networks of its paper, or its whole set."""
    paper, _, name, key = path
    if (paper, "training", key) in published:
        return published[paper, "training", key]
    if (paper, "curvature", key) in published:
        return published[paper, "curvature", key]
    return data_set(published[paper, "networks", name, "data"]).samples("test" if key == "test_images" else "train")


@pytest.mark.parametrize("scale", ["preview", "smoke"])
def test_reduced_scales_only_shrink(scale):
    published = dict(leaves(read("config.yaml")))
    reduced = dict(leaves(read(f"{scale}.yaml")))
    assert reduced
    for path, value in reduced.items():
        full = published[path] if path in published else shared(path, published)
        assert type(value) is type(full), path
        if isinstance(value, list):
            assert value[-1] < full[-1] or set(value) < set(full), path
            assert len(value) <= len(full), path
        else:
            assert isinstance(value, int), path
            # A scale may leave out float32 matrices and controls of large networks, which are the costliest.
            assert (0 if path[-1] in COSTLY else 1) <= value < full, path


def test_smoke_is_never_larger_than_preview():
    settings = load_settings(FOLDER)
    small, middle = (dict(leaves(settings[scale].model_dump())) for scale in ("smoke", "preview"))
    for path, value in small.items():
        # A network without a number of its own has all there are. What is costly for large networks, which preview
        # scale leaves out, can be made for the small ones of tests.
        if value == middle[path] or middle[path] is None or path[-1] in COSTLY:
            continue
        if isinstance(value, list):
            assert len(value) <= len(middle[path]), path
            assert value[-1] <= middle[path][-1], path
        elif isinstance(value, int):
            assert value <= middle[path], path


def test_the_published_values_are_those_of_the_papers():
    """Typed here a second time, from pennington2017 (figure 1), fan2020 (sections 4.1 to 4.3) and thamm2024."""
    paper = load_settings(FOLDER)["paper"]
    covariance, gaussian, images = paper.pennington2017.figure_1, paper.fan2020.figure_1, paper.fan2020.figure_2
    assert (covariance.phi, covariance.psi, covariance.layers) == (1, 1.5, 10)
    assert (gaussian.samples, gaussian.input_dimension, gaussian.width, gaussian.depth) == (3000, 1000, 6000, 5)
    assert (images.samples, images.width, images.depth, images.removed_components) == (5000, 10_000, 5, 10)
    assert {gaussian.activation, images.activation} == {"arctan"}
    trained = paper.fan2020
    assert trained.training.model_dump() == {
        "samples": 1000,
        "test_samples": 2000,
        "epochs": 300,
        "batch_size": 32,
        "learning_rate": 0.01,
    }
    # Figures 3 and S5 are of points on the sphere, figure S6 of two classes of images (which two is open).
    assert {trained.figure_3.network, trained.figure_s5.network} == {"single_neuron"}
    assert trained.figure_s6.network == "two_classes"
    assert trained.networks.keys() == {"single_neuron", "two_classes"}
    neuron, classes = trained.network("single_neuron"), trained.network("two_classes")
    assert (neuron.data, neuron.input_dimension, neuron.dimension) == ("sphere", 800, 800)
    assert (classes.data, classes.removed_components, classes.dimension) == ("cifar10", 0, 3072)
    assert neuron.hidden == classes.hidden == [800, 800, 800]
    assert {neuron.activation, classes.activation} == {"arctan"}
    # Figure 2 without the removal of components.
    assert trained.figure_s2.removed_components == 0

    weights = paper.thamm2024
    training, networks = weights.training, weights.networks
    assert (training.images, training.test_images) == (50_000, 10_000)
    assert (training.epochs, training.batch_size) == (100, 32)
    assert (training.learning_rate, training.decay, training.momentum) == (0.001, 0.95, 0.95)
    hidden = {name: network.hidden for name, network in networks.items() if network.architecture == "mlp"}
    assert hidden == {"mlp1024": [1024, 512, 512]} | {f"mlp512_seed{seed}": [512, 512, 512] for seed in (1, 2, 3)}
    assert networks["minialexnet"].l2 == 1e-4
    assert {network.alpha for network in networks.values()} == {1}
    # All are trained alike at this scale.
    assert all(network.images is network.test_images is network.epochs is None for network in networks.values())
    assert weights.figure_1.model_dump()["panels"] == [
        {"network": "mlp1024", "layer": "dense2"},
        {"network": "minialexnet", "layer": "conv2"},
        {"network": "alexnet", "layer": "dense2"},
        {"network": "vgg19", "layer": "dense3"},
    ]
    assert weights.figure_2.window == weights.figure_3.window == 15
    assert weights.figure_3.alphas == [0.5, 1, 5]
    assert (weights.figure_3.layer, weights.figure_4.layer) == ("dense2", "dense2")

    hessians = paper.baskerville2022
    training = hessians.training
    assert (training.epochs, training.batch_size, training.momentum, training.weight_decay) == (300, 128, 0.9, 5e-4)
    assert (training.learning_rate, training.final_learning_rate) == (0.003, 0.00003)
    assert (300 * training.decay_start, 300 * training.decay_end) == (150, 270)
    hidden = {name: network.hidden for name, network in hessians.networks.items()}
    assert hidden == {
        "logistic_mnist": [],
        "mlp_mnist": [10, 100],
        "mlp_deep_mnist": [10, 100, 100],
        "logistic_features": [],
        "lenet_cifar10": [],
        "mlp_bike": [100, 100, 50],
    }
    assert hessians.curvature.batch_size == 64
    process = hessians.gaussian_process
    assert (process.dimension, process.samples, process.degenerate, process.outliers) == (300, 100, 100, 20)
    assert list(process.second_derivatives.values()) == [1e-4, 0.1, 10, 1e-3, 0.1, 0.01]


@pytest.mark.parametrize("scale", SCALES)
def test_figure_s2_is_figure_2_with_all_components(scale):
    paper = load_settings(FOLDER)[scale].fan2020
    assert paper.figure_2.removed_components == 10
    assert paper.figure_s2.model_dump() == paper.figure_2.model_dump() | {"removed_components": 0}


@pytest.mark.parametrize("scale", SCALES)
def test_kernels_of_all_layers_after_training_are_of_the_network_of_figure_3(scale):
    paper = load_settings(FOLDER)[scale].fan2020
    assert paper.figure_s5.network == paper.figure_3.network
    assert paper.figure_3.network != paper.figure_s6.network
    assert len({network.seed for network in paper.networks.values()}) == len(paper.networks)


def test_smaller_scales_keep_the_aspect_ratios_of_networks_with_drawn_inputs():
    settings = load_settings(FOLDER)

    def ratios(scale):
        paper = settings[scale].fan2020
        figure, network = paper.figure_1, paper.networks["single_neuron"]
        (width,) = set(network.hidden)
        return (
            figure.samples / figure.width,
            figure.samples / figure.input_dimension,
            len(network.hidden),
            paper.training.samples / width,
            paper.training.samples / network.input_dimension,
        )

    assert ratios("preview") == ratios("smoke") == ratios("paper")


@pytest.mark.parametrize("scale", SCALES)
def test_the_user_wins_at_every_scale_and_key_by_key(scale):
    """Over config.yaml and over what the scale makes smaller; the keys beside stay what they were."""
    overrides = {"fan2020": {"figure_1": {"samples": 77}}, "pennington2017": {"figure_2": {"betas": [-1]}}}
    before, after = load_settings(FOLDER)[scale], load_settings(FOLDER, overrides)[scale]
    assert after.fan2020.figure_1.samples == 77
    assert after.pennington2017.figure_2.betas == [-1]
    changed = {
        path
        for path, value in leaves(after.model_dump())
        if value != dict(leaves(before.model_dump())).get(path, "absent")
    }
    assert changed == {("fan2020", "figure_1", "samples"), ("pennington2017", "figure_2", "betas")}


def test_a_scale_wins_over_the_published_values(folder):
    (folder / "smoke.yaml").write_text("fan2020: {figure_1: {samples: 33}}")
    settings = load_settings(folder)
    assert settings["smoke"].fan2020.figure_1.samples == 33
    assert settings["smoke"].fan2020.figure_1.width == settings["paper"].fan2020.figure_1.width
    assert settings["paper"].fan2020.figure_1.samples == 3000


def test_a_panel_can_be_changed_alone():
    settings = load_settings(FOLDER, nested("pennington2017.figure_2.panels.a.psi", 0.5))
    panels = settings["paper"].pennington2017.figure_2.panels
    assert (panels["a"].phi, panels["a"].psi, panels["b"].psi) == (0.5, 0.5, 0.75)


@pytest.mark.parametrize("text", ["1e-12", "1E-12", "0.000000000001"])
def test_numbers_that_yaml_takes_for_text_are_numbers(text):
    """YAML 1.1 wants a decimal point and a sign in the exponent."""
    assert isinstance(yaml.safe_load("1e-12"), str)
    settings = load_settings(FOLDER, nested("pennington2017.figure_2.smallest_gamma", text))
    assert settings["paper"].pennington2017.figure_2.smallest_gamma == 1e-12


def test_values_inside_mappings_of_the_command_line_are_not_text():
    """Snakemake leaves them as text in --config 'fan2020={figure_1: {width: 77}}'; names stay names."""
    overrides = {
        "keep_matrices": "true",
        "data": {"folder": "null", "retries": "3"},
        "pennington2017": {"figure_2": {"betas": ["-.inf", "-2", "0.5"]}},
        "fan2020": {"figure_1": {"width": "77", "activation": "cosine"}},
    }
    settings = load_settings(FOLDER, overrides)["paper"]
    assert (settings.keep_matrices, settings.data.folder, settings.data.retries) == (True, None, 3)
    assert settings.pennington2017.figure_2.betas == [-math.inf, -2, 0.5]
    assert (settings.fan2020.figure_1.width, settings.fan2020.figure_1.activation) == (77, "cosine")


@pytest.mark.parametrize(("path", "text"), [("fan2020.figure_1.width", "600"), ("keep_matrices", "yes")])
def test_text_in_the_files_is_text(folder, path, text):
    """There quotation marks are somebody's own, and a mistake."""
    (folder / "smoke.yaml").write_text(yaml.safe_dump(nested(path, text)))
    assert f"  - {path}: expected a" in complaint({}, folder)
    assert f"found {text!r}" in complaint({}, folder)


def test_whole_numbers_do_for_real_ones():
    assert load_settings(FOLDER, nested("pennington2017.figure_3.largest_argument", 5))


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(ValueError, match="frozen"):
        load_settings(FOLDER)["paper"].fan2020.figure_1.samples = 3


def test_a_value_need_only_be_sound_at_the_scale_that_is_asked_for():
    """3072 / 3.2 is a whole number and 24 / 3.2, at smoke scale, is not."""
    overrides = nested("pennington2017.figure_1.psi", 3.2)
    settings = load_settings(FOLDER, {**overrides, "scale": "paper"})
    assert settings.scale == "paper"
    assert settings["paper"].pennington2017.figure_1.psi == 3.2
    with pytest.raises(UserError, match="at smoke scale") as caught:
        settings["smoke"]
    assert "found 24 / 3.2 = 7.5" in str(caught.value)
    assert "at smoke scale" in complaint(overrides)


def test_a_key_that_is_there_twice_is_named_with_both_lines(tmp_path):
    """YAML's own reader takes the last one in silence, and half of what the user wrote is gone."""
    mine = tmp_path / "mine.yaml"
    mine.write_text("scale: smoke\nfan2020:\n  figure_1: {samples: 100}\nfan2020:\n  figure_2: {samples: 120}\n")
    with pytest.raises(UserError, match=r"mine\.yaml: the key fan2020 is there twice .* in lines 2 and 4\. Put both"):
        check_files([mine])
    (tmp_path / "config.yaml").write_text(mine.read_text())
    with pytest.raises(UserError, match="fan2020 is there twice"):
        load_settings(tmp_path)


def test_equal_keys_in_different_places_are_fine(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("a: &x {seed: 1}\nb: {seed: 1, c: {seed: 2}}\nd: {<<: *x, seed: 3}\ne: [{seed: 1}, {seed: 1}]\n")
    check_files([mine])
    mine.write_text('{\n\t"a": 1\n}\n')
    check_files([mine])


def test_a_named_run_is_one_more_scale():
    overrides = nested("fan2020.figure_1.samples", 1200) | {"run": "wide", "scale": "smoke"}
    settings, filed = load_settings(FOLDER, overrides), load_settings(FOLDER)
    assert settings.scale == "wide"
    assert settings.names == (*SCALES, "wide")
    assert settings["wide"].fan2020.figure_1.samples == 1200
    assert settings["wide"].pennington2017 == filed["smoke"].pennington2017
    assert all(settings[scale] == filed[scale] for scale in SCALES)


@pytest.mark.parametrize("name", ["preview", "recorded", "A b", "1st", 3, "../up", "", "nan"])
def test_a_run_has_a_name_that_can_be_a_folder(name):
    with pytest.raises(UserError, match="run: expected"):
        load_settings(FOLDER, {"run": name})


def test_a_run_may_have_its_name_from_the_file(folder):
    values = read(folder / "config.yaml") | {"run": "wide"}
    (folder / "config.yaml").write_text(yaml.safe_dump(values))
    settings = load_settings(folder, nested("fan2020.figure_1.samples", 1200))
    assert settings.scale == "wide"
    assert settings["wide"].fan2020.figure_1.samples == 1200
    assert settings["preview"].fan2020 == load_settings(FOLDER)["preview"].fan2020


def test_a_run_at_a_scale_that_is_none_is_one_message():
    with pytest.raises(UserError, match="scale: expected"):
        load_settings(FOLDER, {"run": "wide", "scale": ["preview"]})
