"""What the law of a given Gram matrix takes from it, and the own scale of the network beside it (fan2020)."""

from deepspectra.papers.fan2020.gram_averages import gram_arrays
from deepspectra.runtime import store
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    item = snakemake.params.item
    contents = store.read(snakemake.input[0], {"input": (item["samples"],) * 2, "sensitivities": (item["depth"], 2)})
    arrays = gram_arrays(contents["input"], contents["sensitivities"], item)
    store.write(snakemake.output[0], arrays, inputs=snakemake.input, parameters=item, seed=item["seed"])
