"""Weight matrices of one pretrained network into one HDF5 file, or a file without any that says why not.

``pretrained: require`` makes that an error. To try again, delete the file.
"""

from deepspectra.data.sources.fetching import fetch_weights
from deepspectra.data.sources.retrieval import Retriever
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    network, entry, own_file = snakemake.wildcards.network, snakemake.params.entry, snakemake.params.own_file
    retriever, required = Retriever(**snakemake.config["data"]), snakemake.config["pretrained"] == "require"
    fetch_weights(network, entry, snakemake.output[0], retriever, own_file=own_file, required=required)
