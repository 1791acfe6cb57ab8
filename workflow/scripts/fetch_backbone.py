"""All parameters of the first network trained on ImageNet that can be had, into one HDF5 file that says which it is."""

from deepspectra.data.sources.fetching import fetch_backbone
from deepspectra.data.sources.retrieval import Retriever
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    retriever = Retriever(**snakemake.config["data"])
    fetch_backbone(snakemake.params.backbone, snakemake.params.table, snakemake.output[0], retriever)
