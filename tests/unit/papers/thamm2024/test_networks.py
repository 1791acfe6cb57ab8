"""Networks, matrices and files of thamm2024, at the published settings."""

from __future__ import annotations

import pytest

from deepspectra.config import load_settings
from deepspectra.data.sources.tables import WeightsEntry, load_table
from deepspectra.papers.thamm2024 import networks
from deepspectra.runtime.errors import UserError
from tests import ROOT


@pytest.fixture(scope="module")
def paper():
    return load_settings(ROOT / "config")["paper"].thamm2024


@pytest.fixture(scope="module")
def weights():
    return load_table(ROOT / "resources" / "weights.yaml", WeightsEntry)


def test_networks_of_each_item(paper):
    assert networks.tested_networks(paper, "figure_1") == ["mlp1024", "minialexnet", "alexnet", "vgg19"]
    assert networks.tested_networks(paper, "figure_2") == [
        *("mlp512_seed1", "mlp1024", "alexnet", "vgg19", "minialexnet")
    ]
    assert networks.tested_networks(paper, "figure_3") == [
        *("mlp512_seed1_alpha0.5", "mlp512_seed1", "mlp512_seed1_alpha5")
    ]
    alphas = ("_alpha0.1", "_alpha0.2", "_alpha0.3", "_alpha0.5", "_alpha0.7", "_alpha0.85", "")
    assert networks.swept_networks(paper)[:7] == [f"mlp512_seed1{alpha}" for alpha in alphas]


def test_a_trained_network_has_two_states_and_no_output_layer(paper, weights):
    assert networks.weight_states(paper, "mlp512_seed1_alpha5") == ["initial", "final"]
    assert networks.weight_files(paper, "mlp512_seed1_alpha5", "smoke") == [
        "results/smoke/networks/mlp512_seed1_alpha5.h5"
    ]
    stored = networks.stored_shapes(paper, "minialexnet", weights)
    assert stored == {"conv1": [300, 3, 5, 5], "conv2": [150, 300, 5, 5], "dense1": [384, 5400], "dense2": [192, 384]}
    assert networks.weight_layers(paper, "minialexnet", weights) == {
        **{"conv1": (300, 75), "conv2": (150, 7500), "dense1": (384, 5400), "dense2": (192, 384)}
    }


def test_a_pretrained_network_has_its_dense_layers_after_training(paper, weights):
    assert networks.weight_states(paper, "vgg19") == ["final"]
    assert networks.weight_files(paper, "vgg19", "smoke") == ["resources/weights/vgg19.h5"]
    shapes = {"dense1": (4096, 25088), "dense2": (4096, 4096), "dense3": (1000, 4096)}
    assert networks.stored_shapes(paper, "vgg19", weights) == shapes
    assert networks.weight_layers(paper, "vgg19", weights) == shapes


def test_nulls_are_shared_by_matrices_of_one_shape_either_way_round(paper, weights):
    levels = {"300x75", "7500x150", "5400x384", "384x192"}
    dimensions = {300, 75, 150, 7500, 384, 5400, 192}
    names = {f"levels_{shape}" for shape in levels} | {f"vectors_{size}" for size in dimensions}
    found = networks.null_files(paper, "minialexnet", "smoke", weights)
    assert found == sorted(f"results/smoke/nulls/{name}.h5" for name in names)
    # MLP512 has two square layers.
    assert len(networks.null_files(paper, "mlp512_seed1", "smoke", weights)) == 4


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        ((25088, 4096), ["vgg16", "vgg19"]),
        ((4096, 25088), ["vgg16", "vgg19"]),
        ((4096, 4096), ["alexnet", "vgg16", "vgg19"]),
        ((9216, 4096), ["alexnet"]),
        ((512, 512), []),
        ((3072, 1024), []),
        ((7, 5), []),
    ],
)
def test_nulls_that_pretrained_networks_alone_need(paper, weights, shape, names):
    # Wildcards are texts.
    found = networks.pretrained_alone(paper, *map(str, shape), weights)
    assert found == [f"resources/weights/{name}.h5" for name in names]


def test_a_network_that_is_left_out_needs_no_training_and_no_nulls(paper, weights):
    paper = paper.model_copy(update={"left_out": ["mlp1024"]})
    assert networks.weight_files(paper, "mlp1024", "smoke") == []
    assert networks.null_files(paper, "mlp1024", "smoke", weights) == []
    assert networks.weight_files(paper, "minialexnet", "smoke") == ["results/smoke/networks/minialexnet.h5"]
    # Its rows remain, so its shapes are known.
    assert list(networks.weight_layers(paper, "mlp1024", weights)) == ["dense1", "dense2", "dense3"]
    # A provider's matrix of such a shape is then the only one.
    layers = {"dense1": weights["vgg16"].layers["dense1"].model_copy(update={"shape": (1024, 3072)})}
    weights = {**weights, "vgg16": weights["vgg16"].model_copy(update={"layers": layers})}
    assert networks.pretrained_alone(paper, 3072, 1024, weights) == ["resources/weights/vgg16.h5"]


def test_unfoldings_have_their_parameters(paper):
    degree = paper.unfolding.polynomial_degree
    assert networks.unfolding_parameters(paper) == {"gaussian": 7, "staircase": 7, "polynomial": degree}


def test_an_unknown_network_is_an_error(paper, weights):
    with pytest.raises(UserError, match="there is no network 'nobody'"):
        networks.weight_layers(paper, "nobody", weights)
