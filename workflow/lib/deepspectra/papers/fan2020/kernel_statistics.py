"""What fan2020's figures show of kernel spectra: histograms, limit laws, distances, outliers, and where the labels lie.

They are rows of the two tables of a :class:`~deepspectra.papers.comparison.Comparison`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from scipy.stats import ks_2samp

from deepspectra.papers.comparison import Comparison
from deepspectra.papers.histograms import histogram, zoom
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.limits.inputs import EmpiricalInput, InputSpectrum, MarchenkoPasturInput
from deepspectra.rmt.limits.law import LimitLaw
from deepspectra.rmt.limits.layered import LayeredKernel, density, limit_law

logger = logging.getLogger(__name__)

#: Eigenvalues beyond this times the limit's upper edge are counted: at finite size the largest of a bulk may lie
#: slightly beyond.
EDGE_FACTOR = 1.1
#: Of these, outliers are the ones above a gap: the largest for which the next smaller one is smaller by this factor. A
#: bulk that has merely become longer has none.
ISOLATION_FACTOR = 1.5
#: Leading eigenvectors whose share of the labels is told.
LEADING = 20
# Below this share of the largest eigenvalue a bin on a logarithmic axis is not begun.
_SMALLEST_SHARE = 1e-9


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues of one matrix, float64 (n,), ascending, and the size below which they are rounding."""

    eigenvalues: np.ndarray
    floor: float


def starting_spectrum(spectrum: Spectrum, ratio: float | None) -> InputSpectrum:
    """What the limits of the kernels start from: mu_0.

    :param spectrum: of the input Gram matrix.
    :param ratio: n/d_0 of Gaussian inputs or points of a sphere, whose limit is that of Marchenko and Pastur; None
        where the inputs stand for themselves.
    """
    return EmpiricalInput(_cleared(spectrum)) if ratio is None else MarchenkoPasturInput(ratio)


def compare_input(
    found: Comparison, panel: str, spectrum: Spectrum, ratio: float | None, bins: int, points: int
) -> None:
    """The input Gram matrix, beside its limit where it has one (see :func:`starting_spectrum`)."""
    eigenvalues = _cleared(spectrum)
    bulk, zeros = eigenvalues[eigenvalues > 0], float(np.mean(eigenvalues == 0))
    found.rows += histogram(panel, bulk, bins, eigenvalues.size) + zoom(panel, bulk, bins, eigenvalues.size)
    found.rows.append((panel, "atom", 0.0, 0.0, zeros))
    law = None if ratio is None else MarchenkoPastur(ratio)
    if law:
        lower, upper = law.edges
        x = lower + (upper - lower) * np.sin(np.linspace(0, np.pi / 2, points)) ** 2
        found.rows += [(panel, "limit", a, a, b) for a, b in zip(x, law.density(x), strict=True)]
        distance = ks_distance(eigenvalues, law.cdf, law.atoms)
        found.summary.append((panel, "input", "KS distance to the limit", distance, None))
    found.summary.append((panel, "input", "share of zero eigenvalues", zeros, law.atom if law else None))


def compare_kernel(
    found: Comparison,
    panel: str,
    name: str,
    spectrum: Spectrum,
    equivalent: Spectrum,
    kernel: LayeredKernel,
    bins: int,
    points: int,
    logarithmic: bool = False,
) -> LimitLaw:
    """A kernel of a random network beside its limit law, and how far it and its linear equivalent are from it.

    :param panel: letter of the panel. :param name: of the kernel.
    :param bins: of the histogram. :param points: of the limit's density.
    :param logarithmic: whether densities are those of ln(lambda), in bins of one width there; else a second histogram
        magnifies a crowded left end.
    :raises LimitError: if the limit's mass is not one.
    """
    law, bulk, size = limit_law(kernel), spectrum.eigenvalues, spectrum.eigenvalues.size
    for location, _ in law.atoms:
        # What rounding made of equal eigenvalues is a line of its own and no part of the histogram.
        on_atom = np.abs(bulk - location) <= spectrum.floor
        found.rows.append((panel, "atom", location, location, np.sum(on_atom) / size))
        bulk = bulk[~on_atom]
    lower, x = law.edges[0][0], law.grid(points)
    if logarithmic:
        positive = bulk[bulk > spectrum.floor]
        edges = _logarithmic_edges(positive[0], positive[-1], bins)
        found.rows += _logarithmic_histogram(panel, "histogram", positive, edges, size)
        x = np.union1d(x, _logarithmic_grid(law, points))
    else:
        magnified = zoom(panel, bulk, bins, size)
        if magnified:
            # A grid over the whole support leaves few points for its crowded end.
            x = np.union1d(x, lower + (magnified[-1][3] - lower) * np.linspace(0, 1, points // 2) ** 2)
        found.rows += histogram(panel, bulk, bins, size) + magnified
    missing = _add_limit(found, panel, name, kernel, x, logarithmic)
    distances = [ks_distance(one.eigenvalues, law.cdf, law.atoms, one.floor) for one in (spectrum, equivalent)]
    found.summary += [
        (panel, name, "KS distance to the limit", *distances),
        (panel, name, "mean eigenvalue", spectrum.eigenvalues.mean(), kernel.mean),
        (panel, name, "mass of the limit", law.mass, 1.0),
        (panel, name, "points of the limit that did not converge", missing, 0.0),
        (panel, name, "smallest eigenvalue of the bulk", bulk[0], law.edges[0][0]),
        (panel, name, "largest eigenvalue", bulk[-1], law.edges[-1][1]),
    ]
    return law


#: What stands between a tangent kernel and its limit, and what summaries call it.
STAND_INS = {"mean": "the kernel with mean sensitivities", "lemma": "lemma 3.5's matrix"}


def compare_stand_ins(
    found: Comparison,
    panel: str,
    tangent: Spectrum,
    stand_ins: dict[str, Spectrum],
    equivalent: Spectrum,
    law: LimitLaw,
    bins: int,
) -> None:
    """How much of a tangent kernel's distance to its limit each step towards it takes, how much one common factor.

    :param stand_ins: spectra by keys of :data:`STAND_INS`.
    """
    shown = [row for series in ("zoom", "histogram") for row in found.rows if row[:2] == (panel, series)][:bins]
    low, high = shown[0][2], shown[-1][3]
    reference = ks_distance(equivalent.eigenvalues, law.cdf, law.atoms, equivalent.floor)
    for series, spectrum in stand_ins.items():
        values = spectrum.eigenvalues
        found.rows += histogram(panel, values, np.linspace(low, high, bins + 1), values.size, series)
        distance = ks_distance(values, law.cdf, law.atoms, spectrum.floor)
        between = float(ks_2samp(values, tangent.eigenvalues).statistic)
        found.summary += [
            (panel, "tangent", f"KS distance of {STAND_INS[series]}", distance, reference),
            (panel, "tangent", f"KS distance of {STAND_INS[series]} to the tangent kernel", between, None),
        ]
    # All samples share the weights: part of a network's distance is a common displacement of all eigenvalues.
    factors = np.linspace(0.85, 1.15, 61)
    scaled = [ks_distance(factor * tangent.eigenvalues, law.cdf, law.atoms) for factor in factors]
    best = int(np.argmin(scaled))
    found.summary += [
        (panel, "tangent", "smallest KS distance after a common factor", scaled[best], reference),
        (panel, "tangent", "that common factor", factors[best], 1.0),
    ]


def compare_trained(
    found: Comparison,
    panel: str,
    name: str,
    before: Spectrum,
    after: Spectrum,
    kernel: LayeredKernel,
    bins: int,
    points: int,
) -> None:
    """A kernel before and after training beside its limit at random weights, on a logarithmic axis.

    Densities are those of ln(lambda): trained spectra spread over several decades.

    :param panel: letter of the panel. :param name: of the kernel.
    :param bins: of the histograms. :param points: of the limit's density.
    :raises LimitError: if the limit's mass is not one.
    """
    law = limit_law(kernel)
    edge = law.edges[-1][1]
    size = before.eigenvalues.size
    bulks = {}
    for series, spectrum in (("before", before), ("after", after)):
        # Eigenvalues below the floor are zeros: the rank of a kernel is at most the smallest width.
        positive = spectrum.eigenvalues[spectrum.eigenvalues > spectrum.floor]
        bulks[series] = positive
        found.rows.append((panel, f"{series} at zero", 0.0, 0.0, 1 - positive.size / size))
    smallest = min(law.edges[0][0], *(values[0] for values in bulks.values()))
    bin_edges = _logarithmic_edges(smallest, max(edge, *(values[-1] for values in bulks.values())), bins)
    for series, values in bulks.items():
        found.rows += _logarithmic_histogram(panel, series, values, bin_edges, size)
        beyond = values[values > EDGE_FACTOR * edge]
        outliers = beyond[-isolated(values) :] if isolated(values) else beyond[:0]
        found.rows += [(panel, f"{series}, beyond the edge", value, value, 0.0) for value in beyond]
        found.rows += [(panel, f"{series}, outlier", value, value, 0.0) for value in outliers]
        found.summary += [
            (panel, name, f"eigenvalues beyond {EDGE_FACTOR} times the edge {series}", float(beyond.size), None),
            (panel, name, f"positive eigenvalues too small to show {series}", _not_shown(values, bin_edges), 0.0),
            (panel, name, f"KS distance to the limit {series}", _distance(before, after, series, law), None),
            (panel, name, f"outliers {series}", float(outliers.size), None),
            (panel, name, f"largest eigenvalue {series}", values[-1], edge),
            (panel, name, f"median eigenvalue {series}", float(np.median(values)), _median(law)),
        ]
    x = np.union1d(_logarithmic_grid(law, points), law.grid(points))
    missing = _add_limit(found, panel, name, kernel, x, logarithmic=True)
    found.rows.append((panel, "edge", edge, edge, 0.0))
    found.summary.append((panel, name, "points of the limit that did not converge", missing, 0.0))


def isolated(eigenvalues: np.ndarray) -> int:
    """How many of the largest eigenvalues lie above a gap of :data:`ISOLATION_FACTOR`.

    :param eigenvalues: positive, ascending, shape (n,). Only the larger half is looked at: gaps at the other end of a
        spectrum are of no interest.
    """
    largest = eigenvalues[eigenvalues.size // 2 :]
    gaps = np.flatnonzero(largest[1:] >= ISOLATION_FACTOR * largest[:-1])
    return int(largest.size - 1 - gaps[0]) if gaps.size else 0


def label_rows(
    found: Comparison, panel: str, kernel: str, shares: dict[str, np.ndarray], told: tuple[int, ...] = (1, 2)
) -> None:
    """Share of the labels' squared norm on the leading eigenvectors of a kernel, before and after training.

    :param shares: ``before`` and ``after``: squared projections on all eigenvectors over the squared norm, shape (n,),
        in ascending order of the eigenvalues.
    """
    for state, share in shares.items():
        leading = np.cumsum(share[::-1])[:LEADING]
        found.rows += [(panel, f"{kernel} {state}", k, k, value) for k, value in enumerate(leading, 1)]
        found.summary += [
            (panel, kernel, f"share of the labels on the first {k} eigenvectors {state}", leading[k - 1], None)
            for k in told
        ]


def training_rows(found: Comparison, test_losses: np.ndarray, variance: float) -> None:
    """What the last third of a training's epochs says of the test error, since Adam at a constant rate never settles.

    :param test_losses: mean squared error after each epoch, shape (epochs,).
    :param variance: of the test targets.
    """
    last = 1 - test_losses[-max(1, len(test_losses) // 3) :] / variance
    found.summary += [
        ("fit", "test", "epochs of the last third", float(last.size), None),
        *(
            ("fit", "test", f"R^2 in the last third, {name}", float(value), None)
            for name, value in (("lowest", last.min()), ("median", np.median(last)), ("highest", last.max()))
        ),
    ]


def explained_variance(targets: np.ndarray, outputs: np.ndarray) -> float:
    """R^2 of predictions: one less the mean squared error over the variance of the targets, both shape (n, 1)."""
    return float(1 - np.mean((targets - outputs) ** 2) / np.var(targets))


def _cleared(spectrum: Spectrum) -> np.ndarray:
    """Eigenvalues with zeros in the place of rounding."""
    return np.where(np.abs(spectrum.eigenvalues) <= spectrum.floor, 0.0, spectrum.eigenvalues)


def _logarithmic_edges(smallest: float, largest: float, bins: int) -> np.ndarray:
    """Edges of bins of one width in ln(lambda) that hold all from the smallest to the largest eigenvalue."""
    return np.linspace(np.log(max(smallest, _SMALLEST_SHARE * largest)) - 1e-9, np.log(largest) + 1e-9, bins + 1)


def _logarithmic_histogram(panel: str, series: str, values: np.ndarray, edges: np.ndarray, size: int) -> list[tuple]:
    """Rows of a histogram whose bins are eigenvalues and whose heights are densities of the logarithm."""
    bars = histogram(panel, np.log(values), edges, size, series)
    return [(*names, float(np.exp(low)), float(np.exp(high)), height) for *names, low, high, height in bars]


def _logarithmic_grid(law: LimitLaw, points: int) -> np.ndarray:
    upper = law.edges[-1][1]
    return np.geomspace(max(law.edges[0][0], _SMALLEST_SHARE * upper), upper, points)


def _not_shown(values: np.ndarray, bin_edges: np.ndarray) -> float:
    return float(np.sum(np.log(values) < bin_edges[0]))


def _add_limit(
    found: Comparison, panel: str, name: str, kernel: LayeredKernel, x: np.ndarray, logarithmic: bool = False
) -> float:
    """The limit density at points x, those that converged; how many did not."""
    curve = density(kernel, x)
    drawn = curve.converged & np.isfinite(curve.density)
    missing = int(np.sum(~drawn))
    if missing:
        logger.warning("%s: %d points of the limit are not drawn", name, missing)
    points, values = curve.points[drawn], curve.density[drawn]
    heights = points * values if logarithmic else values
    found.rows += [(panel, "limit", a, a, b) for a, b in zip(points, heights, strict=True)]
    return float(missing)


def _distance(before: Spectrum, after: Spectrum, series: str, law: LimitLaw) -> float:
    spectrum = before if series == "before" else after
    return ks_distance(spectrum.eigenvalues, law.cdf, law.atoms, spectrum.floor)


def _median(law: LimitLaw) -> float:
    """Median of a law without its atom at zero, from its nodes."""
    x = law.grid(4000)
    zero = sum(mass for location, mass in law.atoms if location == 0)
    return float(np.interp(zero + (1 - zero) / 2, law.cdf(x), x))
