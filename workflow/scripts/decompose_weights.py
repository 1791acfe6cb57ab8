"""Singular values and vectors, in float64, of every weight matrix of one network (thamm2024)."""

import logging

import numpy as np

from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.singular_values import decompose

logger = logging.getLogger(__name__)

with job(snakemake.log[0], snakemake.threads):
    layers, network = snakemake.params.layers, snakemake.wildcards.network
    status = store.read(snakemake.input[0], {}).attributes["parameters"]
    available = status.get("available", True)
    # Files of trained networks hold both states, those of pretrained ones the matrices alone.
    names = {
        (layer, state): f"{state}/{layer}/weight" if "initial" in snakemake.params.states else layer
        for layer in layers
        for state in snakemake.params.states
        if available
    }
    values, vectors = {}, {}
    with ProgressBar(total=len(names), desc=network, unit="matrix") as bar:
        for (layer, state), name in names.items():
            weight = store.read(snakemake.input[0], {name: tuple(layers[layer])})[name]
            found = decompose(weight)
            values[f"{layer}/{state}"] = found.singular_values
            vectors[f"{layer}/{state}/output"] = found.output_vectors
            vectors[f"{layer}/{state}/input"] = found.input_vectors
            bar.update()
    parameters = {"network": network, "available": available, "note": status.get("cause")}
    # The weights are float32 numbers: what a network's own arithmetic would have made of a smaller value is noise.
    floors = {name: float(np.finfo(np.float32).eps * array[-1]) for name, array in values.items()}
    common = {"parameters": parameters, "inputs": snakemake.input, "dtype": "float64"}
    store.write(snakemake.output.values, values, noise_floor=floors, **common)
    store.write(snakemake.output.vectors, vectors, **common)
