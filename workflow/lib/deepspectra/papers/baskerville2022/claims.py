"""Claims of Baskerville, Granziol and Keating (2022)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from deepspectra.papers.reading import AbsentError, Measured, Reading, Results, difference, number

NETWORKS = "tables/baskerville2022/table_networks"
_RATIO = "mean min(r, 1/r)"
_SPACINGS = "KS distance of {} spacings to the Wigner surmise"
_WITHOUT = "unfolded without cut-off"
# More spacings than this share below the error bound leave a spectrum unresolved.
_UNRESOLVED = 0.01
# Where random matrices that are unfolded alike are farther from the surmise than this, distances mean nothing.
_TOO_FEW = 0.05


def figure(item: str) -> str:
    """Name of a figure's summary."""
    return f"statistics/baskerville2022/figure_{item}"


def mean_ratio(results: Results, item: str, panel: str, series: str) -> Measured:
    """The ratio statistic of a panel, an obstacle where its resolved spectrum is not."""
    place = {"panel": panel, "series": series}
    value, error = (results.value(figure(item), column, quantity=_RATIO, **place) for column in ("value", "error"))
    other = _other_features(results, item, panel)
    if series != "resolved":
        return Measured(value, error, obstacle=other)
    share = results.value(figure(item), quantity="share of spacings below the error bound", **place)
    unresolved = f"unresolved: {share:.1%} of the spacings are below the error bound" if share > _UNRESOLVED else ""
    return Measured(value, error, obstacle="; ".join(filter(None, (other, unresolved))))


def spacing_distance(results: Results, item: str, panel: str, series: str, statistic: str = "unfolded") -> Measured:
    """Distance of unfolded spacings to the surmise; the floor is that of random matrices unfolded alike."""
    place = {"panel": panel, "series": series, "quantity": _SPACINGS.format(statistic)}
    floor = results.value(figure(item), "reference", **place)
    remark, other = f"random matrices unfolded alike have {floor:.2g}", _other_features(results, item, panel)
    return Measured(results.value(figure(item), **place), remark=remark, obstacle=other, floor=floor)


def both(measure: Callable[..., Measured], item: str, panel: str) -> Reading:
    """As published, and resolved beside it."""
    of_panel = partial(measure, item=item, panel=panel)
    as_published, resolved = (partial(of_panel, series=series) for series in ("published", "resolved"))
    return Reading((figure(item),), as_published, resolved, "resolved")


def resolved(item: str, panel: str) -> Reading:
    """Resolved alone."""
    return Reading((figure(item),), partial(mean_ratio, item=item, panel=panel, series="resolved"))


def between(one: tuple[str, str], other: tuple[str, str]) -> Reading:
    """Difference of two resolved ratio statistics, each by its figure and panel."""

    def measure(results: Results) -> Measured:
        return difference(*(mean_ratio(results, *place, "resolved") for place in (one, other)))

    return Reading(tuple(dict.fromkeys(figure(item) for item, _ in (one, other))), measure)


def cut_off(panel: str) -> Reading:
    """What the cut-off takes off the distance of unfolded spacings."""

    def measure(results: Results) -> Measured:
        kept, cut = (
            spacing_distance(results, "a14", panel, "published", statistic) for statistic in (_WITHOUT, "unfolded")
        )
        few = "too few batches to unfold" if cut.floor > _TOO_FEW else ""
        return Measured(kept.value - cut.value, remark=cut.remark, obstacle=cut.obstacle or few)

    return Reading((figure("a14"),), measure)


def semicircle(panel: str) -> Reading:
    """Distance of a network's density in figure 1 to the semicircle."""
    place = {"panel": panel, "series": "published", "quantity": "KS distance to the semicircle of equal variance"}
    return Reading((figure("1"),), lambda results: Measured(results.value(figure("1"), **place)))


def share_below(results: Results) -> Measured:
    """Share of the eigenvalues that the unfolding's cut-off leaves out; the ratios' cut-off is another."""
    place = {"panel": "b", "series": "published"}
    low, value, high = (
        results.value(figure("4"), quantity=f"share not above 1e-20, {name}", **place)
        for name in ("smallest", "mean", "largest")
    )
    other = results.value(figure("4"), quantity="share not above 1e-10, mean", **place)
    return Measured(value, remark=f"{low:.2f} to {high:.2f} of the batches; not above 1e-10: {other:.2f}")


def processes(results: Results) -> Measured:
    """The Gaussian process whose ratios are farthest from large matrices', what is added to it really in.

    :raises AbsentError: if a number of it is not there.
    """
    name = "mean of min(r, 1/r)"
    found = []
    for panel in "abcdef":
        rows = results.rows(figure("6"), "series", panel=panel, quantity=name)
        series = "changed" if (rows.series == "changed").any() else "plain"
        row = results.row(figure("6"), panel=panel, series=series, quantity=name)
        value, error, reference = (number(row.get(column)) for column in ("value", "error", "reference"))
        if value != value or reference != reference:
            raise AbsentError(f"{figure('6')}.csv has no number for panel {panel}")
        found.append((abs(value - reference), error, panel))
    gap, error, panel = max(found)
    return Measured(gap, error, f"panel {panel}")


def process_density(results: Results) -> Measured:
    """Distance of the pooled density at the smallest k''(0) to the semicircle."""
    place = {"panel": "a", "series": "pooled", "quantity": "KS distance to the semicircle of equal variance"}
    floor = results.value(figure("5"), "reference", **place)
    return Measured(results.value(figure("5"), **place), remark=f"without the shift common to the diagonal {floor:.2g}")


def after_training(network: str, column: str) -> Reading:
    """A number of the table of networks, which is the same in all rows of one.

    :raises AbsentError: by the reading, if a number of it is not there.
    """

    def measure(results: Results) -> Measured:
        values = [number(value) for value in results.rows(NETWORKS, column, network=network, state="final")[column]]
        if values[0] != values[0]:
            raise AbsentError(f"{NETWORKS}.csv has no {column} of {network}")
        return Measured(values[0])

    return Reading((NETWORKS,), measure)


def _other_features(results: Results, item: str, panel: str) -> str:
    """Which network made the features that a panel shows, where it is not the paper's."""
    rows = results.rows(figure(item), "spectrum", "quantity")
    if not rows[rows.panel == panel].spectrum.astype(str).str.contains("features").any():
        return ""
    told = rows.quantity[rows.quantity.astype(str).str.startswith("features of ")]
    return "; ".join(f"{text}, not of ResNet-34" for text in told if "ResNet-34" not in text)


READINGS = {
    "B01": semicircle("c"),
    "B02": both(spacing_distance, "3", "a"),
    "B03": both(mean_ratio, "3", "b"),
    "B04": both(mean_ratio, "3", "c"),
    "B05": both(spacing_distance, "4", "a"),
    "B06": both(mean_ratio, "4", "b"),
    "B07": Reading((figure("4"),), share_below),
    "B08": resolved("4", "b"),
    "B09": Reading((figure("6"),), processes),
    "B10": Reading((figure("5"),), process_density),
    "B11": both(mean_ratio, "7", "b"),
    "B12": resolved("7", "b"),
    "B13": after_training("lenet_cifar10", "test_accuracy"),
    "B14": both(mean_ratio, "8", "b"),
    "B15": resolved("8", "b"),
    "B16": after_training("mlp_bike", "test_loss"),
    "B17": both(mean_ratio, "9", "b"),
    "B18": resolved("9", "b"),
    "B19": between(("a11", "a"), ("a11", "b")),
    "B20": between(("a11", "b"), ("a13", "b")),
    "B21": cut_off("a"),
    "B22": cut_off("c"),
    "B23": between(("a11", "b"), ("a11", "d")),
    "B24": semicircle("b"),
    "B25": both(spacing_distance, "a10", "b"),
    "B26": both(spacing_distance, "a12", "b"),
}
