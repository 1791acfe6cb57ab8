"""Level and vector statistics of a network's weight matrices, plain and judged by random matrices (thamm2024).

A network's matrices and the random ones go through the same :func:`deepspectra.rmt.levels.level_statistics`, so the
pipeline as a whole is calibrated, with whatever the unfolding does to the levels it is fitted to.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from deepspectra.papers.thamm2024.initial_weights import initial_law
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.singular_values import fit_modified_marchenko_pastur
from deepspectra.rmt.levels import level_statistics, number_variance
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.weights.judging import FLOAT32_ROUNDING, LevelJudge, bulk_ends, bulk_margin
from deepspectra.spectra.weights.nulls import read_level_nulls
from deepspectra.spectra.weights.vectors import FALSE_DISCOVERY, ranges, vector_tests

__all__ = ["NOT_ANALYSED", "weight_tables"]

logger = logging.getLogger(__name__)

#: How the note of a matrix begins that no statistic can be had of.
NOT_ANALYSED = "not analysed: "
_LEVELS = ["network", "layer", "state", "outputs", "inputs", "unfolding", "statistic", "p", "p_calibrated", "p_error"]
_LEVELS += ["p_bulk", "p_bulk_error", "null_draws", "in_band", "variance_p", "variance_p_error", "variance_p_all"]
_LEVELS += ["variance_p_all_error", "variance_slope", "variance_slope_null", "variance_slope_error", "below_bulk"]
_LEVELS += ["above_bulk", "nu_min", "nu_max", "fraction", "fit_below", "fit_above", "fit_distance", "fit_poor"]
_LEVELS += ["initial_law_distance", "unresolved", "zero_spacings", "vectors_output", "ranks_output", "vectors_input"]
_LEVELS += ["ranks_input", "note"]
_CURVES = ["layer", "state", "unfolding", "series", "x", "y"]
_VECTORS = ["layer", "state", "side", "dimension", "rank", "singular_value", "statistic", "p", "p_calibrated", "q"]


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
        their null; ``vectors``, a row for each singular vector, whose tests are NaN where equal singular values leave
        its direction open. Where the weights could not be had, levels alone, with a note that says why; a matrix that
        has no statistics has a note too, and the others have theirs.
    """
    status = cast("dict[str, Any]", store.read(values, {}).attributes["parameters"])
    levels: list[dict[str, Any]] = []
    curves: list[tuple[Any, ...]] = []
    tests: list[pd.DataFrame] = []
    judges: dict[str, dict[str, LevelJudge]] = {}
    for layer, (outputs, inputs) in layers.items():
        place = {"network": network, "layer": layer, "outputs": outputs, "inputs": inputs}
        if not status["available"]:
            note = f"weights not available here ({status['note']})"
            levels.append(place | {"state": "final", "unfolding": "gaussian", "note": note})
            continue
        smaller, larger = sorted((outputs, inputs))
        shape = f"levels_{larger}x{smaller}"
        if shape not in judges:
            lengths, drawn = read_level_nulls(nulls[shape], unfolding, smaller)
            judges[shape] = {name: LevelJudge(null, lengths) for name, null in drawn.items()}
        ranks = np.linspace(0, 1, smaller)
        law = None if layer.startswith("conv") else initial_law(outputs, inputs)
        for state in states:
            key = f"{layer}/{state}"
            spectrum = store.read(values, {key: (smaller,)})[key]
            curves += [(layer, state, "", "singular_value", *point) for point in zip(ranks, spectrum, strict=True)]
            try:
                rows, lines = _level_tests(spectrum, larger, unfolding, judges[shape])
            except UserError as error:
                note = f"{NOT_ANALYSED}{error}"
                logger.warning("%s, %s, %s weights: %s", network, layer, state, note)
                levels.append(place | {"state": state, "unfolding": "gaussian", "note": note})
                continue
            curves += [(layer, state, *line) for line in lines]
            structured: dict[str, Any] = {}
            for side, dimension in (("output", outputs), ("input", inputs)):
                sided = f"{key}/{side}"
                columns = store.read(vectors, {sided: (dimension, smaller)})[sided]
                draws = store.read(nulls[f"vectors_{dimension}"], {"statistics": ("draws",)})["statistics"]
                table = vector_tests(columns, spectrum, draws)
                from_largest = smaller - np.flatnonzero(table.q <= FALSE_DISCOVERY)[::-1]
                structured |= {f"vectors_{side}": from_largest.size, f"ranks_{side}": ranges(from_largest)}
                tests.append(table.assign(layer=layer, state=state, side=side, dimension=dimension, rank=ranks))
            structured["initial_law_distance"] = ks_distance(spectrum, law.cdf) if law else math.nan
            levels += [place | {"state": state} | row | structured for row in rows]
            if rows[0]["fit_poor"]:
                words = "%s, %s, %s weights: no Marchenko-Pastur law fits the bulk; its edge and fraction mean little"
                logger.warning(words, network, layer, state)
    return {
        "levels": pd.DataFrame(levels, columns=_LEVELS),
        "curves": pd.DataFrame(curves, columns=_CURVES),
        "vectors": pd.concat(tests, ignore_index=True)[_VECTORS] if tests else pd.DataFrame(columns=_VECTORS),
    }


def _level_tests(
    values: np.ndarray, larger: int, unfolding: Mapping[str, int], judges: Mapping[str, LevelJudge]
) -> tuple[list[dict[str, Any]], list[tuple[str, str, float, float]]]:
    """For each unfolding the row of tests of one spectrum, and the points (unfolding, series, x, y) of its lines."""
    margin = bulk_margin(unfolding["gaussian"])
    ends = bulk_ends(values, larger, margin)
    fit = fit_modified_marchenko_pastur(values, floor=FLOAT32_ROUNDING * values[-1])
    of_spectrum = {
        "below_bulk": ends[0] - margin,
        "above_bulk": ends[1] - margin,
        **{"nu_min": fit.nu_min, "nu_max": fit.nu_max, "fraction": fit.fraction},
        **{"fit_below": fit.below, "fit_above": fit.above, "fit_distance": fit.distance},
        "fit_poor": int(fit.is_poor),
        "unresolved": int(np.sum(np.diff(values) < FLOAT32_ROUNDING * values[-1])),
    }
    rows, points = [], []
    lengths = next(iter(judges.values())).lengths
    for name, found in level_statistics(values, dict(unfolding), lengths).items():
        judge = judges[name]
        p, p_error = judge.spacings(found)
        p_bulk, p_bulk_error = judge.spacings(found, ends)
        of_bulk = number_variance(found.unfolded, lengths, ends)
        bulk, everywhere = judge.variances(of_bulk, ends), judge.variances(found.number_variances)
        rows.append(
            {"unfolding": name, "statistic": found.spacing_statistic, "p": found.spacing_p, "p_calibrated": p}
            | {"p_error": p_error, "null_draws": len(judge.null.spacing_statistics), "in_band": bulk.in_band}
            | {"p_bulk": p_bulk, "p_bulk_error": p_bulk_error}
            | {"variance_p": bulk.p, "variance_p_error": bulk.error}
            | {"variance_p_all": everywhere.p, "variance_p_all_error": everywhere.error}
            | {"variance_slope": bulk.slope, "variance_slope_null": bulk.null_slope}
            | {"variance_slope_error": bulk.null_slope_error}
            # Levels stand still where a fitted staircase falls: artefacts of the polynomial.
            | {"zero_spacings": int(np.sum(found.spacings == 0))}
            | of_spectrum
        )
        curves = {"number_variance": of_bulk, "null_low": bulk.low, "null_high": bulk.high, "null_median": bulk.median}
        curves["number_variance_all"] = found.number_variances
        for series, curve in curves.items():
            known = np.isfinite(curve)
            points += [(name, series, *point) for point in zip(lengths[known], curve[known], strict=True)]
        if name == "gaussian":
            points += [(name, "spacing", *point) for point in enumerate(found.spacings)]
    return rows, points
