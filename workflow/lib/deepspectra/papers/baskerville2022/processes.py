"""Densities and spacing ratios of Gaussian processes' Hessians (baskerville2022, figures 5 and 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from deepspectra.papers.histograms import histogram
from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import Row, summary_table
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.gaussian_process import process_density
from deepspectra.rmt.laws.ratios import GOE_MEAN, ratio_surmise
from deepspectra.rmt.ratios import mean_ratio, spacing_ratios
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

__all__ = ["compare_process_densities", "compare_process_ratios"]

#: Panels whose captions name degenerate directions (d) or outliers (e, f).
_CHANGED = "def"
#: The largest ratio that is drawn, as in the paper.
_LARGEST_RATIO = 10.0
_CURVES = ["panel", "series", "x", "x_high", "y"]


def compare_process_densities(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Figure 5: pooled eigenvalues, the semicircle of their variance, and the process's own mean density.

    :param files: ``spectra``, one file. :param parameters: of the process, as in the configuration.
    :raises UserError: if levels of degenerate directions cannot be told from others.
    """
    process = parameters
    arrays, floors = _read(files["spectra"][0], process)
    rows, summary = [], []
    for panel, second in process["second_derivatives"].items():
        plain, spectra = arrays[f"{panel}/plain"], arrays[f"{panel}/{'changed' if panel in _CHANGED else 'plain'}"]
        bulk = spectra
        if panel == "d":
            bulk = _without_zeros(spectra, floors["d/changed"], process)
            rows.append((panel, "atom", 0.0, 0.0, 1 - bulk.size / spectra.size))
        semicircle = stats.semicircular(loc=spectra.mean(), scale=2 * spectra.std())
        # The process's own semicircle, once each spectrum's common shift is removed: what finite size alone does.
        own = stats.semicircular(scale=2 * (process["dimension"] * second) ** 0.5)
        centred = plain - plain.mean(axis=1, keepdims=True)
        rows += histogram(panel, bulk.ravel(), process["bins"], spectra.size)
        low, high = semicircle.support()
        x = np.linspace(low, high, 401)
        rows += [(panel, "semicircle", a, a, b) for a, b in zip(x, semicircle.pdf(x), strict=True)]
        if panel not in "ef":
            x = np.linspace(bulk.min(), bulk.max(), 401)
            expected = process_density(x, process["dimension"], process["first_derivative"], second)
            expected *= bulk.size / spectra.size
            rows += [(panel, "expected", a, a, b) for a, b in zip(x, expected, strict=True)]
        distances = ks_distance(spectra, semicircle.cdf), ks_distance(centred, own.cdf)
        label = "KS distance to the semicircle of equal variance"
        shift, expected_shift = plain.mean(axis=1).std(ddof=1), process["first_derivative"]
        radius = "radius of the semicircle without the shift"
        summary += [
            _second_derivative(panel, second),
            Row(panel, "pooled", "semicircle_ks", label, *distances, told=True),
            Row(panel, "pooled", "shift_deviation", "standard deviation of the common shift", shift, expected_shift),
            Row(panel, "pooled", "semicircle_radius", radius, own.support()[1]),
            Row(panel, "pooled", "largest_eigenvalue", "largest eigenvalue", spectra.max()),
        ]
    return Numbers(pd.DataFrame(rows, columns=_CURVES), summary_table(summary, "reference", "error"))


def compare_process_ratios(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Figure 6: spacing ratios as published (plain samples), and in d to f those of the matrices that captions name.

    :param files: ``spectra``, one file. :param parameters: of the process, as in the configuration.
    :raises UserError: if levels of degenerate directions cannot be told from others.
    """
    process = parameters
    arrays, floors = _read(files["spectra"][0], process)
    panels, edges = process["second_derivatives"], np.linspace(0, _LARGEST_RATIO, process["bins"] + 1)
    rows = []
    summary = [_second_derivative(panel, second) for panel, second in panels.items()]
    for panel, reading in [(panel, "plain") for panel in panels] + [(panel, "changed") for panel in _CHANGED]:
        spectra = arrays[f"{panel}/{reading}"]
        zeros = 0.0
        if (panel, reading) == ("d", "changed"):
            bulk = _without_zeros(spectra, floors["d/changed"], process)
            zeros, spectra = 1 - bulk.size / spectra.size, bulk
        pooled = np.concatenate([spacing_ratios(levels) for levels in spectra])
        rows += histogram(panel, pooled[pooled <= _LARGEST_RATIO], edges, pooled.size, reading)
        mean = mean_ratio(list(spectra), process["seed"])
        distance = ks_distance(pooled, ratio_surmise.cdf)
        share, expected = float(np.mean(pooled > _LARGEST_RATIO)), ratio_surmise.sf(10)
        left_out = "share of levels that are zero by construction, left out"
        summary += [
            Row(panel, reading, "mean_ratio", "mean of min(r, 1/r)", mean.value, GOE_MEAN, mean.error, told=True),
            Row(panel, reading, "surmise_ks", "KS distance to the surmise", distance, told=True),
            Row(panel, reading, "large_ratios", "share of ratios above 10", share, expected),
            Row(panel, reading, "zero_levels", left_out, zeros),
        ]
        if panel in "ef" and reading == "changed":
            inner = mean_ratio(list(spectra[:, : -process["outliers"] or None]), process["seed"])
            label = "mean of min(r, 1/r), outliers left out"
            summary.append(
                Row(panel, reading, "inner_mean_ratio", label, inner.value, GOE_MEAN, inner.error, told=True)
            )
    x = np.linspace(0, _LARGEST_RATIO, 401)
    rows += [("all", "surmise", a, a, b) for a, b in zip(x, ratio_surmise.pdf(x), strict=True)]
    return Numbers(pd.DataFrame(rows, columns=_CURVES), summary_table(summary, "reference", "error"))


def _second_derivative(panel: str, second: float) -> Row:
    return Row(panel, "process", "second_derivative", "k''(0)", second)


def _read(path: str, process: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Spectra by panel and reading, shape (samples, levels), and the size below which a level is rounding noise."""
    size, larger = process["dimension"], process["dimension"] + process["degenerate"]
    shapes = {f"{panel}/plain": (process["samples"], size) for panel in process["second_derivatives"]}
    shapes |= {f"{panel}/changed": (process["samples"], larger if panel == "d" else size) for panel in _CHANGED}
    contents = store.read(path, shapes)
    return contents.arrays, contents.attributes["noise_floor"]


def _without_zeros(spectra: np.ndarray, floor: float, process: Mapping[str, Any]) -> np.ndarray:
    """Spectra without the levels of degenerate directions, which are zero by construction.

    :raises UserError: if other levels are as small as rounding noise.
    """
    found = [levels[np.abs(levels) > floor] for levels in spectra]
    if any(len(levels) != process["dimension"] for levels in found):
        raise UserError(
            "gaussian_process: levels of degenerate directions cannot be told from others; choose another seed."
        )
    return np.stack(found)
