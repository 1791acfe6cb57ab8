"""Images that are standardised one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deepspectra.data.standardised import load_standardised, standardise_images
from deepspectra.runtime.errors import UserError

from .made_data import made, write


def test_each_image_is_standardised_by_itself():
    images = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3), dtype=np.uint8)
    images[3] = 7
    result = standardise_images(images)
    assert result.shape == (4, 3, 5, 6)
    assert result.dtype == torch.float32
    values = images[:3].astype(np.float64)
    expected = (values - values.mean((1, 2, 3), keepdims=True)) / values.std((1, 2, 3), keepdims=True)
    np.testing.assert_allclose(result[:3].numpy().transpose(0, 2, 3, 1), expected, atol=1e-5)
    assert not result[3].any()


def test_the_first_images_are_loaded(tmp_path):
    arrays = made("images", (32, 32, 3))
    path = write(tmp_path / "cifar10.h5", arrays)
    standardised = load_standardised(path, "train", 12)
    assert torch.equal(standardised.inputs, standardise_images(arrays["train_images"][:12]))
    assert standardised.targets.dtype == torch.int64
    np.testing.assert_array_equal(standardised.targets, arrays["train_labels"][:12])
    with pytest.raises(UserError, match="21 test samples are asked for, it has 20"):
        load_standardised(path, "test", 21)
