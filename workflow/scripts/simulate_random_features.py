"""Spectra of random features, one new quintic polynomial for every simulated point (pennington2017, figure 2)."""

import numpy as np

from deepspectra.nn.activations.families.quintic import random_quintic
from deepspectra.rmt.ensembles import gaussian_equivalent, random_feature_eigenvalues, whole_quotient
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job
from deepspectra.runtime.progress import ProgressBar
from deepspectra.runtime.seeds import generator

with job(snakemake.log[0], snakemake.threads):
    item, shape, panel = snakemake.params.item, snakemake.params.shape, snakemake.wildcards.panel
    device = choose_device(snakemake.config["device"])
    n0 = item["input_dimension"]
    sizes = (n0, whole_quotient(n0, shape["psi"]), whole_quotient(n0, shape["phi"]))
    gamma = np.geomspace(item["smallest_gamma"], item["largest_gamma"], item["simulated_points"])
    betas = np.array(item["betas"])
    zetas = 1 / (1 + 10.0**betas)

    simulated = np.empty((len(betas), len(gamma), sizes[2]))
    equivalent = np.empty((len(betas), sizes[2]))
    with ProgressBar(total=len(betas) * (len(gamma) + 1), desc=f"panel {panel}", unit="matrix") as bar:
        for i, zeta in enumerate(zetas):
            for k in range(len(gamma)):
                stream = (ord(panel), i, k)
                quintic = random_quintic(zeta, np.random.default_rng([item["seed"], *stream]))
                simulated[i, k] = random_feature_eigenvalues(quintic, sizes, generator(item["seed"], *stream), device)
                bar.update()
            source = generator(item["seed"], ord(panel), i, len(gamma))
            equivalent[i] = random_feature_eigenvalues(gaussian_equivalent(zeta, source), sizes, source, device)
            bar.update()

    store.write(
        snakemake.output[0],
        {"zetas": zetas, "gamma": gamma, "simulated": simulated, "equivalent": equivalent},
        parameters=item | {"panel": panel, **shape, "sizes": sizes},
        seed=item["seed"],
        dtype="float64",
        # Eigenvalues are squares of singular values, each uncertain by about eps times the largest one.
        noise_floor=float((np.finfo(float).eps ** 2) * simulated.max()),
    )
