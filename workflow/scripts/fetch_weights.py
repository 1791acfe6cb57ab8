"""Weight matrices of one pretrained network into one HDF5 file, or a file without any that says why not.

Many networks do not reach the official addresses. ``pretrained: require`` makes that an error. To try again, delete the
file.
"""

from deepspectra.data.sources.fetching import fetch_weights
from deepspectra.data.sources.retrieval import Retriever
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    fetch_weights(
        snakemake.wildcards.network,
        snakemake.params.entry,
        snakemake.output[0],
        Retriever(**snakemake.config["data"]),
        own_file=snakemake.params.own_file,
        required=snakemake.config["pretrained"] == "require",
    )
