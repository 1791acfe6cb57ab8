"""Spectra, histograms and limit densities, gathered panel by panel into the curves and summary of a figure."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from deepspectra.papers.histograms import Bar, histogram
from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import Row, summary_table
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.limits.inputs import EmpiricalInput, InputSpectrum, MarchenkoPasturInput
from deepspectra.rmt.limits.law import LimitLaw
from deepspectra.rmt.limits.layered import LayeredKernel, density
from deepspectra.runtime import store

__all__ = ["KernelSpectrum", "SpectrumPanels", "add_limit", "logarithmic_edges", "logarithmic_grid"]
__all__ += ["logarithmic_histogram", "read_spectra", "starting_spectrum"]

logger = logging.getLogger(__name__)

# Bins on a logarithmic axis start no lower than this share of the largest eigenvalue.
_SMALLEST_SHARE = 1e-9


@dataclass
class SpectrumPanels:
    """What a figure of spectra shows.

    :ivar curves: rows (panel, series, x, x_high, y). :ivar summary: the numbers in words.
    """

    curves: list[Bar] = field(default_factory=list)
    summary: list[Row] = field(default_factory=list)

    def numbers(self) -> Numbers:
        """Both as tables."""
        curves = pd.DataFrame(self.curves, columns=["panel", "series", "x", "x_high", "y"])
        return Numbers(curves, summary_table(self.summary, "reference", "at"))


@dataclass(frozen=True)
class KernelSpectrum:
    """Eigenvalues of one matrix, float64 (n,), ascending, and the size below which they are rounding."""

    eigenvalues: np.ndarray
    floor: float

    @property
    def cleared(self) -> np.ndarray:
        """Eigenvalues with rounding set to zero."""
        return np.where(np.abs(self.eigenvalues) <= self.floor, 0.0, self.eigenvalues)

    @property
    def positive(self) -> np.ndarray:
        """Eigenvalues above the floor."""
        return self.eigenvalues[self.eigenvalues > self.floor]

    def distance(self, law: LimitLaw) -> float:
        """Kolmogorov-Smirnov distance to a law."""
        return ks_distance(self.eigenvalues, law.cdf, law.atoms, self.floor)


def read_spectra(path: str | Path, names: Iterable[str], samples: int) -> dict[str, KernelSpectrum]:
    """Spectra of matrices of shape (samples, samples), by name."""
    names = list(names)
    found = store.read(path, dict.fromkeys(names, (samples,)))
    return {name: KernelSpectrum(found[name], found.attributes["noise_floor"][name]) for name in names}


def starting_spectrum(spectrum: KernelSpectrum, ratio: float | None) -> InputSpectrum:
    """mu_0, from which the kernels' limits start.

    :param spectrum: of the input Gram matrix.
    :param ratio: n/d_0 of Gaussian inputs or points of a sphere, whose limit is the Marchenko-Pastur law; None where
        the inputs stand for themselves.
    """
    return EmpiricalInput(spectrum.cleared) if ratio is None else MarchenkoPasturInput(ratio)


def logarithmic_edges(smallest: float, largest: float, bins: int) -> np.ndarray:
    """Edges of bins of equal width in ln(lambda) from the smallest to the largest eigenvalue, shape (bins + 1,)."""
    return np.linspace(np.log(max(smallest, _SMALLEST_SHARE * largest)) - 1e-9, np.log(largest) + 1e-9, bins + 1)


def logarithmic_histogram(panel: str, series: str, values: np.ndarray, edges: np.ndarray, size: int) -> list[Bar]:
    """Rows of a histogram: bins as eigenvalues, heights as densities of ln(lambda)."""
    bars = histogram(panel, np.log(values), edges, size, series)
    return [(panel, series, float(np.exp(low)), float(np.exp(high)), height) for *_, low, high, height in bars]


def logarithmic_grid(law: LimitLaw, points: int) -> np.ndarray:
    """Points from edge to edge of a law, evenly spaced in ln(lambda)."""
    upper = law.edges[-1][1]
    return np.geomspace(max(law.edges[0][0], _SMALLEST_SHARE * upper), upper, points)


def add_limit(
    found: SpectrumPanels,
    panel: str,
    name: str,
    kernel: LayeredKernel,
    x: np.ndarray,
    logarithmic: bool = False,
    at: int | None = None,
) -> Row:
    """Add the curve of the limit density, or that of ln(lambda), at those points x that converge.

    :returns: how many do not, for the summary.
    """
    curve = density(kernel, x)
    drawn = curve.converged & np.isfinite(curve.density)
    missing = int(np.sum(~drawn))
    if missing:
        logger.warning("%s: %d points of the limit do not converge and are not drawn", name, missing)
    points, values = curve.points[drawn], curve.density[drawn]
    heights = points * values if logarithmic else values
    found.curves += [(panel, "limit", a, a, b) for a, b in zip(points, heights, strict=True)]
    label = "points of the limit that did not converge"
    return Row(panel, name, "limit_points_not_converged", label, float(missing), 0.0, at=at)
