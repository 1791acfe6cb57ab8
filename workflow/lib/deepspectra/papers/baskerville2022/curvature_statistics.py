"""Level statistics of curvature matrices, of batches and of whole sets (baskerville2022).

A spectrum comes in two series. As published: all P eigenvalues of a float32 matrix, rounding noise included, above a
cut-off on their absolute value. Resolved: the eigenvalues of the exact matrix that are numerically not zero. Both go
through the same functions. Rows of curves are :data:`CURVES`, rows of numbers :data:`SUMMARY`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.goe import goe_levels
from deepspectra.rmt.laws.spacings import wigner_surmise
from deepspectra.rmt.ratios import mean_ratio, mean_ratio_by_rank, spacing_ratios
from deepspectra.rmt.unfolding import empirical
from deepspectra.runtime.errors import UserError

CURVES = ["series", "scope", "statistic", "x", "x_high", "y", "error"]
SUMMARY = ["series", "scope", "quantity", "value", "error", "reference"]

#: Cut-offs on |eigenvalue| in the authors' code: of unfolded spacings, and of ratios of batches. A cut-off of 0 leaves
#: out exact zeros, as theirs does.
UNFOLDED_CUT, RATIO_CUT = 1e-20, 1e-10
#: The same of ratios of whole sets, but for trained networks on MNIST, of which exact zeros alone are left out.
WHOLE_CUT = 1e-5
#: Largest values that are drawn, as in the paper.
LARGEST_RATIO, LARGEST_SPACING = 10.0, 7.0
RATIO_BINS, DENSITY_BINS, DECILES = 100, 120, 10
_SPACING_BIN = 0.1
# Share of the eigenvalues that the histogram of a density leaves out at either end: a few outliers.
_CLIPPED = 5e-4
# Levels of the random matrices that go through the same unfolding: its effect depends on how many spectra are pooled,
# not on how many levels each has.
_REFERENCE_LEVELS, _REFERENCE_SPACINGS = 300, 60_000

Row = dict[str, object]


@dataclass(frozen=True)
class Unfolded:
    """Spacings of unfolded spectra, and the steps that they come in.

    ``spacings``: float64. ``step``: mean spacing over the number of pooled spectra: spacings are multiples of it.
    """

    spacings: np.ndarray
    step: float


def whole_cut(data: str, state: str) -> float:
    """The authors' cut-off on |eigenvalue| of ratios of a whole set."""
    return 0.0 if data == "mnist" and state == "final" else WHOLE_CUT


def can_be_unfolded(spectra: Sequence[np.ndarray]) -> bool:
    """Whether there are batches enough, and levels in each."""
    return len(spectra) >= 3 and all(len(values) >= 2 for values in spectra)


def above(spectra: Sequence[np.ndarray], cut: float) -> list[np.ndarray]:
    """Of each spectrum the eigenvalues whose absolute value is above a cut-off."""
    return [values[np.abs(values) > cut] for values in spectra]


def unfold_batches(spectra: Sequence[np.ndarray], share: float, seed: int) -> Unfolded:
    """Unfold some spectra, drawn at random, by the empirical distribution function of the others (section 5).

    :param spectra: at least three, ascending, none empty.
    :param share: of the spectra that are unfolded; the others, at least two, are the pool.
    :raises UserError: if there are fewer than three spectra, or one is empty.
    """
    if not can_be_unfolded(spectra):
        raise UserError(f"unfolding takes at least three spectra with levels; there are {[len(s) for s in spectra]}.")
    chosen = np.random.default_rng(seed).permutation(len(spectra))
    count = min(max(1, round(share * len(spectra))), len(spectra) - 2)
    pool = np.concatenate([spectra[place] for place in chosen[count:]])
    parts = [np.diff(empirical(spectra[place], pool)) for place in chosen[:count]]
    step = float(np.mean([len(spectra[place]) for place in chosen[:count]]) / len(pool))
    return Unfolded(np.concatenate(parts), step)


def reference_unfolding(batches: int, share: float, seed: int) -> Unfolded:
    """Spectra of the Gaussian orthogonal ensemble through :func:`unfold_batches`, as many as there are batches.

    With few spectra in the pool their own fluctuations broaden the spacings of any spectrum: this is what a perfect
    one would show.
    """
    rounds = max(1, math.ceil(_REFERENCE_SPACINGS / (max(1, round(share * batches)) * _REFERENCE_LEVELS)))
    parts = []
    for attempt in range(rounds):
        source = np.random.default_rng([seed, attempt])
        spectra = [goe_levels(_REFERENCE_LEVELS, source) for _ in range(batches)]
        parts.append(unfold_batches(spectra, share, seed + attempt))
    return Unfolded(np.concatenate([part.spacings for part in parts]), parts[0].step)


def spacing_rows(series: str, statistic: str, found: Unfolded) -> list[Row]:
    """Histogram of unfolded spacings up to 7, on bins that hold whole steps."""
    width = found.step * max(1, math.ceil(_SPACING_BIN / found.step))
    # Steps lie amid the bins: spectra have not quite equally many levels, and a step on an edge would fall either way.
    edges = np.arange(-found.step / 2, LARGEST_SPACING + width, width)
    return _histogram(series, "batch", statistic, found.spacings, edges, found.spacings.size)


def ratio_rows(series: str, scope: str, spectra: Sequence[np.ndarray]) -> list[Row]:
    """Histogram of the ratios of neighbouring spacings up to 10; the density is that of all ratios."""
    ratios = np.concatenate([spacing_ratios(values) for values in spectra])
    edges = np.linspace(0, LARGEST_RATIO, RATIO_BINS + 1)
    return _histogram(series, scope, "ratios", ratios, edges, ratios.size)


def density_edges(spectra: Sequence[np.ndarray], parameters: int) -> np.ndarray:
    """Edges of the bins of a density of eigenvalues over 2 sqrt(P), which the authors divide them by."""
    scaled = np.concatenate([*spectra, [0.0]]) / (2 * math.sqrt(parameters))
    low, high = np.quantile(scaled, [_CLIPPED, 1 - _CLIPPED])
    low, high = min(low, 0.0), max(high, 0.0)
    width = (high - low) / DENSITY_BINS or 1.0
    # One bin has zero in its middle, where most eigenvalues are.
    first = math.floor(low / width + 0.5) - 0.5
    return (first + np.arange(math.ceil((high - low) / width) + 2)) * width


def density_rows(
    series: str, scope: str, spectra: Sequence[np.ndarray], parameters: int, edges: np.ndarray
) -> list[Row]:
    """Histogram of eigenvalues over 2 sqrt(P); the density is that of all P eigenvalues of every matrix."""
    scaled = np.concatenate(spectra) / (2 * math.sqrt(parameters))
    return _histogram(series, scope, "density", scaled, edges, parameters * len(spectra))


def rank_rows(series: str, scope: str, spectra: Sequence[np.ndarray], seed: int) -> list[Row]:
    """Mean min(r, 1/r) by decile of rank, the smallest eigenvalues first."""
    rows = []
    for part, mean in enumerate(mean_ratio_by_rank(spectra, seed, DECILES)):
        place = {"series": series, "scope": scope, "statistic": "deciles"}
        edges = {"x": part / DECILES, "x_high": (part + 1) / DECILES}
        rows.append(place | edges | {"y": mean.value, "error": mean.error})
    return rows


def spectrum_numbers(
    series: str,
    scope: str,
    spectra: Sequence[np.ndarray],
    kept: Sequence[np.ndarray],
    parameters: int,
    seed: int,
    cut: float | None = None,
) -> list[Row]:
    """How many eigenvalues there are, how many are kept, and the ratio statistic of those.

    :param spectra: all eigenvalues that were computed. :param kept: those above the cut-off or the error bound.
    :param cut: the cut-off, of spectra as published.
    """
    counts = np.array([len(values) for values in kept])
    mean = mean_ratio(kept, seed)
    values = {
        "parameters": parameters,
        "matrices": len(spectra),
        "eigenvalues kept, mean": counts.mean(),
        "eigenvalues kept, smallest": counts.min(),
        "eigenvalues kept, largest": counts.max(),
        "ratios": mean.count,
    }
    if cut is not None:
        values["cut-off of ratios"] = cut
    rows = [_number(series, scope, quantity, value) for quantity, value in values.items()]
    return [*rows, _number(series, scope, "mean min(r, 1/r)", mean.value, mean.error)]


def below_cut_numbers(series: str, spectra: Sequence[np.ndarray], cut: float) -> list[Row]:
    """Smallest, mean and largest share of a matrix's eigenvalues that are not above a cut-off."""
    shares = np.array([np.mean(np.abs(values) <= cut) for values in spectra])
    ends = {"smallest": shares.min(), "mean": shares.mean(), "largest": shares.max()}
    return [_number(series, "batch", f"share not above {cut:g}, {name}", value) for name, value in ends.items()]


def unfolding_numbers(
    series: str, statistic: str, spectra: Sequence[np.ndarray], found: Unfolded, reference: Unfolded
) -> list[Row]:
    """Distance of unfolded spacings to the Wigner surmise; as reference, that of random matrices unfolded alike."""
    distances = [ks_distance(part.spacings, wigner_surmise.cdf) for part in (found, reference)]
    name = f"KS distance of {statistic} spacings to the Wigner surmise"
    return [
        _number(series, "batch", name, distances[0], reference=distances[1]),
        _number(series, "batch", f"levels of {statistic} spacings, mean", np.mean([len(part) for part in spectra])),
        _number(series, "batch", f"{statistic} spacings", found.spacings.size),
        _number(series, "batch", f"share of {statistic} spacings that are zero", np.mean(found.spacings == 0)),
        _number(series, "batch", f"step of {statistic} spacings", found.step),
    ]


def semicircle_number(series: str, spectra: Sequence[np.ndarray]) -> Row:
    """Distance of the pooled eigenvalues to the semicircle of the same mean and variance.

    :raises UserError: if they are all equal.
    """
    pooled = np.concatenate(spectra)
    deviation = pooled.std()
    if not deviation > 0:
        raise UserError("the eigenvalues are all equal: they have no semicircle.")
    law = stats.semicircular(loc=pooled.mean(), scale=2 * deviation)
    name = "KS distance to the semicircle of equal variance"
    return _number(series, "batch", name, ks_distance(pooled, law.cdf))


def semicircle_rows(levels: np.ndarray) -> tuple[list[Row], list[Row]]:
    """Density of a random matrix ensemble beside the semicircle, in units of its radius, and their distance.

    :param levels: shape (matrices, dimension).
    """
    deviation = levels.std()
    edges = np.linspace(-1.1, 1.1, DENSITY_BINS + 1)
    rows = _histogram("ensemble", "matrix", "density", levels.ravel() / (2 * deviation), edges, levels.size)
    x = np.linspace(-1, 1, 401)
    rows += [
        dict(zip(CURVES, ("semicircle", "matrix", "density", at, at, height, None), strict=True))
        for at, height in zip(x, stats.semicircular.pdf(x), strict=True)
    ]
    numbers = [_number("ensemble", "matrix", "matrices", len(levels))]
    numbers.append(_number("ensemble", "matrix", "parameters", levels.shape[1]))
    return rows, [*numbers, semicircle_number("ensemble", list(levels)) | {"scope": "matrix"}]


def resolution_numbers(scope: str, bounds: np.ndarray, unresolved: np.ndarray, left_out: np.ndarray) -> list[Row]:
    """Error bounds of resolved spectra, shares of spacings below them, and eigenvalues that were left out by them.

    All have the shape (matrices,).
    """
    return [
        _number("resolved", scope, "error bound, largest", bounds.max()),
        _number("resolved", scope, "share of spacings below the error bound", unresolved.mean()),
        _number("resolved", scope, "matrices called unresolved", np.sum(unresolved > 0.01)),
        _number("resolved", scope, "eigenvalues below the error bound, mean", left_out.mean()),
    ]


def _number(
    series: str, scope: str, quantity: str, value: float, error: float | None = None, reference: float | None = None
) -> Row:
    return dict(zip(SUMMARY, (series, scope, quantity, float(value), error, reference), strict=True))


def _histogram(series: str, scope: str, statistic: str, values: np.ndarray, edges: np.ndarray, total: int) -> list[Row]:
    """Density on bins, the whole sample being ``total``; values outside the edges are counted in it."""
    counts, _ = np.histogram(values, bins=edges)
    heights = counts / (total * np.diff(edges))
    return [
        dict(zip(CURVES, (series, scope, statistic, left, right, height, None), strict=True))
        for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True)
    ]
