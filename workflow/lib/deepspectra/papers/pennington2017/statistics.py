"""Numbers of the three figures: simulated spectra beside their limit laws, and constants of activations."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from deepspectra.nn.activations.families.isospectral import isospectral_activations
from deepspectra.nn.activations.families.rectifier import rectifier_zeta
from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import Row, summary_table
from deepspectra.rmt.distances import binned_distance, expected_binned_distance
from deepspectra.rmt.limits.quartic import NonlinearLaw
from deepspectra.runtime import store

__all__ = ["compare_with_limit", "compare_with_theory", "evaluate_activations", "ridge_training_loss"]

_PANELS = {"first": "a", "last": "b", "equivalent": "a"}
_FEATURE_AXES = {"zetas": ("betas",), "gamma": ("points",), "simulated": ("betas", "points", "m")}
_FEATURE_AXES |= {"equivalent": ("betas", "m")}


def compare_with_limit(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Figure 1: L1 distances (eq. 16) of pooled spectra of Y Y'/m to the limit of theorem 1, against width.

    Curves: for each alpha the first layer (panel a), the deep layer (panel b) and the first layer's Gaussian
    equivalent; "sampling", of as many independent draws from the limit, mean over alpha; and in panel b "equivalent",
    the mean of the Gaussian equivalents. References in the summary are of the Gaussian equivalent of the same size.

    :param files: ``spectra``, as ``simulate_data_covariance`` writes them, one for each alpha.
    :param parameters: ``phi``, ``psi``, ``alphas``, ``input_dimensions``, ``layers``, ``bins``.
    """
    widths, deep = parameters["input_dimensions"], parameters["layers"]
    rows: list[tuple] = []
    summary: list[Row] = []
    floors: dict[int, list[float]] = {n0: [] for n0 in widths}
    for alpha, path in zip(parameters["alphas"], files["spectra"], strict=True):
        series, zeta = f"alpha={alpha:g}", min(rectifier_zeta(alpha), 1.0)
        law = NonlinearLaw(1.0, zeta, parameters["phi"], parameters["psi"])
        support = law.support()
        edges = np.linspace(support[0][0], support[-1][1], parameters["bins"] + 1)
        probabilities = np.diff(np.concatenate([[0.0], law.cdf(edges), [1.0]]))
        names = [f"n0_{n0}/{spectrum}" for n0 in widths for spectrum in _PANELS]
        spectra = store.read(path, {name: (f"realisations {name}", f"width {name}") for name in names})
        distances: dict[str, list[float]] = {spectrum: [] for spectrum in _PANELS}
        for n0 in widths:
            for spectrum, panel in _PANELS.items():
                pooled = spectra[f"n0_{n0}/{spectrum}"].ravel()
                distance = binned_distance(pooled, edges, probabilities)
                distances[spectrum].append(distance)
                name = f"equivalent {series}" if spectrum == "equivalent" else series
                rows.append((panel, name, deep if panel == "b" else 1, zeta, n0, distance, alpha))
            floors[n0].append(expected_binned_distance(probabilities, pooled.size))
        for spectrum in ("first", "last"):
            place, found, equal = (_PANELS[spectrum], series), distances[spectrum], distances["equivalent"]
            for end, index in (("largest", -1), ("smallest", 0)):
                quantity, label = f"l1_distance_at_{end}_width", f"L1 distance at the {end} width"
                summary.append(Row(*place, quantity, label, found[index], equal[index], told=end == "largest"))
            quantity, label = "ratio_of_largest_to_smallest_width", "ratio largest to smallest width"
            summary.append(Row(*place, quantity, label, found[-1] / found[0]))
    curves = pd.DataFrame(rows, columns=["panel", "series", "layer", "zeta", "x", "y", "alpha"])
    equivalent = curves[curves.series.str.startswith("equivalent")].groupby("x").y.mean()
    means = []
    for panel, layer in (("a", 1), ("b", deep)):
        means += [(panel, "sampling", layer, None, n0, np.mean(floors[n0]), None) for n0 in widths]
    means += [("b", "equivalent", deep, None, n0, equivalent[n0], None) for n0 in widths]
    return Numbers(pd.DataFrame(rows + means, columns=list(curves)), summary_table(summary, "reference"))


def ridge_training_loss(eigenvalues: np.ndarray, gamma: float | np.ndarray) -> np.ndarray:
    """gamma^2 tr Q^2 / m with Q = (Y'Y/m + gamma)^(-1), the mean squared residual (eq. 20 and 21).

    :param eigenvalues: of Y'Y/m, shape (m,). :param gamma: positive, any shape, which the result has too.
    """
    gamma = np.asarray(gamma, dtype=float)[..., None]
    return np.mean((gamma / (eigenvalues + gamma)) ** 2, axis=-1)


def compare_with_theory(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Figure 2: training losses of random features by theory and simulation, and how far they are apart.

    References: of the largest deviation, one draw of the Gaussian equivalent; of that from eq. 24, theory's own.

    :param files: ``spectra``, as ``simulate_random_features`` writes them, one for each panel.
    :param parameters: ``panels``, ``betas``, ``smallest_gamma``, ``largest_gamma``, ``curve_points``.
    """
    fine = np.geomspace(parameters["smallest_gamma"], parameters["largest_gamma"], parameters["curve_points"])
    rows: list[tuple] = []
    summary: list[Row] = []
    for (panel, shape), path in zip(parameters["panels"].items(), files["spectra"], strict=True):
        contents = store.read(path, _FEATURE_AXES)
        gamma = contents["gamma"]
        curves = {}
        for i, (beta, zeta) in enumerate(zip(parameters["betas"], contents["zetas"], strict=True)):
            law = NonlinearLaw(1.0, zeta, shape["phi"], shape["psi"])
            curves[beta] = law.training_loss(fine)
            points = zip(contents["simulated"][i], gamma, strict=True)
            simulated = np.array([ridge_training_loss(eigenvalues, value) for eigenvalues, value in points])
            for kind, x, y in (("theory", fine, curves[beta]), ("simulation", gamma, simulated)):
                rows += [(panel, kind, beta, *point, shape["phi"], shape["psi"]) for point in zip(x, y, strict=True)]
            theory, ridgeless = law.training_loss(gamma), law.ridgeless_training_loss()
            equivalent = ridge_training_loss(contents["equivalent"][i], gamma)
            largest, reference = (np.abs(losses - theory).max() for losses in (simulated, equivalent))
            place, label = (panel, f"beta={beta:g}"), "largest |simulated - predicted| training loss"
            summary.append(Row(*place, "largest_deviation_from_theory", label, largest, reference, told=True))
            gap, reference = (abs(losses[0] - ridgeless) for losses in (simulated, theory))
            label = f"|simulated loss - eq. 24| at gamma = {gamma[0]:g}"
            summary.append(Row(*place, "deviation_from_ridgeless_limit", label, gap, reference, at=gamma[0]))
        ordered = np.array([curves[beta] for beta in sorted(curves)])
        monotone, label = float(np.all(np.diff(ordered, axis=0) <= 1e-12)), "1 if theory falls with beta at every gamma"
        summary.append(Row(panel, "all", "theory_falls_with_beta", label, monotone))
    columns = ["panel", "series", "beta", "x", "y", "phi", "psi"]
    return Numbers(pd.DataFrame(rows, columns=columns), summary_table(summary, "reference", "at"))


def evaluate_activations(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Figure 3: functions (panel a) and derivatives (panel b) of four activations, and their constants by quadrature.

    :param parameters: ``largest_argument``, ``points``.
    """
    x = np.linspace(-parameters["largest_argument"], parameters["largest_argument"], parameters["points"])
    rows: list[tuple] = []
    summary: list[Row] = []
    for name, activation in isospectral_activations().items():
        # A derivative has no value where it jumps; the gap breaks its line there.
        slope = np.where(np.isin(x, activation.breakpoints), np.nan, activation.derivative(x))
        for panel, values in (("a", activation.function(x)), ("b", slope)):
            rows += [(panel, name, *point) for point in zip(x, values, strict=True)]
        summary += [
            Row("a", name, "gaussian_mean", "Gaussian mean", activation.mean, 0.0),
            Row("a", name, "eta", "eta", activation.second_moment, 1.0),
            Row("b", name, "zeta", "zeta", activation.b_sigma**2, 0.0, told=True),
        ]
    return Numbers(pd.DataFrame(rows, columns=["panel", "series", "x", "y"]), summary_table(summary, "reference"))
