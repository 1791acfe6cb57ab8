"""A convolution as products of discrete Fourier transforms."""

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import nn

from deepspectra.runtime.errors import UserError

__all__ = ["FourierConvolution"]


class FourierConvolution(nn.Conv2d):
    r"""A convolution of stride 1 that keeps the size of the image ("same" padding), fast on CPUs.

    Let the image have periods of its sides plus half a window, so that nothing wraps onto it. With the angle t between
    a place and a frequency k, the output at p is a mean over all frequencies:

    .. math:: A, B = \sum_p x(p) (\cos t, \sin t), \quad C, D = \sum_o w(o) (\cos t, \sin t), \quad
        y(p) = \langle \cos t \, (A C + B D) + \sin t \, (B C - A D) \rangle_k.

    k and -k give equal terms, so half of the frequencies are enough. A window of 5 x 5 on 13 x 13 pixels then takes a
    ninth of the multiplications. The transforms are matrix products: at such sides they are as fast as FFTs, and put
    the frequencies first, where the batched products need them. Errors are smaller than those of the usual sum over
    the window, for pixels of one size: a pixel that is huge, or no number, spoils its whole image. All of it is
    differentiable to any order. On a GPU, and in half precision, this is
    torch's own convolution.

    :raises UserError: if the side of the window is even.
    """

    def __init__(self, inputs: int, outputs: int, window: int) -> None:
        if window % 2 == 0:
            raise UserError(f"a Fourier convolution needs a window of odd side, found {window}.")
        super().__init__(inputs, outputs, window, padding="same")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (batch, inputs, height, width) to (batch, outputs, height, width), in memory with channels last."""
        is_plain = images.dtype in (torch.float32, torch.float64) and images.dim() == 4 and len(images) > 0
        if images.device.type != "cpu" or not is_plain:
            return super().forward(images)
        count, inputs, *sides = images.shape
        outputs, window = len(self.weight), self.weight.shape[-1]
        arrays = _transforms(sides[0], sides[1], window)
        of_image, of_window, to_image = (torch.from_numpy(array).to(images.dtype) for array in arrays)
        pixels = images.permute(2, 3, 0, 1).reshape(-1, count * inputs)
        spectra = (of_image @ pixels).view(-1, 2 * count, inputs)
        taps = self.weight.reshape(outputs * inputs, -1).T
        # Cosines and sines apart: allocating more than 32 MB at once takes longer than filling it.
        products = (_RowProducts.apply(spectra, (part @ taps).view(-1, outputs, inputs)) for part in of_window)
        (ac, bc), (ad, bd) = (product.view(-1, 2, count, outputs).unbind(1) for product in products)
        found = to_image @ torch.stack([ac + bd, bc - ad], dim=1).view(-1, count * outputs)
        found = found.view(*sides, count, outputs).permute(2, 0, 1, 3).contiguous()
        return (found if self.bias is None else found + self.bias).permute(0, 3, 1, 2)


class _RowProducts(torch.autograd.Function):
    """left @ right.mT, with gradients that come out as they lie in memory; torch's own would be transposed copies."""

    generate_vmap_rule = True

    @staticmethod
    def forward(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return left @ right.mT

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor, torch.Tensor], output: torch.Tensor) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        left, right = ctx.saved_tensors
        of_left, of_right = ctx.needs_input_grad
        return gradient @ right if of_left else None, gradient.mT @ left if of_right else None

    @staticmethod
    def jvp(ctx: Any, left_tangent: torch.Tensor | None, right_tangent: torch.Tensor | None) -> torch.Tensor:
        left, right = ctx.saved_tensors
        changes = [] if left_tangent is None else [left_tangent @ right.mT]
        changes += [] if right_tangent is None else [left @ right_tangent.mT]
        return sum(changes[1:], start=changes[0])


@lru_cache
def _transforms(height: int, width: int, window: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of images, (2 frequencies, pixels), cosine and sine in turn; of windows, (2, frequencies, taps); back to images.

    float64. Frequencies are one of each pair k, -k."""
    half = window // 2
    periods = np.array([height + half, width + half])

    def places(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        return np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)

    every = places(np.arange(periods[0]), np.arange(periods[1]))
    number, opposite = (k % periods @ [periods[1], 1] for k in (every, -every))
    frequencies, pair = every[number <= opposite], (1 + (number < opposite))[number <= opposite]

    def waves(where: np.ndarray) -> np.ndarray:
        # Whole turns are left out in integers.
        turns = sum(np.outer(frequencies[:, axis], where[:, axis]) % periods[axis] / periods[axis] for axis in (0, 1))
        return np.stack([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)])

    offsets = np.arange(-half, half + 1)
    of_window = waves(places(offsets, offsets))
    of_image = waves(places(np.arange(height), np.arange(width))).swapaxes(0, 1)
    to_image = (of_image * (pair / periods.prod())[:, None, None]).reshape(-1, height * width).T
    return of_image.reshape(-1, height * width), of_window, to_image
