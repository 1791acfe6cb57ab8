"""One data set into one HDF5 file, the same to the byte whichever source served; the log says which one did."""

from deepspectra.data.sources.fetching import fetch_data_set
from deepspectra.data.sources.retrieval import Retriever
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    retriever = Retriever(**snakemake.config["data"])
    fetch_data_set(snakemake.wildcards.dataset, snakemake.params.dataset, snakemake.output[0], retriever)
