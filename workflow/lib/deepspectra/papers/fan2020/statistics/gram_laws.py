"""Kernels at random weights beside the law of the given Gram matrix: curves and numbers of figures 1, 2, S2 and S4."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepspectra.nn.activations import activation
from deepspectra.papers.histograms import Bar
from deepspectra.papers.rows import Row
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.limits.gram import GramKernel, GramLaw
from deepspectra.runtime import store
from deepspectra.spectra.gram_kernels import conjugate_gram_kernel, tangent_gram_kernel
from deepspectra.spectra.gram_means import GramMeans

__all__ = ["compare_gram_law", "read_gram_kernels", "wide_distance"]

# What the curve reaches beyond the bars, as a factor.
_BEYOND = 1.05
_KS = "KS distance to the law of the given Gram matrix"


def read_gram_kernels(path: str | Path, settings: Mapping[str, Any], names: Sequence[str]) -> dict[str, GramKernel]:
    """Kernels by name: ``conjugate_1``, ..., ``tangent`` with the network's own scale, and ``wide_tangent`` without.

    :param path: a file of the rule average_gram. :param settings: of the figure.
    """
    samples, depth = settings["samples"], settings["depth"]
    shapes = GramMeans.shapes(samples, depth) | {"own_sensitivities": (depth, 2)}
    shapes |= {f"first/{name}": shape for name, shape in GramMeans.shapes(samples, 1).items()}
    contents = store.read(path, shapes)
    means, ratios = GramMeans.of(contents.arrays), [samples / settings["width"]] * depth
    first = GramMeans.of({name: contents[f"first/{name}"] for name in means.arrays()})
    kernels = {}
    for name in (name for name in names if name.startswith("conjugate")):
        layer = int(name.removeprefix("conjugate_"))
        kernels[name] = conjugate_gram_kernel(first if layer == 1 else means, ratios[:layer])
    if "tangent" in names:
        sigma = activation(settings["activation"])
        kernels["tangent"] = tangent_gram_kernel(means, ratios, sigma, contents["own_sensitivities"])
        kernels["wide_tangent"] = tangent_gram_kernel(means, ratios, sigma)
    return kernels


def compare_gram_law(
    bars: Sequence[Bar],
    name: str,
    eigenvalues: np.ndarray,
    floor: float,
    kernel: GramKernel,
    points: int,
    at: int | None = None,
) -> tuple[list[Bar], list[Row]]:
    """The law's curve over the bars of a panel, and the distance of a network's kernel to it.

    :param bars: of one panel, of series ``histogram`` and perhaps ``zoom``. :param floor: below it, eigenvalues are
        rounding errors. :param points: of the curve over each series. :param at: layer, where a figure has several;
        then densities are those of ln(lambda).
    """
    panel, law = bars[0][0], GramLaw(kernel)
    distance = ks_distance(eigenvalues, law.cdf, law.atoms, floor)
    grids = [_over(bars, series, points, at is not None) for series in ("histogram", "zoom")]
    curve = law.density(np.unique(np.concatenate(grids)))
    drawn = curve.converged & np.isfinite(curve.density)
    x = curve.points[drawn]
    y = curve.density[drawn] * (1 if at is None else x)
    label = "points of the law of the given Gram matrix that did not converge"
    return [(panel, "gram_law", a, a, b) for a, b in zip(x, y, strict=True)], [
        Row(panel, name, "ks_distance_to_gram_law", _KS, distance, at=at, told=True),
        Row(panel, name, "gram_law_points_not_converged", label, float(np.sum(~drawn)), 0.0, at=at),
    ]


def wide_distance(panel: str, eigenvalues: np.ndarray, floor: float, kernel: GramKernel) -> Row:
    """The distance of a network's tangent kernel to the law of wide networks, which does not know its own scale.

    :param floor: below it, eigenvalues are rounding errors.
    """
    distance = ks_distance(eigenvalues, GramLaw(kernel).cdf, kernel.atoms, floor)
    label = f"{_KS}, without the network's own scale"
    return Row(panel, "tangent", "ks_distance_to_wide_gram_law", label, distance, told=True)


def _over(bars: Sequence[Bar], series: str, points: int, logarithmic: bool) -> np.ndarray:
    """Points over the bars of a series and a little beyond, more of them towards the lower end."""
    shown = [(low, high) for _, name, low, high, _ in bars if name == series]
    if not shown:
        return np.empty(0)
    lower, upper = shown[0][0], shown[-1][1]
    if logarithmic:
        return np.geomspace(lower / _BEYOND, upper * _BEYOND, points)
    start = max(lower - (_BEYOND - 1) * (upper - lower), lower / _BEYOND)
    return start + (_BEYOND * (upper - lower)) * np.linspace(0, 1, points) ** 2
