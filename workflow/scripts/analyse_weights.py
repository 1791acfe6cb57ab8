"""Level and vector statistics of every weight matrix of one network, plain and calibrated (thamm2024)."""

from pathlib import Path

from deepspectra.papers.thamm2024.weight_statistics import weight_tables
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    # Where they are: another workflow may have put a prefix before the paths of this one.
    nulls = {Path(path).name: path for path in snakemake.input.nulls}
    tables = weight_tables(
        snakemake.wildcards.network,
        snakemake.params.layers,
        snakemake.params.states,
        snakemake.params.unfolding,
        values=snakemake.input.values,
        vectors=snakemake.input.vectors,
        null_levels={key: nulls[Path(path).name] for key, path in snakemake.params.null_levels.items()},
        null_vectors={key: nulls[Path(path).name] for key, path in snakemake.params.null_vectors.items()},
    )
    for name, table in tables.items():
        write_table(table, snakemake.output[name], float_format="%.10g")
