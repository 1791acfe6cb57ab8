"""Arrays whose shapes do not fit together are refused by name, where NumPy or torch would broadcast them in silence."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deepspectra.data.samples import PrincipalComponents, unit_rest
from deepspectra.data.sets.bike import split_bike
from deepspectra.data.sets.cifar10 import normalise_cifar10
from deepspectra.data.standardised import standardise_images
from deepspectra.data.tasks import Samples
from deepspectra.nn.activations import activation
from deepspectra.nn.architectures.mlp import feed_forward
from deepspectra.nn.backbones import backbone
from deepspectra.nn.embedding import Embedding
from deepspectra.nn.linearised import linearised
from deepspectra.nn.losses import batch_loss, curvature_factor
from deepspectra.nn.networks import load_parameters, parameters_of
from deepspectra.nn.quadrature import gaussian_expectation, hermite_coefficients
from deepspectra.rmt.calibration import largest_deviation, monte_carlo_p_value
from deepspectra.rmt.distances import binned_distance, ks_distance
from deepspectra.rmt.gaussian_process import gaussian_process_hessian, process_density
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.eigenvalues import symmetric_eigenvalues
from deepspectra.spectra.kernels.equivalents import lemma_tangent
from deepspectra.spectra.kernels.grams import add_gram_times, gram, kernel_difference, mirror
from deepspectra.spectra.kernels.means import mean_tangent
from deepspectra.spectra.random_features import data_covariance_eigenvalues, random_feature_eigenvalues
from deepspectra.spectra.singular_values import decompose
from deepspectra.train.augmentation import Shifts, centre_crops, flip_and_shift, random_crops
from deepspectra.train.training import Plan, accuracy, train

SQUARED = Plan(learning_rates=(0.1,), batch_size=3, loss="squared", seed=1)
LABELLED = Plan(learning_rates=(0.1,), batch_size=3, seed=1)


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def network() -> torch.nn.Sequential:
    return feed_forward([4], 6, 3)


def with_first(model: torch.nn.Module, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """The model's parameters with another bias in the first layer."""
    return parameters_of(model) | {"dense1/bias": np.zeros(shape, np.float32)}


def linear(initial: tuple[int, ...], **changes: torch.Tensor | None) -> object:
    model = network()
    found = {name: value for name, value in (dict(model.named_parameters()) | changes).items() if value is not None}
    return linearised(model, found, torch.zeros(initial), "dense1")


def trained(plan: Plan, targets: torch.Tensor) -> object:
    samples = Samples(torch.randn(4, 6), targets)
    return train(network(), samples, samples, plan)


GRAM, ROWS, COLUMN = torch.eye(4), np.ones((3, 4)), np.ones((4, 1))

REFUSED = {
    "targets without an axis, squared error": lambda: batch_loss("squared", torch.zeros(4, 1), torch.zeros(4)),
    "targets with an axis, cross-entropy": lambda: batch_loss("cross_entropy", torch.zeros(4, 3), torch.ones(4, 1)),
    "one target for all": lambda: batch_loss("squared", torch.zeros(4, 2), torch.zeros(1, 2)),
    "outputs of one sample": lambda: curvature_factor("squared", torch.zeros(3)),
    "labels (n, 1) in accuracy": lambda: accuracy(network(), Samples(torch.zeros(4, 6), torch.zeros(4, 1))),
    "targets (n,) in training": lambda: trained(SQUARED, torch.zeros(4)),
    "targets (n, 1) in training": lambda: trained(SQUARED, torch.zeros(4, 1)),
    "shares of classes in training": lambda: trained(LABELLED, torch.ones(4, 3) / 3),
    "fewer targets than inputs": lambda: Samples(torch.zeros(4, 6), torch.zeros(3)),
    "a target without samples": lambda: Samples(torch.zeros(4, 6), torch.zeros(())),
    "bias (1,) for (4,)": lambda: load_parameters(network(), with_first(network(), (1,))),
    "bias () for (4,)": lambda: load_parameters(network(), with_first(network(), ())),
    "initial weights (1, 6) for (4, 6)": lambda: linear((1, 6)),
    "initial weights (4, 1) for (4, 6)": lambda: linear((4, 1)),
    "trained bias (1,) for (4,)": lambda: linear((4, 6), **{"dense1.bias": torch.zeros(1)}),
    "function with one value": lambda: gaussian_expectation(lambda x: np.ones(1)),
    "function with a column": lambda: gaussian_expectation(lambda x: x[:, None]),
    "coefficients of one value": lambda: hermite_coefficients(lambda x: np.ones(1), np.ones(2), 3),
    "grey images for a backbone": lambda: Embedding(torch.nn.Identity(), backbone("resnet34"))(torch.zeros(2, 1, 8, 8)),
    "grey images, normalised": lambda: normalise_cifar10(np.zeros((2, 8, 8, 1), np.uint8)),
    "channels first, normalised": lambda: normalise_cifar10(np.zeros((2, 3, 8, 8), np.uint8)),
    "images without channels": lambda: standardise_images(np.zeros((2, 8, 8), np.uint8)),
    "one border for three channels": lambda: flip_and_shift(torch.zeros(2, 3, 8, 8), Shifts(1, (0.0,)), rng()),
    "narrow images, shifted": lambda: flip_and_shift(torch.zeros(2, 3, 8, 1), Shifts(1, (0.0,) * 3), rng()),
    "names for fewer columns": lambda: split_bike(np.zeros((48, 15)), ["yr", "mnth", "weekday"], 1),
    "one sample without an axis": lambda: PrincipalComponents(np.zeros((4, 1)), np.zeros((4, 0))).remove(np.ones(4)),
    "mean of one coordinate": lambda: PrincipalComponents(np.zeros((1, 1)), np.zeros((1, 0))).remove(ROWS),
    "indices of fewer samples": lambda: unit_rest(
        ROWS, PrincipalComponents(np.zeros((3, 1)), np.zeros((3, 0))), np.arange(3), "image"
    ),
    "draws in two dimensions": lambda: monte_carlo_p_value(np.ones(2), ROWS),
    "one draw without an axis": lambda: monte_carlo_p_value(np.ones(2), np.ones(())),
    "curves with one place": lambda: largest_deviation(np.random.default_rng(1).random((5, 4)), COLUMN),
    "curves of another length": lambda: largest_deviation(np.random.default_rng(1).random((5, 4)), np.ones(3)),
    "distribution function of one value": lambda: ks_distance(np.arange(4.0), lambda x: np.ones(1) / 2),
    "distribution function as a column": lambda: ks_distance(np.arange(4.0), lambda x: x[:, None] / 4),
    "one probability": lambda: binned_distance(np.arange(4.0), np.arange(3.0), np.ones(1)),
    "probabilities of the inner bins": lambda: binned_distance(np.arange(4.0), np.arange(3.0), np.ones(2) / 2),
    "a column of outliers": lambda: gaussian_process_hessian(4, 1.0, 1.0, np.random.default_rng(1), outliers=COLUMN),
    "points in two dimensions": lambda: process_density(ROWS, 5, 1.0, 1.0),
    "a stack of matrices": lambda: symmetric_eigenvalues(torch.zeros(2, 3, 3)),
    "a bias in place of a weight": lambda: decompose(np.ones(4)),
    "features in one row": lambda: random_feature_eigenvalues(lambda x: x[:1], (3, 4, 5), rng()),
    "features summed": lambda: data_covariance_eigenvalues(lambda x: x.sum(0, keepdim=True), 0.5, (3, 4, 5), 2, rng()),
    "one sample without its axis": lambda: gram(torch.ones(3), torch.float64),
    "a factor with one column": lambda: add_gram_times(torch.zeros(4, 4), torch.ones(3, 4), torch.ones(4, 1), 1.0),
    "a factor of other samples": lambda: add_gram_times(torch.zeros(4, 4), torch.ones(3, 4), torch.ones(3, 3), 1.0),
    "sensitivities of one sample": lambda: add_gram_times(torch.zeros(4, 4), torch.ones(3, 1), torch.ones(4, 4), 1.0),
    "a kernel that is not square": lambda: mirror(torch.zeros(4, 3), 4),
    "kernels of different samples": lambda: kernel_difference(torch.zeros(4, 4), torch.zeros(1, 4)),
    "kernels of one and of four samples": lambda: kernel_difference(torch.zeros(4, 4), torch.zeros(1, 1)),
    "a layer's kernel of one sample": lambda: mean_tangent([GRAM, torch.eye(1)], activation("arctan")),
    "a layer's kernel as a row": lambda: lemma_tangent([GRAM, torch.ones(1, 4)], 0.9, 1.1),
    "an input kernel of one sample": lambda: lemma_tangent([torch.eye(1), GRAM], 0.9, 1.1),
}


@pytest.mark.parametrize("case", REFUSED)
def test_shapes_that_do_not_fit_together_are_named(case):
    with pytest.raises(UserError, match=r"(expected .*\(.*; found .*\(|does not consist of blocks)"):
        REFUSED[case]()


@pytest.mark.parametrize("changes", [{"dense1.bias": None}, {"dense2.bias": torch.zeros(3)}])
def test_a_linearised_network_takes_all_its_parameters_and_no_others(changes):
    with pytest.raises(UserError, match=r"has the parameters dense1.weight, .*; expected a value of each"):
        linear((4, 6), **changes)


@pytest.mark.parametrize("side", [0, -1, 9])
def test_a_crop_is_no_larger_than_the_images(side):
    images = torch.zeros(2, 3, 8, 10)
    for cut in (lambda: random_crops(images, side, rng()), lambda: centre_crops(images, side)):
        with pytest.raises(UserError, match=rf"square of {side} pixels a side cannot be cut from .* \(2, 3, 8, 10\)"):
            cut()


def test_outliers_are_no_more_than_there_are_entries():
    with pytest.raises(UserError, match="5 outliers cannot be added on a diagonal of 4 entries"):
        gaussian_process_hessian(4, 1.0, 1.0, np.random.default_rng(1), outliers=[1.0] * 5)


@pytest.mark.parametrize("edges", [[0.0, 2.0, 1.0], [0.0, 1.0, 1.0]])
def test_edges_of_bins_ascend(edges):
    with pytest.raises(UserError, match="ascending"):
        binned_distance(np.arange(4.0), np.array(edges), np.ones(4) / 4)


@pytest.mark.parametrize("sample", [[], [1.0, np.nan]])
def test_a_sample_in_bins_has_finite_numbers(sample):
    with pytest.raises(UserError, match="finite"):
        binned_distance(np.array(sample), np.array([0.0, 1.0]), np.ones(3) / 3)
