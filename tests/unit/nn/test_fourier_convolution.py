"""Convolutions by Fourier transforms: against the sum over the window, and their derivatives."""

from __future__ import annotations

import pytest
import torch
from torch.func import functional_call, jvp, vmap

from deepspectra.nn.fourier_convolution import FourierConvolution
from deepspectra.runtime.errors import UserError


def made(inputs, outputs, window, height, width, count=2, dtype=torch.float64):
    torch.manual_seed(window)
    layer = FourierConvolution(inputs, outputs, window).to(dtype)
    return layer, torch.randn(count, inputs, height, width, dtype=dtype)


def summed(layer, images):
    """The convolution of torch in float64."""
    weight, bias = layer.weight.double(), layer.bias.double()
    return torch.conv2d(images.double(), weight, bias, padding=layer.weight.shape[-1] // 2)


# Sides whose periods are even and odd, smaller than the window, and a window of a single pixel.
@pytest.mark.parametrize(
    "case", [(3, 2, 3, 4, 6), (2, 3, 3, 5, 4), (2, 3, 5, 3, 3), (2, 3, 5, 13, 13), (2, 2, 1, 4, 3), (1, 2, 7, 5, 1)]
)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_it_is_the_sum_over_the_window(case, layout):
    layer, images = made(*case)
    found = layer(images.contiguous(memory_format=layout))
    torch.testing.assert_close(found, summed(layer, images), rtol=1e-13, atol=1e-13)


def test_parameters_are_those_of_torchs_convolution():
    layer = FourierConvolution(3, 4, 5)
    shapes = {name: tuple(value.shape) for name, value in layer.state_dict().items()}
    assert shapes == {"weight": (4, 3, 5, 5), "bias": (4,)}


def test_a_window_of_even_side_is_refused():
    with pytest.raises(UserError, match="odd side, found 4"):
        FourierConvolution(3, 4, 4)


def test_derivatives_of_both_orders_and_both_modes_are_finite_differences():
    layer, images = made(2, 2, 3, 3, 4)

    def outputs(values, weight, bias):
        return functional_call(layer, {"weight": weight, "bias": bias}, (values,))

    arguments = (images.requires_grad_(), layer.weight, layer.bias)
    assert torch.autograd.gradcheck(outputs, arguments, check_forward_ad=True, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(outputs, arguments)


def test_functional_transforms_take_it():
    layer, images = made(2, 3, 5, 4, 4)
    direction = torch.ones_like(layer.weight)
    change = jvp(
        lambda weight: functional_call(layer, {"weight": weight}, (images,)), (layer.weight.detach(),), (direction,)
    )[1]
    torch.testing.assert_close(change, torch.conv2d(images, direction, padding=2))
    stacked = torch.stack([images, 2 * images])
    torch.testing.assert_close(vmap(layer)(stacked), torch.stack([layer(images), layer(2 * images)]))


def test_errors_in_float32_are_no_larger_than_those_of_torch():
    """Of outputs and of all gradients, at the size of miniAlexNet's second layer and a quarter of its channels."""
    layer, images = made(75, 38, 5, 13, 13, count=8, dtype=torch.float32)
    images.requires_grad_()
    upstream = torch.randn(8, 38, 13, 13)
    arguments = (images, layer.weight, layer.bias)

    def results(outputs, dtype=torch.float32):
        return [outputs, *torch.autograd.grad(outputs, arguments, upstream.to(dtype))]

    exact = results(summed(layer, images), torch.float64)
    usual = results(torch.conv2d(images, layer.weight, layer.bias, padding=2))
    for found, other, true in zip(results(layer(images)), usual, exact, strict=True):
        error, others = (float((values - true).detach().norm() / true.norm()) for values in (found, other))
        assert error < min(2 * others, 1e-6)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_what_the_cpu_does():
    layer, images = made(6, 5, 5, 13, 13)
    expected = layer(images)
    torch.testing.assert_close(layer.cuda()(images.cuda()).cpu(), expected)
