"""Kernels at random weights beside their limit laws: the numbers of figures 1, 2, S2 and S4 of Fan and Wang (2020)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import ks_2samp

from deepspectra.nn.activations import activation
from deepspectra.papers.fan2020.statistics.spectra import (
    KernelSpectrum,
    SpectrumPanels,
    add_limit,
    logarithmic_edges,
    logarithmic_grid,
    logarithmic_histogram,
    read_spectra,
    starting_spectrum,
)
from deepspectra.papers.histograms import histogram, zoom
from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import Row
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.limits.law import LimitLaw
from deepspectra.rmt.limits.layered import LayeredKernel, conjugate_kernel, limit_law, tangent_kernel
from deepspectra.runtime import store
from deepspectra.runtime.progress import ProgressBar

__all__ = ["compare_input", "compare_kernel", "compare_stand_ins", "kernel_spectra_numbers", "layer_spectra_numbers"]

#: Matrices between a tangent kernel and its limit, in words.
_STAND_INS = {"mean": "the kernel with mean sensitivities", "lemma": "lemma 3.5's matrix"}
_KS = "KS distance to the limit"


def kernel_spectra_numbers(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Input Gram matrix, last conjugate kernel and tangent kernel beside the limits of theorems 3.4 and 3.7.

    The reference of a KS distance is that of the linear equivalent, the limit's own model at the same size; all other
    references are the limit's.

    :param files: ``spectra``: one file. :param parameters: settings of the figure.
    """
    (path,), samples, depth = files["spectra"], parameters["samples"], parameters["depth"]
    bins, points = parameters["bins"], parameters["curve_points"]
    last = f"conjugate_{depth}"
    names = ("input", last, "tangent", "mean_tangent", "lemma_tangent", f"equivalent_{last}", "equivalent_tangent")
    spectra = read_spectra(path, names, samples)
    sigma, ratios, ratio = activation(parameters["activation"]), _ratios(parameters), _input_ratio(parameters)
    start = starting_spectrum(spectra["input"], ratio)

    found = SpectrumPanels()
    compare_input(found, "a", spectra["input"], ratio, bins, points)
    conjugate = conjugate_kernel(start, ratios, sigma.b_sigma)
    compare_kernel(found, "b", "conjugate", spectra[last], spectra[f"equivalent_{last}"], conjugate, bins, points)
    tangent = tangent_kernel(start, ratios, sigma.b_sigma, sigma.a_sigma)
    pair = spectra["tangent"], spectra["equivalent_tangent"]
    law = compare_kernel(found, "c", "tangent", *pair, tangent, bins, points)
    compare_stand_ins(found, "c", *pair, {name: spectra[f"{name}_tangent"] for name in _STAND_INS}, law, bins)
    smallest, edge = spectra["tangent"].eigenvalues[0] / tangent.shift, law.edges[0][0] / tangent.shift
    label = "smallest eigenvalue / r_plus"
    found.summary.append(Row("c", "tangent", "smallest_eigenvalue_over_r_plus", label, smallest, edge))

    if parameters["accumulation"] != parameters["dtype"]:
        for panel, series, name in (("b", "conjugate", last), ("c", "tangent", "tangent")):
            largest, relative = store.read(path, {f"difference/{name}": (2,)})[f"difference/{name}"]
            found.summary += [
                Row(panel, series, "largest_entry_change", "largest change of an entry by float32 sums", largest),
                Row(panel, series, "kernel_change", "relative change of the kernel by float32 sums", relative),
            ]
    return found.numbers()


def layer_spectra_numbers(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Conjugate kernels of every layer beside the limits of theorem 3.4, for Gaussian inputs and images.

    :param files: ``spectra``: a file for each figure.
    :param parameters: settings of these figures, by name and in the order of the files.
    """
    found = SpectrumPanels()
    layers = [
        (figure, path, layer)
        for path, figure in zip(files["spectra"], parameters, strict=True)
        for layer in range(1, parameters[figure]["depth"] + 1)
    ]
    for figure, path, layer in ProgressBar(layers, desc="figure_s4", unit="layer"):
        settings, name = parameters[figure], f"conjugate_{layer}"
        spectra = read_spectra(path, ("input", name, f"equivalent_{name}"), settings["samples"])
        start = starting_spectrum(spectra["input"], _input_ratio(settings))
        b_sigma = activation(settings["activation"]).b_sigma
        kernel = conjugate_kernel(start, _ratios(settings), b_sigma, layer)
        pair = spectra[name], spectra[f"equivalent_{name}"]
        sizes = settings["bins"], settings["curve_points"]
        compare_kernel(found, f"{figure}_{layer}", name, *pair, kernel, *sizes, logarithmic=True, at=layer)
    return found.numbers()


def compare_input(
    found: SpectrumPanels, panel: str, spectrum: KernelSpectrum, ratio: float | None, bins: int, points: int
) -> None:
    """The input Gram matrix, beside its limit where it has one (see :func:`starting_spectrum`)."""
    eigenvalues = spectrum.cleared
    bulk, zeros = eigenvalues[eigenvalues > 0], float(np.mean(eigenvalues == 0))
    found.curves += histogram(panel, bulk, bins, eigenvalues.size) + zoom(panel, bulk, bins, eigenvalues.size)
    found.curves.append((panel, "atom", 0.0, 0.0, zeros))
    law = None if ratio is None else MarchenkoPastur(ratio)
    if law:
        lower, upper = law.edges
        x = lower + (upper - lower) * np.sin(np.linspace(0, np.pi / 2, points)) ** 2
        found.curves += [(panel, "limit", a, a, b) for a, b in zip(x, law.density(x), strict=True)]
        distance = ks_distance(eigenvalues, law.cdf, law.atoms)
        found.summary.append(Row(panel, "input", "ks_distance", _KS, distance, told=True))
    label = "share of zero eigenvalues"
    found.summary.append(Row(panel, "input", "share_of_zeros", label, zeros, law.atom if law else None))


def compare_kernel(
    found: SpectrumPanels,
    panel: str,
    name: str,
    spectrum: KernelSpectrum,
    equivalent: KernelSpectrum,
    kernel: LayeredKernel,
    bins: int,
    points: int,
    logarithmic: bool = False,
    at: int | None = None,
) -> LimitLaw:
    """A kernel of a random network beside its limit law, and the distances to it of the kernel and its equivalent.

    :param panel: letter of the panel. :param name: of the kernel. :param at: its layer, where a figure has several.
    :param bins: of the histogram. :param points: of the limit's density.
    :param logarithmic: show densities of ln(lambda), in bins of equal width there; otherwise a second histogram
        magnifies a crowded left end.
    :raises LimitError: if the limit's mass is not one.
    """
    law, bulk, size = limit_law(kernel), spectrum.eigenvalues, spectrum.eigenvalues.size
    for location, _ in law.atoms:
        # Equal eigenvalues that rounding has spread form a line of their own, outside the histogram.
        on_atom = np.abs(bulk - location) <= spectrum.floor
        found.curves.append((panel, "atom", location, location, np.sum(on_atom) / size))
        bulk = bulk[~on_atom]
    (lower, upper), x = (law.edges[0][0], law.edges[-1][1]), law.grid(points)
    if logarithmic:
        positive = bulk[bulk > spectrum.floor]
        edges = logarithmic_edges(positive[0], positive[-1], bins)
        found.curves += logarithmic_histogram(panel, "histogram", positive, edges, size)
        x = np.union1d(x, logarithmic_grid(law, points))
    else:
        magnified = zoom(panel, bulk, bins, size)
        if magnified:
            # A grid over the whole support leaves few points for its crowded end.
            x = np.union1d(x, lower + (magnified[-1][3] - lower) * np.linspace(0, 1, points // 2) ** 2)
        found.curves += histogram(panel, bulk, bins, size) + magnified
    not_converged = add_limit(found, panel, name, kernel, x, logarithmic, at)
    distances = spectrum.distance(law), equivalent.distance(law)
    mean = spectrum.eigenvalues.mean()
    found.summary += [
        Row(panel, name, "ks_distance", _KS, *distances, at=at, told=True),
        Row(panel, name, "mean_eigenvalue", "mean eigenvalue", mean, kernel.mean, at=at),
        Row(panel, name, "limit_mass", "mass of the limit", law.mass, 1.0, at=at),
        not_converged,
        Row(panel, name, "smallest_bulk_eigenvalue", "smallest eigenvalue of the bulk", bulk[0], lower, at=at),
        Row(panel, name, "largest_eigenvalue", "largest eigenvalue", bulk[-1], upper, at=at),
    ]
    return law


def compare_stand_ins(
    found: SpectrumPanels,
    panel: str,
    tangent: KernelSpectrum,
    equivalent: KernelSpectrum,
    stand_ins: Mapping[str, KernelSpectrum],
    law: LimitLaw,
    bins: int,
) -> None:
    """What each step from a tangent kernel to its limit, and one common factor, add to its distance.

    :param stand_ins: ``mean``: the kernel with mean sensitivities; ``lemma``: lemma 3.5's matrix.
    """
    shown = [row for series in ("zoom", "histogram") for row in found.curves if row[:2] == (panel, series)][:bins]
    edges = np.linspace(shown[0][2], shown[-1][3], bins + 1)
    reference = equivalent.distance(law)
    for series, spectrum in stand_ins.items():
        values, label = spectrum.eigenvalues, f"KS distance of {_STAND_INS[series]}"
        found.curves += histogram(panel, values, edges, values.size, series)
        between = float(ks_2samp(values, tangent.eigenvalues).statistic)
        name = f"ks_distance_of_{series}_kernel"
        found.summary += [
            Row(panel, "tangent", name, label, spectrum.distance(law), reference),
            Row(panel, "tangent", f"{name}_to_tangent", f"{label} to the tangent kernel", between),
        ]
    # All samples share the weights: part of a network's distance is one displacement of all eigenvalues.
    factors = np.linspace(0.85, 1.15, 61)
    scaled = [ks_distance(factor * tangent.eigenvalues, law.cdf, law.atoms) for factor in factors]
    best = int(np.argmin(scaled))
    label = "smallest KS distance after a common factor"
    found.summary += [
        Row(panel, "tangent", "ks_distance_after_common_factor", label, scaled[best], reference),
        Row(panel, "tangent", "common_factor", "that common factor", factors[best], 1.0),
    ]


def _ratios(settings: Mapping[str, Any]) -> list[float]:
    """n/d_1, ..., n/d_L."""
    return [settings["samples"] / settings["width"]] * settings["depth"]


def _input_ratio(settings: Mapping[str, Any]) -> float | None:
    """n/d_0 of Gaussian inputs, which have a limit law; None for images, which stand for themselves."""
    return settings["samples"] / settings["input_dimension"] if "input_dimension" in settings else None
