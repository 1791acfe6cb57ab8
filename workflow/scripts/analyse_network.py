"""Every statistic of every weight matrix of one network of the user's own, judged by random matrices."""

from pathlib import Path

from deepspectra.analysis.network import analyse
from deepspectra.analysis.tables import write_tables
from deepspectra.runtime.job import job

# Processes that share the matrices load this file too.
if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.threads):
        network = dict(snakemake.params.network)
        nulls = Path(snakemake.input.nulls[0]).parent
        found = analyse(network.pop("file"), cache=nulls, workers=snakemake.threads, **network)
        write_tables(found, Path(snakemake.output[0]).parent)
