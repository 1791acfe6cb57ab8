"""Variants of images: crops, and flips and shifts against torchvision on the raw images."""

from __future__ import annotations

import numpy as np
import torch
from torchvision.transforms import functional

from deepspectra.data.sets.cifar10 import normalise_cifar10
from deepspectra.train.augmentation import Shifts, centre_crops, flip_and_shift, random_crops


def test_random_crops_are_squares_of_the_images():
    images = torch.arange(2 * 3 * 8 * 8.0).reshape(2, 3, 8, 8)
    crops = random_crops(images, 5, torch.Generator().manual_seed(1))
    assert crops.shape == (2, 3, 5, 5)
    for image, crop in zip(images, crops, strict=True):
        places = [(i, j) for i in range(4) for j in range(4) if torch.equal(image[:, i : i + 5, j : j + 5], crop)]
        assert len(places) == 1
    many = random_crops(images[:1].expand(500, -1, -1, -1), 5, torch.Generator().manual_seed(2))
    assert len({float(crop[0, 0, 0]) for crop in many}) == 16
    torch.testing.assert_close(centre_crops(images, 4), images[:, :, 2:6, 2:6])


def test_flips_and_shifts_are_torchvisions_on_raw_images():
    """Padded with black and cropped before it is normalised, as the authors' transforms do, at every offset."""
    margin, side, count = 2, 6, 600
    raw = np.random.default_rng(0).integers(0, 256, (1, side, side, 3), np.uint8)
    black = normalise_cifar10(np.zeros((1, 1, 1, 3), np.uint8)).ravel()
    image = torch.from_numpy(normalise_cifar10(raw))
    shifts = Shifts(margin, tuple(black.tolist()))
    found = flip_and_shift(image.expand(count, -1, -1, -1), shifts, torch.Generator().manual_seed(3))
    assert found.shape == (count, 3, side, side)

    expected = []
    for mirrored in (False, True):
        pixels = torch.from_numpy(raw[0]).permute(2, 0, 1)
        padded = functional.pad(functional.hflip(pixels) if mirrored else pixels, [margin] * 4)
        for top in range(2 * margin + 1):
            for left in range(2 * margin + 1):
                crop = functional.crop(padded, top, left, side, side).permute(1, 2, 0).numpy()
                expected.append(torch.from_numpy(normalise_cifar10(crop[None])[0]))
    same = (found[:, None] == torch.stack(expected)).flatten(2).all(2)
    assert (same.sum(1) == 1).all()
    # Each of 2 x 25 variants is expected 12 times; none is missing, and halves are mirrored.
    assert (same.sum(0) > 0).all()
    assert abs(int(same[:, 25:].sum()) - count / 2) < 4 * (count / 4) ** 0.5


def test_each_image_has_a_variant_of_its_own_that_follows_from_the_seed():
    images = torch.randn(40, 1, 5, 5)[:1].expand(40, -1, -1, -1)
    first, again, other = (
        flip_and_shift(images, Shifts(1, (0.0,)), torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert len(torch.unique(first.flatten(1), dim=0)) > 5
