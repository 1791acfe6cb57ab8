"""Numbers of thamm2024's figures, from the tables that :func:`weight_tables` makes of its networks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from deepspectra.papers.histograms import Bar, histogram
from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import NO_WEIGHTS, Row, summary_table
from deepspectra.papers.thamm2024.initial_weights import initial_law
from deepspectra.rmt.laws.singular_values import ModifiedMarchenkoPastur
from deepspectra.rmt.laws.spacings import goe_number_variance, wigner_surmise
from deepspectra.rmt.levels import running_mean
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.tables import read_csv

__all__ = ["figure_1", "figure_2", "figure_3", "figure_4"]

Files = Mapping[str, Sequence[str]]
# Stands for a panel in rows of single seeds, which no panel shows.
_BY_SEED = "seeds"
_LARGEST_SPACING = 3.5
_SPACING_BINS, _SPECTRUM_BINS = 28, 60
_CURVE_POINTS = 300
_FRACTION = "fraction in the modified Marchenko-Pastur law"
_DISTANCE = "largest distance of the spectrum from the modified law"
_LEFT_OUT = "singular values that its fit left out"


def figure_1(files: Files, parameters: Mapping[str, Any]) -> Numbers:
    """Spacings (a) and number variance (b) of four matrices.

    :param files: ``levels`` and ``curves`` of each network.
    :param parameters: ``networks`` in the order of the files, and ``figure``, its settings; so in figures 2 and 3.
    """
    levels, curves = _read(files, parameters, "levels", "curves")
    rows: list[Bar] = []
    summary: list[Row] = []
    for number, place in enumerate(parameters["figure"]["panels"], start=1):
        network, layer = place["network"], place["layer"]
        told = spacing_summary(f"a{number}", levels[network], layer)
        summary += told
        if not _is_absent(told):
            rows += spacing_panel(f"a{number}", curves[network], layer)
            rows += variance_panel(f"b{number}", curves[network], layer, ["final"])
    return figure_numbers(rows, summary)


def figure_2(files: Files, parameters: Mapping[str, Any]) -> Numbers:
    """A spectrum beside the Marchenko-Pastur law (a), and Porter-Thomas tests (b to d); files also ``vectors``."""
    levels, curves, vectors = _read(files, parameters, "levels", "curves", "vectors")
    figure = parameters["figure"]
    network, layer = figure["spectrum"]["network"], figure["spectrum"]["layer"]
    rows = spectrum_panel("a", curves[network], levels[network], layer)
    tests = select(levels[network], layer=layer, unfolding="gaussian").to_dict("records")
    summary: list[Row] = []
    law = initial_law(tests[0]["outputs"], tests[0]["inputs"])
    for test in tests:
        values = select(curves[network], layer=layer, state=test["state"], series="singular_value").y
        series = f"{network} {layer}, {test['state']}"
        label, distance = "KS distance to the initial weights' Marchenko-Pastur law", test["initial_law_distance"]
        edge = "upper edge of the modified Marchenko-Pastur law"
        summary += [
            Row("a", series, "ks_distance_initial_law", label, distance, 0, told=True),
            Row("a", series, "modified_law_fraction", _FRACTION, test["fraction"], 1),
            Row("a", series, "modified_law_edge", edge, test["nu_max"], law.nu_max),
            Row("a", series, "modified_law_distance", _DISTANCE, test["fit_distance"]),
            Row("a", series, "modified_law_left_out", _LEFT_OUT, test["fit_below"] + test["fit_above"], 0),
            Row("a", series, "largest_singular_value", "largest singular value", values.max(), law.nu_max),
        ]
    x = np.linspace(*law.edges, 300)
    rows += line("a", "Marchenko-Pastur", x, law.density(x))
    for panel, place in ((panel, place) for panel, places in figure["panels"].items() for place in places):
        network, layer = place["network"], place["layer"]
        name = f"{network} {layer}"
        told = spacing_summary(panel, levels[network], layer)
        if _is_absent(told):
            summary += told
            continue
        rows += vector_panel(panel, vectors[network], layer, figure["window"], series=f"{name}, ")
        summary.append(drawn_side(panel, name, levels[network], layer))
        summary += vector_summary(panel, vectors[network], name, layer)
    return figure_numbers(rows, summary)


def figure_3(files: Files, parameters: Mapping[str, Any]) -> Numbers:
    """Spectra (a), spacings (b), number variance (c), vector tests (d) in each regime; files also ``history``.

    :param parameters: ``networks`` at each scale, first the one that is shown, then its further seeds, of which only
        the summary tells.
    """
    levels, curves, vectors, history = _read(files, parameters, "levels", "curves", "vectors", "history")
    figure, networks = parameters["figure"], parameters["networks"]
    layer, regimes = figure["layer"], figure["alphas"]
    rows: list[Bar] = []
    summary: list[Row] = []
    for number, network in enumerate(networks, start=1):
        is_shown = number <= len(regimes)
        a, b, c, d = (f"{letter}{number}" if is_shown else _BY_SEED for letter in "abcd")
        fits = select(levels[network], layer=layer, unfolding="gaussian").set_index("state").fraction
        values = select(curves[network], layer=layer, series="singular_value")
        above = float((select(values, state="final").y > select(values, state="initial").y.max()).sum())
        test, train = history[network].iloc[-1][["test_accuracy", "train_accuracy"]]
        summary += [
            Row(a, network, "alpha", "alpha", regimes[(number - 1) % len(regimes)]),
            Row(a, network, "test_accuracy", "test accuracy", test, told=is_shown),
            Row(a, network, "train_accuracy", "train accuracy of the last epoch", train, told=is_shown),
            Row(a, network, "modified_law_fraction", _FRACTION, fits["final"], fits["initial"]),
            Row(a, network, "values_above_initial", "singular values above the largest initial one", above),
        ]
        told = spacing_summary(b, levels[network], layer)
        if not is_shown:
            summary += [replace(row, told=False) for row in told]
            continue
        rows += spectrum_panel(a, curves[network], levels[network], layer)
        summary += told
        if _is_absent(told):
            continue
        rows += spacing_panel(b, curves[network], layer)
        rows += variance_panel(c, curves[network], layer, ["initial", "final"])
        rows += vector_panel(d, vectors[network], layer, figure["window"])
        summary.append(drawn_side(d, network, levels[network], layer))
        summary += vector_summary(d, vectors[network], network, layer)
    return figure_numbers(rows, summary)


def figure_4(files: Files, parameters: Mapping[str, Any]) -> Numbers:
    """Test (a) and train (b) accuracy, and what linearisation loses of each in the same network (c, d).

    ``linearised`` are files of one table for each seed and output scale.

    Runs that diverged, whose loss is not finite or larger than before training, are told and left out.

    :raises UserError: if all did.
    """
    numbers = ("alpha", *(f"{kind}_{part}" for kind in ("full", "linearised") for part in ("train", "test")))
    numbers += ("initial_loss", "final_loss")
    results = pd.concat([read_csv(path, numbers, numbers=numbers) for path in files["linearised"]], ignore_index=True)
    converged = np.isfinite(results.final_loss) & (results.final_loss <= results.initial_loss)
    if not converged.any():
        raise UserError("every training of figure 4 diverged: lower thamm2024.training.learning_rate.")
    rows: list[tuple[str, str, float, float, float, int]] = []
    summary: list[Row] = []
    for alpha, runs in results[~converged].groupby("alpha"):
        losses = ", ".join(
            f"{run.network} ({run.initial_loss:.3g} to {run.final_loss:.3g})" for run in runs.itertuples()
        )
        label = f"diverged runs at alpha {alpha:g}, left out (loss before and after): {losses}"
        summary.append(Row("a", "full", "diverged_runs", label, len(runs), 0, at=alpha, told=True))
    results = results[converged]
    seeds = results.network.str.partition("_alpha")[0]
    for kind in ("full", "linearised"):
        for (seed, alpha), values in results.groupby([seeds, "alpha"], sort=False)[f"{kind}_test"]:
            label = f"test accuracy at alpha {alpha:g}"
            summary.append(Row(_BY_SEED, f"{seed} {kind}", "test_accuracy", label, values.iloc[0], at=alpha))
    for panel, part in (("a", "test"), ("b", "train")):
        for kind in ("full", "linearised"):
            for alpha, values in results.groupby("alpha")[f"{kind}_{part}"]:
                rows.append((panel, kind, alpha, values.mean(), values.std(), len(values)))
                label = f"{part} accuracy at alpha {alpha:g}"
                summary.append(Row(panel, kind, f"{part}_accuracy", label, values.mean(), at=alpha, told=True))
    for panel, part in (("c", "test"), ("d", "train")):
        lost = results[f"full_{part}"] - results[f"linearised_{part}"]
        for alpha, values in lost.groupby(results.alpha):
            rows.append((panel, "difference", alpha, values.mean(), values.std(), len(values)))
    for alpha, values in results.groupby("alpha").relative_displacement:
        label = f"relative displacement of the layer at alpha {alpha:g}"
        summary.append(Row("a", "full", "relative_displacement", label, values.mean(), at=alpha))
    curves = pd.DataFrame(rows, columns=["panel", "series", "x", "y", "spread", "seeds"])
    return Numbers(curves, summary_table(summary, "reference", "at"), digits=8)


def figure_numbers(curves: Sequence[Bar], summary: Sequence[Row]) -> Numbers:
    """The rows of all panels as the tables of a figure, written with 8 digits."""
    table = pd.DataFrame(curves, columns=["panel", "series", "x", "x_high", "y"])
    return Numbers(table, summary_table(summary, "reference"), digits=8)


def select(table: pd.DataFrame, **where: str) -> pd.DataFrame:
    """The rows in which columns have the given values; an empty text stands for a missing one."""
    for column, value in where.items():
        table = table[table[column].fillna("") == value]
    return table


def line(panel: str, series: str, x: Iterable[float], y: Iterable[float]) -> list[Bar]:
    """A line through points; ``x_high`` is that of bars alone."""
    return [(panel, series, a, a, b) for a, b in zip(x, y, strict=True)]


def spacing_panel(panel: str, curves: pd.DataFrame, layer: str) -> list[Bar]:
    """Histogram and distribution function of the unfolded spacings, and the Wigner surmise of both."""
    values = np.sort(select(curves, layer=layer, state="final", unfolding="gaussian", series="spacing").y.to_numpy())
    edges = np.histogram_bin_edges([], _SPACING_BINS, (0, _LARGEST_SPACING))
    rows = histogram(panel, values, edges, values.size, "spacings")
    x = np.linspace(0, _LARGEST_SPACING, _CURVE_POINTS)
    rows += line(panel, "cumulative", values, np.arange(1, values.size + 1) / values.size)
    rows += line(panel, "surmise", x, wigner_surmise.pdf(x))
    return rows + line(panel, "surmise cumulative", x, wigner_surmise.cdf(x))


def variance_panel(panel: str, curves: pd.DataFrame, layer: str, states: Sequence[str]) -> list[Bar]:
    """Number variance of the bulk in the given states and of all intervals, as published, the band and median of
    random matrices over the trained matrix's bulk, and the GOE's curve."""
    rows: list[Bar] = []
    for state in states:
        part = select(curves, layer=layer, state=state, unfolding="gaussian")
        names = {"number_variance": f"number variance, {state}", "number_variance_all": f"all intervals, {state}"}
        if state == "final":
            names |= {f"null_{name}": f"null {name}" for name in ("low", "high", "median")}
        for series, name in names.items():
            found = select(part, series=series)
            rows += line(panel, name, found.x, found.y)
    lengths = np.unique([row[2] for row in rows])
    return rows + line(panel, "GOE", lengths, goe_number_variance(lengths))


def spectrum_panel(panel: str, curves: pd.DataFrame, levels: pd.DataFrame, layer: str) -> list[Bar]:
    """Histograms of the singular values before and after training, on the same bins, and the modified law's fits."""
    spectra = select(curves, layer=layer, series="singular_value")
    # Of a matrix that is zero in both states, any range shows all there is.
    edges = np.linspace(0, spectra.y.max() or 1.0, _SPECTRUM_BINS + 1)
    rows: list[Bar] = []
    for state in ("initial", "final"):
        values = select(spectra, state=state).y.to_numpy()
        rows += histogram(panel, values, edges, values.size, f"spectrum, {state}")
        row = select(levels, layer=layer, state=state, unfolding="gaussian").iloc[0]
        if isinstance(row.note, str):
            continue
        fit = ModifiedMarchenkoPastur(row.nu_min, row.nu_max, row.fraction)
        x = np.linspace(*fit.edges, _CURVE_POINTS)
        rows += line(panel, f"fit, {state}", x, fit.density(x))
    return rows


def vector_panel(panel: str, vectors: pd.DataFrame, layer: str, window: int, series: str = "") -> list[Bar]:
    """Running means of p-values by relative rank: both sides, plain and calibrated; ``series`` prefixes their names."""
    rows: list[Bar] = []
    for side, part in _sides(vectors, layer).items():
        for column, kind in (("p", "plain"), ("p_calibrated", "calibrated")):
            means = running_mean(part[column].to_numpy(), window)
            rows += line(panel, f"{series}{side} side, {kind}", part["rank"], means)
    return rows


def drawn_side(panel: str, series: str, levels: pd.DataFrame, layer: str) -> Row:
    """Row of a summary: the side whose vectors are drawn, the smaller one, of a square matrix the output side."""
    row = select(levels, layer=layer).iloc[0]
    side = "output" if row.outputs <= row.inputs else "input"
    return Row(panel, series, f"{side}_side_drawn", f"drawn: {side} side")


def spacing_summary(panel: str, levels: pd.DataFrame, layer: str) -> list[Row]:
    """The spacing test, plain and calibrated, and the number variance's; without statistics, a row that says why."""
    (row,) = select(levels, layer=layer, state="final", unfolding="gaussian").to_dict("records")
    name = f"{row['network']} {layer}"
    if isinstance(row["note"], str):
        return [Row(panel, name, NO_WEIGHTS, row["note"])]
    lengths = "l in [1, 10]"
    told = [
        ("ks_p", "KS p-value, plain", "p"),
        ("ks_p_calibrated", "KS p-value, calibrated", "p_calibrated"),
        ("ks_p_calibrated_error", "Monte Carlo error of the calibrated p-value", "p_error"),
        ("number_variance_p_calibrated", f"calibrated p-value of the bulk's number variance, {lengths}", "variance_p"),
        ("number_variance_p_calibrated_error", "Monte Carlo error of that p-value", "variance_p_error"),
        ("number_variance_p_all", "the same over all intervals, as published, outliers' included", "variance_p_all"),
    ]
    slope = f"slope of the bulk's number variance against ln l, {lengths}"
    in_band = f"share of {lengths} with the bulk's number variance in the null's 95 % band"
    outside = "singular values {} the Marchenko-Pastur law of the bulk"
    return [
        Row(panel, name, "ks_statistic", "KS statistic of spacings", row["statistic"]),
        *(Row(panel, name, quantity, label, row[column], told=True) for quantity, label, column in told),
        Row(panel, name, "number_variance_in_band", in_band, row["in_band"], 0.95),
        Row(panel, name, "number_variance_slope", slope, row["variance_slope"], row["variance_slope_null"]),
        Row(panel, name, "number_variance_slope_error", f"{slope}: null's deviation", row["variance_slope_error"]),
        Row(panel, name, "values_above_bulk", outside.format("above"), row["above_bulk"], 0),
        Row(panel, name, "values_below_bulk", outside.format("below"), row["below_bulk"], 0),
        Row(panel, name, "unresolved_spacings", "spacings below the rounding of the weights", row["unresolved"], 0),
    ]


def _is_absent(summary: Sequence[Row]) -> bool:
    """Whether :func:`spacing_summary` says why there are no statistics."""
    return summary[0].quantity == NO_WEIGHTS


def vector_summary(panel: str, vectors: pd.DataFrame, name: str, layer: str) -> list[Row]:
    """Mean p-values of the 15 largest and smallest singular values and of the middle half, on each side."""
    rows = []
    for side, part in _sides(vectors, layer).items():
        places = {
            "largest": ("the 15 largest", part.tail(15)),
            "middle": ("the middle half", part[part["rank"].between(0.25, 0.75)]),
            "smallest": ("the 15 smallest", part.head(15)),
        }
        for place, (words, chosen) in places.items():
            of, words = f"{place}_{side}", f"p of {words}, {side} side"
            plain, calibrated = chosen.p.mean(), chosen.p_calibrated.mean()
            rows += [
                Row(panel, name, f"mean_p_{of}", f"mean {words}", plain, told=True),
                Row(panel, name, f"mean_p_calibrated_{of}", f"mean calibrated {words}", calibrated, 0.5, told=True),
            ]
    return rows


def _sides(vectors: pd.DataFrame, layer: str) -> dict[str, pd.DataFrame]:
    tests = select(vectors, layer=layer, state="final").sort_values("rank")
    return {side: select(tests, side=side) for side in ("output", "input")}


def _read(files: Files, parameters: Mapping[str, Any], *kinds: str) -> list[dict[str, pd.DataFrame]]:
    return [
        {network: read_csv(path) for network, path in zip(parameters["networks"], files[kind], strict=True)}
        for kind in kinds
    ]
