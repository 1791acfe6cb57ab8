"""Every statistic of one weight matrix, judged by random matrices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from deepspectra.analysis.bulk import bulk_distance, has_bulk, of_any_size, without_outliers
from deepspectra.analysis.decomposition import decompose_large
from deepspectra.analysis.null_files import HALF_WINDOW
from deepspectra.analysis.nulls import MatrixNull
from deepspectra.analysis.rounding import rounding_error, rounding_floor
from deepspectra.rmt.calibration import monte_carlo_p_value
from deepspectra.rmt.laws.singular_values import FittedMarchenkoPastur, fit_modified_marchenko_pastur
from deepspectra.rmt.levels import level_statistics, number_variance
from deepspectra.rmt.outliers import Outliers, count_outliers
from deepspectra.rmt.tails import fit_power_law, power_law_p_value
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.weights.judging import bulk_margin
from deepspectra.spectra.weights.layer_matrices import FEWEST_VALUES
from deepspectra.spectra.weights.vectors import vector_tests

__all__ = ["ANALYSED_COLUMNS", "MatrixOptions", "MatrixResult", "analyse_matrix"]

#: So many spacings may be smaller than the levels' error before a spectrum counts as unresolved.
_UNRESOLVED = 0.01
#: Entries whose squares can be summed are larger, and smaller than its inverse.
_LEAST = 1e-140
ANALYSED_COLUMNS = (
    *("rank", "sigma", "edge_low", "edge_high", "below", "above", "p_below", "p_above", "largest"),
    *(
        "has_bulk",
        "bulk_distance",
        "bulk_p",
        "fraction",
        "fit_amplitude",
        "fit_low",
        "fit_high",
        "fit_distance",
        "fit_poor",
    ),
    *("spacing_statistic", "spacing_p", "spacing_p_error"),
    *("variance_p", "variance_p_error", "variance_slope", "variance_slope_null", "spacing_levels", "variance_levels"),
    *("level_error", "unresolved", "is_resolved", "alpha", "alpha_error", "alpha_smallest", "alpha_tail"),
    "alpha_fit_p",
    *("alpha_random", "alpha_p", "null_draws"),
)


@dataclass(frozen=True)
class MatrixOptions:
    """:ivar half_window: of the unfolding. :ivar level: false-alarm rate of outliers on each side of a bulk.
    :ivar tail_draws: of the power law's own p-value. :ivar seed: of these draws."""

    half_window: int = HALF_WINDOW
    level: float = 0.01
    tail_draws: int = 99
    seed: int = 1


class MatrixResult(NamedTuple):
    """What :func:`analyse_matrix` finds.

    :ivar row: a number for each of :data:`ANALYSED_COLUMNS`; NaN where it cannot be had.
    :ivar curves: columns ``series``, ``x``, ``y``. :ivar vectors: a row for each singular vector of both sides.
    :ivar note: what is missing.
    """

    row: dict[str, float]
    curves: pd.DataFrame
    vectors: pd.DataFrame
    note: str


def analyse_matrix(
    matrix: np.ndarray,
    dtype: str,
    null: MatrixNull,
    vector_nulls: tuple[np.ndarray, np.ndarray],
    options: MatrixOptions,
) -> MatrixResult:
    """All statistics of a matrix of shape (outputs, inputs), float64.

    :param dtype: in which it was stored: its rounding limits what can be told. :param null: of its shape.
    :param vector_nulls: of output and input vectors.
    :raises UserError: if an entry is not finite, or all are zero. A statistic that cannot be had is NaN, with a note.
    """
    if count := matrix.size - np.count_nonzero(np.isfinite(matrix)):
        raise UserError(f"{count} of its {matrix.size} entries are not finite.")
    if not matrix.any():
        raise UserError("all its entries are zero.")
    if not _LEAST < (largest := float(np.abs(matrix).max())) < 1 / _LEAST:
        raise UserError(f"its largest entry, {largest:.3g}, has a square that floating-point numbers cannot hold.")
    found = decompose_large(matrix)
    values, rows = found.singular_values, max(matrix.shape)
    rounding = rounding_error(matrix, dtype)
    floor = rounding_floor(values, rows, rounding)
    row: dict[str, float] = dict.fromkeys(ANALYSED_COLUMNS, np.nan)
    notes: list[str] = []
    row |= {"rank": int(np.sum(values > floor)), "largest": float(values[-1]), "null_draws": null.alphas.size}
    curves = [
        ("singular_value", rank, value) for rank, value in zip(np.linspace(0, 1, values.size), values, strict=True)
    ]
    if row["rank"] < FEWEST_VALUES:
        notes.append(f"Its rank, {row['rank']}, is too small for its spectrum to be judged.")
    else:
        if row["rank"] < values.size:
            notes.append(
                f"Its rank is {row['rank']} of {values.size}: if it is a product of factors, its values have another "
                "law than those of one random matrix, and some may lie outside its bulk."
            )
        numbers, lines = _of_values(values, rows, rounding, floor, null, options, notes)
        row |= numbers
        curves += lines
    vectors = []
    for side, columns, draws in zip(
        ("output", "input"), (found.output_vectors, found.input_vectors), vector_nulls, strict=True
    ):
        tests = vector_tests(columns, values, draws)
        # Directions in which the matrix is zero up to rounding are arbitrary.
        tests.loc[values <= floor, ["statistic", "p", "p_calibrated", "p_judged", "q"]] = np.nan
        vectors.append(tests.assign(side=side, rank=np.arange(values.size, 0, -1)))
    table = pd.DataFrame(curves, columns=["series", "x", "y"])
    return MatrixResult(row, table, pd.concat(vectors, ignore_index=True), " ".join(notes))


@contextmanager
def _noted(what: str, notes: list[str]) -> Iterator[None]:
    try:
        yield
    except UserError as error:
        notes.append(f"{what}: {error}")


def _of_values(
    values: np.ndarray,
    rows: int,
    rounding: float,
    floor: float,
    null: MatrixNull,
    options: MatrixOptions,
    notes: list[str],
) -> tuple[dict[str, float], list[tuple[str, float, float]]]:
    """Numbers and curves of a spectrum; one statistic that cannot be had takes no other with it."""
    row: dict[str, float] = {}
    curves: list[tuple[str, float, float]] = []
    outliers = fit = None
    with _noted("outliers", notes):
        outliers = count_outliers(values, rows, null.extremes, options.level, floor)
        row |= _of_outliers(values, rows, outliers, int(np.sum(values > floor)), null)
    with _noted("law", notes):
        fit = fit_modified_marchenko_pastur(values, floor=floor)
        row |= _of_fit(fit, null)
    if outliers:
        with _noted("levels", notes):
            inner = None if row["has_bulk"] else fit
            numbers, curves = _of_levels(values, outliers, inner, null, options, 2 * rounding)
            row |= numbers
    with _noted("tail", notes):
        row |= _of_tail(values, floor, null, options)
    return row, curves


def _of_outliers(values: np.ndarray, rows: int, outliers: Outliers, rank: int, null: MatrixNull) -> dict[str, float]:
    is_bulk = has_bulk(values, rows, outliers, rank)
    bulk, longer = without_outliers(values, rows, outliers)
    distance = bulk_distance(bulk, longer)
    # Of a few values that are no bulk the distance says nothing.
    found = of_any_size(distance, bulk.size) if is_bulk else np.nan
    p = monte_carlo_p_value(np.asarray(found), np.asarray(of_any_size(null.bulk_distances, values.size)))
    return {
        **{"sigma": outliers.sigma, "edge_low": outliers.edges[0], "edge_high": outliers.edges[1]},
        **{"below": outliers.below, "above": outliers.above, "p_below": outliers.p_below, "p_above": outliers.p_above},
        "has_bulk": int(is_bulk),
        "bulk_distance": distance,
        "bulk_p": float(p.value),
    }


def _of_fit(fit: FittedMarchenkoPastur, null: MatrixNull) -> dict[str, float]:
    # Small random matrices are farther from the law than large ones, and their fits too.
    is_poor = fit.is_poor and fit.distance > np.quantile(null.fit_distances, 0.99)
    return {
        # A fit that fails may ask for more values than there are; more than all cannot follow it.
        **{"fraction": min(fit.fraction, 1.0), "fit_amplitude": fit.fraction},
        **{"fit_low": fit.nu_min, "fit_high": fit.nu_max},
        **{"fit_distance": fit.distance, "fit_poor": int(is_poor)},
    }


def _of_levels(
    values: np.ndarray,
    outliers: Outliers,
    broad: FittedMarchenkoPastur | None,
    null: MatrixNull,
    options: MatrixOptions,
    error: float,
) -> tuple[dict[str, float], list[tuple[str, float, float]]]:
    """Numbers and curves of the bulk's levels; outliers spoil those next to them, random matrices lose as many.

    Spacings are universal: a broad spectrum, as of a random matrix with columns of unequal variance, has those of one
    with equal variances, so that they are tested over all that the fit describes. A number variance sees how a density
    varies over ten levels, and is tested in the bulk alone.

    :param broad: the fit of a spectrum that is broad.
    """
    margin = bulk_margin(options.half_window)
    outside = outliers.below, outliers.above
    if broad:
        outside = broad.below, int(np.sum(values > broad.nu_max))
    ends, bulk_ends = ((below + margin, above + margin) for below, above in (outside, (outliers.below, outliers.above)))
    judge = null.judge
    statistics = level_statistics(values, {"gaussian": options.half_window}, null.lengths)["gaussian"]
    p, p_error = judge.spacings(statistics, ends)
    bulk = number_variance(statistics.unfolded, null.lengths, bulk_ends)
    variance = judge.variances(bulk, bulk_ends)
    spacings = np.diff(values[outside[0] : values.size - outside[1]])
    unresolved = int(np.sum(spacings < error))
    row = {
        "spacing_statistic": statistics.spacing_statistic,
        **{"spacing_p": p, "spacing_p_error": p_error, "variance_p": variance.p, "variance_p_error": variance.error},
        **{"variance_slope": variance.slope, "variance_slope_null": variance.null_slope},
        "spacing_levels": max(values.size - sum(ends), 0),
        "variance_levels": max(values.size - sum(bulk_ends), 0),
        **{"level_error": error, "unresolved": unresolved},
        "is_resolved": int(unresolved <= _UNRESOLVED * spacings.size),
    }
    curves = {
        "number_variance": bulk,
        "null_low": variance.low,
        "null_high": variance.high,
        "null_median": variance.median,
    }
    lines = [
        (name, x, y)
        for name, curve in curves.items()
        for x, y in zip(null.lengths, curve, strict=True)
        if np.isfinite(y)
    ]
    inner = statistics.unfolded[ends[0] : max(values.size - ends[1], 0)]
    lines += [("spacing", place, spacing) for place, spacing in enumerate(np.diff(inner))]
    return row, lines


def _of_tail(values: np.ndarray, floor: float, null: MatrixNull, options: MatrixOptions) -> dict[str, float]:
    """The exponent, beside that of random matrices: a small one has a heavy tail."""
    known = values[values > floor]
    if known.size < 2 or known[-1] - known[0] <= floor:
        raise UserError("fewer than two singular values differ by more than rounding.")
    squares = known**2
    fit = fit_power_law(squares)
    rng = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(null.key.rows, null.key.columns)))
    result = monte_carlo_p_value(np.asarray(-fit.alpha), -null.alphas)
    return {
        **{"alpha": fit.alpha, "alpha_error": fit.error, "alpha_smallest": fit.smallest},
        "alpha_tail": fit.tail,
        "alpha_fit_p": power_law_p_value(squares, fit, options.tail_draws, rng),
        **{"alpha_random": float(np.median(null.alphas)), "alpha_p": float(result.value)},
    }
