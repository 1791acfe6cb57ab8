"""Kernels at random weights beside their limit laws: the numbers of figures 1, 2, S2 and S4 of Fan and Wang (2020)."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

from deepspectra.nn.activations import activation
from deepspectra.papers.fan2020.statistics.distances import (
    WITHOUT_LARGEST,
    KernelSpectrum,
    common_factor,
    interpolated_cdf,
    published_edges,
    total_variation,
)
from deepspectra.papers.fan2020.statistics.gram_laws import compare_gram_law, read_gram_kernels, wide_distance
from deepspectra.papers.histograms import Bar, histogram, zoom
from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import Row, summary_table
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.limits.gram import GramKernel
from deepspectra.rmt.limits.inputs import EmpiricalInput, MarchenkoPasturInput
from deepspectra.rmt.limits.law import LimitLaw
from deepspectra.rmt.limits.layered import LayeredKernel, conjugate_kernel, tangent_kernel
from deepspectra.rmt.limits.solver import density, limit_law
from deepspectra.runtime import store
from deepspectra.runtime.progress import ProgressBar

__all__ = ["KernelSpectrum", "SpectrumPanels", "compare_input", "compare_kernel", "compare_stand_ins"]
__all__ += ["kernel_limit", "kernel_spectra_numbers", "layer_spectra_numbers", "logarithmic_edges", "logarithmic_grid"]

logger = logging.getLogger(__name__)

#: Matrices between a tangent kernel and its limit, in words.
_STAND_INS = {"mean": "the kernel with mean sensitivities", "lemma": "lemma 3.5's matrix"}
_KS = "KS distance to the limit"
# Bins on a logarithmic axis start no lower than this share of the largest eigenvalue.
_SMALLEST_SHARE = 1e-9


@dataclass
class SpectrumPanels:
    """What a figure of spectra shows: rows (panel, series, x, x_high, y) of curves, and the numbers in words."""

    curves: list[Bar] = field(default_factory=list)
    summary: list[Row] = field(default_factory=list)

    def add_line(self, panel: str, series: str, x: np.ndarray, y: np.ndarray) -> None:
        """Add a curve through points of shape (k,)."""
        self.curves += [(panel, series, a, a, b) for a, b in zip(x, y, strict=True)]

    def add_logarithmic_bars(self, panel: str, series: str, values: np.ndarray, edges: np.ndarray, size: int) -> None:
        """Add a histogram with bins as eigenvalues, and densities of ln(lambda) as heights."""
        bars = histogram(panel, np.log(values), edges, size, series)
        self.curves += [(panel, series, float(np.exp(low)), float(np.exp(high)), y) for *_, low, high, y in bars]

    def add_limit(
        self, panel: str, name: str, kernel: LayeredKernel, x: np.ndarray, logarithmic: bool, at: int | None
    ) -> Row:
        """Add the limit density, or that of ln(lambda), where it converges; the row tells at how many x it does not."""
        curve = density(kernel, x)
        drawn = curve.converged & np.isfinite(curve.density)
        missing = int(np.sum(~drawn))
        if missing:
            logger.warning("%s: %d points of the limit do not converge and are not drawn", name, missing)
        points, values = curve.points[drawn], curve.density[drawn]
        self.add_line(panel, "limit", points, points * values if logarithmic else values)
        label = "points of the limit that did not converge"
        return Row(panel, name, "limit_points_not_converged", label, float(missing), 0.0, at=at)

    def add_gram_law(
        self, panel: str, name: str, spectrum: "KernelSpectrum", kernel: GramKernel, points: int, at: int | None = None
    ) -> None:
        """Add what :func:`~deepspectra.papers.fan2020.statistics.gram_laws.compare_gram_law` finds."""
        bars = [row for row in self.curves if row[0] == panel and row[1] in ("histogram", "zoom")]
        lines, rows = compare_gram_law(bars, name, spectrum.eigenvalues, spectrum.floor, kernel, points, at)
        self.curves += lines
        self.summary += rows

    def numbers(self) -> Numbers:
        """Both as tables."""
        curves = pd.DataFrame(self.curves, columns=["panel", "series", "x", "x_high", "y"])
        return Numbers(curves, summary_table(self.summary, "reference", "at"))


def kernel_limit(
    name: str, inputs: KernelSpectrum, ratio: float | None, ratios: Sequence[float], activation_name: str
) -> LayeredKernel:
    """The limit of ``conjugate_1``, ... (theorem 3.4) or ``tangent`` (theorem 3.7).

    :param inputs: spectrum of the input Gram matrix. :param ratios: n/d_1, ..., n/d_L.
    :param ratio: n/d_0 of Gaussian inputs or points of a sphere (Marchenko-Pastur); None for inputs as they are.
    """
    start = EmpiricalInput(inputs.cleared) if ratio is None else MarchenkoPasturInput(ratio)
    sigma = activation(activation_name)
    if name == "tangent":
        return tangent_kernel(start, ratios, sigma.b_sigma, sigma.a_sigma)
    return conjugate_kernel(start, ratios, sigma.b_sigma, int(name.removeprefix("conjugate_")))


def logarithmic_edges(smallest: float, largest: float, bins: int) -> np.ndarray:
    """Edges of bins of equal width in ln(lambda) from the smallest to the largest eigenvalue, shape (bins + 1,)."""
    return np.linspace(np.log(max(smallest, _SMALLEST_SHARE * largest)) - 1e-9, np.log(largest) + 1e-9, bins + 1)


def logarithmic_grid(law: LimitLaw, points: int) -> np.ndarray:
    """Points from edge to edge of a law, evenly spaced in ln(lambda)."""
    upper = law.edges[-1][1]
    return np.geomspace(max(law.edges[0][0], _SMALLEST_SHARE * upper), upper, points)


def kernel_spectra_numbers(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Input Gram matrix, last conjugate kernel and tangent kernel beside the limits of theorems 3.4 and 3.7.

    References are the limit's; of a KS distance, that of the linear equivalent, the limit's own model at the same size.

    :param files: ``spectra`` and ``laws``: one file each. :param parameters: settings of the figure, and
        ``published_share``: of the eigenvalues, the smallest, that the published histogram shows.
    """
    (path,), last, bins = files["spectra"], f"conjugate_{parameters['depth']}", parameters["bins"]
    names = ("input", last, "tangent", "mean_tangent", "lemma_tangent", f"equivalent_{last}", "equivalent_tangent")
    spectra, ratio, limits = _read(path, names, parameters)
    sizes = bins, parameters["curve_points"]
    found = SpectrumPanels()
    compare_input(found, "a", spectra["input"], ratio, *sizes)
    pair = spectra[last], spectra[f"equivalent_{last}"]
    law = compare_kernel(found, "b", "conjugate", *pair, limits[last], *sizes)
    found.summary += total_variation_rows("b", "conjugate", *pair, law)
    pair, limit = (spectra["tangent"], spectra["equivalent_tangent"]), limits["tangent"]
    law = compare_kernel(found, "c", "tangent", *pair, limit, *sizes)
    found.summary += total_variation_rows("c", "tangent", *pair, law)
    for panel, name in zip("abc", ("input", last, "tangent"), strict=True):
        add_published(found, panel, spectra[name], parameters["published_share"])
    compare_stand_ins(found, "c", *pair, {name: spectra[f"{name}_tangent"] for name in _STAND_INS}, law, bins)
    gram = read_gram_kernels(files["laws"][0], parameters, (last, "tangent"))
    found.add_gram_law("b", "conjugate", spectra[last], gram[last], parameters["curve_points"])
    found.add_gram_law("c", "tangent", pair[0], gram["tangent"], parameters["curve_points"])
    found.summary.append(wide_distance("c", pair[0].eigenvalues, pair[0].floor, gram["wide_tangent"]))
    ratios, label = (
        (pair[0].eigenvalues[0] / limit.shift, law.edges[0][0] / limit.shift),
        "smallest eigenvalue / r_plus",
    )
    found.summary.append(Row("c", "tangent", "smallest_eigenvalue_over_r_plus", label, *ratios))

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

    :param files: ``spectra`` and ``laws``: a file for each figure; ``draws``: of further networks.
    :param parameters: ``figures``: settings by name, likewise; ``draws``: what was drawn.
    """
    found = SpectrumPanels()
    networks = list(zip(files["spectra"], files["laws"], parameters["figures"].items(), strict=True))
    layers = [(*network, layer) for network in networks for layer in range(1, network[2][1]["depth"] + 1)]
    for path, laws, (figure, settings), layer in ProgressBar(layers, desc="figure_s4", unit="layer"):
        name = f"conjugate_{layer}"
        spectra, _, limits = _read(path, ("input", name, f"equivalent_{name}"), settings)
        pair, sizes = (spectra[name], spectra[f"equivalent_{name}"]), (settings["bins"], settings["curve_points"])
        compare_kernel(found, f"{figure}_{layer}", name, *pair, limits[name], *sizes, logarithmic=True, at=layer)
        gram = read_gram_kernels(laws, settings, (name,))
        found.add_gram_law(f"{figure}_{layer}", name, pair[0], gram[name], sizes[1], layer)
    found.summary += _draw_rows(files["draws"][0], parameters["draws"])
    return found.numbers()


def _draw_rows(path: str, entry: Mapping[str, Any]) -> list[Row]:
    """Largest distance of any layer, and growth of the largest eigenvalue, of each network with the most samples."""
    size = entry["sizes"][-1]
    n, draws, depth = size["samples"], size["draws"], entry["depth"]
    name, ratios = f"{n}/layers", [n / size["width"]] * depth
    start, slope = MarchenkoPasturInput(n / size["input_dimension"]), activation(entry["activation"]).b_sigma
    laws = [limit_law(conjugate_kernel(start, ratios, slope, layer)) for layer in range(1, depth + 1)]
    contents = store.read(path, {name: (draws, depth, n)})
    floor, rows = contents.attributes["noise_floor"][name], []
    for draw, layers in enumerate(contents[name]):
        spectra = zip(layers, laws, strict=True)
        distance = max(KernelSpectrum(values, floor).distance(law) for values, law in spectra)
        label = "largest KS distance of the layers to their limits"
        rows.append(Row("draws", "gaussian", "largest_ks_distance", label, distance, at=draw))
        label, growth = "largest eigenvalue of the last layer over that of the first", layers[-1, -1] / layers[0, -1]
        rows.append(Row("draws", "gaussian", "growth", label, growth, at=draw))
    return rows


def _read(
    path: str | Path, names: Sequence[str], settings: Mapping[str, Any]
) -> tuple[dict[str, KernelSpectrum], float | None, dict[str, LayeredKernel]]:
    """Spectra by name; n/d_0, None for images; limits of the network's own kernels by name."""
    samples, dimension = settings["samples"], settings.get("input_dimension")
    contents = store.read(path, dict.fromkeys(names, (samples,)))
    spectra = {name: KernelSpectrum(contents[name], contents.attributes["noise_floor"][name]) for name in names}
    ratio, ratios = samples / dimension if dimension else None, [samples / settings["width"]] * settings["depth"]
    own = [name for name in names if name == "tangent" or name.startswith("conjugate")]
    given = spectra["input"], ratio, ratios, settings["activation"]
    return spectra, ratio, {name: kernel_limit(name, *given) for name in own}


def compare_input(
    found: SpectrumPanels, panel: str, spectrum: KernelSpectrum, ratio: float | None, bins: int, points: int
) -> None:
    """The input Gram matrix, beside its limit where it has one (see :func:`kernel_limit`)."""
    eigenvalues = spectrum.cleared
    bulk, zeros = eigenvalues[eigenvalues > 0], float(np.mean(eigenvalues == 0))
    found.curves += histogram(panel, bulk, bins, eigenvalues.size) + zoom(panel, bulk, bins, eigenvalues.size)
    found.curves.append((panel, "atom", 0.0, 0.0, zeros))
    law = MarchenkoPastur(ratio) if ratio else None
    if law:
        lower, upper = law.edges
        x = lower + (upper - lower) * np.sin(np.linspace(0, np.pi / 2, points)) ** 2
        found.add_line(panel, "limit", x, law.density(x))
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

    :param bins: of the histogram. :param points: of the limit's density. :param at: layer, where a figure has several.
    :param logarithmic: show densities of ln(lambda); otherwise a second histogram magnifies a crowded left end.
    :raises LimitError: if the limit's mass is not one.
    """
    law, bulk, size = limit_law(kernel), spectrum.eigenvalues, spectrum.eigenvalues.size
    for location, _ in law.atoms:
        # Equal but for rounding: a line of their own, outside the histogram.
        on_atom = np.abs(bulk - location) <= spectrum.floor
        found.curves.append((panel, "atom", location, location, np.sum(on_atom) / size))
        bulk = bulk[~on_atom]
    (lower, upper), x = (law.edges[0][0], law.edges[-1][1]), law.grid(points)
    if logarithmic:
        positive = bulk[bulk > spectrum.floor]
        edges = logarithmic_edges(positive[0], positive[-1], bins)
        found.add_logarithmic_bars(panel, "histogram", positive, edges, size)
        x = np.union1d(x, logarithmic_grid(law, points))
    else:
        magnified = zoom(panel, bulk, bins, size)
        if magnified:
            # A grid over the whole support leaves few points for its crowded end.
            x = np.union1d(x, lower + (magnified[-1][3] - lower) * np.linspace(0, 1, points // 2) ** 2)
        found.curves += histogram(panel, bulk, bins, size) + magnified
    not_converged = found.add_limit(panel, name, kernel, x, logarithmic, at)
    distances, mean = (spectrum.distance(law), equivalent.distance(law)), spectrum.eigenvalues.mean()
    found.summary += [
        Row(panel, name, "ks_distance", _KS, *distances, at=at, told=True),
        Row(panel, name, "mean_eigenvalue", "mean eigenvalue", mean, kernel.mean, at=at),
        Row(panel, name, "limit_mass", "mass of the limit", law.mass, 1.0, at=at),
        not_converged,
        Row(panel, name, "smallest_bulk_eigenvalue", "smallest eigenvalue of the bulk", bulk[0], lower, at=at),
        Row(panel, name, "largest_eigenvalue", "largest eigenvalue", bulk[-1], upper, at=at),
    ]
    return law


def add_published(found: SpectrumPanels, panel: str, spectrum: KernelSpectrum, share: float) -> None:
    """Add the histogram of the paper, without eigenvalues at zero.

    :param share: of the eigenvalues that it shows, the smallest.
    """
    values = spectrum.cleared
    bulk = values[values > 0]
    found.curves += histogram(panel, bulk, published_edges(bulk, share), values.size, "published")


def total_variation_rows(
    panel: str, name: str, spectrum: KernelSpectrum, equivalent: KernelSpectrum, law: LimitLaw
) -> list[Row]:
    """What a linear histogram shows of a kernel's distance to its limit, and of its equivalent's."""
    rows = []
    for quantity, label, share in (
        ("total_variation", "total variation of the published histogram over the full range", 1.0),
        ("total_variation_of_99_percent", "and over the lower 99 %", WITHOUT_LARGEST),
    ):
        value, reference = (total_variation(each, law, share) for each in (spectrum, equivalent))
        rows.append(Row(panel, name, quantity, label, value, reference, told=True))
    return rows


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
    (factor, left), label = common_factor(tangent, law, interpolated_cdf(law)), "KS distance after a common factor"
    found.summary.append(Row(panel, "tangent", "ks_distance_after_common_factor", label, left, reference, told=True))
    found.summary.append(Row(panel, "tangent", "common_factor", "that common factor", factor, 1.0))
