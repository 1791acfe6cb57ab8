"""Figures made from one file of eigenvalues: random matrices, and a large network beside them (baskerville2022)."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from deepspectra.papers.histograms import Bar, histogram
from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import Row, summary_table
from deepspectra.rmt.calibration import monte_carlo_p_value, null_band
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.gaussian_process import process_density
from deepspectra.rmt.laws.ratios import GOE_MEAN, ratio_surmise
from deepspectra.rmt.laws.spacings import goe_spacing_cdf, wigner_surmise
from deepspectra.rmt.nulls import goe_levels
from deepspectra.rmt.ratios import folded, mean_ratio, rank_means, spacing_ratios
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.progress import ProgressBar

__all__ = ["compare_gauss_newton_ratios", "compare_process_densities", "compare_process_ratios", "compare_spacings"]
__all__ += ["jackknife_error"]

#: The bulk of each GOE spectrum: its levels between these heights of the normalised staircase.
_BULK = (0.1, 0.9)
_LARGEST_SPACING, _SPACING_BINS = 4.0, 60
#: The largest ratio that is drawn, as in the paper.
_LARGEST_RATIO = 10.0
#: Panels whose captions name degenerate directions (d) or outliers (e, f).
_CHANGED = "def"
_PARTS, _NULL_MATRICES = 10, 999
# Of samples, one of which is left out after another for an error.
_GROUPS = 10


def compare_spacings(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Figure 2: unfolded spacings, and the distribution functions of spacings less the surmise's.

    :param files: ``spectra``, one file with the levels of all matrices.
    :param parameters: ``ensemble``: ``dimension``, ``matrices`` and ``seed``.
    """
    ensemble = parameters["ensemble"]
    dimension = ensemble["dimension"]
    levels = store.read(files["spectra"][0], {"levels": (ensemble["matrices"], dimension)})["levels"]
    # Equation 9: the semicircle's distribution function times the number of levels.
    heights = stats.semicircular(scale=(2 * dimension) ** 0.5).cdf(levels)
    every = dimension * np.diff(heights, axis=1)
    bulk = every[(heights[:, :-1] >= _BULK[0]) & (heights[:, 1:] <= _BULK[1])]

    s = np.linspace(0, _LARGEST_SPACING, 401)
    surmise, exact = wigner_surmise.cdf(s), goe_spacing_cdf(s)
    counted = np.searchsorted(np.sort(bulk), s, side="right") / bulk.size
    rows = histogram("a", bulk, np.linspace(0, _LARGEST_SPACING, _SPACING_BINS + 1), bulk.size, "ensemble")
    rows += _line("a", "surmise", s, wigner_surmise.pdf(s)) + _line("a", "independent", s, np.exp(-s))
    rows += _line("b", "ensemble", s, counted - surmise) + _line("b", "exact", s, exact - surmise)

    # A spacing of eight times the mean has a probability of 1e-22.
    fine = np.linspace(0, 8, 1601)
    law = goe_spacing_cdf(fine)
    to_surmise, to_all = (ks_distance(spacings, wigner_surmise.cdf) for spacings in (bulk, every))
    to_exact = ks_distance(bulk, lambda spacings: np.interp(spacings, fine, law))
    ratio = mean_ratio(list(levels), ensemble["seed"])
    # References: for the surmise, the exact law of infinitely large matrices; for the whole spectrum, its bulk.
    between = float(np.abs(exact - surmise).max())
    numbers: list[tuple[Any, ...]] = [
        ("a", "surmise_ks", "KS distance to the Wigner surmise", to_surmise, between),
        ("b", "exact_ks", "KS distance to the exact law", to_exact, 0.0),
        ("a", "surmise_ks_all", "KS distance to the Wigner surmise, edges included", to_all, to_surmise),
        ("a", "spacings", "spacings", bulk.size),
        ("a", "mean_spacing", "mean spacing", float(bulk.mean()), 1.0),
        ("a", "mean_ratio", "mean of min(r, 1/r)", ratio.value, GOE_MEAN, ratio.error),
    ]
    return _numbers(rows, [replace(Row(panel, "ensemble", *number), told=True) for panel, *number in numbers])


def compare_process_densities(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Figure 5: pooled eigenvalues, the semicircle of their variance, and the process's own mean density.

    :param files: ``spectra``, one file. :param parameters: of the process, as in the configuration.
    :raises UserError: if levels of degenerate directions cannot be told from others.
    """
    dimension, deviation, rows, summary = parameters["dimension"], parameters["first_derivative"], [], []
    arrays, floors = _read_processes(files["spectra"][0], parameters)
    for panel, second in parameters["second_derivatives"].items():
        plain = arrays[f"{panel}/plain"]
        bulk = spectra = arrays[f"{panel}/changed"] if panel in _CHANGED else plain
        if panel == "d":
            bulk = _without_zeros(spectra, floors["d/changed"], dimension)
            rows.append((panel, "atom", 0.0, 0.0, 1 - bulk.size / spectra.size))
        semicircle = _own_semicircle(spectra)
        # The process's own semicircle, once each spectrum's common shift is removed: what finite size alone does.
        own = stats.semicircular(scale=2 * (dimension * second) ** 0.5)
        centred = plain - plain.mean(axis=1, keepdims=True)
        rows += histogram(panel, bulk.ravel(), parameters["bins"], spectra.size)
        low, high = semicircle.support()
        x = np.linspace(low, high, 401)
        rows += _line(panel, "semicircle", x, semicircle.pdf(x))
        if panel not in "ef":
            x = np.linspace(bulk.min(), bulk.max(), 401)
            expected = process_density(x, dimension, deviation, second)
            rows += _line(panel, "expected", x, expected * (bulk.size / spectra.size))
        distances = _semicircle_distance(spectra), ks_distance(centred, own.cdf)
        groups = min(_GROUPS, len(spectra))
        error = jackknife_error(spectra, _semicircle_distance, groups) if groups > 1 else math.nan
        label = "KS distance to the semicircle of equal variance"
        shift, radius = plain.mean(axis=1).std(ddof=1), "radius of the semicircle without the shift"
        summary += [
            Row(panel, "process", "second_derivative", "k''(0)", second),
            Row(panel, "pooled", "semicircle_ks", label, *distances, error, told=True),
            Row(panel, "pooled", "semicircle_groups", "groups of samples behind its error", groups),
            Row(panel, "pooled", "shift_deviation", "standard deviation of the common shift", shift, deviation),
            Row(panel, "pooled", "semicircle_radius", radius, own.support()[1]),
            Row(panel, "pooled", "largest_eigenvalue", "largest eigenvalue", spectra.max()),
        ]
    return _numbers(rows, summary)


def _own_semicircle(spectra: np.ndarray) -> Any:
    """The semicircle with the mean and variance of all eigenvalues."""
    return stats.semicircular(loc=spectra.mean(), scale=2 * spectra.std())


def _semicircle_distance(spectra: np.ndarray) -> float:
    return ks_distance(spectra, _own_semicircle(spectra).cdf)


def jackknife_error(samples: np.ndarray, measure: Callable[[np.ndarray], float], groups: int) -> float:
    """Standard error of a number that many samples give together, by leaving out one group of them after another.

    :param samples: independent, along the first axis, as many as groups or more; two groups at least.
    :param measure: of an array of samples.
    """
    place = np.arange(len(samples)) % groups
    left = [measure(samples[place != group]) for group in range(groups)]
    return float(np.sqrt((groups - 1) * np.var(left)))


def compare_process_ratios(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Figure 6: spacing ratios as published (plain samples), and in d to f those of the matrices that captions name.

    :param files: ``spectra``, one file. :param parameters: of the process, as in the configuration.
    :raises UserError: if levels of degenerate directions cannot be told from others.
    """
    arrays, floors = _read_processes(files["spectra"][0], parameters)
    panels, seed, rows = parameters["second_derivatives"], parameters["seed"], []
    summary = [Row(panel, "process", "second_derivative", "k''(0)", second) for panel, second in panels.items()]
    summary.append(Row("all", "process", "samples", "matrices of each process", parameters["samples"]))
    for panel, reading in [(panel, "plain") for panel in panels] + [(panel, "changed") for panel in _CHANGED]:
        spectra, zeros = arrays[f"{panel}/{reading}"], 0.0
        if (panel, reading) == ("d", "changed"):
            bulk = _without_zeros(spectra, floors["d/changed"], parameters["dimension"])
            zeros, spectra = 1 - bulk.size / spectra.size, bulk
        pooled = np.concatenate([spacing_ratios(levels) for levels in spectra])
        rows += _ratio_bars(panel, pooled, parameters["bins"], reading)
        mean, distance = mean_ratio(list(spectra), seed), ks_distance(pooled, ratio_surmise.cdf)
        share, expected = float(np.mean(pooled > _LARGEST_RATIO)), ratio_surmise.sf(10)
        summary += [
            Row(panel, reading, "mean_ratio", "mean of min(r, 1/r)", mean.value, GOE_MEAN, mean.error, told=True),
            Row(panel, reading, "surmise_ks", "KS distance to the surmise", distance, told=True),
            Row(panel, reading, "large_ratios", "share of ratios above 10", share, expected),
            Row(panel, reading, "zero_levels", "share of levels that are zero by construction, left out", zeros),
        ]
        if panel in "ef" and reading == "changed":
            inner = mean_ratio(list(spectra[:, : -parameters["outliers"] or None]), seed)
            label, values = "mean of min(r, 1/r), outliers left out", (inner.value, GOE_MEAN, inner.error)
            summary.append(Row(panel, reading, "inner_mean_ratio", label, *values, told=True))
    return _numbers(rows + _ratio_line("all"), summary)


def compare_gauss_newton_ratios(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """ResNet-34: eigenvalues by rank (a), their ratios (b), and ratios along the spectrum with the GOE's band (c).

    :param files: ``spectra``, one file. :param parameters: ``batch_size`` and ``seed``.
    """
    contents = store.read(files["spectra"][0], {"eigenvalues": ("n",), "errors": ("n",)})
    levels, errors, known = contents["eigenvalues"], contents["errors"], contents.attributes["parameters"]
    seed = parameters["seed"]
    most = (known["outputs"] - 1) * parameters["batch_size"]
    mean, by_rank = mean_ratio([levels], seed), rank_means(levels, _PARTS)

    rng = np.random.default_rng([seed, 1])
    null = [goe_levels(len(levels), rng) for _ in ProgressBar(range(_NULL_MATRICES), desc="GOE", unit="matrix")]
    null_means = np.array([folded(spacing_ratios(draw)).mean() for draw in null])
    lower, upper = null_band(np.array([rank_means(draw, _PARTS) for draw in null]))
    centre = np.median(null_means)
    p = monte_carlo_p_value(np.abs(mean.value - centre), np.abs(null_means - centre))

    rows = _line("a", "eigenvalues", range(1, len(levels) + 1), levels[::-1])
    rows += _line("a", "bound", range(1, len(levels) + 1), errors[::-1])
    rows += _ratio_bars("b", spacing_ratios(levels), 30) + _ratio_line("b")
    for series, values in (("parts", by_rank), ("orthogonal_lower", lower), ("orthogonal_upper", upper)):
        rows += [("c", series, part / _PARTS, (part + 1) / _PARTS, value) for part, value in enumerate(values)]
    share = "share of spacings below their errors (unresolved above 0.01)"
    against = "p-value against orthogonal matrices of as many levels"
    tenths = "tenths of the spectrum outside the band of orthogonal matrices"
    outside, series = float(np.sum((by_rank < lower) | (by_rank > upper))), "eigenvalues"
    summary = [
        Row("a", series, "parameters", "parameters", known["parameters"], told=True),
        Row("a", series, "eigenvalues", "non-zero eigenvalues", len(levels), most, told=True),
        *(Row("a", series, name, name, levels[place]) for name, place in (("smallest", 0), ("largest", -1))),
        Row("a", series, "error_bound", "error bound, largest", float(errors.max())),
        Row("a", series, "unresolved_share", share, known["unresolved_spacings"], 0.01),
        Row("b", series, "mean_ratio", "mean of min(r, 1/r)", mean.value, GOE_MEAN, mean.error, told=True),
        Row("b", series, "p_value", against, float(p.value), error=float(p.error), told=True),
        Row("c", series, "tenths_outside", tenths, outside, _PARTS / 20),
    ]
    return _numbers(rows, summary)


def _numbers(rows: list[Bar], summary: list[Row]) -> Numbers:
    curves = pd.DataFrame(rows, columns=["panel", "series", "x", "x_high", "y"])
    return Numbers(curves, summary_table(summary, "reference", "error"))


def _line(panel: str, series: str, x: Any, y: Any) -> list[Bar]:
    return [(panel, series, at, at, height) for at, height in zip(x, y, strict=True)]


def _ratio_bars(panel: str, ratios: np.ndarray, bins: int, series: str = "histogram") -> list[Bar]:
    edges = np.linspace(0, _LARGEST_RATIO, bins + 1)
    return histogram(panel, ratios[ratios <= _LARGEST_RATIO], edges, ratios.size, series)


def _ratio_line(panel: str) -> list[Bar]:
    r = np.linspace(0, _LARGEST_RATIO, 401)
    return _line(panel, "surmise", r, ratio_surmise.pdf(r))


def _read_processes(path: str, process: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    samples, size = process["samples"], process["dimension"]
    shapes = {f"{panel}/plain": (samples, size) for panel in process["second_derivatives"]}
    shapes |= {f"{panel}/changed": (samples, size + process["degenerate"] * (panel == "d")) for panel in _CHANGED}
    contents = store.read(path, shapes)
    return contents.arrays, contents.attributes["noise_floor"]


def _without_zeros(spectra: np.ndarray, floor: float, dimension: int) -> np.ndarray:
    """Spectra without the levels of degenerate directions, which are zero by construction.

    :raises UserError: if other levels are as small as rounding noise.
    """
    found = [levels[np.abs(levels) > floor] for levels in spectra]
    if any(len(levels) != dimension for levels in found):
        message = "levels of degenerate directions cannot be told from others; choose another seed."
        raise UserError(f"gaussian_process: {message}")
    return np.stack(found)
