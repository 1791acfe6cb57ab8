"""What every named activation is held to; a new one needs no entry here."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from deepspectra.nn.activations import activation, names
from deepspectra.nn.activations.base import check_normalised
from deepspectra.nn.activations.own import PanelSeries
from deepspectra.nn.quadrature import gaussian_expectation, panel_cuts
from deepspectra.runtime.errors import UserError


def test_names_are_those_of_the_files():
    assert {"arctan", "cosine", "gelu", "relu"} <= set(names())
    assert not {"base", "own", "families"} & set(names())
    for name in names():
        assert activation(name).name == name


@pytest.mark.parametrize("name", names())
def test_every_named_activation_is_normalised_and_obeys_the_bounds_on_its_constants(name):
    sigma = activation(name)
    check_normalised(sigma)
    assert sigma.b_sigma**2 <= 1 + 1e-14
    assert sigma.a_sigma >= 1 - 1e-14


@pytest.mark.parametrize("name", names())
def test_derivatives_are_those_of_the_functions(name):
    sigma = activation(name)
    x = torch.linspace(-4, 4, 101, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(sigma(x).sum(), x)
    torch.testing.assert_close(sigma.derivative(x), gradient, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_arrays_and_tensors_give_the_same_numbers_in_their_own_dtype(name, precision):
    sigma = activation(name)
    array = np.linspace(-3, 3, 13, dtype=precision)
    for function in (sigma.function, sigma.derivative):
        from_array, from_tensor = function(array), function(torch.from_numpy(array))
        assert from_array.dtype == array.dtype
        assert from_tensor.dtype == torch.from_numpy(array).dtype
        np.testing.assert_allclose(from_tensor.numpy(), from_array, rtol=4 * np.finfo(precision).eps, atol=1e-7)


@pytest.mark.parametrize("name", names())
def test_the_derivatives_mean_is_that_of_steins_lemma(name):
    sigma = activation(name)
    stein = gaussian_expectation(lambda x: x * sigma(x), sigma.breakpoints)
    assert sigma.b_sigma == pytest.approx(stein, abs=1e-13)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_large_arguments_neither_overflow_nor_lose_the_function(name, precision):
    """Warnings are errors here. No pre-activation of a network reaches a hundred."""
    sigma = activation(name)
    x = np.array([-100, -20, 20, 100], dtype=precision)
    for function in (sigma.function, sigma.derivative):
        for values in (function(x), function(torch.from_numpy(x)).numpy()):
            assert np.isfinite(values).all()
            assert np.abs(values).max() <= 300


@pytest.mark.parametrize("name", names())
def test_breakpoints_are_the_kinks(name):
    """The series of the values has a jump in its first or second derivative there, and nowhere else."""
    sigma = activation(name)
    series = PanelSeries.fit(sigma.function, panel_cuts(sigma.breakpoints))
    slope = series.derivative()
    near = np.abs(series.cuts[1:-1]) < 8
    bends = (np.abs(slope.jumps) > 1e-7) | (np.abs(slope.derivative().jumps) > 1e-5)
    assert tuple(series.cuts[1:-1][near & bends]) == sigma.breakpoints
    assert np.abs(series.jumps[near]).max() < 1e-9
    assert series.tails[1:-1][near[1:]].max() < 1e-9


def test_an_unknown_name_is_refused():
    with pytest.raises(UserError, match=r"no activation is called 'swish'; there are absolute, arctan"):
        activation("swish")


def test_looking_one_up_imports_neither_torch_nor_the_others():
    code = (
        "import sys; from deepspectra.nn.activations import activation, names; import deepspectra.nn.activations.own; "
        "names(); activation('gelu'); import deepspectra.rmt.limits.layered; "
        "sys.exit('torch' in sys.modules or 'deepspectra.nn.activations.arctan' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0
