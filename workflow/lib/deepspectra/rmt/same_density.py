"""Levels of random matrices with the density of given spectra: what a density does to level statistics by itself."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.interpolate import PchipInterpolator

from deepspectra.rmt.nulls import goe_levels
from deepspectra.rmt.unfolding import ascending
from deepspectra.runtime.errors import UserError

__all__ = ["MappedLevels", "mapped_levels"]

# Levels at either end of a GOE matrix that are left out: the semicircle does not unfold them exactly.
_MARGIN = 20
# Levels between two knots of a smooth density that a single spectrum gives. The place of a level, averaged over B
# spectra, fluctuates by B^(-1/2) of a spacing, so that with B of them this over sqrt(B) is as smooth.
_SMOOTHED = 15

# Relative ranks, which may lie a little outside 0 to 1, to logarithms of absolute values.
_Logarithms = Callable[[np.ndarray], np.ndarray]


class MappedLevels(NamedTuple):
    """Spectra, and which of their levels are not random.

    :ivar spectra: each float64, ascending. :ivar kept: the largest shares of a spectrum's levels, negative and
        positive ones, that are the given spectrum's own; they lie at its lower and its upper end.
    """

    spectra: list[np.ndarray]
    kept: tuple[float, float]


def mapped_levels(spectra: Sequence[np.ndarray], count: int, rng: np.random.Generator) -> MappedLevels:
    """GOE levels, unfolded by the semicircle, at the places that the smooth density of given spectra has for them.

    Places are logarithms of absolute values, averaged over the spectra at equal relative rank, of negative and of
    positive levels apart. A side with too few levels to smooth keeps those of the spectrum, and the result says so.

    :param spectra: ascending, no level zero. :param count: how many to draw: they have as many negative and positive
        levels as the given ones in turn.
    :raises UserError: if a level is zero, or the spectra are not finite and ascending, or there is none.
    """
    spectra = [ascending(levels) for levels in spectra]
    if not spectra or any((levels == 0).any() for levels in spectra):
        raise UserError("a density by logarithms needs spectra without levels that are zero.")
    sides = {sign: [np.sort(sign * levels[sign * levels > 0]) for levels in spectra] for sign in (-1, 1)}
    smooth = {sign: _mean_logarithms(parts) for sign, parts in sides.items()}
    found = []
    for draw in range(count):
        below, above = (sides[sign][draw % len(spectra)] for sign in (-1, 1))
        places = _unfolded_goe(len(below) + len(above), rng)
        # From zero outwards.
        negative = _placed(smooth[-1], len(below) - places[: len(below)][::-1], below)
        positive = _placed(smooth[1], places[len(below) :] - len(below), above)
        found.append(np.concatenate([-negative[::-1], positive]))
    sizes = [max(1, len(levels)) for levels in spectra]
    low, high = (
        0.0 if smooth[sign] else max(len(part) / size for part, size in zip(sides[sign], sizes, strict=True))
        for sign in (-1, 1)
    )
    return MappedLevels(found, (low, high))


def _unfolded_goe(count: int, rng: np.random.Generator) -> np.ndarray:
    """Neighbouring levels with a mean density of one, ascending from about 0 to about ``count``."""
    size = count + 2 * _MARGIN
    levels = goe_levels(size, rng)[_MARGIN : _MARGIN + count]
    return size * stats.semicircular.cdf(levels / math.sqrt(2 * size)) - _MARGIN


def _placed(smooth: _Logarithms | None, places: np.ndarray, own: np.ndarray) -> np.ndarray:
    return own if smooth is None else np.exp(smooth(places / len(own)))


def _mean_logarithms(parts: Sequence[np.ndarray]) -> _Logarithms | None:
    """A smooth function of the relative rank, increasing; None if there are not two knots."""
    parts = [part for part in parts if part.size]
    size = np.mean([part.size for part in parts]) if parts else 0.0
    apart = math.ceil(_SMOOTHED / math.sqrt(max(len(parts), 1)))
    if size <= apart:
        return None
    # The k-th level of n, from 1, has the relative rank (k - 1/2) / n.
    knots = np.linspace(0.5, size - 0.5, 1 + round((size - 1) / apart)) / size
    ranks = [(np.arange(part.size) + 0.5) / part.size for part in parts]
    heights = np.mean([np.interp(knots, rank, np.log(part)) for rank, part in zip(ranks, parts, strict=True)], axis=0)
    # Straight beyond the ends, where a few places fall.
    outside = np.array([-2, 2]) / size + knots[[0, -1]]
    slopes = (heights[[1, -1]] - heights[[0, -2]]) / (knots[[1, -1]] - knots[[0, -2]])
    ends = heights[[0, -1]] + slopes * (outside - knots[[0, -1]])
    return PchipInterpolator(
        np.concatenate([outside[:1], knots, outside[1:]]), np.concatenate([ends[:1], heights, ends[1:]])
    )
