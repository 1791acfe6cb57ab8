"""What the law of a given Gram matrix takes from it, and the own scale of the network it is compared with (fan2020)."""

from deepspectra.nn.activations import activation
from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.spectra.gram_means import gram_means

with job(snakemake.log[0], snakemake.threads):
    item = snakemake.params.item
    contents = store.read(snakemake.input[0], {"input": (item["samples"],) * 2, "sensitivities": (item["depth"], 2)})
    sigma = activation(item["activation"])
    arrays = gram_means(contents["input"], sigma, item["depth"]).arrays()
    # The first layer's conjugate kernel has eigenvectors of its own.
    arrays |= {f"first/{name}": array for name, array in gram_means(contents["input"], sigma, 1).arrays().items()}
    arrays |= {"own_sensitivities": contents["sensitivities"]}
    store.write(snakemake.output[0], arrays, inputs=snakemake.input, parameters=item, seed=item["seed"])
