"""What claims ask of trainings: accuracies (table 1), learning regimes (figure 3) and linearisations (figure 4).

As published most are asked of one training, under scrutiny of all that figures 3 and 4 or table 1 have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

from deepspectra.papers.reading import (
    TRAININGS,
    AbsentError,
    Measured,
    Results,
    averaged,
    counted,
    difference,
    finite,
    over_trainings,
    single,
)

__all__ = ["ABOVE", "FIGURE_3", "FIGURE_4", "MLP", "SEEDS", "TABLE_1", "accuracy_order", "advantages", "best_alphas"]
__all__ += ["completed_accuracies", "histories", "least_ratio", "more_large_values", "over_regimes", "plain_accuracy"]
__all__ += ["regime_accuracy", "regime_network", "regime_value", "shown_advantage", "shown_best_alpha"]
__all__ += ["smallest_of_regimes", "tabulated_accuracy", "trained_accuracies", "variance_growth"]

TABLE_1 = "tables/thamm2024/table_1"
FIGURE_3, FIGURE_4 = (f"statistics/thamm2024/figure_{item}" for item in (3, 4))
#: The network of figures 3 and 4, and its other seeds as the settings of record scale have them.
MLP = "mlp512_seed1"
SEEDS = (MLP, "mlp512_seed2", "mlp512_seed3")
#: How many singular values are above the largest initial one.
ABOVE = "values_above_initial"
_ALPHAS = (0.5, 1, 5)


# Accuracies ----------------------------------------------------------------------------------------------------------


def tabulated_accuracy(results: Results, network: str) -> Measured:
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


def trained_accuracies(results: Results, networks: Sequence[str]) -> Measured:
    """Test accuracies of those trainings that table 1 has."""
    known = set(results.rows(TABLE_1, "network").network)
    return over_trainings([tabulated_accuracy(results, name) for name in networks if name in known])


def histories(networks: Sequence[str]) -> tuple[str, ...]:
    """Tables of the course of trainings."""
    return tuple(f"networks/{name}_history" for name in networks)


def completed_accuracies(results: Results, networks: Sequence[str]) -> Measured:
    """Test accuracies after as many epochs as the first training has.

    A shorter training is completed by what the first one gained from there on, which a remark tells.
    """
    full, *others = histories(networks)
    if full not in results.tables:
        # Table 1 has the reason, and fails with it.
        tabulated_accuracy(results, networks[0])
    _, final = _last(results, full)
    values, gained = [final], []
    for name in others:
        if name in results.tables:
            epoch, own = _last(results, name)
            gain = final - results.value(full, "test_accuracy", epoch=epoch)
            gained += [f"{gain:+.3f} after epoch {epoch:g}"] if gain else []
            values.append(own + gain)
    found = over_trainings([single(value, TRAININGS) for value in values])
    return replace(found, remark="with what the first one gained: " + ", ".join(gained) if gained else "")


def _last(results: Results, name: str) -> tuple[float, float]:
    """The last epoch of a training, and its test accuracy."""
    epoch = results.rows(name, "epoch").epoch.map(finite).max()
    return epoch, results.value(name, "test_accuracy", epoch=epoch)


# Learning regimes ----------------------------------------------------------------------------------------------------


def regime_network(seed: str, alpha: float) -> str:
    """Name of a network at an output scale."""
    return seed if alpha == 1 else f"{seed}_alpha{alpha:g}"


def over_regimes(
    measure: Callable[[Results, str], Measured], combine: Callable[[Sequence[Measured]], Measured] = over_trainings
) -> Callable[[Results], Measured]:
    """What is measured of every training of figure 3, combined."""

    def every(results: Results) -> Measured:
        names = results.rows(FIGURE_3, "series", quantity="test_accuracy").series
        return combine([measure(results, seed) for seed in dict.fromkeys(names.str.partition("_alpha")[0])])

    return every


def regime_value(results: Results, seed: str, alpha: float, quantity: str) -> Measured:
    """A number of one training of figure 3."""
    return single(results.value(FIGURE_3, series=regime_network(seed, alpha), quantity=quantity), TRAININGS)


def plain_accuracy(results: Results, seed: str, alpha: float) -> Measured:
    """Test accuracy in a learning regime, of one training."""
    return regime_value(results, seed, alpha, "test_accuracy")


def regime_accuracy(results: Results, seed: str, alpha: float) -> Measured:
    """The same with the sampling error of table 1's number of images."""
    value = plain_accuracy(results, seed, alpha).value
    return averaged(value, _sampling_error(results, value), tabulated_accuracy(results, MLP).draws, "images")


def accuracy_order(results: Results, seed: str, accuracy: Callable[..., Measured] = regime_accuracy) -> Measured:
    """The smaller of the steps from lazy to rich and from rich to typical accuracy."""
    lazy, rich, typical = (accuracy(results, seed, alpha) for alpha in (5, 0.5, 1))
    return min(difference(typical, rich), difference(rich, lazy), key=lambda step: step.value)


def _sampling_error(results: Results, value: float) -> float:
    """Sampling error of an accuracy on as many images as table 1's errors imply."""
    return math.sqrt(value * (1 - value) / tabulated_accuracy(results, MLP).draws)


def smallest_of_regimes(results: Results, seed: str, quantity: str) -> Measured:
    """Smallest of a kind of p-values over the regimes."""
    series = [f"{regime_network(seed, alpha)} dense2" for alpha in _ALPHAS]
    values = [results.value(FIGURE_3, series=name, quantity=quantity) for name in series]
    return counted(min(values), len(values), "regimes")


def variance_growth(results: Results, seed: str) -> Measured:
    """By how much the number variance grows faster at a larger alpha than at a smaller one: the least of three pairs.

    Growth is the slope against ln l, and its unit the standard deviation that random matrices have.
    """
    name, found = "number_variance_slope", []
    for alpha in _ALPHAS:
        series = f"{regime_network(seed, alpha)} dense2"
        found.append([results.value(FIGURE_3, series=series, quantity=key) for key in (name, f"{name}_error")])
    steps = [
        (larger - smaller) / math.hypot(error, other) for (smaller, other), (larger, error) in combinations(found, 2)
    ]
    told = ", ".join(f"{slope:.3f} at {alpha:g}" for (slope, _), alpha in zip(found, _ALPHAS, strict=True))
    return counted(min(steps), len(found), "regimes", told)


def more_large_values(results: Results, seed: str) -> Measured:
    """Ratio of the counts of large singular values; the error treats them as Poisson, which overestimates it.

    :raises AbsentError: if a count is zero.
    """
    rich, typical = _large_values(results, seed)
    if not rich or not typical:
        raise AbsentError(f"{rich:.0f} against {typical:.0f} singular values make no ratio with an error")
    ratio, remark = rich / typical, f"{rich:.0f} against {typical:.0f}"
    return averaged(ratio, ratio * math.sqrt(1 / rich + 1 / typical), round(rich + typical), "singular values", remark)


def least_ratio(results: Results, seed: str) -> Measured:
    """The same of one training, at least: a typical network without large singular values counts as if it had one."""
    rich, typical = _large_values(results, seed)
    return single(rich / max(typical, 1), TRAININGS, f"{rich:.0f} against {typical:.0f}")


def _large_values(results: Results, seed: str) -> tuple[float, ...]:
    return tuple(regime_value(results, seed, alpha, ABOVE).value for alpha in (0.5, 1))


# Linearisation -------------------------------------------------------------------------------------------------------


def advantages(results: Results, *, low: float, high: float) -> Measured:
    """Mean advantage of full over linearised networks, of every training at the same output scales.

    :raises AbsentError: if they share none.
    """
    pairs = [_pairs(results, f"{seed} ", low, high) for seed in _swept(results)]
    shared = [alpha for alpha in pairs[0] if all(alpha in each for each in pairs)]
    if not shared:
        raise AbsentError(f"no alpha from {low:g} to {high:g} is one of every training")
    gaps = [[each[alpha][0] - each[alpha][1] for alpha in shared] for each in pairs]
    told = f"at alpha {', '.join(f'{alpha:g}' for alpha in shared)}{_left_out(results)}"
    return replace(over_trainings([single(sum(each) / len(each), TRAININGS) for each in gaps]), remark=told)


def best_alphas(results: Results) -> Measured:
    """Output scale of the highest test accuracy of every training."""
    sweeps = [_sweep(results, f"{seed} full") for seed in _swept(results)]
    return over_trainings([single(max(sweep, key=sweep.__getitem__), TRAININGS) for sweep in sweeps])


def _swept(results: Results) -> list[str]:
    """The trainings of figure 4."""
    names = results.rows(FIGURE_4, "series", panel="seeds", quantity="test_accuracy").series
    return list(dict.fromkeys(names.str.partition(" ")[0]))


def shown_advantage(results: Results, *, low: float, high: float) -> Measured:
    """The same of the means that figure 4 shows; errors, as if of different test images, are too large."""
    pairs = _pairs(results, "", low, high)
    gaps = {alpha: full - linearised for alpha, (full, linearised) in pairs.items()}
    errors = [math.hypot(*(_sampling_error(results, value) for value in pair)) for pair in pairs.values()]
    told = ", ".join(f"{gap:.3f} at {alpha:g}" for alpha, gap in gaps.items()) + _left_out(results)
    # All alphas share the images, so their errors do not average out.
    images = tabulated_accuracy(results, MLP).draws
    return averaged(sum(gaps.values()) / len(gaps), sum(errors) / len(errors), images, "images", told)


def shown_best_alpha(results: Results) -> Measured:
    """The same of the means that figure 4 shows; its interval holds the scales within twice the sampling error."""
    found = _sweep(results, "full")
    best = max(found, key=found.__getitem__)
    error = math.sqrt(2) * _sampling_error(results, found[best])
    near = [alpha for alpha, value in found.items() if found[best] - value <= 2 * error]
    told = "within twice the sampling error: alpha " + ", ".join(f"{alpha:g}" for alpha in sorted(near))
    return Measured(best, min(near), max(near), tabulated_accuracy(results, MLP).draws, "images", remark=told)


def _pairs(results: Results, prefix: str, low: float, high: float) -> dict[float, tuple[float, float]]:
    """Accuracies of full and linearised networks by output scale."""
    full, linearised = (_sweep(results, f"{prefix}{kind}") for kind in ("full", "linearised"))
    found = {alpha: (full[alpha], linearised[alpha]) for alpha in full if low <= alpha <= high and alpha in linearised}
    if not found:
        raise AbsentError(f"figure 4 has no alpha from {low:g} to {high:g}")
    return found


def _left_out(results: Results) -> str:
    """The alphas of runs that diverged, for a remark."""
    runs = results.rows(FIGURE_4, "at", "quantity")
    alphas = sorted(map(finite, runs[runs.quantity == "diverged_runs"]["at"]))
    return f"; diverged at {', '.join(f'{alpha:g}' for alpha in alphas)}" if alphas else ""


def _sweep(results: Results, series: str) -> dict[float, float]:
    rows = results.rows(FIGURE_4, "at", "value", series=series, quantity="test_accuracy")
    found: dict[float, float] = rows.value.map(finite).set_axis(rows["at"]).dropna().to_dict()
    if not found:
        raise AbsentError(f"figure 4 has no test accuracy of {series} networks")
    return found
