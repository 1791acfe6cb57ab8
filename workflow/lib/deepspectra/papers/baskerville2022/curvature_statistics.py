"""Level statistics of curvature matrices, of batches and of whole sets (baskerville2022).

A spectrum comes in two series. As published: all P eigenvalues of a float32 matrix, rounding noise included, above a
cut-off on their absolute value. Resolved: the eigenvalues of the exact matrix that are numerically non-zero. Both go
through the same functions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from deepspectra.papers.baskerville2022.names import UNCUT
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.spacings import wigner_surmise
from deepspectra.rmt.nulls import goe_levels
from deepspectra.rmt.ratios import mean_ratio, mean_ratio_by_rank, spacing_ratios
from deepspectra.rmt.unfolding import empirical
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

__all__ = ["CurveRow", "NumberRow", "analyse_spectrum", "semicircle_rows", "whole_cut"]

#: Cut-offs on |eigenvalue| in the authors' code: for unfolded spacings, and for ratios of batches. A cut-off of 0 drops
#: exact zeros, as theirs does.
UNFOLDED_CUT, RATIO_CUT = 1e-20, 1e-10
#: The cut-off for ratios of whole sets; for trained networks on MNIST only exact zeros are dropped.
WHOLE_CUT = 1e-5
#: The largest values that are drawn, as in the paper.
LARGEST_RATIO, LARGEST_SPACING = 10.0, 7.0
RATIO_BINS, DENSITY_BINS, DECILES = 100, 120, 10
_SPACING_BIN = 0.1
# Share of the eigenvalues that the histogram of a density clips at either end: a few outliers.
_CLIPPED = 5e-4
# Levels of the random matrices that go through the same unfolding: its effect depends on how many spectra are pooled,
# not on how many levels each has.
_REFERENCE_LEVELS, _REFERENCE_SPACINGS = 300, 60_000
_RESOLVED = {"eigenvalues": ("levels",)} | dict.fromkeys(("lengths", "bounds", "left_out", "unresolved"), ("matrices",))


class CurveRow(NamedTuple):
    """A bar from ``x`` to ``x_high``, or a point where both are equal.

    :ivar series: ``published`` or ``resolved``. :ivar scope: ``batch`` or ``whole``. :ivar error: standard error of y.
    """

    series: str
    scope: str
    statistic: str
    x: float
    x_high: float
    y: float
    error: float | None = None


class NumberRow(NamedTuple):
    """A number of a spectrum.

    :ivar quantity: identifier. :ivar label: the same in words. :ivar error: standard error. :ivar told: in captions.
    """

    series: str
    scope: str
    quantity: str
    label: str
    value: float
    error: float | None = None
    reference: float | None = None
    told: bool = False


@dataclass(frozen=True)
class Unfolded:
    """Spacings of unfolded spectra.

    :ivar spacings: float64. :ivar step: mean spacing over the number of pooled spectra; spacings are multiples of it.
    """

    spacings: np.ndarray
    step: float


def analyse_spectrum(
    files: Mapping[str, Sequence[str]], share: float, seed: int, cut: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All statistics of one spectrum.

    :param files: HDF5 files of eigenvalues by name: ``published``, ``resolved``, ``published_whole``,
        ``resolved_whole``; lists may be empty, except that of resolved batches.
    :param share: of the batches that are unfolded. :param seed: of the unfolded batches and of the bootstrap.
    :param cut: the cut-off of ratios of whole sets as published, see :func:`whole_cut`.
    :returns: curves, with the columns of :class:`CurveRow`, and numbers, with those of :class:`NumberRow`.
    """
    resolved, known, parameters = _read_resolved(files["resolved"])
    published = _read_published(files["published"])
    edges = density_edges(resolved, parameters)
    curves: list[CurveRow] = []
    numbers: list[NumberRow] = []

    def add_ratios(
        series: str, scope: str, spectra: list[np.ndarray], kept: list[np.ndarray], cut: float | None = None
    ) -> None:
        curves.extend([*ratio_rows(series, scope, kept), *rank_rows(series, scope, kept, seed)])
        numbers.extend(spectrum_numbers(series, scope, spectra, kept, parameters, seed, cut))

    def add_unfolded(series: str, statistic: str, spectra: list[np.ndarray]) -> None:
        if not can_be_unfolded(spectra):
            return
        found = unfold_batches(spectra, share, seed)
        reference = reference_unfolding(len(spectra), share, seed)
        curves.extend(spacing_rows(series, statistic, found))
        curves.extend(spacing_rows(series, f"{statistic} reference", reference))
        numbers.extend(unfolding_numbers(series, statistic, spectra, found, reference))

    curves.extend(density_rows("resolved", "batch", resolved, parameters, edges))
    add_ratios("resolved", "batch", resolved, resolved)
    numbers.extend(resolution_numbers("batch", **known))
    add_unfolded("resolved", "unfolded", resolved)
    if published:
        curves.extend(density_rows("published", "batch", published, parameters, edges))
        add_ratios("published", "batch", published, above(published, RATIO_CUT), RATIO_CUT)
        numbers.extend(below_cut_numbers("published", published))
        numbers.append(semicircle_number("published", published))
    add_unfolded("published", "unfolded", above(published, UNFOLDED_CUT))
    add_unfolded("published", UNCUT, above(published, 0.0))
    if files["resolved_whole"]:
        whole, known, _ = _read_resolved(files["resolved_whole"])
        add_ratios("resolved", "whole", whole, whole)
        numbers.extend(resolution_numbers("whole", **known))
    if files["published_whole"]:
        whole = _read_published(files["published_whole"])
        add_ratios("published", "whole", whole, above(whole, cut), cut)
    return pd.DataFrame(curves, columns=CurveRow._fields), pd.DataFrame(numbers, columns=NumberRow._fields)


def whole_cut(data: str, state: str) -> float:
    """The authors' cut-off on |eigenvalue| for ratios of a whole set."""
    return 0.0 if data == "mnist" and state == "final" else WHOLE_CUT


def can_be_unfolded(spectra: Sequence[np.ndarray]) -> bool:
    """Whether there are enough batches, each with levels."""
    return len(spectra) >= 3 and all(len(values) >= 2 for values in spectra)


def above(spectra: Sequence[np.ndarray], cut: float) -> list[np.ndarray]:
    """The eigenvalues of each spectrum whose absolute value exceeds a cut-off."""
    return [values[np.abs(values) > cut] for values in spectra]


def unfold_batches(spectra: Sequence[np.ndarray], share: float, seed: int) -> Unfolded:
    """Unfold some spectra, drawn at random, by the empirical distribution function of the others (section 5).

    :param spectra: at least three, ascending, none empty.
    :param share: of the spectra that are unfolded; the others, at least two, are the pool.
    :raises UserError: if there are fewer than three spectra, or one has fewer than two levels.
    """
    if not can_be_unfolded(spectra):
        raise UserError(
            f"unfolding takes at least three spectra with levels; found {[len(s) for s in spectra]} levels."
        )
    chosen = np.random.default_rng(seed).permutation(len(spectra))
    count = min(max(1, round(share * len(spectra))), len(spectra) - 2)
    pool = np.concatenate([spectra[place] for place in chosen[count:]])
    parts = [np.diff(empirical(spectra[place], pool)) for place in chosen[:count]]
    step = float(np.mean([len(spectra[place]) for place in chosen[:count]]) / len(pool))
    return Unfolded(np.concatenate(parts), step)


def reference_unfolding(batches: int, share: float, seed: int) -> Unfolded:
    """GOE spectra through :func:`unfold_batches`, as many as there are batches.

    If the pool has few spectra, their own fluctuations broaden the spacings of any spectrum: this is what a perfect one
    would show.
    """
    rounds = max(1, math.ceil(_REFERENCE_SPACINGS / (max(1, round(share * batches)) * _REFERENCE_LEVELS)))
    parts = []
    for attempt in range(rounds):
        rng = np.random.default_rng([seed, attempt])
        spectra = [goe_levels(_REFERENCE_LEVELS, rng) for _ in range(batches)]
        parts.append(unfold_batches(spectra, share, seed + attempt))
    return Unfolded(np.concatenate([part.spacings for part in parts]), parts[0].step)


def spacing_rows(series: str, statistic: str, found: Unfolded) -> list[CurveRow]:
    """Histogram of unfolded spacings up to 7, on bins of whole steps."""
    width = found.step * max(1, math.ceil(_SPACING_BIN / found.step))
    # Steps lie inside the bins: spectra differ a little in their number of levels, so a step on an edge could fall
    # either way.
    edges = np.arange(-found.step / 2, LARGEST_SPACING + width, width)
    return _histogram(series, "batch", statistic, found.spacings, edges, found.spacings.size)


def ratio_rows(series: str, scope: str, spectra: Sequence[np.ndarray]) -> list[CurveRow]:
    """Histogram of the ratios of neighbouring spacings up to 10; the density is that of all ratios."""
    ratios = np.concatenate([spacing_ratios(values) for values in spectra])
    edges = np.linspace(0, LARGEST_RATIO, RATIO_BINS + 1)
    return _histogram(series, scope, "ratios", ratios, edges, ratios.size)


def density_edges(spectra: Sequence[np.ndarray], parameters: int) -> np.ndarray:
    """Edges of the bins for a density of eigenvalues over 2 sqrt(P), by which the authors divide them."""
    scaled = np.concatenate([*spectra, [0.0]]) / (2 * math.sqrt(parameters))
    low, high = np.quantile(scaled, [_CLIPPED, 1 - _CLIPPED])
    low, high = min(low, 0.0), max(high, 0.0)
    width = (high - low) / DENSITY_BINS or 1.0
    # Zero, where most eigenvalues are, is the centre of a bin.
    first = math.floor(low / width + 0.5) - 0.5
    return (first + np.arange(math.ceil((high - low) / width) + 2)) * width


def density_rows(
    series: str, scope: str, spectra: Sequence[np.ndarray], parameters: int, edges: np.ndarray
) -> list[CurveRow]:
    """Histogram of eigenvalues over 2 sqrt(P); the density is that of all P eigenvalues of every matrix."""
    scaled = np.concatenate(spectra) / (2 * math.sqrt(parameters))
    return _histogram(series, scope, "density", scaled, edges, parameters * len(spectra))


def rank_rows(series: str, scope: str, spectra: Sequence[np.ndarray], seed: int) -> list[CurveRow]:
    """Mean min(r, 1/r) by decile of rank, the smallest eigenvalues first."""
    return [
        CurveRow(series, scope, "deciles", part / DECILES, (part + 1) / DECILES, mean.value, mean.error)
        for part, mean in enumerate(mean_ratio_by_rank(spectra, seed, DECILES))
    ]


def spectrum_numbers(
    series: str,
    scope: str,
    spectra: Sequence[np.ndarray],
    kept: Sequence[np.ndarray],
    parameters: int,
    seed: int,
    cut: float | None = None,
) -> list[NumberRow]:
    """How many eigenvalues there are, how many are kept, and the ratio statistic of the latter.

    :param spectra: all eigenvalues that were computed. :param kept: those above the cut-off or the error bound.
    :param cut: the cut-off, for spectra as published.
    """
    counts = np.array([len(values) for values in kept])
    mean = mean_ratio(kept, seed)
    cuts = [] if cut is None else [NumberRow(series, scope, "ratio_cut", "cut-off of ratios", cut)]
    return [
        NumberRow(series, scope, "parameters", "parameters", parameters, told=True),
        NumberRow(series, scope, "matrices", "matrices", len(spectra), told=True),
        NumberRow(series, scope, "kept_mean", "eigenvalues kept, mean", float(counts.mean()), told=True),
        NumberRow(series, scope, "kept_smallest", "eigenvalues kept, smallest", int(counts.min())),
        NumberRow(series, scope, "kept_largest", "eigenvalues kept, largest", int(counts.max())),
        NumberRow(series, scope, "ratios", "ratios", mean.count),
        *cuts,
        NumberRow(series, scope, "mean_ratio", "mean min(r, 1/r)", mean.value, mean.error, told=True),
    ]


def below_cut_numbers(series: str, spectra: Sequence[np.ndarray]) -> list[NumberRow]:
    """Smallest, mean and largest share of a matrix's eigenvalues that are not above either cut-off."""
    rows = []
    for name, cut in (("unfolded_cut", UNFOLDED_CUT), ("ratio_cut", RATIO_CUT)):
        shares = np.array([np.mean(np.abs(values) <= cut) for values in spectra])
        ends = {"smallest": shares.min(), "mean": shares.mean(), "largest": shares.max()}
        rows += [
            NumberRow(series, "batch", f"below_{name}_{end}", f"share not above {cut:g}, {end}", float(value))
            for end, value in ends.items()
        ]
    return rows


def unfolding_numbers(
    series: str, statistic: str, spectra: Sequence[np.ndarray], found: Unfolded, reference: Unfolded
) -> list[NumberRow]:
    """Distance of unfolded spacings to the Wigner surmise; the reference is that of GOE matrices unfolded alike.

    :param statistic: ``unfolded`` or :data:`.UNCUT`; quantities begin with ``unfolded`` or ``uncut``.
    """
    key = "uncut" if statistic == UNCUT else statistic
    distance, floor = (ks_distance(part.spacings, wigner_surmise.cdf) for part in (found, reference))
    label = f"KS distance of {statistic} spacings to the Wigner surmise"
    levels = float(np.mean([len(part) for part in spectra]))
    zeros = float(np.mean(found.spacings == 0))
    return [
        NumberRow(series, "batch", f"{key}_ks", label, distance, reference=floor, told=True),
        NumberRow(series, "batch", f"{key}_levels", f"levels of {statistic} spacings, mean", levels),
        NumberRow(series, "batch", f"{key}_spacings", f"{statistic} spacings", found.spacings.size),
        NumberRow(series, "batch", f"{key}_zeros", f"share of {statistic} spacings that are zero", zeros),
        NumberRow(series, "batch", f"{key}_step", f"step of {statistic} spacings", found.step),
    ]


def semicircle_number(series: str, spectra: Sequence[np.ndarray], scope: str = "batch") -> NumberRow:
    """Distance of the pooled eigenvalues to the semicircle of the same mean and variance.

    :raises UserError: if they are all equal.
    """
    pooled = np.concatenate(spectra)
    deviation = pooled.std()
    if not deviation > 0:
        raise UserError("the eigenvalues are all equal: they have no semicircle.")
    law = stats.semicircular(loc=pooled.mean(), scale=2 * deviation)
    label = "KS distance to the semicircle of equal variance"
    return NumberRow(series, scope, "semicircle_ks", label, ks_distance(pooled, law.cdf), told=True)


def semicircle_rows(levels: np.ndarray) -> tuple[list[CurveRow], list[NumberRow]]:
    """Density of a random matrix ensemble beside the semicircle, in units of its radius, and their distance.

    :param levels: shape (matrices, dimension).
    """
    edges = np.linspace(-1.1, 1.1, DENSITY_BINS + 1)
    scaled = levels.ravel() / (2 * levels.std())
    x = np.linspace(-1, 1, 401)
    law = zip(x, stats.semicircular.pdf(x), strict=True)
    rows = _histogram("ensemble", "matrix", "density", scaled, edges, levels.size)
    rows += [CurveRow("semicircle", "matrix", "density", at, at, height) for at, height in law]
    return rows, [
        NumberRow("ensemble", "matrix", "matrices", "matrices", len(levels), told=True),
        NumberRow("ensemble", "matrix", "parameters", "parameters", levels.shape[1], told=True),
        semicircle_number("ensemble", list(levels), "matrix"),
    ]


def resolution_numbers(scope: str, bounds: np.ndarray, unresolved: np.ndarray, left_out: np.ndarray) -> list[NumberRow]:
    """Error bounds of resolved spectra, shares of spacings below them, and numbers of eigenvalues below them.

    All have the shape (matrices,).
    """
    share, count = "share of spacings below the error bound", "eigenvalues below the error bound, mean"
    above_limit = int(np.sum(unresolved > 0.01))
    return [
        NumberRow("resolved", scope, "error_bound", "error bound, largest", float(bounds.max())),
        NumberRow("resolved", scope, "unresolved_share", share, float(unresolved.mean())),
        NumberRow("resolved", scope, "unresolved_matrices", "matrices called unresolved", above_limit),
        NumberRow("resolved", scope, "left_out_mean", count, float(left_out.mean())),
    ]


def _read_resolved(paths: Sequence[str]) -> tuple[list[np.ndarray], dict[str, np.ndarray], int]:
    """Eigenvalues of every matrix, the arguments of :func:`resolution_numbers`, and P."""
    files = [store.read(path, _RESOLVED) for path in paths]
    spectra = [part for file in files for part in np.split(file["eigenvalues"], np.cumsum(file["lengths"])[:-1])]
    known = {name: np.concatenate([file[name] for file in files]) for name in ("bounds", "left_out", "unresolved")}
    return spectra, known, files[0].attributes["parameters"]["parameters"]


def _read_published(paths: Sequence[str]) -> list[np.ndarray]:
    """All eigenvalues of every matrix."""
    return [store.read(path, {"eigenvalues": ("parameters",)})["eigenvalues"] for path in paths]


def _histogram(
    series: str, scope: str, statistic: str, values: np.ndarray, edges: np.ndarray, total: int
) -> list[CurveRow]:
    """Density on bins of a sample of size ``total``; values outside the edges count in it."""
    counts, _ = np.histogram(values, bins=edges)
    heights = counts / (total * np.diff(edges))
    bars = zip(edges[:-1], edges[1:], heights, strict=True)
    return [CurveRow(series, scope, statistic, left, right, height) for left, right, height in bars]
