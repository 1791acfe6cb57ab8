"""Response normalisation: against the formula written out, and its derivatives."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.func import functional_call, jvp, vmap

from deepspectra.nn.response_normalisation import ResponseNormalisation


def written_out(images, radius):
    """TensorFlow's formula, which does not divide by the number of channels."""
    expected = torch.empty_like(images)
    for channel in range(images.shape[1]):
        near = images[:, max(0, channel - radius) : channel + radius + 1]
        expected[:, channel] = images[:, channel] / torch.sqrt(1 + (near**2).sum(1))
    return expected


def images(channels=9, dtype=torch.float64):
    return 2 * torch.randn(2, channels, 2, 3, dtype=dtype, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("channels", [1, 4, 20])
@pytest.mark.parametrize("radius", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_it_is_the_formula(channels, radius, layout):
    inputs = images(channels).contiguous(memory_format=layout)
    torch.testing.assert_close(ResponseNormalisation(radius)(inputs), written_out(inputs, radius))


def test_it_is_torchs_layer_with_alpha_times_the_width():
    inputs = images(40, torch.float32)
    expected = nn.LocalResponseNorm(size=11, alpha=11.0, beta=0.5, k=1.0)(inputs)
    torch.testing.assert_close(ResponseNormalisation(5)(inputs), expected)


def test_derivatives_of_both_orders_and_both_modes_are_finite_differences():
    inputs, layer = images().requires_grad_(), ResponseNormalisation(2)
    assert torch.autograd.gradcheck(layer, inputs, check_forward_ad=True, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(layer, inputs)


def test_functional_transforms_take_it():
    layer, inputs, direction = ResponseNormalisation(2), images(), torch.ones(2, 9, 2, 3, dtype=torch.float64)
    change = jvp(lambda values: functional_call(layer, {}, (values,)), (inputs,), (direction,))[1]
    beside = [written_out(inputs + sign * 1e-6 * direction, 2) for sign in (1, -1)]
    torch.testing.assert_close(change, (beside[0] - beside[1]) / 2e-6, rtol=1e-7, atol=1e-9)
    stacked = torch.stack([inputs, 3 * inputs])
    torch.testing.assert_close(vmap(layer)(stacked), torch.stack([layer(inputs), layer(3 * inputs)]))
