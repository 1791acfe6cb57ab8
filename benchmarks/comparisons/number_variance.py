"""Unfolding and number variance of matrices of the Gaussian orthogonal ensemble, whose number variance is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.comparison import Arrays, Comparison, Job, Work

if TYPE_CHECKING:
    import pandas as pd

LENGTHS = np.arange(1, 20.25, 0.5)
DEGREE = 11
#: Up to this length results are compared. In longer ones broadening suppresses fluctuations, and empyricalRMT counts
#: intervals that reach beyond the spectrum.
COMPARED = 5


def inputs(levels: int, matrices: int) -> Arrays:
    from deepspectra.rmt.nulls import goe_levels

    rng = np.random.default_rng(1)
    return {"levels": np.array([goe_levels(levels, rng) for _ in range(matrices)])}


def exact(lengths: np.ndarray) -> np.ndarray:
    """Number variance of the infinite ensemble (Mehta, Random Matrices, section 16.1), lengths in mean spacings."""
    from scipy.special import sici

    sine, cosine = sici(2 * np.pi * lengths)
    unitary = np.log(2 * np.pi * lengths) + np.euler_gamma + 1 - np.cos(2 * np.pi * lengths) - cosine
    unitary = unitary / np.pi**2 + lengths * (1 - 2 / np.pi * sine)
    half = sici(np.pi * lengths)[0] / np.pi
    return 2 * unitary + half**2 - half


def error(arrays: Arrays, found: Arrays) -> float:
    """Root mean square over matrices and lengths of the error relative to the exact value."""
    return float(np.sqrt(np.mean((found["result"] / exact(LENGTHS) - 1) ** 2)))


def _apart(ours: Arrays, theirs: Arrays) -> float:
    """Largest difference of the means over matrices up to :data:`COMPARED`, relative to ours."""
    short = LENGTHS <= COMPARED
    one, other = ours["result"][:, short].mean(axis=0), theirs["result"][:, short].mean(axis=0)
    return float(np.abs(other / one - 1).max())


def ours(arrays: Arrays) -> Work:
    from deepspectra.rmt.levels import number_variance
    from deepspectra.rmt.unfolding import polynomial

    levels = arrays["levels"]
    return lambda: np.array([number_variance(polynomial(one, DEGREE), LENGTHS) for one in levels])


def ours_broadened(arrays: Arrays) -> Work:
    from deepspectra.rmt.levels import number_variance
    from deepspectra.rmt.unfolding import gaussian_broadening

    levels = arrays["levels"]
    return lambda: np.array([number_variance(gaussian_broadening(one, 25), LENGTHS) for one in levels])


def empyrical(arrays: Arrays) -> Work:
    from empyricalRMT.eigenvalues import Eigenvalues

    # Compiled before it is timed.
    small = Eigenvalues(arrays["levels"][0]).unfold(smoother="poly", degree=DEGREE)
    small.level_variance(L=LENGTHS[:2])

    def of(levels: np.ndarray) -> np.ndarray:
        found: pd.DataFrame = Eigenvalues(levels).unfold(smoother="poly", degree=DEGREE).level_variance(L=LENGTHS)
        return found["sigma"].to_numpy()

    return lambda: np.array([of(one) for one in arrays["levels"]])


COMPARISON = Comparison(
    title="Unfolding and number variance",
    inputs=inputs,
    sizes={"8 matrices, n = 2000": {"levels": 2000, "matrices": 8}},
    ours=Job(prepare=ours),
    peers={
        "empyricalRMT 1.1.1": Job(
            prepare=empyrical,
            environment="empyricalrmt",
            goal=25,
            tolerance=0.2,
            note="random intervals until it calls itself converged; compilation, 10 s, left out",
        ),
        "ours, broadened": Job(
            prepare=ours_broadened,
            tolerance=0.2,
            note="Gaussian broadening over 25 neighbours, which has no global fit, in place of the polynomial",
        ),
    },
    difference=_apart,
    error=error,
    note=f"Both unfold by a polynomial of degree {DEGREE}. Lengths are 1 to 20 mean spacings in steps of a half. Ours "
    "takes an interval around every level, as the paper does. The error is the root mean square over matrices and "
    "lengths, relative to the exact value of the infinite ensemble; most of it is the fluctuation of the matrices "
    "themselves. The difference is that of the means over matrices at lengths up to 5: beyond, empyricalRMT counts "
    "intervals that reach over the ends of the spectrum, and broadening suppresses fluctuations: "
    "see their errors.",
)
