"""EfficientNet-Lite0: TensorFlow's padding, and its size."""

from __future__ import annotations

import pytest
import torch

from deepspectra.nn.backbones.efficientnet_lite0 import EfficientNetLite0, _Convolution


@pytest.mark.parametrize("side", [3, 5])
@pytest.mark.parametrize("length", [5, 6, 7, 8])
def test_padding_is_that_of_tensorflow(length, side):
    """Against windows of stride 2 written out: ceil(length / 2) of them, the odd zero at the end."""
    convolution = _Convolution(1, 1, side, stride=2)
    values, kernel = torch.randn(length, dtype=torch.float64), torch.randn(side, dtype=torch.float64)
    convolution.double().weight.data = (kernel[:, None] * kernel)[None, None]
    count = (length + 1) // 2
    before = max((count - 1) * 2 + side - length, 0) // 2
    rows = [
        sum(kernel[k] * values[2 * n - before + k] for k in range(side) if 0 <= 2 * n - before + k < length)
        for n in range(count)
    ]
    expected = torch.stack(rows)[:, None] * torch.stack(rows)
    found = convolution((values[:, None] * values)[None, None])[0, 0]
    torch.testing.assert_close(found.detach(), expected)


def test_a_single_zero_is_at_the_end():
    """TensorFlow's documented example: an even length, side 3 and stride 2 start with the first pixel."""
    convolution = _Convolution(1, 1, 3, stride=2)
    convolution.weight.data = torch.zeros(1, 1, 3, 3)
    convolution.weight.data[0, 0, 0, 0] = 1
    images = torch.arange(16.0).view(1, 1, 4, 4)
    torch.testing.assert_close(convolution(images)[0, 0], torch.tensor([[0.0, 2.0], [8.0, 10.0]]))


def test_lite0_has_the_size_that_is_published():
    """4.7 million parameters, by its authors."""
    assert sum(parameter.numel() for parameter in EfficientNetLite0().parameters()) == 4_652_008
