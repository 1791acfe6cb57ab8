"""Spacings and number variance of the matrices of figure 1 (thamm2024)."""

from deepspectra.papers.thamm2024 import panels as weight_panels
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    networks = snakemake.params.networks
    levels = weight_panels.read_tables(snakemake.input.levels, networks)
    curves = weight_panels.read_tables(snakemake.input.curves, networks)
    rows, summary = [], []
    for number, place in enumerate(snakemake.params.places, start=1):
        network, layer = place["network"], place["layer"]
        summary += weight_panels.spacing_summary(f"a{number}", levels[network], layer)
        if len(curves[network]):
            rows += weight_panels.spacing_panel(f"a{number}", curves[network], layer)
            rows += weight_panels.variance_panel(f"b{number}", curves[network], layer, ["final"])
    weight_panels.write(rows, summary, snakemake.output.curves, snakemake.output.summary)
