"""Numbers of thamm2024's figures, from the tables of its networks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import Row, summary_table
from deepspectra.papers.thamm2024 import panels
from deepspectra.papers.thamm2024.panels import CurveRow, select
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.singular_values import singular_value_marchenko_pastur
from deepspectra.runtime.tables import read_csv

__all__ = ["figure_1", "figure_2", "figure_3", "figure_4"]

Files = Mapping[str, Sequence[str]]
Tables = dict[str, pd.DataFrame]


def figure_1(files: Files, parameters: Mapping[str, Any]) -> Numbers:
    """Spacings (a) and number variance (b) of four matrices.

    :param files: ``levels`` and ``curves`` of each network.
    :param parameters: ``networks`` in the order of the files, and ``figure``, its settings; so in figures 2 and 3.
    """
    levels, curves = _read(files, parameters, "levels", "curves")
    rows: list[CurveRow] = []
    summary: list[Row] = []
    for number, place in enumerate(parameters["figure"]["panels"], start=1):
        network, layer = place["network"], place["layer"]
        summary += panels.spacing_summary(f"a{number}", levels[network], layer)
        if len(curves[network]):
            rows += panels.spacing_panel(f"a{number}", curves[network], layer)
            rows += panels.variance_panel(f"b{number}", curves[network], layer, ["final"])
    return panels.figure_numbers(rows, summary)


def figure_2(files: Files, parameters: Mapping[str, Any]) -> Numbers:
    """A spectrum beside the Marchenko-Pastur law (a), and Porter-Thomas tests (b to d).

    :param files: ``levels``, ``curves`` and ``vectors`` of each network.
    """
    levels, curves, vectors = _read(files, parameters, "levels", "curves", "vectors")
    figure = parameters["figure"]
    network, layer = figure["spectrum"]["network"], figure["spectrum"]["layer"]
    rows = panels.spectrum_panel("a", curves[network], levels[network], layer)
    tests = select(levels[network], layer=layer, unfolding="gaussian").to_dict("records")
    outputs, inputs = tests[0]["outputs"], tests[0]["inputs"]
    # Glorot-uniform entries have this standard deviation.
    law = singular_value_marchenko_pastur(max(outputs, inputs), min(outputs, inputs), math.sqrt(2 / (outputs + inputs)))
    summary: list[Row] = []
    for test in tests:
        values = select(curves[network], layer=layer, state=test["state"], series="singular_value").y
        series = f"{network} {layer}, {test['state']}"
        distance = "KS distance to the initial weights' Marchenko-Pastur law"
        fraction = "fraction in the modified Marchenko-Pastur law"
        edge = "upper edge of the modified Marchenko-Pastur law"
        summary += [
            Row("a", series, "ks_distance_initial_law", distance, ks_distance(values, law.cdf), 0, told=True),
            Row("a", series, "modified_law_fraction", fraction, test["fraction"], 1),
            Row("a", series, "modified_law_edge", edge, test["nu_max"], law.nu_max),
            Row("a", series, "largest_singular_value", "largest singular value", values.max(), law.nu_max),
        ]
    x = np.linspace(*law.edges, 300)
    rows += panels.line("a", "Marchenko-Pastur", x, law.density(x))

    for panel, place in ((panel, place) for panel, places in figure["panels"].items() for place in places):
        network, layer = place["network"], place["layer"]
        name = f"{network} {layer}"
        if not len(curves[network]):
            summary += panels.spacing_summary(panel, levels[network], layer)
            continue
        rows += panels.vector_panel(panel, vectors[network], layer, figure["window"], series=f"{name}, ")
        summary.append(panels.drawn_side(panel, name, levels[network], layer))
        summary += panels.vector_summary(panel, vectors[network], name, layer)
    return panels.figure_numbers(rows, summary)


def figure_3(files: Files, parameters: Mapping[str, Any]) -> Numbers:
    """Spectra (a), spacings (b), number variance (c) and vector tests (d) of one layer in each learning regime.

    :param files: ``levels``, ``curves``, ``vectors`` and ``history`` of each network, one for each alpha.
    """
    levels, curves, vectors, history = _read(files, parameters, "levels", "curves", "vectors", "history")
    figure = parameters["figure"]
    layer = figure["layer"]
    rows: list[CurveRow] = []
    summary: list[Row] = []
    for number, (alpha, network) in enumerate(zip(figure["alphas"], parameters["networks"], strict=True), start=1):
        a, b, c, d = (f"{letter}{number}" for letter in "abcd")
        rows += panels.spectrum_panel(a, curves[network], levels[network], layer)
        rows += panels.spacing_panel(b, curves[network], layer)
        rows += panels.variance_panel(c, curves[network], layer, ["initial", "final"])
        rows += panels.vector_panel(d, vectors[network], layer, figure["window"])

        fits = select(levels[network], layer=layer, unfolding="gaussian").set_index("state").fraction
        values = select(curves[network], layer=layer, series="singular_value")
        above = float((select(values, state="final").y > select(values, state="initial").y.max()).sum())
        last = history[network].iloc[-1]
        train, fraction = "train accuracy of the last epoch", "fraction in the modified Marchenko-Pastur law"
        summary += [
            Row(a, network, "alpha", "alpha", alpha),
            Row(a, network, "test_accuracy", "test accuracy", last.test_accuracy, told=True),
            Row(a, network, "train_accuracy", train, last.train_accuracy, told=True),
            Row(a, network, "modified_law_fraction", fraction, fits["final"], fits["initial"]),
            Row(a, network, "values_above_initial", "singular values above the largest initial one", above),
        ]
        summary += panels.spacing_summary(b, levels[network], layer)
        summary.append(panels.drawn_side(d, network, levels[network], layer))
        summary += panels.vector_summary(d, vectors[network], network, layer)
    return panels.figure_numbers(rows, summary)


def figure_4(files: Files, parameters: Mapping[str, Any]) -> Numbers:
    """Test (a) and train (b) accuracy of full and linearised networks against the output scale.

    :param files: ``linearised``, one table for each seed and output scale.
    """
    results = pd.concat([read_csv(path) for path in files["linearised"]], ignore_index=True)
    rows: list[tuple[str, str, float, float, float, int]] = []
    summary: list[Row] = []
    for panel, part in (("a", "test"), ("b", "train")):
        for kind in ("full", "linearised"):
            for alpha, values in results.groupby("alpha")[f"{kind}_{part}"]:
                rows.append((panel, kind, alpha, values.mean(), values.std(), len(values)))
                label = f"{part} accuracy at alpha {alpha:g}"
                summary.append(Row(panel, kind, f"{part}_accuracy", label, values.mean(), at=alpha, told=True))
    for alpha, values in results.groupby("alpha").relative_displacement:
        label = f"relative displacement of the layer at alpha {alpha:g}"
        summary.append(Row("a", "full", "relative_displacement", label, values.mean(), at=alpha))
    curves = pd.DataFrame(rows, columns=["panel", "series", "x", "y", "spread", "seeds"])
    return Numbers(curves, summary_table(summary, "reference", "at"), digits=8)


def _read(files: Files, parameters: Mapping[str, Any], *kinds: str) -> list[Tables]:
    """Tables of each kind by network."""
    return [
        {network: read_csv(path) for network, path in zip(parameters["networks"], files[kind], strict=True)}
        for kind in kinds
    ]
