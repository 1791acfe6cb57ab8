"""Input matrices X_0 of fan2020, shape (d_0, n), one sample a column: drawn by a law, or made from images."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes

__all__ = ["PrincipalComponents", "choose_images", "columns_of", "gaussian_samples", "image_samples"]
__all__ += ["principal_components", "sphere_samples", "unit_rest"]


def gaussian_samples(dimension: int, count: int, seed: int) -> np.ndarray:
    """Independent N(0, 1/d_0) entries (fan2020, section 4.1); float64, shape (dimension, count)."""
    return np.random.default_rng(seed).standard_normal((dimension, count)) / np.sqrt(dimension)


def sphere_samples(dimension: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Independent points, uniform on the unit sphere (fan2020, section 4.3); float64, shape (dimension, count)."""
    x = rng.standard_normal((dimension, count))
    return x / np.linalg.norm(x, axis=0)


def choose_images(count: int, there: int, seed: int) -> np.ndarray:
    """Indices of ``count`` of ``there`` images, drawn without replacement, ascending; int64, shape (count,)."""
    return np.sort(np.random.default_rng(seed).choice(there, count, replace=False))


def image_samples(images: np.ndarray, count: int, removed_components: int, seed: int) -> np.ndarray:
    """Randomly chosen images without their mean and leading principal components, each of unit norm (d_0, count).

    fan2020, section 4.2, removes the components; to remove the mean image first and to set the norm last is assumed.

    :param images: uint8, shape (images, ...); the entries after the first axis are the d_0 coordinates.
    :raises UserError: if there are too few images, or only rounding errors would be left of one.
    """
    if not (0 <= removed_components < min(count, images[:1].size) and count <= len(images)):
        raise UserError(f"cannot take {count} of {len(images)} images and remove {removed_components} components")
    chosen = choose_images(count, len(images), seed)
    x = columns_of(images[chosen])
    return unit_rest(x, principal_components(x, removed_components), chosen, "image")


def columns_of(images: np.ndarray) -> np.ndarray:
    """Images of shape (count, ...) as columns; float64, shape (d_0, count)."""
    return images.reshape(len(images), -1).T.astype(np.float64)


@dataclass(frozen=True)
class PrincipalComponents:
    """Mean, shape (d_0, 1), and leading principal directions of samples, orthonormal columns (d_0, components)."""

    mean: np.ndarray
    directions: np.ndarray

    def remove(self, x: np.ndarray) -> np.ndarray:
        """Samples (d_0, count), the same or others, without mean and components; float64.

        :raises UserError: if they have another number of coordinates.
        """
        check_shapes(samples=(x, "coordinates samples"), mean=(self.mean, "coordinates 1"))
        centred = x - self.mean
        if self.directions.shape[1]:
            centred -= self.directions @ (self.directions.T @ centred)  # in place: norms depend on the memory's order
        return centred


def unit_rest(x: np.ndarray, components: PrincipalComponents, indices: np.ndarray, words: str) -> np.ndarray:
    """Samples without mean and components, each of unit norm; float64, shape (d_0, count).

    :param indices: of the samples in their set, shape (count,). :param words: what messages call a sample.
    :raises UserError: if only rounding errors would be left of one, or the shapes do not fit together.
    """
    check_shapes(samples=(x, "coordinates samples"), indices=(indices, "samples"))
    rest = components.remove(x)
    norms = np.linalg.norm(rest, axis=0)
    if norms.min() <= 1e-9 * np.linalg.norm(x, axis=0).max():
        removed = f"the mean and {components.directions.shape[1]} components"
        told = f"nothing is left of {words} {indices[norms.argmin()]} without {removed}"
        raise UserError(f"{told}. Remove fewer, or take another seed.")
    return rest / norms


def principal_components(x: np.ndarray, count: int) -> PrincipalComponents:
    """Mean and leading principal directions, fewer than min(d_0, n), of samples x, shape (d_0, n)."""
    mean = x.mean(axis=1, keepdims=True)
    if count == 0:
        return PrincipalComponents(mean, np.empty((len(x), 0)))
    centred = x - mean
    # The smaller of X'X and XX' has the same leading eigenvalues.
    narrow = x.shape[1] < x.shape[0]
    gram = centred.T @ centred if narrow else centred @ centred.T
    _, leading = scipy.linalg.eigh(gram, subset_by_index=(len(gram) - count, len(gram) - 1))
    if narrow:
        # Orthonormal to rounding, unlike a division by the square roots of the eigenvalues.
        leading, _ = np.linalg.qr(centred @ leading)
    return PrincipalComponents(mean, leading)
