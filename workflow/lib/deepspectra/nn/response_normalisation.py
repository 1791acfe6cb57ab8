"""Local response normalisation, with a sum over neighbouring channels that is its own derivative."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

__all__ = ["ResponseNormalisation"]


class ResponseNormalisation(nn.Module):
    """x / (1 + sum of squares over the channels at most ``radius`` away)^(1/2), for (batch, channels, height, width).

    torch's own layer averages the squares, over a window that it lays as a third dimension beside the image, and takes
    several times as long.
    """

    def __init__(self, radius: int) -> None:
        super().__init__()
        self.radius = radius

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The same shape, in memory with channels last."""
        pixels = images.movedim(1, 3).contiguous()
        return (pixels * torch.rsqrt(1 + _Neighbours.apply(pixels * pixels, self.radius))).movedim(3, 1)


class _Neighbours(torch.autograd.Function):
    """Sums over neighbours along the last axis: linear and symmetric, so derivatives in both modes are such sums."""

    generate_vmap_rule = True

    @staticmethod
    def forward(values: torch.Tensor, radius: int) -> torch.Tensor:
        count, width = values.shape[-1], 2 * radius + 1
        # Sums over 1, 2, 4, ... channels, each from the one before; those that make up the width are added up.
        block, size, start, parts = functional.pad(values, (radius, radius)), 1, 0, []
        while size <= width:
            if width & size:
                parts.append(block[..., start : start + count])
                start += size
            if 2 * size <= width:
                block = block[..., :-size] + block[..., size:]
            size *= 2
        return sum(parts[1:], start=parts[0])

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor, int], output: torch.Tensor) -> None:
        ctx.radius = inputs[1]

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return _Neighbours.apply(gradient, ctx.radius), None

    @staticmethod
    def jvp(ctx: Any, tangent: torch.Tensor, radius: None) -> torch.Tensor:
        return _Neighbours.apply(tangent, ctx.radius)
