"""Spectra of random networks and random features, as figures 1 and 2 need them."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from deepspectra.nn.activations.families.quintic import random_quintic
from deepspectra.nn.activations.families.rectifier import rectifier, rectifier_zeta
from deepspectra.papers.types import require_whole
from deepspectra.runtime.progress import ProgressBar
from deepspectra.runtime.seeds import generator
from deepspectra.spectra import random_features as features

__all__ = ["simulate_data_covariance", "simulate_random_features"]


def _sizes(n0: int, shape: Mapping[str, Any]) -> tuple[int, int, int]:
    return n0, require_whole(n0, shape["psi"], "n0 / psi"), require_whole(n0, shape["phi"], "n0 / phi")


def simulate_data_covariance(
    parameters: Mapping[str, Any], alpha: float, device: torch.device | str = "cpu"
) -> tuple[float, dict[str, np.ndarray]]:
    """Spectra of Y Y'/m of many networks with activation f_alpha, at every width (pennington2017, figure 1).

    :param parameters: ``phi``, ``psi``, ``input_dimensions``, ``layers``, ``pooled_eigenvalues``, ``seed``.
    :returns: zeta; and ``n0_{width}/{spectrum}`` of :func:`data_covariance_eigenvalues`, float64 (realisations, n1).
    """
    activation, zeta = rectifier(alpha), min(rectifier_zeta(alpha), 1.0)
    seed, layers = parameters["seed"], parameters["layers"]
    shapes = [_sizes(n0, parameters) for n0 in parameters["input_dimensions"]]
    realisations = {n1: math.ceil(parameters["pooled_eigenvalues"] / n1) for _, n1, _ in shapes}
    # A network of width n1 takes between n1^2 (small, overhead) and n1^3: the bar counts n1^2 units of work.
    effort = sum(count * n1**2 for n1, count in realisations.items())
    arrays = {}
    with ProgressBar(total=effort, desc=f"alpha = {alpha:g}", unit="", unit_scale=True) as bar:
        for n0, n1, m in shapes:
            draws = []
            for realisation in range(realisations[n1]):
                rng = generator(seed, round(1000 * (1 + alpha)), n0, realisation)
                draws.append(features.data_covariance_eigenvalues(activation, zeta, (n0, n1, m), layers, rng, device))
                bar.update(n1**2)
            for name in draws[0]:
                arrays[f"n0_{n0}/{name}"] = np.stack([draw[name] for draw in draws])
    return zeta, arrays


def simulate_random_features(
    parameters: Mapping[str, Any], panel: str, shape: Mapping[str, float], device: torch.device | str = "cpu"
) -> tuple[tuple[int, int, int], dict[str, np.ndarray]]:
    """Eigenvalues of Y'Y/m for a new random quintic at every beta and gamma (pennington2017, figure 2).

    :param parameters: settings of the figure. :param shape: ``phi`` and ``psi`` of the panel.
    :returns: sizes (n0, n1, m); and float64 arrays ``zetas`` (betas,), ``gamma`` (points,), ``simulated`` (betas,
        points, m), ``equivalent`` (betas, m), one draw of the Gaussian equivalent for each beta, and ``smaller``
        (betas, points, m of the smaller dimension), of the same quintics with other weights.
    """
    seed, sizes = parameters["seed"], _sizes(parameters["input_dimension"], shape)
    smaller = _sizes(parameters["smaller_dimension"], shape)
    gamma = np.geomspace(parameters["smallest_gamma"], parameters["largest_gamma"], parameters["simulated_points"])
    zetas = 1 / (1 + 10.0 ** np.array(parameters["betas"]))
    arrays = {"simulated": np.empty((len(zetas), len(gamma), sizes[2])), "equivalent": np.empty((len(zetas), sizes[2]))}
    arrays["smaller"] = np.empty((len(zetas), len(gamma), smaller[2]))
    with ProgressBar(total=len(zetas) * (len(gamma) + 1), desc=f"panel {panel}", unit="matrix") as bar:
        for i, zeta in enumerate(zetas):
            for k in range(len(gamma)):
                stream = (ord(panel), i, k)
                quintic = random_quintic(zeta, np.random.default_rng([seed, *stream]))
                for name, size, last in (("simulated", sizes, ()), ("smaller", smaller, (1,))):
                    rng = generator(seed, *stream, *last)
                    arrays[name][i, k] = features.random_feature_eigenvalues(quintic, size, rng, device)
                bar.update()
            rng = generator(seed, ord(panel), i, len(gamma))
            function = features.gaussian_equivalent(zeta, rng)
            arrays["equivalent"][i] = features.random_feature_eigenvalues(function, sizes, rng, device)
            bar.update()
    return sizes, {"zetas": zetas, "gamma": gamma, **arrays}
