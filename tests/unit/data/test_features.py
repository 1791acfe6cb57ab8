from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import functional

from deepspectra.data import features
from deepspectra.data.features import CROP_RATIOS, CROP_SHARES, Crop, crop_image, draw_crop, embed, embed_in_parts
from deepspectra.nn.backbones import backbone
from deepspectra.nn.embedding import Embedding, load_embedding

from ..nn.test_embedding import drawn_weights


@pytest.fixture
def images() -> np.ndarray:
    """As smooth as pictures are, so that each place has a colour of its own."""
    draw = np.random.default_rng(1)
    coarse = draw.integers(0, 256, (10, 6, 6, 3), np.uint8)
    return np.stack([np.asarray(Image.fromarray(image).resize((32, 32), Image.BICUBIC)) for image in coarse])


class Means(torch.nn.Module):
    """Means over patches in place of a network; it counts images, and breaks down after so many."""

    def __init__(self, most: int = 10**6) -> None:
        super().__init__()
        self.seen, self.most = 0, most

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        self.seen += len(values)
        if self.seen > self.most:
            raise KeyboardInterrupt
        return torch.nn.functional.avg_pool2d(values, 56).flatten(1)


@pytest.fixture
def means() -> Embedding:
    return Embedding(Means(), backbone("resnet34"))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rectangle", [(0, 0, 32, 32), (3, 5, 20, 17), (22, 1, 10, 9), (0, 31, 32, 1)])
def test_crops_are_those_of_pictures(images, rectangle, mirrored):
    """Against Pillow, which the authors' code crops, enlarges and mirrors with, to one step of 256."""
    picture = functional.resized_crop(Image.fromarray(images[0]), *rectangle, [224, 224])
    if mirrored:
        picture = functional.hflip(picture)
    expected = np.asarray(picture).transpose(2, 0, 1).astype(int)
    found = crop_image(images[0], Crop(*rectangle, mirrored))
    assert found.dtype == torch.uint8
    assert found.shape == (3, 224, 224)
    assert np.abs(found.numpy() - expected).max() <= 1


def test_crops_are_drawn_as_documented():
    """Shares of the area and ratios within torchvision's bounds (and rounding), all over the image, half mirrored."""
    crops = [draw_crop(7, 0, index, 32, 32) for index in range(2000)]
    for top, left, height, width, _ in crops:
        assert 0 <= top <= 32 - height
        assert 0 <= left <= 32 - width
        # A side of 8 pixels or so is rounded by up to half of one.
        assert CROP_SHARES[0] * 0.85 <= height * width / 1024 <= CROP_SHARES[1]
        assert CROP_RATIOS[0] * 0.88 <= width / height <= CROP_RATIOS[1] * 1.13
    shares = np.array([height * width / 1024 for _, _, height, width, _ in crops])
    # Uniform, but for the largest crops that do not fit and are drawn again.
    assert np.mean(shares) == pytest.approx(0.5, abs=0.04)
    assert np.mean(shares < 0.31) == pytest.approx(0.25, abs=0.05)
    assert np.mean([crop.mirrored for crop in crops]) == pytest.approx(0.5, abs=0.05)
    # Left and right, above and below are alike.
    for start, length in (("top", "height"), ("left", "width")):
        surplus = [getattr(crop, start) - (32 - getattr(crop, length)) / 2 for crop in crops]
        assert np.mean(surplus) == pytest.approx(0, abs=0.5)


def test_a_crop_follows_from_seed_stream_and_place_alone():
    before = torch.random.get_rng_state()
    crop = draw_crop(41, 0, 3, 32, 32)
    torch.rand(5)
    assert draw_crop(41, 0, 3, 32, 32) == crop
    assert len({draw_crop(*given, 32, 32) for given in [(41, 0, 3), (41, 0, 4), (41, 1, 3), (42, 0, 3)]}) == 4
    torch.random.set_rng_state(before)
    draw_crop(41, 0, 3, 32, 32)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_features_do_not_depend_on_the_grouping(images):
    """But for rounding, with a real network; and not on how many images there are, nor where a part begins."""
    embedding = load_embedding("efficientnet_lite0", drawn_weights("efficientnet_lite0"))
    whole = np.concatenate(list(embed(embedding, images[:5], 41, 0, at_once=5)))
    assert whole.dtype == np.float32
    assert whole.shape == (5, 1280)
    largest = np.abs(whole).max()
    for found, expected in (
        (embed(embedding, images[:5], 41, 0, at_once=2), whole),
        (embed(embedding, images[:3], 41, 0), whole[:3]),
        (embed(embedding, images[2:5], 41, 0, first=2, at_once=1), whole[2:]),
    ):
        np.testing.assert_allclose(np.concatenate(list(found)), expected, rtol=0, atol=1e-5 * largest)
    other = np.concatenate(list(embed(embedding, images[:1], 41, 1)))
    assert np.abs(other - whole[:1]).max() > 0.01 * largest


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(features, "PART", 4)
    monkeypatch.setattr(features, "_AT_ONCE", {"cpu": 2})


def parts(embedding, images, folder, seed=41, weights="digest", code="code"):
    return embed_in_parts(embedding, images, seed, "train", "toy", folder, [weights, code])


def test_parts_are_the_whole(means, images, tmp_path, small_parts):
    expected = np.concatenate(list(embed(means, images, 41, 0)))
    np.testing.assert_array_equal(parts(means, images, tmp_path), expected)
    assert [path.name for path in sorted(tmp_path.iterdir())] == [f"train_{n:05d}.h5" for n in (0, 4, 8)]


def test_a_job_that_was_killed_goes_on(images, tmp_path, small_parts, means, capsys):
    expected = parts(means, images, tmp_path / "other")
    killed = Embedding(Means(most=7), backbone("resnet34"))
    with pytest.raises(KeyboardInterrupt):
        parts(killed, images, tmp_path)
    np.testing.assert_array_equal(parts(again := Embedding(Means(), backbone("resnet34")), images, tmp_path), expected)
    assert again.network.seen == 6


@pytest.mark.parametrize("change", ["seed", "weights", "code", "images", "damage", "number"])
def test_parts_of_anything_else_are_made_anew(images, tmp_path, small_parts, means, change):
    parts(means, images, tmp_path)
    given = {"images": images, "seed": 41, "weights": "digest", "code": "code"}
    if change == "damage":
        (tmp_path / "train_00004.h5").write_bytes(b"cut short")
    elif change == "number":
        given["images"] = images[:9]
    else:
        given[change] = {"seed": 42, "images": images[::-1].copy()}.get(change, "another")
    again = Embedding(Means(), backbone("resnet34"))
    found = parts(again, given["images"], tmp_path, given["seed"], given["weights"], given["code"])
    expected = np.concatenate(list(embed(means, given["images"], given["seed"], 0)))
    np.testing.assert_array_equal(found, expected)
    assert again.network.seen == {"damage": 4, "number": 1}.get(change, 10)
