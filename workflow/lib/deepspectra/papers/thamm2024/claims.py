"""Claims of Thamm, Staats and Rosenow (2024)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from deepspectra.papers.reading import AbsentError, Measured, Reading, Results, difference, finite, mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["READINGS"]

TABLE_1, TABLE_2 = "tables/thamm2024/table_1", "tables/thamm2024/table_2"
FIGURE_1, FIGURE_2, FIGURE_3, FIGURE_4 = (f"statistics/thamm2024/figure_{item}" for item in (1, 2, 3, 4))
#: The network of figures 3 and 4 at alpha = 1, and its names at each alpha of figure 3.
MLP = "mlp512_seed1"
REGIMES = {0.5: f"{MLP}_alpha0.5", 1: MLP, 5: f"{MLP}_alpha5"}
_ABOVE = "values_above_initial"
_LEVEL = 0.05


def _accuracy(results: Results, network: str) -> Measured:
    """Test accuracy of table 1, with its sampling error."""
    columns = ("test_accuracy_percent", "sampling_error_percent")
    value, error = (results.value(TABLE_1, column, network=network) / 100 for column in columns)
    return Measured(value, error)


def _rejected(results: Results, column: str) -> Measured:
    """Number of rows of the paper's table 2 with a p-value of at most 0.05, among those that were made."""
    values, remark = _table_2(results, column)
    return Measured(float(sum(value <= _LEVEL for value in values)), remark=remark)


def _summary_value(file: str, series: str, quantity: str) -> Reading:
    return Reading((file,), lambda results: Measured(results.value(file, series=series, quantity=quantity)))


def _spacing_test(series: str) -> Reading:
    """Plain p-value of one matrix of figure 1, and calibrated."""

    def calibrated(results: Results) -> Measured:
        value = results.value(FIGURE_1, series=series, quantity="ks_p_calibrated")
        return Measured(value, results.value(FIGURE_1, series=series, quantity="ks_p_calibrated_error"))

    return replace(_summary_value(FIGURE_1, series, "ks_p"), second=calibrated, kind="calibrated")


def _regime_accuracy(results: Results, alpha: float) -> Measured:
    """Test accuracy in a learning regime, with the sampling error of table 1's number of images."""
    value = results.value(FIGURE_3, series=REGIMES[alpha], quantity="test_accuracy")
    return Measured(value, _sampling_error(results, value))


def _smallest(results: Results) -> Measured:
    values, remark = _table_2(results, "p")
    return Measured(min(values), remark=remark)


def _regime_spacings(results: Results) -> Measured:
    """Smallest plain p-value of the regimes."""
    return Measured(min(results.value(FIGURE_3, series=f"{name} dense2", quantity="ks_p") for name in REGIMES.values()))


def _more_large_values(results: Results) -> Measured:
    """Ratio of the counts of large singular values; the error treats them as Poisson, which overestimates it."""
    rich, typical = (results.value(FIGURE_3, series=REGIMES[alpha], quantity=_ABOVE) for alpha in (0.5, 1))
    if not rich or not typical:
        raise AbsentError(f"{rich:.0f} against {typical:.0f} singular values make no ratio with an error")
    ratio = rich / typical
    return Measured(ratio, ratio * math.sqrt(1 / rich + 1 / typical), f"{rich:.0f} against {typical:.0f}")


def _vector_test(network: str, measure: Callable[[pd.DataFrame, str], Measured]) -> Reading:
    """A statistic of the p-values of the second layer's output-side vectors, plain and calibrated."""
    file = f"statistics/thamm2024/networks/{network}_vectors"

    def of_column(results: Results, column: str) -> Measured:
        rows = results.rows(file, "rank", column, layer="dense2", state="final", side="output")
        return measure(rows.assign(rank=rows["rank"].map(finite)).sort_values("rank"), column)

    plain, calibrated = (partial(of_column, column=name) for name in ("p", "p_calibrated"))
    return Reading((file,), plain, calibrated, "calibrated")


def _largest(rows: pd.DataFrame, column: str) -> Measured:
    return mean(rows[column].tail(15), "the largest")


def _middle(rows: pd.DataFrame, column: str) -> Measured:
    return mean(rows[rows["rank"].between(0.25, 0.75)][column], "the middle half")


def _advantage(results: Results, low: float, high: float) -> Measured:
    """Mean advantage of full over linearised networks; errors, as if of different test images, are too large."""
    accuracies = _sweep(results)
    chosen = [alpha for alpha in accuracies["full"] if low <= alpha <= high and alpha in accuracies["linearised"]]
    if not chosen:
        raise AbsentError(f"figure 4 has no alpha from {low:g} to {high:g}")
    pairs = [(accuracies["full"][alpha], accuracies["linearised"][alpha]) for alpha in chosen]
    gaps = [full - linearised for full, linearised in pairs]
    errors = [math.hypot(*(_sampling_error(results, value) for value in pair)) for pair in pairs]
    told = ", ".join(f"{gap:.3f} at {alpha:g}" for gap, alpha in zip(gaps, chosen, strict=True))
    # All alphas share the images, so their errors do not average out.
    return Measured(sum(gaps) / len(gaps), sum(errors) / len(errors), told)


def _best_alpha(results: Results) -> Measured:
    """Output scale of the highest test accuracy; two errors are half the range of those within twice its error."""
    accuracies = _sweep(results)["full"]
    best = max(accuracies, key=accuracies.__getitem__)
    error = math.sqrt(2) * _sampling_error(results, accuracies[best])
    near = [alpha for alpha, value in accuracies.items() if accuracies[best] - value <= 2 * error]
    told = ", ".join(f"{alpha:g}" for alpha in sorted(near))
    return Measured(best, (max(near) - min(near)) / 4, f"within twice the sampling error: alpha {told}")


def _sweep(results: Results) -> dict[str, dict[float, float]]:
    found: dict[str, dict[float, float]] = {}
    for series in ("full", "linearised"):
        rows = results.rows(FIGURE_4, "at", "value", series=series, quantity="test_accuracy")
        found[series] = rows.value.map(finite).set_axis(rows["at"]).dropna().to_dict()
        if not found[series]:
            raise AbsentError(f"figure 4 has no test accuracy of {series} networks")
    return found


def _sampling_error(results: Results, value: float) -> float:
    """Sampling error of an accuracy on as many images as table 1's errors imply."""
    known = _accuracy(results, MLP)
    if not known.error:
        raise AbsentError("table 1 tells no number of test images")
    return known.error * math.sqrt(value * (1 - value) / (known.value * (1 - known.value)))


def _table_2(results: Results, column: str) -> tuple[pd.Series, str]:
    """A column of the rows that the paper's table has, where there are weights, and how many these are."""
    rows = results.rows(TABLE_2, "published_p", column)
    published = rows[rows.published_p.notna()][column].map(finite)
    values = published.dropna()
    if values.empty:
        raise AbsentError(f"{TABLE_2}.csv has no {column} in the paper's rows")
    return values, f"{len(values)} of the paper's {len(published)} rows"


READINGS = {
    "T01": Reading((TABLE_1,), partial(_accuracy, network="mlp512_seed1")),
    "T02": Reading((TABLE_1,), partial(_accuracy, network="mlp512_seed2")),
    "T03": Reading((TABLE_1,), partial(_accuracy, network="mlp512_seed3")),
    "T04": Reading((TABLE_1,), partial(_accuracy, network="mlp1024")),
    "T05": Reading((TABLE_1,), partial(_accuracy, network="minialexnet")),
    "T06": Reading((TABLE_2,), partial(_rejected, column="p")),
    "T07": Reading((TABLE_2,), partial(_rejected, column="p_calibrated")),
    "T08": _summary_value(FIGURE_1, "mlp1024 dense2", "number_variance_in_band"),
    "T09": _spacing_test("mlp1024 dense2"),
    "T10": _spacing_test("minialexnet conv2"),
    "T11": _spacing_test("alexnet dense2"),
    "T12": _spacing_test("vgg19 dense3"),
    "T13": _vector_test("mlp1024", lambda rows, column: difference(_largest(rows, column), _middle(rows, column))),
    "T14": _vector_test("mlp1024", _middle),
    "T15": _summary_value(FIGURE_2, f"{MLP} dense2, initial", "ks_distance_initial_law"),
    "T16": Reading((FIGURE_3, TABLE_1), partial(_regime_accuracy, alpha=0.5)),
    "T17": Reading((FIGURE_3, TABLE_1), partial(_regime_accuracy, alpha=1)),
    "T18": Reading((FIGURE_3, TABLE_1), partial(_regime_accuracy, alpha=5)),
    "T19": _vector_test(REGIMES[5], _largest),
    "T20": Reading((FIGURE_3,), _more_large_values),
    "T21": _vector_test(REGIMES[0.5], lambda rows, column: mean(rows[column].head(15), "the smallest")),
    "T22": Reading((FIGURE_4, TABLE_1), partial(_advantage, low=0.1, high=0.3)),
    "T23": Reading((FIGURE_4, TABLE_1), partial(_advantage, low=5, high=10)),
    "T24": Reading((FIGURE_4, TABLE_1), _best_alpha),
    "T25": Reading((TABLE_2,), _smallest),
    "T26": Reading((TABLE_2,), partial(_rejected, column="variance_p")),
    "T27": Reading((FIGURE_3,), _regime_spacings),
    "T28": _summary_value(FIGURE_3, REGIMES[5], _ABOVE),
    "T29": _vector_test(REGIMES[5], lambda rows, column: mean(rows[column], "all")),
}
