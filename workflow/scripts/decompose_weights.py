"""Singular values and vectors, in float64, of every weight matrix of one network (thamm2024)."""

import numpy as np

from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.job import job
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.singular_values import decompose

with job(snakemake.log[0], snakemake.threads):
    layers, states, network = snakemake.params.layers, snakemake.params.states, snakemake.wildcards.network
    values, vectors = {}, {}
    # Without weights: a network that the settings leave out.
    status = {"available": False, "cause": "not trained at this scale: thamm2024.left_out"}
    if snakemake.input:
        status = store.read(snakemake.input[0], {}).attributes["parameters"]
    if diverged := status.get("diverged"):
        where = "in epoch {epoch}, at learning rate {learning_rate:g}".format(**diverged)
        advice = "Take a larger alpha, or a smaller learning_rate in the settings of thamm2024.training."
        raise UserError(f"{network} has no trained weights: its training diverged {where}. {advice}")
    available = status.get("available", True)
    places = [(layer, state) for layer in layers for state in states if available]
    for layer, state in ProgressBar(places, desc=network, unit="matrix"):
        # Files of trained networks hold both states, those of pretrained ones the matrices alone.
        name = f"{state}/{layer}/weight" if "initial" in states else layer
        found = decompose(store.read(snakemake.input[0], {name: tuple(layers[layer])})[name])
        values[f"{layer}/{state}"] = found.singular_values
        vectors |= {f"{layer}/{state}/output": found.output_vectors, f"{layer}/{state}/input": found.input_vectors}
    parameters = {"network": network, "available": available, "note": status.get("cause")}
    # The weights are float32: singular values smaller than this are lost in the network's own arithmetic.
    floors = {name: float(np.finfo(np.float32).eps * array[-1]) for name, array in values.items()}
    common = {"parameters": parameters, "inputs": snakemake.input, "dtype": "float64"}
    store.write(snakemake.output.values, values, noise_floor=floors, **common)
    store.write(snakemake.output.vectors, vectors, **common)
