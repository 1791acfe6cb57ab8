"""The random ResNet-34: its size, its seed, and activations that batch normalisation controls."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from deepspectra.nn.backbones.resnet34 import random_resnet34
from deepspectra.nn.losses import curvature_factor
from deepspectra.spectra.curvature.spectra import resolved_spectrum


@pytest.fixture(scope="module")
def images():
    return torch.randn(48, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


@pytest.fixture(scope="module")
def model(images):
    return random_resnet34(images, 1, 10)


def test_it_is_the_full_network_with_ten_outputs(model, images):
    """21,797,672 parameters with a thousand outputs (torchvision's documentation), 513 of them for each output."""
    parameters = list(model.parameters())
    assert sum(parameter.numel() for parameter in parameters) == 21_797_672 - 990 * 513
    assert {parameter.dtype for parameter in parameters} == {torch.float64}
    assert not any(module.training for module in model.modules())
    assert model(images[:2]).shape == (2, 10)


def test_the_seed_gives_the_weights_and_leaves_the_global_generator(model, images):
    before = torch.get_rng_state()
    again, other = random_resnet34(images[:2], 1, 10), random_resnet34(images[:2], 2, 10)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(again.layer3[0].conv1.weight, model.layer3[0].conv1.weight)
    assert not torch.equal(other.layer3[0].conv1.weight, model.layer3[0].conv1.weight)


def entering_normalisations(model, images):
    """What enters each batch normalisation in one pass: channels as rows."""
    found = []
    handles = [
        layer.register_forward_pre_hook(lambda _, given: found.append(given[0].transpose(0, 1).flatten(1).clone()))
        for layer in model.modules()
        if isinstance(layer, nn.BatchNorm2d)
    ]
    with torch.no_grad():
        model(images)
    for handle in handles:
        handle.remove()
    return found


def test_normalisations_keep_the_means_and_variances_of_one_pass(model, images):
    layers = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    # Training mode changes what is kept: in a copy.
    entered = entering_normalisations(copy.deepcopy(model).train(), images)
    assert len(layers) == len(entered) == 36
    for layer, values in zip(layers, entered, strict=True):
        torch.testing.assert_close(layer.running_mean, values.mean(1), rtol=0, atol=1e-12)
        torch.testing.assert_close(layer.running_var, values.var(1), rtol=1e-9, atol=1e-12)


def test_its_spectrum_is_that_of_its_gradients(model, images):
    """One gradient at a time by torch itself, for a batch of two."""
    batch = images[:2]
    outputs = model(batch)
    factor = curvature_factor("cross_entropy", outputs.detach())
    rows = []
    for sample, combinations in zip(outputs, factor, strict=True):
        for combination in combinations.T:
            found = torch.autograd.grad(sample @ combination, list(model.parameters()), retain_graph=True)
            rows.append(torch.cat([gradient.flatten() for gradient in found]))
    gradients = torch.stack(rows)
    # 21 million products a sum: by BLAS alone, which adds them in a row, it would be less exact than what is tested.
    gram = sum((part @ part.T).numpy().astype(np.longdouble) for part in gradients.split(4096, dim=1))
    expected = np.linalg.eigvalsh(gram.astype(np.float64))
    found = resolved_spectrum("gauss_newton", model, batch, torch.zeros(2, dtype=torch.int64), "cross_entropy")
    assert found.eigenvalues == pytest.approx(expected, abs=found.bound)
    assert found.parameters == 21_289_802
