"""Ratios of neighbouring spacings: no unfolding, and one number a spectrum with its error (baskerville2022)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deepspectra.rmt.unfolding import ascending
from deepspectra.runtime.errors import UserError

__all__ = ["MeanRatio", "folded", "mean_ratio", "mean_ratio_by_rank", "rank_means", "spacing_ratios"]

# Bootstrap samples. With fewer spectra than _FEW, resampling them hardly determines the error; neighbours in a block.
_DRAWS, _FEW, _NEIGHBOURS = 1000, 10, 10


@dataclass(frozen=True)
class MeanRatio:
    """Mean of min(r, 1/r) over all ratios of all spectra, its standard error, and the number of ratios."""

    value: float
    error: float
    count: int


def spacing_ratios(levels: np.ndarray) -> np.ndarray:
    """r_i, a spacing over the one below it (baskerville2022, eq. 11).

    :param levels: shape (n,), ascending.
    :returns: float64 in [0, inf], shape (at most n - 2,): the 0/0 of three equal levels is left out. Fewer than
        three levels have none.
    :raises UserError: if the levels are not finite and ascending.
    """
    gaps = np.diff(ascending(levels))
    below, above = gaps[:-1], gaps[1:]
    known = (below > 0) | (above > 0)
    with np.errstate(divide="ignore", over="ignore"):
        return above[known] / below[known]


def folded(ratios: np.ndarray) -> np.ndarray:
    """min(r, 1/r), in [0, 1]. Its mean has a finite variance; the mean of r itself has not."""
    with np.errstate(divide="ignore", over="ignore"):
        return np.minimum(ratios, 1 / ratios)


def mean_ratio(spectra: Sequence[np.ndarray], seed: int) -> MeanRatio:
    """Mean of min(r, 1/r) over the ratios of several spectra, each ratio with equal weight.

    Ratios within a spectrum are correlated: the error is the standard deviation of the mean over bootstrap samples of
    whole spectra; with fewer than ten spectra at least that of blocks of ten neighbours, since the correlation reaches
    about one spacing. For a single block it is NaN.

    :param spectra: ascending levels of each. :param seed: of the bootstrap.
    :raises UserError: if there is no ratio at all.
    """
    found = _mean([folded(spacing_ratios(levels)) for levels in spectra], seed)
    if not found.count:
        raise UserError("there is no spacing ratio: no spectrum has three levels that differ.")
    return found


def mean_ratio_by_rank(spectra: Sequence[np.ndarray], seed: int, parts: int = 10) -> list[MeanRatio]:
    """:func:`mean_ratio` for equal parts of the ranks: the lowest tenth of every spectrum's ratios, and so on upwards.

    A part in which no spectrum has a ratio gives NaN with a count of 0.
    """
    by_spectrum = [np.array_split(folded(spacing_ratios(levels)), parts) for levels in spectra]
    return [_mean(list(part), seed) for part in zip(*by_spectrum, strict=True)]


def _mean(parts: list[np.ndarray], seed: int) -> MeanRatio:
    parts = [part for part in parts if part.size]
    if not parts:
        return MeanRatio(float("nan"), float("nan"), 0)
    pooled = np.concatenate(parts)
    error = _bootstrap(parts, seed)
    if len(parts) < _FEW:
        blocks = [block for part in parts for block in np.array_split(part, max(1, part.size // _NEIGHBOURS))]
        # fmax prefers a number to the NaN of a single spectrum or block.
        error = float(np.fmax(error, _bootstrap(blocks, seed)))
    return MeanRatio(float(pooled.mean()), error, pooled.size)


def _bootstrap(parts: list[np.ndarray], seed: int) -> float:
    """Standard deviation of the mean over samples of whole parts; NaN for one part."""
    if len(parts) == 1:
        return float("nan")
    sums = np.array([part.sum() for part in parts])
    sizes = np.array([part.size for part in parts])
    chosen = np.random.default_rng(seed).integers(len(parts), size=(_DRAWS, len(parts)))
    means = sums[chosen].sum(axis=1) / sizes[chosen].sum(axis=1)
    # A bootstrap sample scatters less than the truth by this factor.
    return float(means.std(ddof=1)) * (len(parts) / (len(parts) - 1)) ** 0.5


def rank_means(levels: np.ndarray, parts: int) -> np.ndarray:
    """Mean of min(r, 1/r), float64 of shape (parts,), in equal parts of one spectrum, lowest ratios first.

    :raises UserError: if there are fewer ratios than parts.
    """
    values = folded(spacing_ratios(levels))
    if values.size < parts:
        raise UserError(f"{values.size} spacing ratios cannot be divided into {parts} parts.")
    return np.array([part.mean() for part in np.array_split(values, parts)])
