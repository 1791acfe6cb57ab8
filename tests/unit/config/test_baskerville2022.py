"""What the settings of baskerville2022 allow, and what they say about what they do not."""

from __future__ import annotations

import pytest

from deepspectra.config import load_settings

from .conftest import FOLDER, complaint


def paper(overrides=None, scale="paper"):
    return load_settings(FOLDER, {"baskerville2022": overrides or {}})[scale].baskerville2022


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"networks": {"logistic_mnist": {"images": 60_001}}}, ["images", "mnist has 60000", "60001"]),
        ({"networks": {"mlp_bike": {"architecture": "lenet", "hidden": []}}}, ["lenet takes cifar10"]),
        ({"networks": {"Big": {"data": "mnist", "seed": 1}}}, ["small letters", "'Big'"]),
        ({"networks": {"mlp1024": {"data": "mnist", "seed": 1}}}, ["two networks are called mlp1024"]),
        ({"curvature": {"batch_size": 500}}, ["a batch of 500 is larger than the train set of", "200 samples"]),
        (
            {"curvature": {"batch_size": 12}},
            ["in figure_3, takes at least 3 batches of 12", "set of logistic_features there are 2"],
        ),
        ({"figure_7": {"network": "lenet"}}, ["figure_7", "'lenet'", "lenet_cifar10"]),
        ({"figure_3": {"network": "mlp_mnist"}}, ["figure_3", "whole sets", "softmax regression"]),
        ({"training": {"decay_start": 0.9}}, ["starts before it ends"]),
        ({"gaussian_process": {"outliers": 100}}, ["no more outliers than directions", "100 and 60"]),
        ({"networks": {"logistic_mnist": {"method": "lanczos"}}}, ["method", "'lanczos'"]),
        ({"networks": {"mlp_mnist": {"method": "gram"}}}, ["networks.mlp_mnist", "gram", "without hidden layers"]),
        (
            {"networks": {"mlp_mnist": {"method": "piecewise", "activation": "tanh"}}},
            ["networks.mlp_mnist", "piecewise", "relu, not tanh"],
        ),
        (
            {"networks": {"mlp_deep_mnist": {"activation": "tanh"}}},
            ["networks.mlp_deep_mnist", "no exact method", "tanh with 20060 parameters", "12000", "dense", "16 GB"],
        ),
        ({"networks": {"logistic_features": {"images": 25}}}, ["features has 24", "25"]),
        ({"networks": {"mlp_mnist": {"hidden": [2000, 2000]}}}, ["networks.mlp_mnist", "may have", "30000 can be"]),
        ({"figure_8": {"network": "mlp_mnist"}}, ["figure_8", "Bike Sharing", "mlp_mnist"]),
        (
            {"networks": {"logistic_mnist": {"published_batches": 2}}},
            ["at least 3 batches as published of logistic_mnist, or none"],
        ),
    ],
)
def test_a_mistake_is_said_with_what_was_expected(change, words):
    message = complaint({"baskerville2022": change})
    for word in words:
        assert word in message, message


def test_samples_are_those_of_the_set_unless_a_network_has_fewer():
    settings = paper({"networks": {"logistic_mnist": {"test_images": 1000}}, "features": {"images": 640}})
    assert settings.samples("logistic_mnist", "test") == 1000
    assert settings.samples("logistic_mnist", "train") == 60_000
    assert settings.samples("logistic_features", "train") == 640
    assert settings.samples("mlp_bike", "train") == 13_903
    assert settings.samples("mlp_bike", "test") == 3476


def test_the_incomplete_last_batch_is_left_out_and_a_network_may_have_fewer():
    settings = paper({"networks": {"mlp_mnist": {"batches": 9, "published_batches": 0}}})
    # 10000 = 156 x 64 + 16: of the paper's 157 batches one is of 16 samples.
    assert settings.batches("logistic_mnist", "test") == settings.published_batches("logistic_mnist", "test") == 156
    assert settings.batches("logistic_mnist", "train") == 937
    assert settings.batches("mlp_bike", "train") == 217
    assert (settings.batches("mlp_mnist", "test"), settings.published_batches("mlp_mnist", "test")) == (9, 0)
    assert settings.batches("mlp_mnist", "test", "gauss_newton") == 156


def test_methods_that_serve_a_network_are_let_through():
    settings = paper({"networks": {"mlp_mnist": {"activation": "tanh"}, "mlp_deep_mnist": {"method": "dense"}}})
    assert settings.network("mlp_mnist").parameters == 9960
    assert settings.network("mlp_deep_mnist").parameters == 20060
    assert [settings.network(name).parameters for name in ("lenet_cifar10", "mlp_bike")] == [19217, 16601]
