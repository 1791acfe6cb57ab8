"""Spectra of nonlinear random features Y = f(W X) (pennington2017), drawn at random.

Random numbers come from generators on the CPU, whatever device computes: a seed gives the same matrices everywhere.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from deepspectra.runtime.shapes import check_shapes

__all__ = ["data_covariance_eigenvalues", "gaussian_equivalent", "random_feature_eigenvalues"]

_Activation = Callable[[torch.Tensor], torch.Tensor]
_Device = torch.device | str
_Sizes = tuple[int, int, int]

_GRAM_ROWS = 512


def data_covariance_eigenvalues(
    activation: _Activation, zeta: float, sizes: _Sizes, layers: int, rng: torch.Generator, device: _Device = "cpu"
) -> dict[str, np.ndarray]:
    """Eigenvalues of Y Y' / m after the first and the last layer of one random network (pennington2017, eq. 15).

    X is n0 x m with N(0, 1) entries; the first weight matrix is n1 x n0, all others n1 x n1, with variances
    1/n0 and 1/n1. Computed in float32: rounding moves an eigenvalue by about 1e-7 of the largest.

    :param zeta: of the activation, for the Gaussian equivalent. :param sizes: (n0, n1, m).
    :returns: float64 arrays of shape (n1,), ascending: ``first``, ``last``, and ``equivalent`` of the first layer's
        :func:`gaussian_equivalent`.
    :raises UserError: if the activation does not act entry by entry.
    """
    n0, n1, m = sizes
    draw = partial(_gaussian, rng=rng, dtype=torch.float32, device=device)
    preactivation = draw(n1, n0).div_(n0**0.5) @ draw(n0, m)
    features = _activated(activation, preactivation)
    equivalent = gaussian_equivalent(zeta, rng)(preactivation)
    spectra = {"first": _gram_eigenvalues(features), "equivalent": _gram_eigenvalues(equivalent)}
    for _ in range(layers - 1):
        features = _activated(activation, draw(n1, n1).div_(n1**0.5) @ features)
    spectra["last"] = _gram_eigenvalues(features)
    return spectra


def random_feature_eigenvalues(
    activation: _Activation, sizes: _Sizes, rng: torch.Generator, device: _Device = "cpu"
) -> np.ndarray:
    """All m eigenvalues of Y' Y / m, Y = f(W X), for one draw of the random features (pennington2017, eq. 20).

    Squared singular values in float64: accurate beside ridge parameters of 1e-12, exactly zero beyond the rank.

    :param sizes: (n0, n1, m).
    :returns: float64, shape (m,), ascending.
    :raises UserError: if the activation does not act entry by entry.
    """
    n0, n1, m = sizes
    draw = partial(_gaussian, rng=rng, dtype=torch.float64, device=device)
    features = _activated(activation, (draw(n1, n0) / n0**0.5) @ draw(n0, m)) / m**0.5
    # LAPACK takes half the time for a tall matrix that it takes for its transpose.
    tall = features if n1 >= m else features.mT.contiguous()
    singular = torch.linalg.svdvals(tall).cpu().numpy()
    return np.concatenate([np.zeros(m - len(singular)), np.sort(singular) ** 2])


def gaussian_equivalent(zeta: float, rng: torch.Generator) -> _Activation:
    """An "activation" that keeps the linear part and replaces the rest by independent noise of the same variance.

    sqrt(zeta) z + sqrt(1 - zeta) N, N iid standard normal, has the limit law of every f with this zeta and eta = 1.
    """

    def function(preactivation: torch.Tensor) -> torch.Tensor:
        noise = torch.randn(preactivation.shape, generator=rng, dtype=preactivation.dtype).to(preactivation.device)
        return zeta**0.5 * preactivation + max(1 - zeta, 0.0) ** 0.5 * noise

    return function


def _gaussian(rows: int, columns: int, rng: torch.Generator, dtype: torch.dtype, device: _Device) -> torch.Tensor:
    return torch.randn(rows, columns, generator=rng, dtype=dtype).to(device)


def _activated(activation: _Activation, preactivation: torch.Tensor) -> torch.Tensor:
    features = activation(preactivation)
    check_shapes(preactivations=(preactivation, "rows columns"), features=(features, "rows columns"))
    return features


def _gram_eigenvalues(features: torch.Tensor) -> np.ndarray:
    """Eigenvalues of Y Y' / m, float64, ascending; rounding below zero is set to zero."""
    rows, columns = features.shape
    gram = features.new_zeros(rows, rows)
    for start in range(0, rows, _GRAM_ROWS):
        stop = start + _GRAM_ROWS
        # The eigensolver reads the lower triangle only, so the part above its diagonal blocks is left out.
        gram[start:stop, :stop] = features[start:stop] @ features[:stop].mT
    values = torch.linalg.eigvalsh(gram.div_(columns), UPLO="L")
    return values.clamp_min_(0).to("cpu", torch.float64).numpy()
