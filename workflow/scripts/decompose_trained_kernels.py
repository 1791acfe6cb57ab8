"""Eigenvalues of a network's kernels before and after training, and where in their eigenvectors the labels lie."""

import torch

from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.eigenvalues import label_shares, noise_floor

with job(snakemake.log[0], snakemake.threads):
    *_, last, _ = snakemake.params.kernels
    names = [f"{state}/{kernel}" for state in ("initial", "final") for kernel in snakemake.params.kernels]
    outputs = {f"{state}/{part}_outputs": (part, 1) for state in ("initial", "final") for part in ("train", "test")}
    targets = {f"{part}_targets": (part, 1) for part in ("train", "test")}
    found = store.read(snakemake.input[0], dict.fromkeys(["input", *names], ("train", "train")) | outputs | targets)
    y = found["train_targets"][:, 0]
    arrays = {name: found[name] for name in (*outputs, *targets)}
    floors = {}
    for name in ProgressBar(["input", *names], desc="eigenvalues", unit="matrix"):
        matrix = torch.from_numpy(found.arrays.pop(name))
        values, vectors = torch.linalg.eigh(matrix)
        arrays[f"eigenvalues/{name}"] = values.numpy()
        floors[name] = noise_floor(values.numpy(), "float64")
        arrays[f"label_shares/{name}"] = label_shares(vectors.numpy(), y)
        if name == f"final/{last}":
            leading = vectors[:, -2:].numpy()
            arrays["projection"] = leading @ (leading.T @ y)
    store.write(
        snakemake.output[0],
        arrays,
        parameters=found.attributes["parameters"],
        inputs=snakemake.input,
        seed=found.attributes["seed"],
        dtype=found.attributes["dtype"],
        noise_floor=floors,
    )
