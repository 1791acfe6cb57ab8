"""How often the tests of levels reject matrices of which the truth is known: their level and their power."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deepspectra.rmt.laws.singular_values import ModifiedMarchenkoPastur, singular_value_marchenko_pastur
from deepspectra.rmt.levels import level_statistics, number_variance, spacing_ks
from deepspectra.rmt.nulls import laguerre_singular_values
from deepspectra.rmt.unfolding import gaussian_broadening
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.weights.judging import LevelJudge, bulk_ends, bulk_margin
from deepspectra.spectra.weights.nulls import read_level_nulls

__all__ = ["level_tests", "with_independent_levels", "with_outliers"]

#: Outliers at the lower and the upper end, in units of the edges.
_BELOW, _ABOVE = (0.8, 0.2), (1.2, 2.0)
_QUANTILES = 2001
_COLUMNS = ["case", "amount", "matrix", "p", "p_calibrated", "p_bulk", "variance_p", "variance_p_all", "null_draws"]


def with_outliers(rows: int, columns: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Singular values, (columns,) ascending, of a random matrix but for ``count`` directions at either end.

    Outliers lie at random from 1.2 to 2 times the upper and from 0.2 to 0.8 times the lower edge of the others, which
    are a smaller random matrix's; one lies at 1.2 and one at 0.8.

    :param rows: more than the columns, so that there is a lower edge.
    """
    law, values = _block(rows, columns, 2 * count, rng)
    for edge, (nearest, farthest) in zip(law.edges, (_BELOW, _ABOVE), strict=True):
        places = np.append(nearest, nearest + (farthest - nearest) * rng.uniform(size=count))[:count]
        values = np.append(values, edge * places)
    return np.sort(values)


def with_independent_levels(rows: int, columns: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Singular values, (columns,) ascending, of a random matrix; a share is replaced by independent ones of its law."""
    law, values = _block(rows, columns, 0, rng)
    replaced = rng.choice(columns, size=round(share * columns), replace=False)
    grid = np.linspace(*law.edges, _QUANTILES)
    values[replaced] = np.interp(rng.uniform(size=replaced.size), law.cdf(grid), grid)
    return np.sort(values)


def _block(rows: int, columns: int, less: int, rng: np.random.Generator) -> tuple[ModifiedMarchenkoPastur, np.ndarray]:
    """A random matrix without ``less`` rows and columns: its law and its singular values."""
    shape = rows - less, columns - less
    return singular_value_marchenko_pastur(*shape, 1.0), laguerre_singular_values(*shape, rng)


def level_tests(table: Mapping[str, Any], half_window: int, null: str | Path) -> pd.DataFrame:
    """All p-values of matrices of one shape, of which the truth is known.

    :param table: ``rows``, ``columns``, ``matrices`` in each case, ``independent`` (shares of levels), ``outliers``
        (numbers at either end), ``half_windows`` and ``seed``.
    :param half_window: of the broadening. :param null: file of random matrices of the shape.
    :returns: a row for each matrix of each ``case``: ``random``, ``independent``, ``outliers`` with its ``amount`` and
        the ``null_draws`` that calibrate it; and ``window``, plain p-values alone of random matrices unfolded with the
        half-window ``amount``.
    """
    unfolding = {"gaussian": half_window}
    lengths, nulls = read_level_nulls(null, unfolding, table["columns"])
    judge, draws = LevelJudge(nulls["gaussian"], lengths), len(nulls["gaussian"].spacing_statistics)
    margin = bulk_margin(half_window)
    found: list[tuple[Any, ...]] = []
    for case, amount, matrix, values in _matrices(table):
        if case == "window":
            _, p = spacing_ks(np.diff(gaussian_broadening(values, int(amount))))
            found.append((case, amount, matrix, p, *[np.nan] * 5))
            continue
        statistics = level_statistics(values, unfolding, lengths)["gaussian"]
        ends = bulk_ends(values, table["rows"], margin)
        bulk = judge.variances(number_variance(statistics.unfolded, lengths, ends), ends)
        everywhere = judge.variances(statistics.number_variances)
        spacings = (statistics.spacing_p, judge.spacings(statistics)[0], judge.spacings(statistics, ends)[0])
        found.append((case, amount, matrix, *spacings, bulk.p, everywhere.p, draws))
    return pd.DataFrame(found, columns=_COLUMNS)


def _matrices(table: Mapping[str, Any]) -> Iterator[tuple[str, float, int, np.ndarray]]:
    """(case, amount, number, singular values) of every matrix; each case has random numbers of its own."""
    shape = table["rows"], table["columns"]
    cases = [("random", 0.0), *(("independent", share) for share in table["independent"])]
    cases += [("outliers", count) for count in table["outliers"]]
    numbers = range(table["matrices"])
    for index, (case, amount) in enumerate(ProgressBar(cases, desc="tests of levels", unit="case")):
        rng = np.random.default_rng(np.random.SeedSequence(table["seed"], spawn_key=(index,)))
        for number in numbers:
            if case == "independent":
                yield case, amount, number, with_independent_levels(*shape, amount, rng)
            elif case == "outliers":
                yield case, amount, number, with_outliers(*shape, int(amount), rng)
            else:
                values = laguerre_singular_values(*shape, rng)
                yield case, amount, number, values
                for half_window in table["half_windows"]:
                    yield "window", half_window, number, values
