"""Figure 2: training loss of ridge-regularised random features, theory beside simulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import Row, summary_table
from deepspectra.rmt.limits.quartic import NonlinearLaw
from deepspectra.runtime import store

__all__ = ["compare_with_theory", "ridge_training_loss"]

_AXES = {
    "zetas": ("betas",),
    "gamma": ("points",),
    "simulated": ("betas", "points", "m"),
    "equivalent": ("betas", "m"),
}


def ridge_training_loss(eigenvalues: np.ndarray, gamma: float | np.ndarray) -> np.ndarray:
    """gamma^2 tr Q^2 / m with Q = (Y'Y/m + gamma)^(-1), the mean squared residual (pennington2017, eq. 20-21).

    :param eigenvalues: of Y'Y/m, shape (m,).
    :param gamma: positive, shape (...).
    :returns: float64, shape (...).
    """
    gamma = np.asarray(gamma, dtype=float)[..., None]
    return np.mean((gamma / (eigenvalues + gamma)) ** 2, axis=-1)


def compare_with_theory(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Losses by theory and simulation, and how far they are apart.

    In the summary, the reference of the largest deviation is the same number for one draw of the Gaussian equivalent;
    that of the deviation from eq. 24 is the one that theory has at the same gamma.

    :param files: ``spectra``, as ``simulate_random_features`` writes them, one for each panel.
    :param parameters: ``panels`` (name -> ``phi``, ``psi``), ``betas``, ``smallest_gamma``, ``largest_gamma``,
        ``curve_points``.
    """
    fine = np.geomspace(parameters["smallest_gamma"], parameters["largest_gamma"], parameters["curve_points"])
    rows: list[tuple] = []
    summary: list[Row] = []
    for (panel, shape), path in zip(parameters["panels"].items(), files["spectra"], strict=True):
        contents = store.read(path, _AXES)
        gamma = contents["gamma"]
        curves = {}
        for i, (beta, zeta) in enumerate(zip(parameters["betas"], contents["zetas"], strict=True)):
            law = NonlinearLaw(1.0, zeta, shape["phi"], shape["psi"])
            curves[beta] = law.training_loss(fine)
            points = zip(contents["simulated"][i], gamma, strict=True)
            simulated = np.array([ridge_training_loss(eigenvalues, value) for eigenvalues, value in points])
            for kind, x, y in (("theory", fine, curves[beta]), ("simulation", gamma, simulated)):
                rows += [(panel, kind, beta, *point, shape["phi"], shape["psi"]) for point in zip(x, y, strict=True)]
            equivalent = ridge_training_loss(contents["equivalent"][i], gamma)
            summary += _deviations(panel, f"beta={beta:g}", gamma, law, simulated, equivalent)
        ordered = np.array([curves[beta] for beta in sorted(curves)])
        monotone = float(np.all(np.diff(ordered, axis=0) <= 1e-12))
        label = "1 if theory falls with beta at every gamma"
        summary.append(Row(panel, "all", "theory_falls_with_beta", label, monotone))
    columns = ["panel", "series", "beta", "x", "y", "phi", "psi"]
    return Numbers(pd.DataFrame(rows, columns=columns), summary_table(summary, "reference", "at"))


def _deviations(
    panel: str, series: str, gamma: np.ndarray, law: NonlinearLaw, simulated: np.ndarray, equivalent: np.ndarray
) -> list[Row]:
    """Of the simulated losses, shape (points,), from theory at every gamma and from eq. 24 at the smallest."""
    theory, ridgeless = law.training_loss(gamma), law.ridgeless_training_loss()
    largest, reference = (np.abs(losses - theory).max() for losses in (simulated, equivalent))
    label = "largest |simulated - predicted| training loss"
    worst = Row(panel, series, "largest_deviation_from_theory", label, largest, reference, told=True)
    gap, reference = (abs(losses[0] - ridgeless) for losses in (simulated, theory))
    label = f"|simulated loss - eq. 24| at gamma = {gamma[0]:g}"
    return [worst, Row(panel, series, "deviation_from_ridgeless_limit", label, gap, reference, at=gamma[0])]
