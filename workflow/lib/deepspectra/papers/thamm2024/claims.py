"""Claims of Thamm, Staats and Rosenow (2024)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from deepspectra.papers.reading import (
    TRAININGS,
    AbsentError,
    Measured,
    Reading,
    Results,
    averaged,
    computed,
    counted,
    finite,
    further_trainings,
    mean,
    over_trainings,
    repeated,
    single,
    smallest_of_trainings,
)
from deepspectra.papers.thamm2024 import training_claims as trained
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

TABLE_2, TABLE_2_WINDOW = (f"tables/thamm2024/table_{name}" for name in ("2", "2_window"))
FIGURE_1 = "statistics/thamm2024/figure_1"
#: Networks whose second layers have 512 singular values.
PERCEPTRONS = (*trained.SEEDS, "mlp1024")
_OWN = (*PERCEPTRONS, "minialexnet")
_LEVEL = 0.05
_OTHER_UNFOLDINGS = ("staircase", "polynomial")
# Of the paper's window of 15 levels.
_HALF_WINDOW = 7
_Measure = Callable[[Results], Measured]
_SeedMeasure = Callable[..., Measured]
_VectorMeasure = Callable[["pd.DataFrame", str], Measured]


def _networks(names: Iterable[str], kind: str) -> tuple[str, ...]:
    return tuple(f"statistics/thamm2024/networks/{name}_{kind}" for name in names)


# Trainings -----------------------------------------------------------------------------------------------------------


def _accuracy(network: str, trainings: Sequence[str]) -> Reading:
    """Test accuracy of one training, and of all."""
    every = partial(trained.trained_accuracies, networks=trainings)
    return Reading((trained.TABLE_1,), partial(trained.tabulated_accuracy, network=network), every)


def _of_regimes(measure: _SeedMeasure, every: _Measure, *more: str) -> Reading:
    """A number of figure 3's first training, and of all.

    :param more: tables that it takes besides figure 3's.
    """
    return Reading((trained.FIGURE_3, *more), partial(measure, seed=trained.MLP), every)


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


def _of_layers(
    results: Results,
    networks: Sequence[str],
    column: str,
    layer: str,
    state: str = "final",
    combine: Callable[[Sequence[Measured]], Measured] = smallest_of_trainings,
) -> Measured:
    """A number of a layer's tests in those trainings that are analysed, by default a p-value: the smallest."""
    files = _networks(networks, "levels")
    files = tuple(file for file in files if file in results.tables) or files[:1]
    place = {"layer": layer, "state": state, "unfolding": "gaussian"}
    return combine([single(results.value(file, column, **place), TRAININGS) for file in files])


def _given_plain(results: Results, series: str) -> Measured:
    """Plain p-value of a provider's matrix of figure 1, which is given, not drawn."""
    return computed(results.value(FIGURE_1, series=series, quantity="ks_p"))


def _given_calibrated(results: Results, series: str) -> Measured:
    """Calibrated p-value of a provider's matrix, with its Monte Carlo error."""
    names = ("ks_p_calibrated", "ks_p_calibrated_error")
    p, error = (results.value(FIGURE_1, series=series, quantity=name) for name in names)
    draws = round(p * (1 - p) / error**2) if error else 0
    return averaged(p, error, draws, "random matrices") if draws else computed(p)


def _given(series: str) -> Reading:
    return Reading((FIGURE_1,), partial(_given_plain, series=series), partial(_given_calibrated, series=series))


# Vectors -------------------------------------------------------------------------------------------------------------


def _tested(results: Results, network: str, column: str, layer: str = "dense2") -> pd.DataFrame:
    """Output-side vectors of a trained layer in the order of their singular values.

    :raises AbsentError: if the network has no weights here.
    """
    (file,) = _networks([network], "vectors")
    if file in results.tables and results.tables[file].empty:
        raise AbsentError(f"the weights of {network} are not available here")
    rows = results.rows(file, "rank", column, layer=layer, state="final", side="output")
    return rows.assign(rank=rows["rank"].map(finite)).sort_values("rank")


def _vectors_of_trainings(networks: Sequence[str], measure: Callable[[Results, str, str], Measured]) -> Reading:
    """A statistic of the plain p-values of one network's vectors, and of the calibrated ones of all its trainings.

    :param measure: of results, a network and the column of its p-values.
    """
    files = _networks(networks, "vectors")

    def every(results: Results) -> Measured:
        names = [name for name, file in zip(networks, files, strict=True) if file in results.tables] or networks[:1]
        return over_trainings([measure(results, name, "p_calibrated") for name in names])

    return Reading(files, lambda results: measure(results, networks[0], "p"), every)


def _vectors(alpha: float, measure: _VectorMeasure) -> Reading:
    """The same of the second layer of figure 3's network at an output scale."""
    networks = [trained.regime_network(seed, alpha) for seed in trained.SEEDS]
    return _vectors_of_trainings(
        networks, lambda results, network, column: measure(_tested(results, network, column), column)
    )


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


def _convolutional(results: Results, network: str, column: str) -> Measured:
    """The weaker of the drops of p towards large singular values in figure 2d's two layers."""
    layers = [information(_tested(results, network, column, layer), column) for layer in ("conv2", "dense1")]
    return max(layers, key=lambda found: found.value)


_mlp1024s, _minialexnets = (further_trainings(name) for name in ("mlp1024", "minialexnet"))
_second_levels = _networks(dict.fromkeys((*PERCEPTRONS, *_mlp1024s)), "levels")


READINGS = {
    **{f"T0{number}": _accuracy(name, trained.SEEDS) for number, name in enumerate(trained.SEEDS, 1)},
    "T04": _accuracy("mlp1024", _mlp1024s),
    "T05": Reading(
        (trained.TABLE_1, *trained.histories(_minialexnets)),
        partial(trained.tabulated_accuracy, network="minialexnet"),
        partial(trained.completed_accuracies, networks=_minialexnets),
    ),
    "T06": Reading((TABLE_2,), partial(_rejected, column="p"), partial(_table_q, column="p_bulk")),
    "T08": Reading(
        _second_levels,
        partial(_of_layers, networks=_mlp1024s, column="variance_p_all", layer="dense2"),
        partial(_second_layers, column="variance_p"),
        _unfolded_otherwise("variance_p"),
    ),
    "T09": Reading(
        _second_levels,
        partial(_of_layers, networks=_mlp1024s, column="p", layer="dense2"),
        partial(_second_layers, column="p_calibrated"),
        {**_unfolded_otherwise("p_calibrated"), "bulk alone": partial(_second_layers, column="p_bulk")},
    ),
    "T10": Reading(
        _networks(_minialexnets, "levels"),
        partial(_of_layers, networks=_minialexnets, column="p", layer="conv2"),
        partial(_of_layers, networks=_minialexnets, column="p_calibrated", layer="conv2"),
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
    "T15": Reading(
        _networks(trained.SEEDS, "levels"),
        partial(
            _of_layers,
            networks=trained.SEEDS,
            column="initial_law_distance",
            layer="dense2",
            state="initial",
            combine=partial(over_trainings, of="matrices"),
        ),
    ),
    **{
        name: _of_regimes(
            partial(trained.regime_accuracy, alpha=alpha),
            trained.over_regimes(partial(trained.plain_accuracy, alpha=alpha)),
            trained.TABLE_1,
        )
        for name, alpha in (("T16", 0.5), ("T17", 1), ("T18", 5))
    },
    "T19": _vectors(5, largest_values),
    "T20": _of_regimes(trained.more_large_values, trained.over_regimes(trained.least_ratio)),
    "T21": _vectors(0.5, smallest_values),
    **{
        name: Reading(
            (trained.FIGURE_4, trained.TABLE_1),
            partial(trained.shown_advantage, low=low, high=high),
            partial(trained.advantages, low=low, high=high),
        )
        for name, low, high in (("T22", 0.1, 0.3), ("T23", 5, 10))
    },
    "T24": Reading((trained.FIGURE_4, trained.TABLE_1), trained.shown_best_alpha, trained.best_alphas),
    "T25": Reading((TABLE_2,), partial(_smallest, column="p"), partial(_smallest, column="p_bulk")),
    "T26": Reading((TABLE_2,), partial(_rejected, column="variance_p_all"), partial(_table_q, column="variance_p")),
    "T27": _of_regimes(
        partial(trained.smallest_of_regimes, quantity="ks_p"),
        trained.over_regimes(partial(trained.smallest_of_regimes, quantity="ks_p_calibrated"), smallest_of_trainings),
    ),
    "T28": Reading(
        (trained.FIGURE_3,),
        trained.over_regimes(partial(trained.regime_value, alpha=5, quantity=trained.ABOVE)),
    ),
    "T29": _vectors(5, lambda rows, column: mean(rows[column], "all", "vectors")),
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
    "T33": _of_regimes(trained.variance_growth, trained.over_regimes(trained.variance_growth, smallest_of_trainings)),
    "T34": _of_regimes(
        trained.accuracy_order,
        trained.over_regimes(partial(trained.accuracy_order, accuracy=trained.plain_accuracy)),
        trained.TABLE_1,
    ),
    "T35": _vectors_of_trainings(_minialexnets, _convolutional),
    "T36": Reading((TABLE_2_WINDOW, TABLE_2), _published_p_values, _uniform),
    "T37": Reading((TABLE_2,), _initial_vectors),
}
