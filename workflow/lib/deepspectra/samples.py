"""Training samples of the networks whose kernels are studied: matrices X_0 of shape (d_0, n), one sample a column."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from deepspectra.errors import UserError


def gaussian_samples(dimension: int, count: int, seed: int) -> np.ndarray:
    """Independent N(0, 1/d_0) entries (fan2020, section 4.1); float64, shape (dimension, count)."""
    return np.random.default_rng(seed).standard_normal((dimension, count)) / np.sqrt(dimension)


def image_samples(images: np.ndarray, count: int, removed_components: int, seed: int) -> np.ndarray:
    """Randomly chosen images, centred, without their leading principal components, each of unit norm.

    The paper (fan2020, section 4.2) says that the components are removed; that the mean image goes first and that the
    norm is set last is assumed.

    :param images: uint8, shape (images, ...); the entries behind the first axis are the d_0 coordinates.
    :returns: float64, shape (d_0, count).
    :raises UserError: if fewer images are there than wanted, or nothing but rounding would be left of one.
    """
    if not (0 <= removed_components < min(count, images[:1].size) and count <= len(images)):
        raise UserError(f"cannot take {count} of {len(images)} images and remove {removed_components} components")
    chosen = np.sort(np.random.default_rng(seed).choice(len(images), count, replace=False))
    x = images[chosen].reshape(count, -1).T.astype(np.float64)
    scale = np.linalg.norm(x, axis=0).max()
    x -= x.mean(axis=1, keepdims=True)
    if removed_components:
        # Principal directions in sample space are the leading eigenvectors of the smaller of X'X and XX'.
        size = min(x.shape)
        gram = x.T @ x if count == size else x @ x.T
        _, leading = scipy.linalg.eigh(gram, subset_by_index=(size - removed_components, size - 1))
        x -= (x @ leading) @ leading.T if count == size else leading @ (leading.T @ x)
    norms = np.linalg.norm(x, axis=0)
    if norms.min() <= 1e-9 * scale:
        image = chosen[norms.argmin()]
        raise UserError(f"nothing is left of image {image} once {removed_components} components are gone")
    return x / norms
