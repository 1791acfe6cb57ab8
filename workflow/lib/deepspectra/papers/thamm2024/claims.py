"""Claims of Thamm, Staats and Rosenow (2024)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

from deepspectra.papers.reading import (
    AbsentError,
    Measured,
    Reading,
    Results,
    averaged,
    computed,
    counted,
    difference,
    finite,
    mean,
    repeated,
    single,
)
from deepspectra.papers.thamm2024.vector_claims import (
    information,
    largest_values,
    middle_of_spectrum,
    share_at_large_values,
    share_significant,
    smallest_values,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["READINGS"]

TABLE_1, TABLE_2, TABLE_2_WINDOW = (f"tables/thamm2024/table_{name}" for name in ("1", "2", "2_window"))
FIGURE_1, FIGURE_2, FIGURE_3, FIGURE_4 = (f"statistics/thamm2024/figure_{item}" for item in (1, 2, 3, 4))
#: The network of figures 3 and 4 at alpha = 1, and its names at each alpha of figure 3.
MLP = "mlp512_seed1"
REGIMES = {0.5: f"{MLP}_alpha0.5", 1: MLP, 5: f"{MLP}_alpha5"}
SEEDS = (MLP, "mlp512_seed2", "mlp512_seed3")
#: Networks whose second layers have 512 singular values.
PERCEPTRONS = (*SEEDS, "mlp1024")
_OWN = (*PERCEPTRONS, "minialexnet")
_ABOVE = "values_above_initial"
_LEVEL = 0.05
_OTHER_UNFOLDINGS = ("staircase", "polynomial")
# Of the paper's window of 15 levels.
_HALF_WINDOW = 7
_Measure = Callable[[Results], Measured]
_VectorMeasure = Callable[["pd.DataFrame", str], Measured]
_TRAININGS = "trainings"


def _networks(names: Sequence[str], kind: str) -> tuple[str, ...]:
    return tuple(f"statistics/thamm2024/networks/{name}_{kind}" for name in names)


# Accuracies ----------------------------------------------------------------------------------------------------------


def _accuracy(results: Results, network: str) -> Measured:
    """Test accuracy of table 1, with its sampling error."""
    columns = ("test_accuracy_percent", "sampling_error_percent")
    value, error = (results.value(TABLE_1, column, network=network) / 100 for column in columns)
    return averaged(value, error, _images(value, error), "images")


def _images(value: float, error: float) -> int:
    """The number of test images that an accuracy's sampling error implies."""
    if not error:
        raise AbsentError("table 1 tells no number of test images")
    # Errors are written with four digits.
    return 10 * round(value * (1 - value) / error**2 / 10)


def _of_seed(network: str) -> Reading:
    """Test accuracy of one seed, and of all three."""

    def every(results: Results) -> Measured:
        return repeated([_accuracy(results, name).value for name in SEEDS], "seeds")

    return Reading((TABLE_1,), partial(_accuracy, network=network), every)


def _of_one_training(files: tuple[str, ...], measure: _Measure, rigorous: _Measure | None = None) -> Reading:
    """What only one training tells: under scrutiny it is one draw, here by ``rigorous`` if it is given."""

    def alone(results: Results) -> Measured:
        found = (rigorous or measure)(results)
        return replace(found, low=math.nan, high=math.nan, draws=1, of=_TRAININGS)

    return Reading(files, measure, alone)


def _regime_accuracy(results: Results, alpha: float) -> Measured:
    """Test accuracy in a learning regime, with the sampling error of table 1's number of images."""
    value = results.value(FIGURE_3, series=REGIMES[alpha], quantity="test_accuracy")
    return averaged(value, _sampling_error(results, value), _accuracy(results, MLP).draws, "images")


def _order(results: Results) -> Measured:
    """The smaller of the steps from lazy to rich and from rich to typical accuracy."""
    lazy, rich, typical = (_regime_accuracy(results, alpha) for alpha in (5, 0.5, 1))
    return min(difference(typical, rich), difference(rich, lazy), key=lambda step: step.value)


def _sampling_error(results: Results, value: float) -> float:
    """Sampling error of an accuracy on as many images as table 1's errors imply."""
    return math.sqrt(value * (1 - value) / _accuracy(results, MLP).draws)


# Figure 4 ------------------------------------------------------------------------------------------------------------


def _advantage(results: Results, low: float, high: float) -> Measured:
    """Mean advantage of full over linearised networks; errors, as if of different test images, are too large."""
    accuracies = _sweep(results)
    chosen = [alpha for alpha in accuracies["full"] if low <= alpha <= high and alpha in accuracies["linearised"]]
    if not chosen:
        raise AbsentError(f"figure 4 has no alpha from {low:g} to {high:g}")
    pairs = [(accuracies["full"][alpha], accuracies["linearised"][alpha]) for alpha in chosen]
    gaps = [full - linearised for full, linearised in pairs]
    errors = [math.hypot(*(_sampling_error(results, value) for value in pair)) for pair in pairs]
    told = ", ".join(f"{gap:.3f} at {alpha:g}" for gap, alpha in zip(gaps, chosen, strict=True)) + _left_out(results)
    # All alphas share the images, so their errors do not average out.
    images = _accuracy(results, MLP).draws
    return averaged(sum(gaps) / len(gaps), sum(errors) / len(errors), images, "images", told)


def _best_alpha(results: Results) -> Measured:
    """Output scale of the highest test accuracy; its interval holds those within twice its sampling error."""
    accuracies = _sweep(results)["full"]
    best = max(accuracies, key=accuracies.__getitem__)
    error = math.sqrt(2) * _sampling_error(results, accuracies[best])
    near = [alpha for alpha, value in accuracies.items() if accuracies[best] - value <= 2 * error]
    told = "within twice the sampling error: alpha " + ", ".join(f"{alpha:g}" for alpha in sorted(near))
    return Measured(best, min(near), max(near), _accuracy(results, MLP).draws, "images", remark=told)


def _left_out(results: Results) -> str:
    """The alphas of runs that diverged, for a remark."""
    runs = results.rows(FIGURE_4, "at", "quantity")
    alphas = sorted(map(finite, runs[runs.quantity == "diverged_runs"]["at"]))
    return f"; diverged at {', '.join(f'{alpha:g}' for alpha in alphas)}" if alphas else ""


def _sweep(results: Results) -> dict[str, dict[float, float]]:
    found: dict[str, dict[float, float]] = {}
    for series in ("full", "linearised"):
        rows = results.rows(FIGURE_4, "at", "value", series=series, quantity="test_accuracy")
        found[series] = rows.value.map(finite).set_axis(rows["at"]).dropna().to_dict()
        if not found[series]:
            raise AbsentError(f"figure 4 has no test accuracy of {series} networks")
    return found


# Levels --------------------------------------------------------------------------------------------------------------


def _table_2(results: Results, column: str) -> tuple[list[float], str]:
    """A column of the rows that the paper's table has, where there are weights, and how many these are."""
    rows = results.rows(TABLE_2, "published_p", column)
    published = rows[rows.published_p.notna()][column].map(finite)
    values = published.dropna()
    if values.empty:
        raise AbsentError(f"{TABLE_2}.csv has no {column} in the paper's rows")
    return list(values), f"{len(values)} of the paper's {len(published)} rows"


def _rejected(results: Results, column: str) -> Measured:
    """Number of rows of the paper's table 2 with a p-value of at most 0.05, among those that were made."""
    values, remark = _table_2(results, column)
    return counted(float(sum(value <= _LEVEL for value in values)), len(values), "matrices", remark)


def _smallest(results: Results, column: str) -> Measured:
    values, remark = _table_2(results, column)
    return counted(min(values), len(values), "matrices", remark)


def _smallest_q(p_values: Sequence[float], remark: str, draws: float = math.inf) -> Measured:
    """Smallest p-value after Benjamini and Hochberg: among random matrices it is at most q with probability q.

    :param draws: random matrices behind each p-value.
    :raises AbsentError: if with so few random matrices one rejected test could not reach 0.05.
    """
    from deepspectra.rmt.calibration import false_discovery

    count = len(p_values)
    if count / (draws + 1) > _LEVEL:
        raise AbsentError(f"{draws:g} random matrices are too few to reject one of {count} tests at q = {_LEVEL}")
    return counted(float(false_discovery(p_values).min()), count, "tests", remark)


def _table_q(results: Results, column: str) -> Measured:
    values, remark = _table_2(results, column)
    draws = min(map(finite, results.rows(TABLE_2, "null_draws").null_draws.dropna()), default=math.inf)
    return _smallest_q(values, remark, draws)


def _initial(results: Results, column: str) -> list[float]:
    """A column of the rows of initial weights of the paper's networks: bounds of counts are for so many matrices.

    :raises AbsentError: if none has a number.
    """
    rows = results.rows(TABLE_2, "network", column, state="initial")
    rows = rows[rows.network.isin(_OWN)]
    if not (values := [value for value in rows[column].map(finite) if not math.isnan(value)]):
        raise AbsentError(f"{TABLE_2}.csv has no {column} of initial weights")
    return values


def _initial_rejected(results: Results) -> Measured:
    values = _initial(results, "p")
    return counted(float(sum(value <= _LEVEL for value in values)), len(values), "matrices")


def _initial_q(results: Results) -> Measured:
    spacings = min(_initial(results, "q_bulk"))
    remark = f"spacings of the bulk: smallest q {spacings:.2g}"
    return _smallest_q(_initial(results, "variance_p"), remark, min(_initial(results, "null_draws")))


def _initial_vectors(results: Results) -> Measured:
    """Sides of initial matrices at which a vector is called structured: by chance one in twenty."""
    counts = [count for side in ("output", "input") for count in _initial(results, f"vectors_{side}")]
    remark = f"{sum(counts):.0f} vectors"
    return counted(float(sum(count > 0 for count in counts)), len(counts), "sides of matrices", remark)


def _published_p_values(results: Results) -> Measured:
    """KS p-value of the paper's p-values against those of random matrices unfolded with its window, a = 7."""
    return computed(results.value(TABLE_2_WINDOW, "published_ks_p", half_window=_HALF_WINDOW))


def _uniform(results: Results) -> Measured:
    """KS p-value of calibrated p-values against the uniform law, which random matrices have."""
    # Imported here: every start of Snakemake imports this module.
    from scipy.stats import kstest

    values, remark = _table_2(results, "p_bulk")
    return counted(float(kstest(values, "uniform").pvalue), len(values), "matrices", remark)


def _second_layers(results: Results, column: str, unfolding: str = "gaussian") -> Measured:
    """Smallest p-value of the four perceptrons' second layers."""
    values = []
    for name in PERCEPTRONS:
        (file,) = _networks([name], "levels")
        values.append(results.value(file, column, layer="dense2", state="final", unfolding=unfolding))
    return counted(min(values), len(values), "networks")


def _unfolded_otherwise(column: str) -> dict[str, _Measure]:
    return {f"{name} unfolding": partial(_second_layers, column=column, unfolding=name) for name in _OTHER_UNFOLDINGS}


def _matrix(results: Results, series: str, quantity: str, given: bool = False) -> Measured:
    """One number of a matrix of figure 1; a provider's weights are given, not drawn."""
    value = results.value(FIGURE_1, series=series, quantity=quantity)
    return computed(value) if given else single(value, "matrices")


def _given_calibrated(results: Results, series: str) -> Measured:
    """Calibrated p-value of a provider's matrix, with its Monte Carlo error."""
    names = ("ks_p_calibrated", "ks_p_calibrated_error")
    p, error = (results.value(FIGURE_1, series=series, quantity=name) for name in names)
    draws = round(p * (1 - p) / error**2) if error else 0
    return averaged(p, error, draws, "random matrices") if draws else computed(p)


def _given(series: str) -> Reading:
    plain = partial(_matrix, series=series, quantity="ks_p", given=True)
    return Reading((FIGURE_1,), plain, partial(_given_calibrated, series=series))


def _regimes(results: Results, quantity: str) -> Measured:
    """Smallest of a kind of p-values over the regimes."""
    series = [f"{name} dense2" for name in REGIMES.values()]
    values = [results.value(FIGURE_3, series=name, quantity=quantity) for name in series]
    return counted(min(values), len(values), "regimes")


def _growth(results: Results) -> Measured:
    """By how much the number variance grows faster at a larger alpha than at a smaller one: the least of three pairs.

    Growth is the slope against ln l, and its unit the standard deviation that random matrices have.
    """
    name, found = "number_variance_slope", []
    for network in REGIMES.values():
        series = f"{network} dense2"
        found.append([results.value(FIGURE_3, series=series, quantity=key) for key in (name, f"{name}_error")])
    steps = [
        (larger - smaller) / math.hypot(error, other) for (smaller, other), (larger, error) in combinations(found, 2)
    ]
    told = ", ".join(f"{slope:.3f} at {alpha:g}" for (slope, _), alpha in zip(found, REGIMES, strict=True))
    return counted(min(steps), len(found), "regimes", told)


def _number(file: str, series: str, quantity: str, of: str) -> Reading:
    return Reading((file,), lambda results: single(results.value(file, series=series, quantity=quantity), of))


def _more_large_values(results: Results) -> Measured:
    """Ratio of the counts of large singular values; the error treats them as Poisson, which overestimates it."""
    rich, typical = (results.value(FIGURE_3, series=REGIMES[alpha], quantity=_ABOVE) for alpha in (0.5, 1))
    if not rich or not typical:
        raise AbsentError(f"{rich:.0f} against {typical:.0f} singular values make no ratio with an error")
    ratio, remark = rich / typical, f"{rich:.0f} against {typical:.0f}"
    return averaged(ratio, ratio * math.sqrt(1 / rich + 1 / typical), round(rich + typical), "singular values", remark)


# Vectors -------------------------------------------------------------------------------------------------------------


def _tested(results: Results, network: str, column: str, layer: str = "dense2") -> pd.DataFrame:
    """Output-side vectors of a trained layer in the order of their singular values."""
    (file,) = _networks([network], "vectors")
    rows = results.rows(file, "rank", column, layer=layer, state="final", side="output")
    return rows.assign(rank=rows["rank"].map(finite)).sort_values("rank")


def _vectors(network: str, measure: _VectorMeasure) -> Reading:
    """A statistic of the plain p-values of one network's vectors, and of the calibrated ones as one training."""

    def found(results: Results, column: str) -> Measured:
        return measure(_tested(results, network, column), column)

    plain, calibrated = (partial(found, column=column) for column in ("p", "p_calibrated"))
    return _of_one_training(_networks([network], "vectors"), plain, calibrated)


def _repeated_vectors(
    measure: _VectorMeasure, others: Mapping[str, _VectorMeasure], column: str = "p_calibrated"
) -> Reading:
    """A statistic of the plain p-values of MLP1024's second layer, and of another column of four perceptrons.

    :param others: the same with other choices of vectors or levels.
    """

    def plain(results: Results) -> Measured:
        return measure(_tested(results, "mlp1024", "p"), "p")

    def every(results: Results, measure: _VectorMeasure) -> Measured:
        found = [measure(_tested(results, name, column), column).value for name in PERCEPTRONS]
        return repeated(found, "networks")

    choices = {words: partial(every, measure=other) for words, other in others.items()}
    return Reading(_networks(PERCEPTRONS, "vectors"), plain, partial(every, measure=measure), choices)


def _convolutional(results: Results, column: str) -> Measured:
    """The weaker of the drops of p towards large singular values in figure 2d's two layers."""
    layers = [information(_tested(results, "minialexnet", column, layer), column) for layer in ("conv2", "dense1")]
    return max(layers, key=lambda found: found.value)


_figure_3 = (FIGURE_3, TABLE_1)
_levels = _networks(PERCEPTRONS, "levels")

READINGS = {
    **{f"T0{number}": _of_seed(name) for number, name in enumerate(SEEDS, 1)},
    "T04": _of_one_training((TABLE_1,), partial(_accuracy, network="mlp1024")),
    "T05": _of_one_training((TABLE_1,), partial(_accuracy, network="minialexnet")),
    "T06": Reading((TABLE_2,), partial(_rejected, column="p"), partial(_table_q, column="p_bulk")),
    "T08": Reading(
        (FIGURE_1, *_levels),
        partial(_matrix, series="mlp1024 dense2", quantity="number_variance_p_all"),
        partial(_second_layers, column="variance_p"),
        _unfolded_otherwise("variance_p"),
    ),
    "T09": Reading(
        (FIGURE_1, *_levels),
        partial(_matrix, series="mlp1024 dense2", quantity="ks_p"),
        partial(_second_layers, column="p_calibrated"),
        {**_unfolded_otherwise("p_calibrated"), "bulk alone": partial(_second_layers, column="p_bulk")},
    ),
    "T10": Reading(
        (FIGURE_1,),
        partial(_matrix, series="minialexnet conv2", quantity="ks_p"),
        partial(_matrix, series="minialexnet conv2", quantity="ks_p_calibrated"),
    ),
    "T11": _given("alexnet dense2"),
    "T12": _given("vgg19 dense3"),
    "T13": _repeated_vectors(
        information, {f"{count} largest": partial(information, count=count) for count in (10, 30, 64)}
    ),
    "T14": _repeated_vectors(
        middle_of_spectrum,
        {f"middle {2 * half:.0%}": partial(middle_of_spectrum, half_width=half) for half in (0.2, 0.3, 0.4)},
    ),
    "T15": _number(FIGURE_2, f"{MLP} dense2, initial", "ks_distance_initial_law", "matrices"),
    **{
        name: _of_one_training(_figure_3, partial(_regime_accuracy, alpha=alpha))
        for name, alpha in (("T16", 0.5), ("T17", 1), ("T18", 5))
    },
    "T19": _vectors(REGIMES[5], largest_values),
    "T20": _of_one_training((FIGURE_3,), _more_large_values),
    "T21": _vectors(REGIMES[0.5], smallest_values),
    "T22": _of_one_training((FIGURE_4, TABLE_1), partial(_advantage, low=0.1, high=0.3)),
    "T23": _of_one_training((FIGURE_4, TABLE_1), partial(_advantage, low=5, high=10)),
    "T24": _of_one_training((FIGURE_4, TABLE_1), _best_alpha),
    "T25": Reading((TABLE_2,), partial(_smallest, column="p"), partial(_smallest, column="p_bulk")),
    "T26": Reading((TABLE_2,), partial(_rejected, column="variance_p_all"), partial(_table_q, column="variance_p")),
    "T27": _of_one_training(
        (FIGURE_3,), partial(_regimes, quantity="ks_p"), partial(_regimes, quantity="ks_p_calibrated")
    ),
    "T28": _number(FIGURE_3, REGIMES[5], _ABOVE, _TRAININGS),
    "T29": _vectors(REGIMES[5], lambda rows, column: mean(rows[column], "all", "vectors")),
    "T30": Reading((TABLE_2,), _initial_rejected, _initial_q),
    "T31": _repeated_vectors(
        share_significant, {f"q = {level}": partial(share_significant, level=level) for level in (0.01, 0.1)}, "q"
    ),
    "T32": _repeated_vectors(
        share_at_large_values,
        {
            "q = 0.1": partial(share_at_large_values, level=0.1),
            "upper quarter": partial(share_at_large_values, least_rank=0.75),
            "upper tenth": partial(share_at_large_values, least_rank=0.9),
        },
        "q",
    ),
    "T33": _of_one_training((FIGURE_3,), _growth),
    "T34": _of_one_training(_figure_3, _order),
    "T35": _of_one_training(
        _networks(["minialexnet"], "vectors"),
        partial(_convolutional, column="p"),
        partial(_convolutional, column="p_calibrated"),
    ),
    "T36": Reading((TABLE_2_WINDOW, TABLE_2), _published_p_values, _uniform),
    "T37": Reading((TABLE_2,), _initial_vectors),
}
