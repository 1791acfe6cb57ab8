"""Training loss of random features: theory, simulation, and how far they are apart (pennington2017, figure 2)."""

import numpy as np
import pandas as pd

from deepspectra.rmt.distances import ridge_training_loss
from deepspectra.rmt.limits.quartic import NonlinearLaw
from deepspectra.runtime import store
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    item = snakemake.params.item
    fine = np.geomspace(item["smallest_gamma"], item["largest_gamma"], item["curve_points"])
    rows, summary = [], []
    for (panel, shape), path in zip(item["panels"].items(), snakemake.input, strict=True):
        contents = store.read(
            path,
            {
                "zetas": ("betas",),
                "gamma": ("points",),
                "simulated": ("betas", "points", "m"),
                "equivalent": ("betas", "m"),
            },
        )
        gamma = contents["gamma"]
        curves = {}
        for i, (beta, zeta) in enumerate(zip(item["betas"], contents["zetas"], strict=True)):
            law = NonlinearLaw(1.0, zeta, shape["phi"], shape["psi"])
            curves[beta] = law.training_loss(fine)
            theory = law.training_loss(gamma)
            points = zip(contents["simulated"][i], gamma, strict=True)
            simulated = np.array([ridge_training_loss(eigenvalues, value) for eigenvalues, value in points])
            equivalent = ridge_training_loss(contents["equivalent"][i], gamma)
            series = f"beta={beta:g}"
            for kind, x, y in (("theory", fine, curves[beta]), ("simulation", gamma, simulated)):
                rows += [(panel, kind, beta, *point, shape["phi"], shape["psi"]) for point in zip(x, y, strict=True)]
            largest = "largest |simulated - predicted| training loss"
            deviations = [np.abs(losses - theory).max() for losses in (simulated, equivalent)]
            summary.append((panel, series, largest, *deviations))
            ridgeless = law.ridgeless_training_loss()
            at_smallest = f"|simulated loss - eq. 24| at gamma = {gamma[0]:g}"
            summary.append((panel, series, at_smallest, abs(simulated[0] - ridgeless), abs(theory[0] - ridgeless)))
        ordered = np.array([curves[beta] for beta in sorted(curves)])
        monotone = float(np.all(np.diff(ordered, axis=0) <= 1e-12))
        summary.append((panel, "all", "1 if theory falls with beta at every gamma", monotone, None))

    write_table(
        pd.DataFrame(rows, columns=["panel", "series", "beta", "x", "y", "phi", "psi"]), snakemake.output.curves
    )
    # The reference is the same number for one draw of the Gaussian equivalent (largest deviation) or theory (eq. 24).
    write_table(
        pd.DataFrame(summary, columns=["panel", "series", "quantity", "value", "reference"]), snakemake.output.summary
    )
