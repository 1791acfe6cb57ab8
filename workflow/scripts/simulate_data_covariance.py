"""Pooled spectra of first- and last-layer data covariance matrices for one activation (pennington2017, figure 1)."""

import math

import numpy as np

from deepspectra.nn.activations.families.rectifier import rectifier, rectifier_zeta
from deepspectra.rmt.ensembles import data_covariance_eigenvalues, whole_quotient
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job
from deepspectra.runtime.progress import ProgressBar
from deepspectra.runtime.seeds import generator

with job(snakemake.log[0], snakemake.threads):
    item, alpha = snakemake.params.item, float(snakemake.wildcards.alpha)
    device = choose_device(snakemake.config["device"])
    activation, zeta = rectifier(alpha), min(rectifier_zeta(alpha), 1.0)
    shapes = [(n0, whole_quotient(n0, item["psi"]), whole_quotient(n0, item["phi"])) for n0 in item["input_dimensions"]]
    realisations = [math.ceil(item["pooled_eigenvalues"] / n1) for _, n1, _ in shapes]
    # A network of width n1 takes a time between n1^2 (small, overhead) and n1^3: the bar counts n1^2 units of work.
    effort = sum(count * n1**2 for count, (_, n1, _) in zip(realisations, shapes, strict=True))

    arrays = {}
    with ProgressBar(total=effort, desc=f"alpha = {alpha:g}", unit="", unit_scale=True) as bar:
        for count, sizes in zip(realisations, shapes, strict=True):
            draws = []
            for realisation in range(count):
                stream = (round(1000 * (1 + alpha)), sizes[0], realisation)
                source = generator(item["seed"], *stream)
                draws.append(data_covariance_eigenvalues(activation, zeta, sizes, item["layers"], source, device))
                bar.update(sizes[1] ** 2)
            for name in draws[0]:
                arrays[f"n0_{sizes[0]}/{name}"] = np.stack([draw[name] for draw in draws])

    largest = max(float(array.max()) for array in arrays.values())
    store.write(
        snakemake.output[0],
        arrays,
        parameters=item | {"alpha": alpha, "zeta": zeta},
        seed=item["seed"],
        dtype="float32",
        noise_floor=float(np.finfo(np.float32).eps) * largest,
    )
