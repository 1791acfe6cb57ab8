"""Eigenvalues of Hessians of Gaussian processes (baskerville2022, figures 5 and 6).

Each matrix is there in two readings: as drawn ("plain"), which is what the authors' code takes ratios of, and in panels
d to f from the same random numbers with the degenerate directions or the outliers that the captions name ("changed").
"""

import numpy as np
import torch

from deepspectra.rmt.gaussian_process import gaussian_process_hessian
from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.runtime.progress import ProgressBar

with job(snakemake.log[0], snakemake.threads):
    process = snakemake.params.process
    panels = process["second_derivatives"]
    changes = {"d": {"degenerate": process["degenerate"]}}
    arrays = {}
    for panel, scale in process["outlier_scales"].items():
        normal = np.random.default_rng([process["seed"], ord(panel), 1]).standard_normal(process["outliers"])
        arrays[f"{panel}/outliers"] = scale * (1 + normal**2)
        changes[panel] = {"outliers": arrays[f"{panel}/outliers"]}
    readings = [(panel, "plain", {}) for panel in panels]
    readings += [(panel, "changed", change) for panel, change in sorted(changes.items())]

    floors = {}
    with ProgressBar(total=len(readings) * process["samples"], desc="processes", unit="matrix") as bar:
        for panel, reading, change in readings:
            source, spectra = np.random.default_rng([process["seed"], ord(panel)]), []
            for _ in range(process["samples"]):
                hessian = gaussian_process_hessian(
                    process["dimension"], process["first_derivative"], panels[panel], source, **change
                )
                spectra.append(torch.linalg.eigvalsh(torch.from_numpy(hessian)).numpy())
                bar.update()
            name = f"{panel}/{reading}"
            arrays[name] = np.stack(spectra)
            # Rounding errors of relative size eps in a symmetric n x n matrix have a norm of about this.
            floors[name] = float(np.finfo(np.float64).eps * len(hessian) ** 0.5 * np.abs(arrays[name]).max())
    store.write(
        snakemake.output[0],
        arrays,
        parameters=process,
        seed=process["seed"],
        dtype="float64",
        noise_floor=floors,
    )
