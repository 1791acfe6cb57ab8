"""Every statistic of one weight matrix, judged by random matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.linalg

from deepspectra.analysis.null_files import HALF_WINDOW
from deepspectra.analysis.nulls import MatrixNull
from deepspectra.rmt.calibration import monte_carlo_p_value
from deepspectra.rmt.laws.singular_values import fit_modified_marchenko_pastur
from deepspectra.rmt.levels import level_statistics, number_variance
from deepspectra.rmt.outliers import Outliers, count_outliers
from deepspectra.rmt.tails import fit_power_law, power_law_p_value
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.singular_values import Decomposition, decompose
from deepspectra.spectra.weights.judging import bulk_margin
from deepspectra.spectra.weights.vectors import vector_tests

__all__ = ["ANALYSED_COLUMNS", "MatrixOptions", "MatrixResult", "analyse_matrix"]

#: Half a unit in the last place, relative, by the type in which the weights are stored.
_ROUNDING = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8 / 2}
#: So many spacings may be smaller than the levels' error before a spectrum counts as unresolved.
_UNRESOLVED = 0.01
#: From so many entries on singular vectors come from the smaller Gram matrix, in a third of the time and memory.
_LARGE = 2_000_000
ANALYSED_COLUMNS = (
    *("rank", "sigma", "edge_low", "edge_high", "below", "above", "p_below", "p_above", "largest"),
    *("fraction", "fit_distance", "fit_poor", "spacing_statistic", "spacing_p", "spacing_p_error"),
    *("variance_p", "variance_p_error", "variance_slope", "variance_slope_null", "bulk_levels"),
    *("level_error", "unresolved", "is_resolved", "alpha", "alpha_error", "alpha_smallest", "alpha_fit_p"),
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
    :raises UserError: if an entry is not finite, or the matrix has no bulk.
    """
    if count := matrix.size - np.count_nonzero(np.isfinite(matrix)):
        raise UserError(f"{count} of its {matrix.size} entries are not finite.")
    if not matrix.any():
        raise UserError("all its entries are zero.")
    found = _decomposition(matrix)
    values, rows = found.singular_values, max(matrix.shape)
    # Independent roundings of the entries: a random matrix of this standard deviation, whose norm is the floor. The
    # solver's own error matters for float64 alone.
    rounding = float(np.sqrt(np.mean(matrix**2))) * _ROUNDING[dtype] / 3**0.5
    floor = rounding * (rows**0.5 + values.size**0.5) * 3**0.5 + np.finfo(np.float64).eps * rows * values[-1]
    outliers = count_outliers(values, rows, null.extremes, options.level, floor)
    row, notes = dict.fromkeys(ANALYSED_COLUMNS, np.nan), []
    row |= _of_spectrum(values, outliers, null, floor)
    curves = [
        ("singular_value", rank, value) for rank, value in zip(np.linspace(0, 1, values.size), values, strict=True)
    ]
    try:
        numbers, lines = _of_levels(values, outliers, null, options, 2 * rounding)
        row |= numbers
        curves += lines
    except UserError as error:
        notes.append(f"levels: {error}")
    row |= _of_tail(values[values > floor] ** 2, null, options)
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


def _decomposition(matrix: np.ndarray) -> Decomposition:
    """SVD; of a large matrix by the eigenvectors of its smaller Gram matrix.

    Squaring leaves singular values of size s an error of eps smax^2 / s: far below float32's rounding, unless s itself
    is; then the SVD decides.
    """
    if matrix.size < _LARGE:
        return decompose(matrix)
    wide = matrix.shape[0] < matrix.shape[1]
    tall = matrix.T if wide else matrix
    gram = scipy.linalg.blas.dsyrk(1.0, tall, trans=1, lower=1)
    squares, right = scipy.linalg.eigh(gram, lower=True, overwrite_a=True, check_finite=False)
    if squares[0] < 1e-10 * squares[-1]:
        return decompose(matrix)
    values = np.sqrt(squares)
    left = tall @ right
    left /= values
    return Decomposition(values, right, left) if wide else Decomposition(values, left, right)


def _of_spectrum(values: np.ndarray, outliers: Outliers, null: MatrixNull, floor: float) -> dict[str, float]:
    fit = fit_modified_marchenko_pastur(values, floor=floor)
    # Small random matrices are farther from the law than large ones, and their fits too.
    is_poor = fit.is_poor and fit.distance > np.quantile(null.fit_distances, 0.99)
    return {
        "rank": int(np.sum(values > floor)),
        "sigma": outliers.sigma,
        **{"edge_low": outliers.edges[0], "edge_high": outliers.edges[1], "largest": float(values[-1])},
        **{"below": outliers.below, "above": outliers.above, "p_below": outliers.p_below, "p_above": outliers.p_above},
        **{"fraction": fit.fraction, "fit_distance": fit.distance, "fit_poor": int(is_poor)},
    }


def _of_levels(
    values: np.ndarray, outliers: Outliers, null: MatrixNull, options: MatrixOptions, error: float
) -> tuple[dict[str, float], list[tuple[str, float, float]]]:
    """Numbers and curves of the bulk's levels; outliers spoil those next to them, random matrices lose as many."""
    margin = bulk_margin(options.half_window)
    ends = outliers.below + margin, outliers.above + margin
    judge = null.judge
    statistics = level_statistics(values, {"gaussian": options.half_window}, null.lengths)["gaussian"]
    p, p_error = judge.spacings(statistics, ends)
    bulk = number_variance(statistics.unfolded, null.lengths, ends)
    variance = judge.variances(bulk, ends)
    spacings = np.diff(values[outliers.below : values.size - outliers.above])
    unresolved = int(np.sum(spacings < error))
    row = {
        "spacing_statistic": statistics.spacing_statistic,
        **{"spacing_p": p, "spacing_p_error": p_error, "variance_p": variance.p, "variance_p_error": variance.error},
        **{"variance_slope": variance.slope, "variance_slope_null": variance.null_slope},
        **{"bulk_levels": max(values.size - sum(ends), 0), "level_error": error, "unresolved": unresolved},
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


def _of_tail(squares: np.ndarray, null: MatrixNull, options: MatrixOptions) -> dict[str, float]:
    """The exponent that is commonly quoted, beside that of random matrices: a small one has a heavy tail."""
    fit = fit_power_law(squares)
    rng = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(null.key.rows, null.key.columns)))
    result = monte_carlo_p_value(np.asarray(-fit.alpha), -null.alphas)
    return {
        **{"alpha": fit.alpha, "alpha_error": fit.error, "alpha_smallest": fit.smallest},
        "alpha_fit_p": power_law_p_value(squares, fit, options.tail_draws, rng),
        **{
            "alpha_random": float(np.median(null.alphas)),
            "alpha_p": float(result.value),
            "null_draws": null.alphas.size,
        },
    }
