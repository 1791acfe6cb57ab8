"""Random crops, mirror images and shifts for training, from a generator on the CPU, whatever the device."""

from dataclasses import dataclass

import torch

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes

__all__ = ["Shifts", "centre_crops", "flip_and_shift", "random_crops"]


@dataclass(frozen=True)
class Shifts:
    """Mirror images at random and shift them by up to ``margin`` pixels in each direction.

    :ivar border: fill value of the padding, one number per channel. torchvision pads before it normalises, so this is
        a black pixel as the network sees it, not zero.
    """

    margin: int
    border: tuple[float, ...]


def flip_and_shift(images: torch.Tensor, shifts: Shifts, rng: torch.Generator) -> torch.Tensor:
    """Mirror each image with probability 1/2, then shift it; shape (batch, channels, side, side), as before.

    :raises UserError: if the images are not square, or there is not one border value for each channel.
    """
    border = images.new_tensor(shifts.border)
    check_shapes(images=(images, "images channels side side"), border=(border, "channels"))
    count, _, side, _ = images.shape
    mirrored = torch.rand(count, 1, 1, 1, generator=rng).to(images.device) < 0.5
    images = torch.where(mirrored, images.flip(3), images)
    margin, inside = shifts.margin, slice(shifts.margin, shifts.margin + side)
    padded = border[:, None, None].repeat(count, 1, side + 2 * margin, side + 2 * margin)
    padded[:, :, inside, inside] = images
    return random_crops(padded, side, rng)


def random_crops(images: torch.Tensor, side: int, rng: torch.Generator) -> torch.Tensor:
    """Cut a square of ``side`` pixels from a random position of each image; shape (batch, channels, side, side).

    :raises UserError: if it is larger than the images.
    """
    _check_crop(images, side)
    count, _, height, width = images.shape
    tops = torch.randint(height - side + 1, (count, 1, 1), generator=rng).to(images.device)
    lefts = torch.randint(width - side + 1, (count, 1, 1), generator=rng).to(images.device)
    pixels = torch.arange(side, device=images.device)
    batch = torch.arange(count, device=images.device)[:, None, None]
    # Advanced indices on both sides of a slice put the channels last.
    return images[batch, :, tops + pixels[:, None], lefts + pixels].permute(0, 3, 1, 2)


def centre_crops(images: torch.Tensor, side: int | None) -> torch.Tensor:
    """The central square of each image; with None, the images themselves.

    :raises UserError: if it is larger than the images.
    """
    if side is None:
        return images
    _check_crop(images, side)
    top, left = (images.shape[2] - side) // 2, (images.shape[3] - side) // 2
    return images[:, :, top : top + side, left : left + side]


def _check_crop(images: torch.Tensor, side: int) -> None:
    check_shapes(images=(images, "images channels height width"))
    if not 1 <= side <= min(images.shape[2:]):
        raise UserError(f"a square of {side} pixels a side cannot be cut from images of shape {tuple(images.shape)}.")
