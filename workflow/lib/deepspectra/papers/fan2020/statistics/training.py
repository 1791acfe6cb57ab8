"""Kernels before and after training, and the labels in them: numbers of figures 3, S5 and S6 of Fan and Wang (2020)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import ks_2samp

from deepspectra.papers.fan2020.statistics import seeds, spectra
from deepspectra.papers.fan2020.statistics.spectra import KernelSpectrum, SpectrumPanels
from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import Row
from deepspectra.rmt.limits.law import LimitLaw
from deepspectra.rmt.limits.layered import LayeredKernel
from deepspectra.rmt.limits.solver import limit_law
from deepspectra.runtime import store
from deepspectra.runtime.tables import read_csv

__all__ = [
    "LEADING",
    "compare_trained",
    "emergence_rows",
    "isolated",
    "label_rows",
    "trained_spectra_numbers",
    "training_rows",
]

#: Eigenvalues beyond this times the limit's upper edge are counted: the largest of a bulk may lie slightly beyond it.
EDGE_FACTOR = 1.1
#: Of these, outliers are the ones above a gap at least this large: a bulk that has merely become longer has none.
ISOLATION_FACTOR = 1.5
#: Leading eigenvectors whose share of the labels is shown.
LEADING = 20
_STATES = {"before": "initial", "after": "final"}


def trained_spectra_numbers(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Kernels before and after training beside the limits at random weights; outliers, labels, errors.

    :param files: ``spectra`` and ``history`` of the network, one file each; ``weights`` and ``histories`` of
        the networks whose course is shown, ``further_spectra`` of all but the first; ``data`` that they learn from, if
        it is a file.
    :param parameters: ``item``: settings of the figure; ``kernels``: names, a panel each; ``network``, ``training``;
        ``seeds``: settings of the networks whose course is shown, the network first.
    """
    network, training, item = parameters["network"], parameters["training"], parameters["item"]
    samples, tests = training["samples"], training["test_samples"]
    names = [f"{state}/{kernel}" for state in _STATES.values() for kernel in parameters["kernels"]]
    arrays = [*(f"label_shares/{name}" for name in names), "projection"]
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(arrays, (samples,))
    for part, count in (("train", samples), ("test", tests)):
        columns = [f"{part}_targets", *(f"{state}/{part}_outputs" for state in _STATES.values())]
        shapes |= dict.fromkeys(columns, (count, 1))
    contents = store.read(files["spectra"][0], shapes)
    read = _spectra(files["spectra"][0], names, samples)
    dimension, ratios = network["input_dimension"], [samples / width for width in network["hidden"]]
    model = samples / dimension if dimension else None, ratios, network["activation"]

    found = SpectrumPanels()
    for panel, name in zip("abcdefgh", parameters["kernels"], strict=False):
        layer = None if name == "tangent" else int(name.removeprefix("conjugate_"))
        kernel = spectra.kernel_limit(name, read["input"], *model)
        pair = read[f"initial/{name}"], read[f"final/{name}"]
        compare_trained(found, panel, name, *pair, kernel, item["bins"], item["curve_points"], layer)
        label_rows(found, name, {state: contents[f"label_shares/{key}/{name}"] for state, key in _STATES.items()})
    if "tangent" in parameters["kernels"]:
        found.summary += likeness_rows(read, parameters["kernels"][-2])
    found.add_line("projection", "labels", contents["train_targets"][:, 0], contents["projection"])
    for state, key in _STATES.items():
        for part in ("train", "test"):
            y, outputs = contents[f"{part}_targets"], contents[f"{key}/{part}_outputs"]
            error, told = np.mean((y - outputs) ** 2), state == "after"
            found.summary += [
                Row("fit", part, f"mean_squared_error_{state}", f"mean squared error {state}", error),
                Row("fit", part, f"r_squared_{state}", f"R^2 {state}", float(1 - error / np.var(y)), told=told),
            ]
            if network["classes"]:
                accuracy = np.mean(np.sign(outputs) == y)
                found.summary.append(Row("fit", part, f"accuracy_{state}", f"accuracy {state}", accuracy, told=True))
    history = read_csv(files["history"][0], ("test_loss",), numbers=("test_loss",))
    training_rows(found, history.test_loss.to_numpy(), float(np.var(contents["test_targets"])))
    courses = {
        entry["seed"]: seeds.seed_results(weights, course, entry, training, *files.get("data", ()))
        for weights, course, entry in zip(files["weights"], files["histories"], parameters["seeds"], strict=True)
    }
    found.curves += seeds.history_curves({seed: history for seed, (_, history) in courses.items()})
    if len(courses) > 1:
        found.summary += seeds.seed_rows({seed: results for seed, (results, _) in courses.items()})
        further = [_spectra(path, names, samples) for path in files["further_spectra"]]
        for seed, drawn in zip(courses, (read, *further), strict=True):
            found.summary += emergence_rows(drawn, parameters["kernels"], seed, *model)
    return found.numbers()


def _spectra(path: str, names: Sequence[str], samples: int) -> dict[str, KernelSpectrum]:
    """The spectra of a network and of its input by name."""
    wanted = ("input", *names)
    contents = store.read(path, {f"eigenvalues/{name}": (samples,) for name in wanted})
    floors = contents.attributes["noise_floor"]
    return {name: KernelSpectrum(contents[f"eigenvalues/{name}"], floors[name]) for name in wanted}


def _beyond(spectrum: KernelSpectrum, law: LimitLaw) -> np.ndarray:
    """The eigenvalues beyond :data:`EDGE_FACTOR` times the law's upper edge."""
    return spectrum.eigenvalues[spectrum.eigenvalues > EDGE_FACTOR * law.edges[-1][1]]


def emergence_rows(read: Mapping[str, KernelSpectrum], kernels: Sequence[str], seed: int, *model: Any) -> list[Row]:
    """How many eigenvalues of each kernel lie beyond the edge after training; the reference is before it.

    :param read: spectra by ``{state}/{kernel}``, and of the input. :param model: what else the limit is solved with.
    """
    rows, label = [], f"eigenvalues beyond {EDGE_FACTOR} times the edge after training"
    for name in kernels:
        law = limit_law(spectra.kernel_limit(name, read["input"], *model))
        before, after = (float(_beyond(read[f"{key}/{name}"], law).size) for key in _STATES.values())
        rows.append(Row("seeds", name, "beyond_edge_after", label, after, before, at=seed))
    return rows


def compare_trained(
    found: SpectrumPanels,
    panel: str,
    name: str,
    before: KernelSpectrum,
    after: KernelSpectrum,
    kernel: LayeredKernel,
    bins: int,
    points: int,
    at: int | None = None,
) -> None:
    """A kernel before and after training beside its limit at random weights: densities of ln(lambda).

    :param bins: of the histograms. :param points: of the limit's density. :param at: layer of the kernel, if any.
    :raises LimitError: if the limit's mass is not one.
    """
    law = limit_law(kernel)
    edge, median = law.edges[-1][1], _median(law)
    states, size = {"before": before, "after": after}, before.eigenvalues.size
    # Eigenvalues below the floor are zeros: the rank of a kernel is at most the smallest width.
    bulks = {state: each.eigenvalues[each.eigenvalues > each.floor] for state, each in states.items()}
    found.curves += [(panel, f"{state} at zero", 0.0, 0.0, 1 - bulk.size / size) for state, bulk in bulks.items()]
    smallest = min(law.edges[0][0], *(bulk[0] for bulk in bulks.values()))
    bin_edges = spectra.logarithmic_edges(smallest, max(edge, *(bulk[-1] for bulk in bulks.values())), bins)
    for state, bulk in bulks.items():
        found.add_logarithmic_bars(panel, state, bulk, bin_edges, size)
        beyond = _beyond(states[state], law)
        outliers = beyond[-isolated(bulk) :] if isolated(bulk) else beyond[:0]
        for series, values in (("beyond the edge", beyond), ("outlier", outliers)):
            found.add_line(panel, f"{state}, {series}", values, np.zeros(values.size))
        hidden, distance = float(np.sum(np.log(bulk) < bin_edges[0])), states[state].distance(law)
        found.summary += [
            Row(panel, name, f"{quantity}_{state}", f"{label} {state}", value, reference, at=at, told=told)
            for quantity, label, value, reference, told in (
                ("beyond_edge", f"eigenvalues beyond {EDGE_FACTOR} times the edge", float(beyond.size), None, False),
                ("not_shown", "positive eigenvalues too small to show", hidden, 0.0, False),
                ("ks_distance", "KS distance to the limit", distance, None, True),
                ("outliers", "outliers", float(outliers.size), None, False),
                ("largest_eigenvalue", "largest eigenvalue", bulk[-1], edge, False),
                ("median_eigenvalue", "median eigenvalue", float(np.median(bulk)), median, False),
            )
        ]
    x = np.union1d(spectra.logarithmic_grid(law, points), law.grid(points))
    found.summary.append(found.add_limit(panel, name, kernel, x, logarithmic=True, at=at))
    found.curves.append((panel, "edge", edge, edge, 0.0))


def likeness_rows(read: Mapping[str, KernelSpectrum], conjugate: str) -> list[Row]:
    """How much of the tangent kernel is the conjugate kernel, before and after training.

    Their difference is positive semidefinite; each of its terms has the readout's square as a factor.

    :param read: spectra by ``{state}/{kernel}``. :param conjugate: name of the last layer's kernel.
    """
    rows = []
    for state, key in _STATES.items():
        part, whole = (read[f"{key}/{name}"].eigenvalues for name in (conjugate, "tangent"))
        share, distance = 1 - part.mean() / whole.mean(), float(ks_2samp(part, whole).statistic)
        for name, label, value in (
            ("share_beyond_conjugate", "share of the trace that is not the conjugate kernel's", float(share)),
            ("ks_distance_to_conjugate", "KS distance to the conjugate kernel's spectrum", distance),
        ):
            rows.append(Row("b", "tangent", f"{name}_{state}", f"{label} {state}", value, told=True))
    return rows


def isolated(eigenvalues: np.ndarray) -> int:
    """How many of the largest eigenvalues lie above a gap of :data:`ISOLATION_FACTOR`.

    :param eigenvalues: positive, ascending, shape (n,). Only the larger half counts.
    """
    largest = eigenvalues[eigenvalues.size // 2 :]
    gaps = np.flatnonzero(largest[1:] >= ISOLATION_FACTOR * largest[:-1])
    return int(largest.size - 1 - gaps[0]) if gaps.size else 0


def label_rows(found: SpectrumPanels, kernel: str, shares: Mapping[str, np.ndarray]) -> None:
    """Share of the labels' squared norm on the leading eigenvectors of a kernel, before and after training.

    :param shares: ``before`` and ``after``: of all eigenvectors, shape (n,), in ascending order of the eigenvalues.
    """
    for state, share in shares.items():
        leading = np.cumsum(share[::-1])[:LEADING]
        found.curves += [("shares", f"{kernel} {state}", k, k, value) for k, value in enumerate(leading, 1)]
        for k in (1, 2):
            label, value = f"share of the labels on the first {k} eigenvectors {state}", leading[k - 1]
            found.summary.append(Row("shares", kernel, f"label_share_{state}", label, value, at=k, told=k == 2))


def training_rows(found: SpectrumPanels, test_losses: np.ndarray, variance: float) -> None:
    """The range of R^2 within the last third of a training's epochs: Adam at a constant rate never settles.

    :param test_losses: mean squared error after each epoch, shape (epochs,). :param variance: of the test targets.
    """
    last = 1 - test_losses[-max(1, len(test_losses) // 3) :] / variance
    found.summary.append(Row("fit", "test", "epochs_of_last_third", "epochs of the last third", float(last.size)))
    for name, value in (("lowest", last.min()), ("median", np.median(last)), ("highest", last.max())):
        label = f"R^2 in the last third, {name}"
        found.summary.append(Row("fit", "test", f"r_squared_last_third_{name}", label, float(value)))


def _median(law: LimitLaw) -> float:
    """Median of a law without its atom at zero, from its nodes."""
    x = law.grid(4000)
    zero = sum(mass for location, mass in law.atoms if location == 0)
    return float(np.interp(zero + (1 - zero) / 2, law.cdf(x), x))
