"""Level and vector statistics of a network's weight matrices, plain and judged by random matrices (thamm2024).

A network's matrices and the random ones go through the same :func:`deepspectra.rmt.levels.level_statistics`, so the
pipeline as a whole is calibrated, with whatever the unfolding does to the levels it is fitted to.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from deepspectra.rmt.calibration import largest_deviation, monte_carlo_p_value, null_band
from deepspectra.rmt.laws.singular_values import fit_modified_marchenko_pastur
from deepspectra.rmt.levels import LevelStatistics, level_statistics, vector_ks
from deepspectra.runtime import store

__all__ = ["JUDGED_LENGTHS", "judge_levels", "weight_tables"]

#: Interval lengths at which the number variance is judged as a whole. Shorter ones repeat what the spacings tell; at
#: longer ones matrices of a few hundred levels have few independent intervals.
JUDGED_LENGTHS = (1, 10)
#: Singular values of a float32 matrix are known to about this share of the largest.
_FLOAT32 = float(np.finfo(np.float32).eps)
_LEVELS = ["network", "layer", "state", "outputs", "inputs", "unfolding", "statistic", "p", "p_calibrated", "p_error"]
_LEVELS += ["null_draws", "in_band", "variance_p", "variance_p_error", "nu_min", "nu_max", "fraction", "unresolved"]
_LEVELS += ["zero_spacings", "note"]
_CURVES = ["layer", "state", "unfolding", "series", "x", "y"]
_VECTORS = ["layer", "state", "side", "dimension", "rank", "singular_value", "statistic", "p", "p_calibrated"]


def judge_levels(
    found: LevelStatistics, spacing_statistics: np.ndarray, number_variances: np.ndarray, lengths: np.ndarray
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Judge the statistics of one spectrum by those of random matrices of its shape, unfolded in the same way.

    :param spacing_statistics: of the random matrices, shape (draws,), at least two draws.
    :param number_variances: of the same matrices at the same lengths, shape (draws, k), finite.
    :param lengths: shape (k,); at least one is in :data:`JUDGED_LENGTHS`.
    :returns: Monte Carlo p-values with errors, of the spacing statistic (``p_calibrated``, ``p_error``) and of the
        number variance's largest deviation at the judged lengths (``variance_p``, ``variance_p_error``), and the share
        of these ``in_band``; the central 95 % band of the random matrices' number variances (``null_low``,
        ``null_high``) and ``null_median``, each of shape (k,).
    """
    judged = (lengths >= JUDGED_LENGTHS[0]) & (lengths <= JUDGED_LENGTHS[1])
    drawn, variances = number_variances[:, judged], found.number_variances
    spacing = monte_carlo_p_value(np.asarray(found.spacing_statistic), spacing_statistics)
    # Neighbouring lengths see the same levels: one statistic judges all of them together.
    variance = monte_carlo_p_value(largest_deviation(drawn, variances[judged]), largest_deviation(drawn))
    low, high = null_band(number_variances)
    tests = {
        "p_calibrated": float(spacing.value),
        "p_error": float(spacing.error),
        "variance_p": float(variance.value),
        "variance_p_error": float(variance.error),
        "in_band": float(((low <= variances) & (variances <= high))[judged].mean()),
    }
    return tests, {"null_low": low, "null_high": high, "null_median": np.median(number_variances, axis=0)}


def weight_tables(
    network: str,
    layers: Mapping[str, tuple[int, int]],
    states: Sequence[str],
    unfolding: Mapping[str, int],
    *,
    values: str | Path,
    vectors: str | Path,
    nulls: Mapping[str, str | Path],
) -> dict[str, pd.DataFrame]:
    """Every statistic of every weight matrix of one network.

    :param layers: layer -> (outputs, inputs). :param states: ``initial``, ``final``.
    :param unfolding: name -> parameter, see :func:`deepspectra.rmt.levels.level_statistics`.
    :param values: file of singular values ``{layer}/{state}``.
    :param vectors: file of singular vectors ``{layer}/{state}/{side}``, one column each.
    :param nulls: files of null statistics by name: ``levels_{larger}x{smaller}`` and ``vectors_{dimension}``.
    :returns: ``levels``, a row for each matrix and unfolding; ``curves``, spectra, spacings and number variances with
        their null; ``vectors``, a row for each singular vector. Where the weights could not be had, levels alone, with
        a note that says why.
    """
    status = cast("dict[str, Any]", store.read(values, {}).attributes["parameters"])
    levels: list[dict[str, Any]] = []
    curves: list[tuple[Any, ...]] = []
    tests: list[tuple[Any, ...]] = []
    for layer, (outputs, inputs) in layers.items():
        place = {"network": network, "layer": layer, "outputs": outputs, "inputs": inputs}
        if not status["available"]:
            note = f"weights not available here ({status['note']})"
            levels.append(place | {"state": "final", "unfolding": "gaussian", "note": note})
            continue
        smaller = min(outputs, inputs)
        ranks = np.linspace(0, 1, smaller)
        for state in states:
            key = f"{layer}/{state}"
            spectrum = store.read(values, {key: (smaller,)})[key]
            curves += [(layer, state, "", "singular_value", *point) for point in zip(ranks, spectrum, strict=True)]
            for row, lines in _level_tests(spectrum, unfolding, nulls[f"levels_{max(outputs, inputs)}x{smaller}"]):
                levels.append(place | {"state": state} | row)
                for series, points in lines.items():
                    curves += [(layer, state, row["unfolding"], series, *point) for point in points]
            for side, dimension in (("output", outputs), ("input", inputs)):
                sided = f"{key}/{side}"
                statistic, p = vector_ks(store.read(vectors, {sided: (dimension, smaller)})[sided])
                draws = store.read(nulls[f"vectors_{dimension}"], {"statistics": ("draws",)})["statistics"]
                columns = (ranks, spectrum, statistic, p, monte_carlo_p_value(statistic, draws).value)
                tests += [(layer, state, side, dimension, *row) for row in zip(*columns, strict=True)]
    return {
        "levels": pd.DataFrame(levels, columns=_LEVELS),
        "curves": pd.DataFrame(curves, columns=_CURVES),
        "vectors": pd.DataFrame(tests, columns=_VECTORS),
    }


def _level_tests(
    values: np.ndarray, unfolding: Mapping[str, int], null_file: str | Path
) -> Iterator[tuple[dict[str, Any], dict[str, list[tuple[float, float]]]]]:
    """For each unfolding, the row of tests of one spectrum, and the points (x, y) of its lines by series."""
    drawn: dict[str, tuple[int | str, ...]] = {"lengths": ("lengths",)}
    for name in unfolding:
        drawn |= {f"{name}/spacing_statistics": ("draws",), f"{name}/number_variances": ("draws", "lengths")}
    null = store.read(null_file, drawn)
    lengths = null["lengths"]
    fit = fit_modified_marchenko_pastur(values)
    fitted = {"nu_min": fit.nu_min, "nu_max": fit.nu_max, "fraction": fit.fraction}
    for name, found in level_statistics(values, dict(unfolding), lengths).items():
        draws = null[f"{name}/spacing_statistics"]
        judgement, band = judge_levels(found, draws, null[f"{name}/number_variances"], lengths)
        row = {"unfolding": name, "statistic": found.spacing_statistic, "p": found.spacing_p, "null_draws": len(draws)}
        # Levels stand still where a fitted staircase falls: artefacts of the polynomial.
        row |= judgement | fitted | {"zero_spacings": int(np.sum(found.spacings == 0))}
        row["unresolved"] = int(np.sum(np.diff(values) < _FLOAT32 * values[-1]))
        curves = {"number_variance": found.number_variances} | band
        lines = {series: list(zip(lengths, curve, strict=True)) for series, curve in curves.items()}
        if name == "gaussian":
            lines["spacing"] = list(enumerate(found.spacings))
        yield row, lines
