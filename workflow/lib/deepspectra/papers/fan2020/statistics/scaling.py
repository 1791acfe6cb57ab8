"""Distances to the limits against size and removed components, over many draws (fan2020, figures 1, 2 and S2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

from deepspectra.papers.fan2020.statistics.distances import (
    WITHOUT_LARGEST,
    Cdf,
    KernelSpectrum,
    common_factor,
    interpolated_cdf,
    total_variation,
)
from deepspectra.papers.fan2020.statistics.spectra import kernel_limit
from deepspectra.papers.histograms import Bar
from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import Row, summary_table
from deepspectra.rmt.limits.law import LimitLaw
from deepspectra.rmt.limits.solver import limit_law
from deepspectra.runtime import store
from deepspectra.runtime.progress import ProgressBar

__all__ = ["SizeDraws", "components_numbers", "fitted_exponent", "measure_size", "scaling_numbers"]

_KERNELS = ("conjugate", "tangent")
#: What is measured of every draw, in words.
_MEASURES = {
    "ks_distance": "KS distance to the limit",
    "ks_distance_after_common_factor": "KS distance to the limit after one common factor",
    "common_factor": "that common factor",
    "total_variation": "total variation between the published histogram over the full range and the limit",
    "total_variation_of_99_percent": "total variation between its lower 99 % and the limit",
    "ks_distance_to_lemma": "KS distance between the tangent kernel and lemma 3.5's matrix",
    "smallest_over_r_plus": "smallest eigenvalue / r_plus",
    "lemma_error": "relative Frobenius norm of the tangent kernel less lemma 3.5's matrix",
}
# These do not vanish as n grows, and have no exponent.
_LASTING = ("common_factor", "smallest_over_r_plus")
_LARGEST_PRODUCT = "largest_inner_product"
_INPUTS = {
    "root_mean_square_inner_product": "root mean square inner product of the inputs",
    _LARGEST_PRODUCT: "largest size of an inner product of the inputs",
    "largest_input_eigenvalue": "largest eigenvalue of X_0'X_0",
}


@dataclass(frozen=True)
class SizeDraws:
    """What is known of all draws at one size.

    :ivar values: by (kernel, measure), float64 (draws,); kernels are ``conjugate`` and ``tangent``.
    :ivar floors: the same of one draw of the limit's own model. :ivar inputs: numbers of the inputs by quantity, one
        for each choice: a draw has its own if they are Gaussian, images are one choice a size.
    """

    samples: int
    values: dict[tuple[str, str], np.ndarray]
    floors: dict[tuple[str, str], float]
    inputs: dict[str, np.ndarray]


def scaling_numbers(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Distances against the number of samples n, a panel for each kind of inputs, and their exponents.

    :param files: ``spectra``: a file for each kind of inputs. :param parameters: what was drawn, by kind of inputs.
    """
    curves: list[Bar] = []
    summary: list[Row] = []
    for panel, (inputs, sizes) in zip("abc", _measured(files, parameters), strict=True):
        for size in sizes:
            for (kernel, measure), values in size.values.items():
                series = f"{kernel} {measure}"
                curves += [(panel, series, size.samples, size.samples, value) for value in values]
                if (kernel, measure) in size.floors:
                    floor = size.floors[kernel, measure]
                    curves.append((panel, f"floor of {series}", size.samples, size.samples, floor))
        summary += _rows(panel, inputs, sizes)
    return _numbers(curves, summary)


def components_numbers(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """The same for images against the number of components removed: inner products, distances, exponents.

    :param files: ``spectra``: a file for each number. :param parameters: what was drawn, by kind of inputs.
    """
    curves: list[Bar] = []
    summary: list[Row] = []
    for inputs, sizes in _measured(files, parameters):
        removed = float(parameters[inputs]["removed_components"])
        for size in sizes:
            n = size.samples
            told = [("a", name, float(size.inputs[name].mean())) for name in _INPUTS]
            for kernel in _KERNELS:
                for panel, measure in (("b", "ks_distance"), ("c", "total_variation_of_99_percent")):
                    told += [(panel, f"{kernel} {measure}", value) for value in size.values[kernel, measure]]
            curves += [(panel, f"{series}, n = {n}", removed, removed, value) for panel, series, value in told]
        rows = _rows(inputs, inputs, sizes, removed)
        summary += rows
        exponents = [row for row in rows if row.quantity == "ks_distance_exponent"]
        curves += [("d", row.series, removed, removed, row.value) for row in exponents if row.value is not None]
    return _numbers(curves, summary)


def _measured(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> list[tuple[str, list[SizeDraws]]]:
    jobs = [
        (path, inputs, entry, size)
        for path, (inputs, entry) in zip(files["spectra"], parameters.items(), strict=True)
        for size in entry["sizes"]
    ]
    found: dict[str, list[SizeDraws]] = {inputs: [] for inputs in parameters}
    for path, inputs, entry, size in ProgressBar(jobs, desc="limits", unit="size"):
        found[inputs].append(measure_size(path, entry, size))
    return list(found.items())


def measure_size(path: str, entry: Mapping[str, Any], size: Mapping[str, Any]) -> SizeDraws:
    """Distances of all draws of one size to the limits, which start from the inputs' own spectrum if they are images.

    :param path: file of :func:`deepspectra.papers.fan2020.draws.draw_kernels`. :param entry: what was drawn.
    :param size: one of its sizes.
    """
    n, draws = size["samples"], size["draws"]
    shapes: dict[str, tuple[int, ...]] = {f"{n}/{name}": (draws, n) for name in (*_KERNELS, "lemma")}
    shapes |= {f"{n}/floor_{name}": (n,) for name in _KERNELS}
    choices = draws if "input_dimension" in size else 1
    shapes |= {f"{n}/input": (n,), f"{n}/inner_products": (choices, 3), f"{n}/lemma_error": (draws,)}
    contents = store.read(path, shapes)
    start = KernelSpectrum(contents[f"{n}/input"], contents.attributes["noise_floor"][f"{n}/input"])
    ratio = n / size["input_dimension"] if "input_dimension" in size else None
    values: dict[tuple[str, str], np.ndarray] = {}
    floors: dict[tuple[str, str], float] = {}
    for kernel, name in (("conjugate", f"conjugate_{entry['depth']}"), ("tangent", "tangent")):
        limit = kernel_limit(name, start, ratio, [n / size["width"]] * entry["depth"], entry["activation"])
        law = limit_law(limit)
        cdf, rounding = interpolated_cdf(law), contents.attributes["noise_floor"][f"{n}/{kernel}"]
        *drawn, floor = (
            _distances(KernelSpectrum(each, rounding), law, cdf)
            for each in (*contents[f"{n}/{kernel}"], contents[f"{n}/floor_{kernel}"])
        )
        found = pd.DataFrame(drawn)
        values |= {(kernel, measure): found[measure].to_numpy() for measure in found}
        floors |= {(kernel, measure): value for measure, value in floor.items()}
        if kernel == "tangent":
            values["tangent", "smallest_over_r_plus"] = contents[f"{n}/tangent"][:, 0] / limit.shift
            floors["tangent", "smallest_over_r_plus"] = contents[f"{n}/floor_tangent"][0] / limit.shift
    pairs = zip(contents[f"{n}/tangent"], contents[f"{n}/lemma"], strict=True)
    values["tangent", "ks_distance_to_lemma"] = np.array([ks_2samp(*pair).statistic for pair in pairs])
    values["tangent", "lemma_error"] = contents[f"{n}/lemma_error"]
    return SizeDraws(n, values, floors, dict(zip(_INPUTS, contents[f"{n}/inner_products"].T, strict=True)))


def _distances(spectrum: KernelSpectrum, law: LimitLaw, cdf: Cdf) -> dict[str, float]:
    factor, left = common_factor(spectrum, law, cdf)
    return {
        "ks_distance": spectrum.distance(law),
        "ks_distance_after_common_factor": left,
        "common_factor": factor,
        "total_variation": total_variation(spectrum, law),
        "total_variation_of_99_percent": total_variation(spectrum, law, WITHOUT_LARGEST),
    }


def fitted_exponent(samples: np.ndarray, distances: np.ndarray) -> tuple[float, float]:
    """Least-squares slope of ln(distance) against ln(n) over all draws, and its standard error.

    Distances scatter less at some sizes than at others. So the error is HC3 (MacKinnon and White 1985), which assumes
    no common variance. Weights from the spread of each size would rest on as few as five draws.

    :param samples: n of each draw, not all equal, shape (k,), k > 2, no n of one draw alone.
    :param distances: positive, shape (k,).
    """
    x, y = np.log(samples), np.log(distances)
    x = x - x.mean()
    slope = x @ y / (x @ x)
    left = (y - y.mean() - slope * x) / (1 - 1 / x.size - x**2 / (x @ x))
    return float(slope), float(np.sqrt(x**2 @ left**2) / (x @ x))


def _rows(panel: str, inputs: str, sizes: Sequence[SizeDraws], removed: float | None = None) -> list[Row]:
    """Mean, standard error, median and range of each measure at each n; its exponent over all, at the components."""
    rows = []
    for size in sizes:
        n = size.samples
        for name, label in _INPUTS.items():
            rows += _input_rows(panel, inputs, name, label, n, size.inputs[name])
        rows.append(Row(panel, inputs, "quartic_threshold", "n^(-1/4)", n**-0.25, at=n))
        for (kernel, measure), values in size.values.items():
            label, floor = _MEASURES[measure], size.floors.get((kernel, measure))
            error = float(values.std(ddof=1) / np.sqrt(values.size))
            rows.append(Row(panel, kernel, measure, f"mean {label}", float(values.mean()), floor, error, at=n))
            spread = {
                "lowest": values.min(),
                "median": np.median(values),
                "highest": values.max(),
                "draws": values.size,
            }
            rows += [
                Row(panel, kernel, f"{measure}_{name}", f"{label}, {name}", float(value), at=n)
                for name, value in spread.items()
            ]
    for kernel, measure in sizes[0].values:
        if measure not in _LASTING:
            slope, error = _exponent(sizes, [size.values[kernel, measure] for size in sizes])
            label = f"exponent of n, {_MEASURES[measure]}"
            rows.append(
                Row(panel, kernel, f"{measure}_exponent", label, slope, None, error, removed, measure == "ks_distance")
            )
    # Several choices of inputs at each size have an exponent too.
    if sizes[0].inputs[_LARGEST_PRODUCT].size > 1:
        slope, error = _exponent(sizes, [size.inputs[_LARGEST_PRODUCT] for size in sizes])
        label = f"exponent of n, {_INPUTS[_LARGEST_PRODUCT]}"
        rows.append(Row(panel, inputs, f"{_LARGEST_PRODUCT}_exponent", label, slope, None, error, removed))
    return rows


def _input_rows(panel: str, inputs: str, name: str, label: str, n: int, values: np.ndarray) -> list[Row]:
    """The mean over choices of inputs and, of several, its standard error and their number."""
    if values.size == 1:
        return [Row(panel, inputs, name, label, float(values[0]), at=n)]
    error = float(values.std(ddof=1) / np.sqrt(values.size))
    count = Row(panel, inputs, f"{name}_draws", f"{label}, draws", float(values.size), at=n)
    return [Row(panel, inputs, name, f"mean {label}", float(values.mean()), None, error, at=n), count]


def _exponent(sizes: Sequence[SizeDraws], by_size: Sequence[np.ndarray]) -> tuple[float, float]:
    where = np.concatenate([np.full(len(each), size.samples) for each, size in zip(by_size, sizes, strict=True)])
    return fitted_exponent(where, np.concatenate(by_size))


def _numbers(curves: Sequence[Bar], summary: Sequence[Row]) -> Numbers:
    table = pd.DataFrame(curves, columns=["panel", "series", "x", "x_high", "y"])
    return Numbers(table, summary_table(summary, "reference", "error", "at"))
