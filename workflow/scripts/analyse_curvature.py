"""Densities, unfolded spacings and ratios of one curvature spectrum, as published and resolved (baskerville2022)."""

from deepspectra.papers.baskerville2022.curvature_statistics import analyse_spectrum, resolved_unit, whole_cut
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

params, wildcards = snakemake.params, snakemake.wildcards
names = ("published", "resolved", "published_whole", "resolved_whole", "zeros")

with job(snakemake.log[0], snakemake.threads):
    files = {name: getattr(snakemake.input, name) for name in names}
    cut, unit = whole_cut(params.data, wildcards.state), resolved_unit(wildcards.kind, params.curvature["batch_size"])
    curves, numbers = analyse_spectrum(
        files, params.curvature["unfolded_share"], params.curvature["seed"], cut, unit, params.full_batches
    )
    write_table(curves, snakemake.output.curves, float_format="%.10g")
    write_table(numbers, snakemake.output.summary, float_format="%.10g")
