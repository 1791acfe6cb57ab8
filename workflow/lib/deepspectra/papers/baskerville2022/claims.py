"""Claims of Baskerville, Granziol and Keating (2022)."""

import math
from collections.abc import Callable, Iterator
from functools import partial

from deepspectra.papers.reading import AbsentError, Measured, Reading, Results, difference, finite

__all__ = ["READINGS"]

_NETWORKS = "tables/baskerville2022/table_networks"
# With a larger share of spacings below the error bound a spectrum is unresolved.
_UNRESOLVED = 0.01
# Where random matrices that are unfolded alike are farther from the surmise than this, distances mean nothing.
_TOO_FEW = 0.05


def _figure(item: str) -> str:
    return f"statistics/baskerville2022/figure_{item}"


def _mean_ratio(results: Results, item: str, panel: str, series: str) -> Measured:
    """The ratio statistic of a panel, with an obstacle if its spectrum is unresolved."""
    file, place = _figure(item), {"panel": panel, "series": series}
    value, error = (results.value(file, column, quantity="mean_ratio", **place) for column in ("value", "error"))
    obstacles = [_other_features(results, item, panel)]
    if series == "resolved" and (share := results.value(file, quantity="unresolved_share", **place)) > _UNRESOLVED:
        obstacles.append(f"unresolved: {share:.1%} of the spacings are below the error bound")
    return Measured(value, error, obstacle="; ".join(filter(None, obstacles)))


def _spacing_distance(results: Results, item: str, panel: str, series: str, unfolding: str = "unfolded") -> Measured:
    """Distance of unfolded spacings to the surmise; the floor is that of random matrices unfolded alike."""
    distance, floor = _with_reference(results, item, panel=panel, series=series, quantity=f"{unfolding}_ks")
    remark, other = f"random matrices unfolded alike have {floor:.2g}", _other_features(results, item, panel)
    return Measured(distance, remark=remark, obstacle=other, floor=floor)


def _with_reference(results: Results, item: str, **where: str) -> Iterator[float]:
    return (results.value(_figure(item), column, **where) for column in ("value", "reference"))


def _resolved(item: str, panel: str) -> Reading:
    return Reading((_figure(item),), partial(_mean_ratio, item=item, panel=panel, series="resolved"))


def _both(measure: Callable[..., Measured], item: str, panel: str) -> Reading:
    as_published, resolved = (partial(measure, item=item, panel=panel, series=s) for s in ("published", "resolved"))
    return Reading((_figure(item),), as_published, resolved, "resolved")


def _between(one: tuple[str, str], other: tuple[str, str]) -> Reading:
    files = tuple(dict.fromkeys(_figure(item) for item, _ in (one, other)))
    return Reading(files, lambda found: difference(*(_mean_ratio(found, *place, "resolved") for place in (one, other))))


def _cut_off(panel: str) -> Reading:
    """By how much the cut-off shortens the distance of unfolded spacings."""

    def measure(results: Results) -> Measured:
        kept, cut = (_spacing_distance(results, "a14", panel, "published", name) for name in ("uncut", "unfolded"))
        few = "too few batches to unfold" if cut.floor > _TOO_FEW else ""
        return Measured(kept.value - cut.value, remark=cut.remark, obstacle=cut.obstacle or few)

    return Reading((_figure("a14"),), measure)


def _semicircle(panel: str) -> Reading:
    place = {"panel": panel, "series": "published", "quantity": "semicircle_ks"}
    return Reading((_figure("1"),), lambda results: Measured(results.value(_figure("1"), **place)))


def _share_below(results: Results) -> Measured:
    """Share of the eigenvalues that the cut-off of unfolding drops; the cut-off of ratios is another."""
    names = ("unfolded_cut_smallest", "unfolded_cut_mean", "unfolded_cut_largest", "ratio_cut_mean")
    place = {"panel": "b", "series": "published"}
    low, value, high, other = (results.value(_figure("4"), quantity=f"below_{name}", **place) for name in names)
    return Measured(value, remark=f"{low:.2f} to {high:.2f} of the batches; not above 1e-10: {other:.2f}")


def _processes(results: Results) -> Measured:
    """The Gaussian process whose ratios are farthest from those of large matrices, with all changes included."""
    file, found = _figure("6"), []
    for panel in "abcdef":
        place = {"panel": panel, "quantity": "mean_ratio"}
        place["series"] = "changed" if "changed" in set(results.rows(file, "series", **place).series) else "plain"
        value, reference = _with_reference(results, "6", **place)
        found.append((abs(value - reference), finite(results.row(file, **place).get("error")), panel))
    gap, error, panel = max(found)
    return Measured(gap, error, f"panel {panel}")


def _process_density(results: Results) -> Measured:
    """At the smallest k''(0)."""
    distance, floor = _with_reference(results, "5", panel="a", series="pooled", quantity="semicircle_ks")
    return Measured(distance, remark=f"without the shift common to the diagonal {floor:.2g}")


def _after_training(network: str, column: str) -> Reading:
    def measure(results: Results) -> Measured:
        value = finite(results.rows(_NETWORKS, column, network=network, state="final")[column].iloc[0])
        if math.isnan(value):
            raise AbsentError(f"{_NETWORKS}.csv has no {column} of {network}")
        return Measured(value)

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
    "B04": _both(_mean_ratio, "3", "c"),
    "B05": _both(_spacing_distance, "4", "a"),
    "B06": _both(_mean_ratio, "4", "b"),
    "B07": Reading((_figure("4"),), _share_below),
    "B08": _resolved("4", "b"),
    "B09": Reading((_figure("6"),), _processes),
    "B10": Reading((_figure("5"),), _process_density),
    "B11": _both(_mean_ratio, "7", "b"),
    "B12": _resolved("7", "b"),
    "B13": _after_training("lenet_cifar10", "test_accuracy"),
    "B14": _both(_mean_ratio, "8", "b"),
    "B15": _resolved("8", "b"),
    "B16": _after_training("mlp_bike", "test_loss"),
    "B17": _both(_mean_ratio, "9", "b"),
    "B18": _resolved("9", "b"),
    "B19": _between(("a11", "a"), ("a11", "b")),
    "B20": _between(("a11", "b"), ("a13", "b")),
    "B21": _cut_off("a"),
    "B22": _cut_off("c"),
    "B23": _between(("a11", "b"), ("a11", "d")),
    "B24": _semicircle("b"),
    "B25": _both(_spacing_distance, "a10", "b"),
    "B26": _both(_spacing_distance, "a12", "b"),
}
