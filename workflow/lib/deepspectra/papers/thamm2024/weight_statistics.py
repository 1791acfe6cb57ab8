"""Level and vector statistics of a network's weight matrices, plain and judged by random matrices (thamm2024).

A network's matrices and the random ones go through the same :func:`deepspectra.rmt.levels.level_statistics`, so the
pipeline as a whole is calibrated, with whatever the unfolding does to the levels it is fitted to.
"""

import logging
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd

from deepspectra.papers.thamm2024.nulls import LevelNull, read_level_nulls
from deepspectra.rmt.calibration import false_discovery, largest_deviation, monte_carlo_p_value, null_band
from deepspectra.rmt.laws.singular_values import fit_modified_marchenko_pastur, marchenko_pastur_bulk
from deepspectra.rmt.levels import (
    LevelStatistics,
    level_statistics,
    number_variance,
    number_variances,
    spacing_distances,
    vector_ks,
)
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

__all__ = ["JUDGED_LENGTHS", "NOT_ANALYSED", "LevelJudge", "bulk_ends", "bulk_margin", "ranges", "weight_tables"]

logger = logging.getLogger(__name__)

#: Interval lengths at which the number variance is judged as a whole. Shorter ones repeat what the spacings tell; at
#: longer ones matrices of a few hundred levels have few independent intervals.
JUDGED_LENGTHS = (1, 10)
#: How the note of a matrix begins that no statistic can be had of.
NOT_ANALYSED = "not analysed: "
#: Singular values of a float32 matrix are known to about this share of the largest.
_FLOAT32 = float(np.finfo(np.float32).eps)
#: Vectors are called structured where their false discovery rate is at most this.
_FALSE_DISCOVERY = 0.05
_LEVELS = ["network", "layer", "state", "outputs", "inputs", "unfolding", "statistic", "p", "p_calibrated", "p_error"]
_LEVELS += ["p_bulk", "p_bulk_error", "null_draws", "in_band", "variance_p", "variance_p_error", "variance_p_all"]
_LEVELS += ["variance_p_all_error", "variance_slope", "variance_slope_null", "variance_slope_error", "below_bulk"]
_LEVELS += ["above_bulk", "nu_min", "nu_max", "fraction", "fit_below", "fit_above", "fit_distance", "fit_poor"]
_LEVELS += ["unresolved", "zero_spacings", "vectors_output", "ranks_output", "vectors_input", "ranks_input", "note"]
_CURVES = ["layer", "state", "unfolding", "series", "x", "y"]
_VECTORS = ["layer", "state", "side", "dimension", "rank", "singular_value", "statistic", "p", "p_calibrated", "q"]


def bulk_margin(half_window: int) -> int:
    """Levels inside the law's edges that the bulk leaves out: broadening of half-window a reaches 2 a levels."""
    return 2 * half_window + 1


def bulk_ends(values: np.ndarray, rows: int, margin: int) -> tuple[int, int]:
    """How many of the lowest and highest singular values, (m,) ascending, intervals of the bulk must not reach.

    :param rows: the longer side. :param margin: see :func:`bulk_margin`. :raises UserError: if there is no bulk, see
        :func:`deepspectra.rmt.laws.singular_values.marchenko_pastur_bulk`.
    """
    bulk = marchenko_pastur_bulk(values, rows, _FLOAT32 * values[-1])
    return bulk.below + margin, bulk.above + margin


class VarianceJudgement(NamedTuple):
    """A number variance beside random matrices': Monte Carlo p-value of its largest deviation, with its error.

    :ivar in_band: share of the judged lengths at which it lies in ``low`` to ``high``, (k,) each, the central 95 % of
        the random matrices; ``median`` is theirs too. :ivar slope: against ln l over the judged lengths;
        ``null_slope`` and ``null_slope_error`` are the random matrices' mean and standard deviation.
    """

    p: float
    error: float
    in_band: float
    low: np.ndarray
    high: np.ndarray
    median: np.ndarray
    slope: float
    null_slope: float
    null_slope_error: float


class LevelJudge:
    """Judges statistics of spectra by those of random matrices of their shape, unfolded in the same way.

    :param null: of at least two random matrices. :param lengths: of number variances, (k,), one at least in
        :data:`JUDGED_LENGTHS`.
    """

    def __init__(self, null: LevelNull, lengths: np.ndarray) -> None:
        self.null, self.lengths = null, lengths
        self._spacings: dict[tuple[int, int], np.ndarray] = {}
        self._drawn: dict[tuple[int, int], tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

    def spacings(self, found: LevelStatistics, ends: tuple[int, int] = (0, 0)) -> tuple[float, float]:
        """Calibrated p-value of the spacing test, and its Monte Carlo error; NaN if fewer than two levels are left.

        :param ends: levels left out below and above, of the random matrices as of the spectrum.
        """
        observed, drawn = found.spacing_statistic, self.null.spacing_statistics
        if any(ends):
            bulk = slice(ends[0], max(found.unfolded.size - ends[1], 0))
            if found.unfolded[bulk].size < 2:
                return np.nan, np.nan
            if ends not in self._spacings:
                self._spacings[ends] = spacing_distances(np.diff(self.null.unfolded[:, bulk]))
            observed, drawn = float(spacing_distances(np.diff(found.unfolded[bulk]))), self._spacings[ends]
        result = monte_carlo_p_value(np.asarray(observed), drawn)
        return float(result.value), float(result.error)

    def variances(self, variances: np.ndarray, ends: tuple[int, int] = (0, 0)) -> VarianceJudgement:
        """Judge a number variance, (k,), by that of the random matrices over the same part of their levels.

        :param ends: levels left out below and above, of the random matrices as of the spectrum.
        :returns: numbers that are NaN if the bulk is too short for any judged length.
        """
        drawn, low, high = self._of_null(ends)
        # The longest intervals fit into no bulk, or only into some.
        known = np.isfinite(drawn).all(axis=0) & np.isfinite(variances)
        judged = known & (self.lengths >= JUDGED_LENGTHS[0]) & (self.lengths <= JUDGED_LENGTHS[1])
        judged &= drawn.std(axis=0) > 0
        median = np.full(self.lengths.shape, np.nan)
        median[known] = np.median(drawn[:, known], axis=0)
        if not judged.any():
            return VarianceJudgement(np.nan, np.nan, np.nan, low, high, median, np.nan, np.nan, np.nan)
        # Neighbouring lengths see the same levels: one statistic judges all of them together.
        deviations = largest_deviation(drawn[:, judged], variances[judged]), largest_deviation(drawn[:, judged])
        result = monte_carlo_p_value(*deviations)
        in_band = float(((low <= variances) & (variances <= high))[judged].mean())
        centred = np.log(self.lengths[judged]) - np.log(self.lengths[judged]).mean()
        slope, slopes = (curves @ centred / (centred @ centred) for curves in (variances[judged], drawn[:, judged]))
        numbers = (float(slope), float(slopes.mean()), float(slopes.std(ddof=1)))
        return VarianceJudgement(float(result.value), float(result.error), in_band, low, high, median, *numbers)

    def expect(self, ends: Sequence[tuple[int, int]]) -> None:
        """Prepare for number variances of several bulks: together they take hardly more time than one.

        :param ends: levels left out below and above, for each.
        """
        new = sorted({pair for pair in ends if any(pair)} - self._drawn.keys())
        if new:
            drawn = np.array([number_variances(levels, self.lengths, new) for levels in self.null.unfolded])
            for place, pair in enumerate(new):
                self._drawn[pair] = drawn[:, place], *null_band(drawn[:, place])

    def _of_null(self, ends: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The random matrices' number variances, (draws, k), and their band."""
        if not any(ends) and ends not in self._drawn:
            self._drawn[ends] = self.null.number_variances, *null_band(self.null.number_variances)
        self.expect([ends])
        return self._drawn[ends]


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
                table = _vector_tests(columns, spectrum, draws)
                from_largest = smaller - np.flatnonzero(table.q <= _FALSE_DISCOVERY)[::-1]
                structured |= {f"vectors_{side}": from_largest.size, f"ranks_{side}": ranges(from_largest)}
                tests.append(table.assign(layer=layer, state=state, side=side, dimension=dimension, rank=ranks))
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
    fit = fit_modified_marchenko_pastur(values, floor=_FLOAT32 * values[-1])
    of_spectrum = {
        "below_bulk": ends[0] - margin,
        "above_bulk": ends[1] - margin,
        **{"nu_min": fit.nu_min, "nu_max": fit.nu_max, "fraction": fit.fraction},
        **{"fit_below": fit.below, "fit_above": fit.above, "fit_distance": fit.distance},
        "fit_poor": int(fit.is_poor),
        "unresolved": int(np.sum(np.diff(values) < _FLOAT32 * values[-1])),
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


def _vector_tests(columns: np.ndarray, values: np.ndarray, draws: np.ndarray) -> pd.DataFrame:
    """Tests of the vectors of one side, (dimension, m), by those of random vectors.

    ``q`` is the false discovery rate among the matrix's m vectors of this side. Where no random vector reaches a
    statistic, it stands on the plain p-value if that is smaller than the smallest Monte Carlo one: the fixed norm makes
    plain p-values of random vectors too large, in the tail too, so they are safe there.
    """
    statistic, p = vector_ks(columns)
    calibrated = monte_carlo_p_value(statistic, draws).value
    # Equal singular values, and on the larger side zeros, leave open which vectors of their common space are taken.
    rounding = np.finfo(np.float64).eps * max(columns.shape) * values[-1]
    gaps = np.diff(values) <= rounding
    is_open = np.append(gaps, False) | np.append(False, gaps)
    if len(columns) > values.size:
        is_open |= values <= rounding
    statistic, p, calibrated = (np.where(is_open, np.nan, array) for array in (statistic, p, calibrated))
    smallest = 1 / (draws.size + 1)
    q = false_discovery(np.where((calibrated == smallest) & (p < smallest), p, calibrated))
    named = {"singular_value": values, "statistic": statistic, "p": p, "p_calibrated": calibrated, "q": q}
    return pd.DataFrame(named)


def ranges(ranks: Sequence[int] | np.ndarray) -> str:
    """Ascending ranks as people write them, "rank 1-3, 7, 9-10"; in a table they are no numbers. Empty for none."""
    # Neighbours have equal differences to their place in the sequence.
    runs = (list(run) for _, run in groupby(enumerate(map(int, ranks)), lambda pair: pair[1] - pair[0]))
    words = [f"{run[0][1]}-{run[-1][1]}" if len(run) > 1 else str(run[0][1]) for run in runs]
    return f"rank {', '.join(words)}" if words else ""
