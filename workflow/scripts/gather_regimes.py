"""Spectra, levels and vectors of networks in the rich, typical and lazy regime, figure 3 (thamm2024)."""

import pandas as pd

from deepspectra.papers.thamm2024 import panels as weight_panels
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    figure, networks = snakemake.params.figure, snakemake.params.networks
    layer = figure["layer"]
    levels, curves, vectors, histories = (
        weight_panels.read_tables(getattr(snakemake.input, kind), networks)
        for kind in ("levels", "curves", "vectors", "histories")
    )
    rows, summary = [], []
    for number, (alpha, network) in enumerate(zip(figure["alphas"], networks, strict=True), start=1):
        rows += weight_panels.spectrum_panel(f"a{number}", curves[network], levels[network], layer)
        rows += weight_panels.spacing_panel(f"b{number}", curves[network], layer)
        rows += weight_panels.variance_panel(f"c{number}", curves[network], layer, ["initial", "final"])
        rows += weight_panels.vector_panel(f"d{number}", vectors[network], layer, figure["window"])

        final, initial = (
            weight_panels.select(levels[network], layer=layer, state=state, unfolding="gaussian").iloc[0]
            for state in ("final", "initial")
        )
        values = weight_panels.select(curves[network], layer=layer, series="singular_value")
        edge = weight_panels.select(values, state="initial").y.max()
        history: pd.DataFrame = histories[network]
        summary += [
            (f"a{number}", network, "alpha", alpha, None),
            (f"a{number}", network, "test accuracy", history.test_accuracy.iloc[-1], None),
            (f"a{number}", network, "train accuracy of the last epoch", history.train_accuracy.iloc[-1], None),
            (f"a{number}", network, "fraction in the modified Marchenko-Pastur law", final.fraction, initial.fraction),
            (
                *(f"a{number}", network, "singular values above the largest initial one"),
                *(float((weight_panels.select(values, state="final").y > edge).sum()), None),
            ),
        ]
        summary += weight_panels.spacing_summary(f"b{number}", levels[network], layer)
        drawn = f"drawn: {weight_panels.drawn_side(levels[network], layer)} side"
        summary.append((f"d{number}", network, drawn, None, None))
        summary += weight_panels.vector_summary(f"d{number}", vectors[network], network, layer)
    weight_panels.write(rows, summary, snakemake.output.curves, snakemake.output.summary)
