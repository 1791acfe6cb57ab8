"""Statistics of one curvature spectrum, as published and resolved, and of its controls (baskerville2022)."""

import pandas as pd

from deepspectra.papers.baskerville2022.controls import control_tables
from deepspectra.papers.baskerville2022.curvature_statistics import analyse_spectrum, resolved_unit, whole_cut
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

curvature, params, wildcards = snakemake.params.curvature, snakemake.params, snakemake.wildcards
names = ("published", "resolved", "published_whole", "resolved_whole", "zeros")

with job(snakemake.log[0], snakemake.threads):
    files = {name: getattr(snakemake.input, name) for name in names}
    cut, unit = whole_cut(params.data, wildcards.state), resolved_unit(wildcards.kind, curvature["batch_size"])
    found = analyse_spectrum(files, curvature["unfolded_share"], curvature["seed"], cut, unit, params.full_batches)
    beside = control_tables(files["resolved"], snakemake.input.controls, params.mapped["draws"], params.mapped["seed"])
    for path, *tables in zip((snakemake.output.curves, snakemake.output.summary), found, beside, strict=True):
        write_table(pd.concat([table for table in tables if len(table)]), path, float_format="%.10g")
