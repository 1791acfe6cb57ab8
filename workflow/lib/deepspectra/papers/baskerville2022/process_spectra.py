"""Eigenvalues of Gaussian processes' Hessians, drawn for figures 5 and 6 of baskerville2022."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from deepspectra.rmt.gaussian_process import gaussian_process_hessian
from deepspectra.runtime.progress import ProgressBar

__all__ = ["draw_process_spectra"]


def draw_process_spectra(process: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Spectra of all panels, in two readings where captions and code disagree.

    ``plain`` is what the authors' code takes ratios of; ``changed``, in panels d to f, has the degenerate directions or
    outliers that the captions name, drawn with the same random numbers.

    :returns: eigenvalues by panel/reading, float64, shape (samples, levels), with the ``outliers`` of e and f; and
        their noise floors.
    """
    panels, samples, seed = process["second_derivatives"], process["samples"], process["seed"]
    size, arrays, floors = (process["dimension"], process["first_derivative"]), {}, {}
    changes: dict[str, dict[str, Any]] = {"d": {"degenerate": process["degenerate"]}}
    for panel, scale in process["outlier_scales"].items():
        normal = np.random.default_rng([seed, ord(panel), 1]).standard_normal(process["outliers"])
        arrays[f"{panel}/outliers"] = scale * (1 + normal**2)
        changes[panel] = {"outliers": arrays[f"{panel}/outliers"]}
    readings: list[tuple[str, str, dict[str, Any]]] = [(panel, "plain", {}) for panel in panels]
    readings += [(panel, "changed", change) for panel, change in sorted(changes.items())]
    with ProgressBar(total=len(readings) * samples, desc="processes", unit="matrix") as bar:
        for panel, reading, change in readings:
            rng, spectra = np.random.default_rng([seed, ord(panel)]), []
            for _ in range(samples):
                hessian = gaussian_process_hessian(*size, panels[panel], rng, **change)
                spectra.append(torch.linalg.eigvalsh(torch.from_numpy(hessian)).numpy())
                bar.update()
            name = f"{panel}/{reading}"
            arrays[name] = np.stack(spectra)
            # Rounding errors of relative size eps in a symmetric n x n matrix have about this norm.
            floors[name] = float(np.finfo(np.float64).eps * len(hessian) ** 0.5 * np.abs(arrays[name]).max())
    return arrays, floors
