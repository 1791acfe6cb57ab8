"""Numbers of the three figures: simulated spectra beside their limit laws, and constants of activations."""

import math
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
_FEATURE_AXES |= {"equivalent": ("betas", "m"), "smaller": ("betas", "points", "smaller m")}
#: Groups of realisations that are left out in turn, for standard errors of distances.
_GROUPS = 10


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
        errors: dict[str, list[float]] = {spectrum: [] for spectrum in _PANELS}
        for n0 in widths:
            for spectrum, panel in _PANELS.items():
                pooled = spectra[f"n0_{n0}/{spectrum}"].ravel()
                distance = binned_distance(pooled, edges, probabilities)
                distances[spectrum].append(distance)
                errors[spectrum].append(distance_error(spectra[f"n0_{n0}/{spectrum}"], edges, probabilities))
                name = f"equivalent {series}" if spectrum == "equivalent" else series
                rows.append((panel, name, deep if panel == "b" else 1, zeta, n0, distance, alpha))
            floors[n0].append(expected_binned_distance(probabilities, pooled.size))
        for spectrum in ("first", "last"):
            place, found, equal = (_PANELS[spectrum], series), distances[spectrum], distances["equivalent"]
            error = errors[spectrum]
            for end, index in (("largest", -1), ("smallest", 0)):
                quantity, label = f"l1_distance_at_{end}_width", f"L1 distance at the {end} width"
                values = found[index], equal[index], error[index]
                summary.append(Row(*place, quantity, label, *values, told=end == "largest"))
            quantity, label = "ratio_of_largest_to_smallest_width", "ratio largest to smallest width"
            fall = found[-1] / found[0]
            relative = math.hypot(error[-1] / found[-1], error[0] / found[0])
            summary.append(Row(*place, quantity, label, fall, equal[-1] / equal[0], fall * relative))
    curves = pd.DataFrame(rows, columns=["panel", "series", "layer", "zeta", "x", "y", "alpha"])
    equivalent = curves[curves.series.str.startswith("equivalent")].groupby("x").y.mean()
    means = []
    for panel, layer in (("a", 1), ("b", deep)):
        means += [(panel, "sampling", layer, None, n0, np.mean(floors[n0]), None) for n0 in widths]
    means += [("b", "equivalent", deep, None, n0, equivalent[n0], None) for n0 in widths]
    return Numbers(pd.DataFrame(rows + means, columns=list(curves)), summary_table(summary, "reference", "error"))


def distance_error(spectra: np.ndarray, edges: np.ndarray, probabilities: np.ndarray) -> float:
    """Standard error of :func:`.binned_distance` of pooled spectra: the jackknife over groups of realisations.

    :param spectra: shape (realisations, eigenvalues). :param edges: of the bins, and their probabilities.
    :returns: NaN for a single realisation.
    """
    groups = min(_GROUPS, len(spectra))
    if groups < 2:
        return math.nan
    chosen = np.arange(len(spectra)) % groups
    left_out = [binned_distance(spectra[chosen != group].ravel(), edges, probabilities) for group in range(groups)]
    return float(np.std(left_out) * math.sqrt(groups - 1))


def ridge_training_loss(eigenvalues: np.ndarray, gamma: float | np.ndarray) -> np.ndarray:
    """gamma^2 tr Q^2 / m with Q = (Y'Y/m + gamma)^(-1), the mean squared residual (eq. 20 and 21).

    :param eigenvalues: of Y'Y/m, shape (m,). :param gamma: positive, any shape, which the result has too.
    """
    gamma = np.asarray(gamma, dtype=float)[..., None]
    return np.mean((gamma / (eigenvalues + gamma)) ** 2, axis=-1)


def compare_with_theory(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Figure 2: training losses of random features by theory and simulation, and how far they are apart.

    Each beta has as many random quintics as there are simulated points. Each point shows one of them; the summary
    evaluates all of them at every gamma, and so tells how far quintics of one beta differ. References: of the largest
    deviation, one draw of the Gaussian equivalent; of that from eq. 24, theory's own; of what all quintics of a panel
    do (series ``all``, at the number of the quintic), that at the smaller dimension.

    :param files: ``spectra``, as ``simulate_random_features`` writes them, one for each panel.
    :param parameters: ``panels``, ``betas``, ``smallest_gamma``, ``largest_gamma``, ``curve_points``.
    """
    fine = np.geomspace(parameters["smallest_gamma"], parameters["largest_gamma"], parameters["curve_points"])
    rows: list[tuple] = []
    summary: list[Row] = []
    for (panel, shape), path in zip(parameters["panels"].items(), files["spectra"], strict=True):
        contents = store.read(path, _FEATURE_AXES)
        gamma = contents["gamma"]
        curves, gaps = {}, list[tuple[np.ndarray, np.ndarray]]()
        scaled = 0.0
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
            of_quintics, of_smaller = (
                ridge_training_loss(contents[name][i][:, None, :], gamma) for name in ("simulated", "smaller")
            )
            gaps.append((of_quintics - theory, of_smaller - theory))
            summary += quintic_rows(*place, of_quintics, of_smaller, ridgeless)
            scaled = max(scaled, homogeneity_gap(law, theory, gamma))
        for number, (large, small) in enumerate(zip(*map(largest_gaps, zip(*gaps, strict=True)), strict=True), 1):
            label = f"largest |simulated - predicted| training loss over beta and gamma, quintic {number}"
            summary.append(Row(panel, "all", "largest_deviation_of_quintic", label, large, small, at=number))
        label = "largest |E(gamma, eta, zeta) - E(lambda gamma, lambda eta, lambda zeta)|, eq. 23"
        summary.append(Row(panel, "all", "homogeneity_gap", label, scaled, 0.0))
        ordered = np.array([curves[beta] for beta in sorted(curves)])
        monotone, label = float(np.all(np.diff(ordered, axis=0) <= 1e-12)), "1 if theory falls with beta at every gamma"
        summary.append(Row(panel, "all", "theory_falls_with_beta", label, monotone))
    columns = ["panel", "series", "beta", "x", "y", "phi", "psi"]
    return Numbers(pd.DataFrame(rows, columns=columns), summary_table(summary, "reference", "at"))


def quintic_rows(panel: str, series: str, losses: np.ndarray, smaller: np.ndarray, ridgeless: float) -> list[Row]:
    """How far random quintics of one beta differ among themselves, and from eq. 24 at the smallest gamma.

    :param losses: of each quintic at every gamma, shape (quintics, points). :param smaller: at the smaller dimension.
    """
    large, small = (float(part.std(axis=0, ddof=1).max()) for part in (losses, smaller))
    spread, limit = "largest standard deviation of the loss over random quintics", "largest |loss - eq. 24|"
    return [
        Row(panel, series, "quintics", "random quintics", len(losses)),
        Row(panel, series, "spread_of_quintics", spread, large, small, told=True),
        Row(panel, series, "ridgeless_deviation_of_quintics", limit, float(np.abs(losses[:, 0] - ridgeless).max())),
    ]


def largest_gaps(gaps: Sequence[np.ndarray]) -> np.ndarray:
    """Largest size over beta and gamma, for each quintic: gaps of shape (quintics, points), one array a beta."""
    return np.abs(np.array(gaps)).max(axis=(0, 2))


def homogeneity_gap(law: NonlinearLaw, losses: np.ndarray, gamma: np.ndarray) -> float:
    """Largest change of the predicted losses when gamma, eta and zeta are multiplied by 1/10 or 10 (eq. 23)."""
    gaps = []
    for scale in (0.1, 10.0):
        other = NonlinearLaw(scale * law.eta, scale * law.zeta, law.phi, law.psi)
        gaps.append(float(np.abs(other.training_loss(scale * gamma) - losses).max()))
    return max(gaps)


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
