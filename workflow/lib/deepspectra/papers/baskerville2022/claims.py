"""Claims of Baskerville, Granziol and Keating (2022)."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from deepspectra.papers.baskerville2022.names import AUTHORS_SHARES, CONTROLS, CUT_OFFS
from deepspectra.papers.reading import (
    TRAININGS,
    AbsentError,
    Measured,
    Reading,
    Results,
    averaged,
    counted,
    difference,
    finite,
    further_trainings,
    kolmogorov,
    over_trainings,
    single,
)

__all__ = ["READINGS"]

_NETWORKS = "tables/baskerville2022/table_networks"
# With a larger share of spacings below the error bound a spectrum is unresolved.
_UNRESOLVED = 0.01
# Where random matrices that are unfolded alike are farther from the surmise than this, distances mean nothing.
_TOO_FEW = 0.05
# The authors' shares below cut-offs are told from here on: smaller eigenvalues are rounding of exact zeros.
_FIRST_CUT = 1e-10
_ENDS = ("mean", "smallest", "largest")
# A whole set has one matrix. Its draws are blocks of so many neighbouring ratios, whose correlation reaches about one.
_BLOCK = 10
_UNTRAINED = AUTHORS_SHARES["logistic_mnist/initial_test_hessian"]


def _figure(item: str) -> str:
    return f"statistics/baskerville2022/figure_{item}"


def _mean_ratio(results: Results, item: str, panel: str, series: str, whole: bool = False) -> Measured:
    """The ratio statistic of a panel's batches or whole set, with an obstacle if its spectrum is unresolved."""
    file, place = _figure(item), {"panel": panel, "series": series}
    value, error = (results.value(file, column, quantity="mean_ratio", **place) for column in ("value", "error"))
    draws, of = results.value(file, quantity="matrices", **place), "batches"
    if whole:
        draws, of = results.value(file, quantity="ratios", **place) // _BLOCK, "blocks of ten ratios"
    obstacles = [_other_features(results, item, panel)]
    if series == "resolved" and (share := results.value(file, quantity="unresolved_share", **place)) > _UNRESOLVED:
        obstacles.append(f"unresolved: {share:.1%} of the spacings are below the error bound")
    return replace(averaged(value, error, round(draws), of), obstacle="; ".join(filter(None, obstacles)))


def _spacing_distance(results: Results, item: str, panel: str, series: str, unfolding: str = "unfolded") -> Measured:
    """Distance of unfolded spacings to the surmise; the floor is that of random matrices unfolded alike."""
    place = {"panel": panel, "series": series}
    distance, floor = _with_reference(results, item, quantity=f"{unfolding}_ks", **place)
    spacings = results.value(_figure(item), quantity=f"{unfolding}_spacings", **place)
    draws = round(results.value(_figure(item), quantity="matrices", **place))
    remark = f"random matrices unfolded alike have {floor:.2g}"
    found = kolmogorov(distance, spacings, draws, "batches", remark)
    return replace(found, obstacle=_other_features(results, item, panel), floor=floor)


def _with_reference(results: Results, item: str, **where: str) -> Iterator[float]:
    return (results.value(_figure(item), column, **where) for column in ("value", "reference"))


def _both(measure: Callable[..., Measured], item: str, panel: str, **which: bool) -> Reading:
    """A number as published, and resolved under scrutiny."""
    published, resolved = (
        partial(measure, item=item, panel=panel, series=series, **which) for series in ("published", "resolved")
    )
    return Reading((_figure(item),), published, resolved)


def _between(one: tuple[str, str], other: tuple[str, str], whole: bool = False) -> Reading:
    """Difference of two panels' ratios as published, and resolved; ``whole``: the second is of a whole set."""

    def measure(results: Results, series: str) -> Measured:
        return difference(_mean_ratio(results, *one, series), _mean_ratio(results, *other, series, whole))

    files = tuple(dict.fromkeys(_figure(item) for item, _ in (one, other)))
    return Reading(files, partial(measure, series="published"), partial(measure, series="resolved"))


def _cut_off(panel: str) -> Reading:
    """By how much the cut-off shortens the distance of unfolded spacings."""

    def measure(results: Results) -> Measured:
        kept, cut = (_spacing_distance(results, "a14", panel, "published", name) for name in ("uncut", "unfolded"))
        value = kept.value - cut.value
        # Few batches move the distance of any spacings, so that only a larger difference tells something.
        few = "too few batches to unfold" if cut.floor > max(_TOO_FEW, abs(value)) else ""
        reach = kept.high - kept.value + cut.high - cut.value
        return replace(cut, value=value, low=value - reach, high=value + reach, obstacle=cut.obstacle or few)

    return Reading((_figure("a14"),), measure)


def _semicircle(panel: str) -> Reading:
    """Distance of the pooled eigenvalues of the matrices as published to the semicircle."""

    def measure(results: Results) -> Measured:
        quantities = ("semicircle_ks", "matrices", "parameters")
        place = {"panel": panel, "series": "published"}
        distance, matrices, size = (results.value(_figure("1"), quantity=name, **place) for name in quantities)
        return kolmogorov(distance, matrices * size, round(matrices), "batches")

    return Reading((_figure("1"),), measure)


def _share_below(results: Results) -> Measured:
    """Share of the eigenvalues that the cut-off of unfolding drops; without matrices that of counted exact zeros."""
    rows = results.rows(_figure("4"), "series", "quantity", panel="b")
    place: dict[str, str] = {"panel": "b", "series": "published"}
    if "published" in set(rows.series):
        quantity, batches = "below_unfolded_cut", results.value(_figure("4"), quantity="matrices", **place)
        remark = f"not above 1e-10: {results.value(_figure('4'), quantity='below_ratio_cut_mean', **place):.2f}"
    else:
        quantity, remark = "exact_zeros", "exact zeros alone: rounding hides some of them in a float32 matrix"
        batches = results.value(_figure("4"), quantity="full_batches", panel="b", series="resolved")
        place["series"] = "counted"
    value, low, high = (results.value(_figure("4"), quantity=f"{quantity}_{end}", **place) for end in _ENDS)
    return Measured(value, low, high, round(batches), "batches", remark=remark)


def _cut_off_curve(results: Results) -> Measured:
    """Largest distance of the shares below cut-offs from the authors' in panel b, of untrained softmax regression."""
    rows = results.rows(f"{_figure('a14')}_curves", "x", "y", panel="b", statistic=CUT_OFFS)
    found = {finite(row.x): finite(row.y) for row in rows.itertuples()}
    gaps = {cut: abs(found.get(cut, math.nan) - share) for cut, share in _UNTRAINED.items() if cut >= _FIRST_CUT}
    if len(rows) > len(found) or any(math.isnan(gap) for gap in gaps.values()):
        raise AbsentError(f"{_figure('a14')}_curves.csv lacks a share below a cut-off")
    farthest = max(gaps, key=gaps.__getitem__)
    matrices = round(results.value(_figure("a14"), quantity="matrices", panel="b", series="published"))
    return counted(gaps[farthest], matrices, "batches", f"{found[farthest]:.3f} below {farthest:g}")


def _exact_zeros(results: Results) -> Measured:
    """Share of zero eigenvalues of the exact matrices, by their rank, less the authors' share below 1e-10."""
    place = {"panel": "b", "series": "resolved"}
    names = ("kept_mean", "parameters", "matrices")
    kept, size, matrices = (results.value(_figure("a14"), quantity=name, **place) for name in names)
    zeros = 1 - kept / size
    return counted(zeros - _UNTRAINED[_FIRST_CUT], round(matrices), "batches", f"{zeros:.3f} by the rank")


def _tenths(panel: str) -> Reading:
    """Tenths of a resolved spectrum outside the 95 % band of GOE levels of equal density."""
    file, goe = _figure("controls"), CONTROLS["mapped"]

    def measure(results: Results) -> Measured:
        outside, batches = (
            results.value(file, panel=panel, series=series, quantity=quantity)
            for series, quantity in ((goe, "tenths_outside"), ("resolved", "matrices"))
        )
        known = set(results.rows(file, "series", panel=panel, quantity="mean_ratio").series)
        shown = {
            name: results.value(file, panel=panel, series=series, quantity="mean_ratio")
            for name, series in (("data", "resolved"), *((name, name) for name in CONTROLS.values()))
            if series in known
        }
        told = "mean ratios: " + "; ".join(f"{name} {value:.3f}" for name, value in shown.items())
        return counted(outside, round(batches), "batches", told)

    return Reading((file,), _not_published, measure)


def _not_published(results: Results) -> Measured:
    """Of what the paper has no statistic.

    :raises AbsentError: always.
    """
    raise AbsentError("the paper does not look along the spectrum")


def _processes(results: Results, changed: bool) -> Measured:
    """The Gaussian process whose ratios are farthest from those of large matrices, by the farther end of its interval.

    :param changed: with degenerate directions and outliers where captions name them, which the paper left out.
    """
    file, found = _figure("6"), []
    samples = round(results.value(file, quantity="samples"))
    for panel in "abcdef":
        place = {"panel": panel, "quantity": "mean_ratio"}
        known = set(results.rows(file, "series", **place).series)
        place["series"] = "changed" if changed and "changed" in known else "plain"
        value, reference = _with_reference(results, "6", **place)
        error = finite(results.row(file, **place).get("error"))
        found.append(averaged(abs(value - reference), error, samples, "samples", f"panel {panel}"))
    farthest = max(found, key=lambda gap: gap.high)
    return replace(farthest, low=max(0.0, farthest.low))


def _process_density(results: Results) -> Measured:
    """At the smallest k''(0)."""
    place = {"panel": "a", "series": "pooled"}
    distance, floor = _with_reference(results, "5", quantity="semicircle_ks", **place)
    error = results.value(_figure("5"), "error", quantity="semicircle_ks", **place)
    groups = round(results.value(_figure("5"), quantity="semicircle_groups", **place))
    remark = f"without the shift common to the diagonal {floor:.2g}"
    return averaged(distance, error, groups, "groups of samples", remark)


def _after_training(network: str, column: str) -> Reading:
    """A score of a network, of every training that the table has."""

    def measure(results: Results) -> Measured:
        table = results.rows(_NETWORKS, "network", column, state="final").drop_duplicates("network")
        found = table.set_index("network")[column].map(finite).reindex(further_trainings(network)).dropna()
        if network not in found:
            raise AbsentError(f"{_NETWORKS}.csv has no {column} of {network}")
        return over_trainings([single(value, TRAININGS) for value in found])

    return Reading((_NETWORKS,), measure)


def _other_features(results: Results, item: str, panel: str) -> str:
    """Which network made the features that a panel shows, if it is not the paper's."""
    rows = results.rows(_figure(item), "spectrum", "quantity", "label")
    if not rows[rows.panel == panel].spectrum.astype(str).str.contains("features").any():
        return ""
    return "; ".join(f"{label}, not of ResNet-34" for label in rows.label[rows.quantity == "other_features"])


READINGS = {
    "B01": _semicircle("c"),
    "B02": _both(_spacing_distance, "3", "a"),
    "B03": _both(_mean_ratio, "3", "b"),
    "B04": _both(_mean_ratio, "3", "c", whole=True),
    "B05": _both(_spacing_distance, "4", "a"),
    "B06": _both(_mean_ratio, "4", "b"),
    "B07": Reading((_figure("4"),), _share_below),
    "B09": Reading((_figure("6"),), partial(_processes, changed=False), partial(_processes, changed=True)),
    "B10": Reading((_figure("5"),), _process_density),
    "B11": _both(_mean_ratio, "7", "b"),
    "B13": _after_training("lenet_cifar10", "test_accuracy"),
    "B14": _both(_mean_ratio, "8", "b"),
    "B16": _after_training("mlp_bike", "test_loss"),
    "B17": _both(_mean_ratio, "9", "b"),
    "B19": _between(("a11", "a"), ("a11", "b")),
    "B20": _between(("a11", "b"), ("a13", "b")),
    "B21": _cut_off("a"),
    "B22": _cut_off("c"),
    "B23": _between(("a11", "b"), ("a11", "d"), whole=True),
    "B24": _semicircle("b"),
    "B25": _both(_spacing_distance, "a10", "b"),
    "B26": _both(_spacing_distance, "a12", "b"),
    "B27": _both(_mean_ratio, "a11", "b"),
    "B28": _both(_mean_ratio, "a13", "b"),
    "B29": _both(_mean_ratio, "a11", "d", whole=True),
    "B30": _tenths("a"),
    "B31": _tenths("b"),
    "B32": _tenths("c"),
    "B33": Reading((_figure("a14"), f"{_figure('a14')}_curves"), _cut_off_curve, _exact_zeros),
}
