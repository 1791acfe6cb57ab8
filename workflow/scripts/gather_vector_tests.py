"""One spectrum beside the Marchenko-Pastur law, and the Porter-Thomas tests of figure 2 (thamm2024)."""

import math

import numpy as np

from deepspectra.papers.thamm2024 import panels as weight_panels
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.singular_values import singular_value_marchenko_pastur
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    figure, networks = snakemake.params.figure, snakemake.params.networks
    levels, curves, vectors = (
        weight_panels.read_tables(getattr(snakemake.input, kind), networks) for kind in ("levels", "curves", "vectors")
    )
    rows, summary = [], []

    network, layer = figure["spectrum"]["network"], figure["spectrum"]["layer"]
    rows += weight_panels.spectrum_panel("a", curves[network], levels[network], layer)
    for row in weight_panels.select(levels[network], layer=layer, unfolding="gaussian").itertuples():
        sides = max(row.outputs, row.inputs), min(row.outputs, row.inputs)
        law = singular_value_marchenko_pastur(*sides, math.sqrt(2 / (row.outputs + row.inputs)))
        values = weight_panels.select(curves[network], layer=layer, state=row.state, series="singular_value").y
        series = f"{network} {layer}, {row.state}"
        summary += [
            (
                "a",
                series,
                "KS distance to the initial weights' Marchenko-Pastur law",
                ks_distance(values, law.cdf),
                0,
            ),
            ("a", series, "fraction in the modified Marchenko-Pastur law", row.fraction, 1),
            ("a", series, "upper edge of the modified Marchenko-Pastur law", row.nu_max, law.nu_max),
            ("a", series, "largest singular value", values.max(), law.nu_max),
        ]
    x = np.linspace(*law.edges, 300)
    rows += [("a", "Marchenko-Pastur", a, a, b) for a, b in zip(x, law.density(x), strict=True)]

    for panel, places in figure["panels"].items():
        for place in places:
            network, layer = place["network"], place["layer"]
            name = f"{network} {layer}"
            if not len(curves[network]):
                summary += weight_panels.spacing_summary(panel, levels[network], layer)[:1]
                continue
            rows += weight_panels.vector_panel(panel, vectors[network], layer, figure["window"], series=f"{name}, ")
            summary.append((panel, name, f"drawn: {weight_panels.drawn_side(levels[network], layer)} side", None, None))
            summary += weight_panels.vector_summary(panel, vectors[network], name, layer)
    weight_panels.write(rows, summary, snakemake.output.curves, snakemake.output.summary)
