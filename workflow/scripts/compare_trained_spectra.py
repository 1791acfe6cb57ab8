"""Kernels before and after training beside their limits at random weights, and the labels in them (fan2020)."""

import numpy as np

from deepspectra.nn.activations import activation
from deepspectra.papers.comparison import Comparison
from deepspectra.papers.fan2020.kernel_statistics import (
    Spectrum,
    compare_trained,
    explained_variance,
    label_rows,
    starting_spectrum,
    training_rows,
)
from deepspectra.rmt.limits.layered import conjugate_kernel, tangent_kernel
from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.runtime.tables import read_csv

with job(snakemake.log[0], snakemake.threads):
    network, training, item = snakemake.params.network, snakemake.params.training, snakemake.params.item
    samples, tests = training["samples"], training["test_samples"]
    states = {"before": "initial", "after": "final"}
    names = [f"{state}/{kernel}" for state in states.values() for kernel in snakemake.params.kernels]
    shapes = {f"{kind}/{name}": (samples,) for kind in ("eigenvalues", "label_shares") for name in names}
    shapes |= {"eigenvalues/input": (samples,), "projection": (samples,)}
    shapes |= {"train_targets": (samples, 1), "test_targets": (tests, 1)}
    shapes |= {f"{state}/train_outputs": (samples, 1) for state in states.values()}
    shapes |= {f"{state}/test_outputs": (tests, 1) for state in states.values()}
    found = store.read(snakemake.input.spectra[0], shapes)
    floors = found.attributes["noise_floor"]
    spectra = {name: Spectrum(found[f"eigenvalues/{name}"], floors[name]) for name in ("input", *names)}
    sigma = activation(network["activation"])
    ratios = [samples / width for width in network["hidden"]]
    start = starting_spectrum(
        spectra["input"], samples / network["input_dimension"] if network["input_dimension"] else None
    )

    result = Comparison()
    for panel, name in zip("abcdefgh", snakemake.params.kernels, strict=False):
        if name == "tangent":
            kernel = tangent_kernel(start, ratios, sigma.b_sigma, sigma.a_sigma)
        else:
            kernel = conjugate_kernel(start, ratios, sigma.b_sigma, int(name.removeprefix("conjugate_")))
        pair = (spectra[f"{state}/{name}"] for state in states.values())
        compare_trained(result, panel, name, *pair, kernel, item["bins"], item["curve_points"])
        shares = {series: found[f"label_shares/{state}/{name}"] for series, state in states.items()}
        label_rows(result, "shares", name, shares)
    targets = found["train_targets"][:, 0]
    result.rows += [("projection", "labels", a, a, b) for a, b in zip(targets, found["projection"], strict=True)]
    for series, state in states.items():
        for part in ("train", "test"):
            y, outputs = found[f"{part}_targets"], found[f"{state}/{part}_outputs"]
            told = {"mean squared error": np.mean((y - outputs) ** 2), "R^2": explained_variance(y, outputs)}
            if network["classes"]:
                told["accuracy"] = np.mean(np.sign(outputs) == y)
            result.summary += [("fit", part, f"{quantity} {series}", value, None) for quantity, value in told.items()]

    history = read_csv(snakemake.input.history)
    training_rows(result, history.test_loss.to_numpy(), float(np.var(found["test_targets"])))

    result.write(snakemake.output.curves, snakemake.output.summary)
