"""Densities, unfolded spacings and ratios of one curvature spectrum, as published and resolved (baskerville2022)."""

from deepspectra.papers.baskerville2022.curvature_statistics import analyse_spectrum, whole_cut
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

curvature, state = snakemake.params.curvature, snakemake.wildcards.state
names = ("published", "resolved", "published_whole", "resolved_whole")

with job(snakemake.log[0], snakemake.threads):
    files = {name: getattr(snakemake.input, name) for name in names}
    cut = whole_cut(snakemake.params.data, state)
    curves, numbers = analyse_spectrum(files, curvature["unfolded_share"], curvature["seed"], cut)
    write_table(curves, snakemake.output.curves, float_format="%.10g")
    write_table(numbers, snakemake.output.summary, float_format="%.10g")
