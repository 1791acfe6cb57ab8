"""Level statistics of curvature matrices, of batches and of whole sets (baskerville2022).

A spectrum comes in two series. As published: all P eigenvalues of a float32 matrix, rounding noise included, above a
cut-off on their absolute value. Resolved: the eigenvalues of the exact matrix that are numerically non-zero. Of large
matrices a third series, counted, has the exact zeros alone.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from deepspectra.papers.baskerville2022.names import CUT_OFFS, UNCUT
from deepspectra.papers.histograms import histogram
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.spacings import wigner_surmise
from deepspectra.rmt.nulls import goe_levels
from deepspectra.rmt.ratios import mean_ratio, mean_ratio_by_rank, spacing_ratios
from deepspectra.rmt.unfolding import empirical
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

__all__ = ["CurveRow", "NumberRow", "analyse_spectrum", "resolved_unit", "semicircle_rows", "whole_cut"]

#: Cut-offs on |eigenvalue| in the authors' code: for unfolded spacings, for ratios of batches, and for ratios of whole
#: sets (but see :func:`whole_cut`). A cut-off of 0 drops exact zeros, as theirs does.
UNFOLDED_CUT, RATIO_CUT, WHOLE_CUT = 1e-20, 1e-10, 1e-5
#: Where the authors count how many eigenvalues are below.
COUNTED_CUTS = (1e-40, 1e-30, 1e-20, 1e-10, 1e-8, 1e-6, 1e-4)
#: Other cut-offs of ratios that are tried.
TRIED_CUTS = (1e-20, 1e-12, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)
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
    """A bar from ``x`` to ``x_high``, or a point where both are equal; ``error`` is the standard error of y."""

    statistic: str
    x: float
    x_high: float
    y: float
    error: float | None = None


class NumberRow(NamedTuple):
    """A number of a spectrum: ``quantity`` identifies it, ``label`` says it in words; ``told``: in captions."""

    quantity: str
    label: str
    value: float
    error: float | None = None
    reference: float | None = None
    told: bool = False


class Unfolded(NamedTuple):
    """Spacings of unfolded spectra, float64, and their step: mean spacing over the number of pooled spectra."""

    spacings: np.ndarray
    step: float


def analyse_spectrum(
    files: Mapping[str, Sequence[str]], share: float, seed: int, cut: float, unit: float, full: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All statistics of one spectrum.

    :param files: HDF5 files of eigenvalues by name, see :func:`.spectrum_files`; only ``resolved`` must have some.
    :param share: of the batches that are unfolded. :param seed: of the unfolded batches and of the bootstrap.
    :param cut: the cut-off of ratios of whole sets as published, see :func:`whole_cut`.
    :param unit: of resolved eigenvalues, in those as published, see :func:`resolved_unit`.
    :param full: how many full batches the set has.
    :returns: curves, with the columns of :class:`CurveRow`, and numbers, with those of :class:`NumberRow`, both after
        ``series`` (``published``, ``resolved`` or ``counted``) and ``scope`` (``batch`` or ``whole``).
    """
    resolved, known, parameters = _read_resolved(files["resolved"], unit)
    (published, zeros), (whole, _) = (_read_published(files[name]) for name in ("published", "published_whole"))
    edges = density_edges(resolved, parameters)
    curves, numbers = list[tuple](), list[tuple]()

    def add(series: str, scope: str, *found: Iterable[CurveRow | NumberRow]) -> None:
        for row in (row for rows in found for row in rows):
            (curves if isinstance(row, CurveRow) else numbers).append((series, scope, *row))

    def ratios(kept: list[np.ndarray], cut: float | None = None) -> list[CurveRow | NumberRow]:
        return [*ratio_rows(kept), *rank_rows(kept, seed), *spectrum_numbers(kept, parameters, seed, cut)]

    add("resolved", "batch", density_rows(resolved, parameters, edges), ratios(resolved), resolution_numbers(**known))
    add("resolved", "batch", [NumberRow("full_batches", "full batches of the set", full)])
    add("resolved", "batch", unfolding_rows("unfolded", resolved, share, seed))
    if published:
        add("published", "batch", density_rows(published, parameters, edges))
        add("published", "batch", ratios(above(published, RATIO_CUT), RATIO_CUT))
        add("published", "batch", below_cut_numbers(published), zero_numbers(zeros, parameters))
        add("published", "batch", [semicircle_number(published)], cut_off_numbers(published, seed))
    add("published", "batch", unfolding_rows("unfolded", above(published, UNFOLDED_CUT), share, seed))
    add("published", "batch", unfolding_rows(UNCUT, published, share, seed), cut_off_rows(published))
    if files["resolved_whole"]:
        exact, known, _ = _read_resolved(files["resolved_whole"], unit)
        edges = density_edges(exact, parameters)
        add("resolved", "whole", density_rows(exact, parameters, edges), ratios(exact), resolution_numbers(**known))
    if whole:
        add("published", "whole", density_rows(whole, parameters, edges), ratios(above(whole, cut), cut))
    if files["zeros"]:
        add("counted", "batch", zero_numbers(_read_zeros(files["zeros"]), parameters))
    table = pd.DataFrame(curves, columns=["series", "scope", *CurveRow._fields])
    return table, pd.DataFrame(numbers, columns=["series", "scope", *NumberRow._fields])


def whole_cut(data: str, state: str) -> float:
    """The authors' cut-off on |eigenvalue| for ratios of a whole set: of trained networks on MNIST only exact zeros."""
    return 0.0 if data == "mnist" and state == "final" else WHOLE_CUT


def resolved_unit(kind: str, batch_size: int) -> float:
    """Resolved eigenvalues are those of the loss summed over a batch: of Gauss-Newton matrices 2 n times the paper's.

    The loss is the squared error there; the paper's matrix is the mean of g g', see :func:`.mean_gradient_square`.
    """
    return 1 / (2 * batch_size) if kind == "gauss_newton" else 1.0


def above(spectra: Sequence[np.ndarray], cut: float) -> list[np.ndarray]:
    """The eigenvalues of each spectrum whose absolute value exceeds a cut-off."""
    return [values[np.abs(values) > cut] for values in spectra]


def unfold_batches(spectra: Sequence[np.ndarray], share: float, seed: int) -> Unfolded:
    """Unfold some spectra, drawn at random, by the empirical distribution function of the others (section 5).

    :param spectra: at least three, ascending, none empty.
    :param share: of the spectra that are unfolded; the others, at least two, are the pool.
    """
    shuffled = [spectra[place] for place in np.random.default_rng(seed).permutation(len(spectra))]
    count = min(max(1, round(share * len(spectra))), len(spectra) - 2)
    chosen, pool = shuffled[:count], np.concatenate(shuffled[count:])
    step = float(np.mean([len(levels) for levels in chosen]) / len(pool))
    return Unfolded(np.concatenate([np.diff(empirical(levels, pool)) for levels in chosen]), step)


def reference_unfolding(batches: int, share: float, seed: int) -> Unfolded:
    """GOE spectra through :func:`unfold_batches`, as many as there are batches.

    If the pool has few spectra, their own fluctuations broaden the spacings of any: a perfect one would show this.
    """
    rounds = max(1, math.ceil(_REFERENCE_SPACINGS / (max(1, round(share * batches)) * _REFERENCE_LEVELS)))
    rngs = [np.random.default_rng([seed, attempt]) for attempt in range(rounds)]
    draws = ([goe_levels(_REFERENCE_LEVELS, rng) for _ in range(batches)] for rng in rngs)
    parts = [unfold_batches(spectra, share, seed + attempt) for attempt, spectra in enumerate(draws)]
    return Unfolded(np.concatenate([part.spacings for part in parts]), parts[0].step)


def unfolding_rows(statistic: str, spectra: list[np.ndarray], share: float, seed: int) -> list[CurveRow | NumberRow]:
    """Unfolded spacings, GOE matrices unfolded alike, and the distances of both to the Wigner surmise.

    Nothing for fewer than three batches, or where one has no spacing.

    :param statistic: ``unfolded`` or :data:`.UNCUT`; quantities begin with ``unfolded`` or ``uncut``.
    """
    if len(spectra) < 3 or any(len(values) < 2 for values in spectra):
        return []
    found, reference = unfold_batches(spectra, share, seed), reference_unfolding(len(spectra), share, seed)
    key = "uncut" if statistic == UNCUT else statistic
    distance, floor = (ks_distance(part.spacings, wigner_surmise.cdf) for part in (found, reference))
    label = f"KS distance of {statistic} spacings to the Wigner surmise"
    levels, zeros = float(np.mean([len(part) for part in spectra])), float(np.mean(found.spacings == 0))
    return [
        *spacing_rows(statistic, found),
        *spacing_rows(f"{statistic} reference", reference),
        NumberRow(f"{key}_ks", label, distance, reference=floor, told=True),
        NumberRow(f"{key}_levels", f"levels of {statistic} spacings, mean", levels),
        NumberRow(f"{key}_spacings", f"{statistic} spacings", found.spacings.size),
        NumberRow(f"{key}_zeros", f"share of {statistic} spacings that are zero", zeros),
        NumberRow(f"{key}_step", f"step of {statistic} spacings", found.step),
    ]


def spacing_rows(statistic: str, found: Unfolded) -> list[CurveRow]:
    """Histogram of unfolded spacings up to 7, on bins of whole steps."""
    width = found.step * max(1, math.ceil(_SPACING_BIN / found.step))
    # Steps lie inside the bins: spectra differ a little in their number of levels, so a step on an edge could fall
    # either way.
    edges = np.arange(-found.step / 2, LARGEST_SPACING + width, width)
    return _bars(statistic, found.spacings, edges, found.spacings.size)


def ratio_rows(spectra: Sequence[np.ndarray]) -> list[CurveRow]:
    """Histogram of the ratios of neighbouring spacings up to 10; the density is that of all ratios."""
    ratios = np.concatenate([spacing_ratios(values) for values in spectra])
    return _bars("ratios", ratios, np.linspace(0, LARGEST_RATIO, RATIO_BINS + 1), ratios.size)


def rank_rows(spectra: Sequence[np.ndarray], seed: int) -> list[CurveRow]:
    """Mean min(r, 1/r) by decile of rank, the smallest eigenvalues first."""
    means = enumerate(mean_ratio_by_rank(spectra, seed, DECILES))
    return [CurveRow("deciles", part / DECILES, (part + 1) / DECILES, mean.value, mean.error) for part, mean in means]


def density_edges(spectra: Sequence[np.ndarray], parameters: int) -> np.ndarray:
    """Edges of the bins for a density of eigenvalues over 2 sqrt(P), by which the authors divide them."""
    scaled = np.concatenate([*spectra, [0.0]]) / (2 * math.sqrt(parameters))
    low, high = np.quantile(scaled, [_CLIPPED, 1 - _CLIPPED])
    low, high = min(low, 0.0), max(high, 0.0)
    width = (high - low) / DENSITY_BINS or 1.0
    # Zero, where most eigenvalues are, is the centre of a bin.
    first = math.floor(low / width + 0.5) - 0.5
    return (first + np.arange(math.ceil((high - low) / width) + 2)) * width


def density_rows(spectra: Sequence[np.ndarray], parameters: int, edges: np.ndarray) -> list[CurveRow]:
    """Histogram of eigenvalues over 2 sqrt(P); the density is that of all P eigenvalues of every matrix."""
    scaled = np.concatenate(spectra) / (2 * math.sqrt(parameters))
    return _bars("density", scaled, edges, parameters * len(spectra))


def spectrum_numbers(kept: Sequence[np.ndarray], parameters: int, seed: int, cut: float | None) -> list[NumberRow]:
    """How many eigenvalues are above the cut-off (of spectra as published) or error bound, and their mean ratio."""
    counts, mean = np.array([len(values) for values in kept]), mean_ratio(kept, seed)
    cuts = [] if cut is None else [NumberRow("ratio_cut", "cut-off of ratios", cut)]
    return [
        NumberRow("parameters", "parameters", parameters, told=True),
        NumberRow("matrices", "matrices", len(kept), told=True),
        NumberRow("kept_mean", "eigenvalues kept, mean", float(counts.mean()), told=True),
        NumberRow("kept_smallest", "eigenvalues kept, smallest", int(counts.min())),
        NumberRow("kept_largest", "eigenvalues kept, largest", int(counts.max())),
        NumberRow("ratios", "ratios", mean.count),
        *cuts,
        NumberRow("mean_ratio", "mean min(r, 1/r)", mean.value, mean.error, told=True),
    ]


def cut_off_numbers(spectra: Sequence[np.ndarray], seed: int) -> list[NumberRow]:
    """The mean ratio by other cut-offs than the authors', for which their text gives no reason."""
    rows = []
    for cut in TRIED_CUTS:
        kept = above(spectra, cut)
        if any(len(values) > 2 for values in kept):
            mean, count = mean_ratio(kept, seed), float(np.mean([len(values) for values in kept]))
            rows += [
                NumberRow(f"mean_ratio_above_{cut:g}", f"mean min(r, 1/r) above {cut:g}", mean.value, mean.error),
                NumberRow(f"kept_above_{cut:g}", f"eigenvalues above {cut:g}, mean", count),
            ]
    return rows


def below_cut_numbers(spectra: Sequence[np.ndarray]) -> list[NumberRow]:
    """Smallest, mean and largest share of a matrix's eigenvalues that are not above either cut-off."""
    cuts = (("unfolded_cut", UNFOLDED_CUT), ("ratio_cut", RATIO_CUT))
    shares = {name: np.array([np.mean(np.abs(values) <= cut) for values in spectra]) for name, cut in cuts}
    return [row for name, cut in cuts for row in _ends(f"below_{name}", f"share not above {cut:g}", shares[name])]


def zero_numbers(zeros: np.ndarray, parameters: int) -> list[NumberRow]:
    """Smallest, mean and largest share of a matrix's eigenvalues that are exactly zero, from their numbers."""
    return _ends("exact_zeros", "share of exact zeros", zeros / parameters)


def cut_off_rows(spectra: Sequence[np.ndarray]) -> list[CurveRow]:
    """Share of all eigenvalues that are below each of the authors' cut-offs."""
    levels = np.abs(np.concatenate([np.empty(0), *spectra]))
    return [CurveRow(CUT_OFFS, cut, cut, float(np.mean(levels < cut))) for cut in COUNTED_CUTS if levels.size]


def _ends(quantity: str, label: str, shares: np.ndarray) -> list[NumberRow]:
    ends = {"smallest": shares.min(), "mean": shares.mean(), "largest": shares.max()}
    return [NumberRow(f"{quantity}_{end}", f"{label}, {end}", float(value)) for end, value in ends.items()]


def semicircle_number(spectra: Sequence[np.ndarray]) -> NumberRow:
    """Distance of the pooled eigenvalues to the semicircle of the same mean and variance.

    :raises UserError: if they are all equal.
    """
    pooled = np.concatenate(spectra)
    if not (deviation := pooled.std()) > 0:
        raise UserError("the eigenvalues are all equal: they have no semicircle.")
    distance = ks_distance(pooled, stats.semicircular(loc=pooled.mean(), scale=2 * deviation).cdf)
    return NumberRow("semicircle_ks", "KS distance to the semicircle of equal variance", distance, told=True)


def semicircle_rows(levels: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Density of a random matrix ensemble beside the semicircle, in units of its radius, and their distance.

    :param levels: shape (matrices, dimension).
    :returns: curves and numbers, as of :func:`analyse_spectrum`.
    """
    edges, x = np.linspace(-1.1, 1.1, DENSITY_BINS + 1), np.linspace(-1, 1, 401)
    law = [CurveRow("density", at, at, height) for at, height in zip(x, stats.semicircular.pdf(x), strict=True)]
    bars = _bars("density", levels.ravel() / (2 * levels.std()), edges, levels.size)
    numbers = [
        NumberRow("matrices", "matrices", len(levels), told=True),
        NumberRow("parameters", "parameters", levels.shape[1], told=True),
        semicircle_number(list(levels)),
    ]
    curves = [pd.DataFrame(bars).assign(series="ensemble"), pd.DataFrame(law).assign(series="semicircle")]
    return pd.concat(curves).assign(scope="matrix"), pd.DataFrame(numbers).assign(series="ensemble", scope="matrix")


def resolution_numbers(bounds: np.ndarray, unresolved: np.ndarray, left_out: np.ndarray) -> list[NumberRow]:
    """Error bounds of resolved spectra, and shares of spacings and numbers of eigenvalues below them, one a matrix."""
    return [
        NumberRow("error_bound", "error bound, largest", float(bounds.max())),
        NumberRow("unresolved_share", "share of spacings below the error bound", float(unresolved.mean())),
        NumberRow("unresolved_matrices", "matrices called unresolved", int(np.sum(unresolved > 0.01))),
        NumberRow("left_out_mean", "eigenvalues below the error bound, mean", float(left_out.mean())),
    ]


def _read_resolved(paths: Sequence[str], unit: float) -> tuple[list[np.ndarray], dict[str, np.ndarray], int]:
    """Eigenvalues of every matrix in that unit, the arguments of :func:`resolution_numbers`, and P."""
    files = [store.read(path, _RESOLVED) for path in paths]
    spectra = [part for file in files for part in np.split(unit * file["eigenvalues"], np.cumsum(file["lengths"])[:-1])]
    known = {name: np.concatenate([file[name] for file in files]) for name in ("bounds", "left_out", "unresolved")}
    known["bounds"] = unit * known["bounds"]
    return spectra, known, files[0].attributes["parameters"]["parameters"]


def _read_published(paths: Sequence[str]) -> tuple[list[np.ndarray], np.ndarray]:
    """Eigenvalues of every matrix, and how many are exactly zero."""
    files = [store.read(path, {"eigenvalues": ("parameters",), "exact_zeros": (1,)}) for path in paths]
    return [file["eigenvalues"] for file in files], np.array([file["exact_zeros"][0] for file in files])


def _read_zeros(paths: Sequence[str]) -> np.ndarray:
    return np.concatenate([store.read(path, {"exact_zeros": ("batches",)})["exact_zeros"] for path in paths])


def _bars(statistic: str, values: np.ndarray, edges: np.ndarray, total: int) -> list[CurveRow]:
    return [CurveRow(statistic, *bar) for _, _, *bar in histogram("", values, edges, total)]
