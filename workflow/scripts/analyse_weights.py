"""Level and vector statistics of every weight matrix of one network, plain and calibrated (thamm2024)."""

from pathlib import Path

from deepspectra.papers.thamm2024.weight_statistics import weight_tables
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    params, files = snakemake.params, snakemake.input
    about = (snakemake.wildcards.network, params.layers, params.states, params.unfolding)
    nulls = {Path(file).stem: file for file in files.nulls}
    tables = weight_tables(*about, values=files.values, vectors=files.vectors, nulls=nulls)
    for name, table in tables.items():
        write_table(table, snakemake.output[name], float_format="%.10g")
