"""Limit laws of conjugate and tangent kernel, histograms, and the distance between them (fan2020, figures 1 and 2)."""

import logging

import numpy as np
import pandas as pd

from deepspectra import store
from deepspectra.activations import activation
from deepspectra.job import job
from deepspectra.laws import MarchenkoPastur
from deepspectra.limits.inputs import EmpiricalInput, MarchenkoPasturInput
from deepspectra.limits.layered import conjugate_kernel, density, limit_law, tangent_coefficients, tangent_kernel
from deepspectra.statistics import histogram, ks_distance, zoom

logger = logging.getLogger(__name__)

with job(snakemake.log[0], snakemake.threads):
    item = snakemake.params.item
    names = ("input", "conjugate", "tangent", "lemma_tangent", "equivalent_conjugate", "equivalent_tangent")
    spectra = store.read(snakemake.input[0], dict.fromkeys(names, (item["samples"],)))
    floors = spectra.attributes["noise_floor"]
    sigma, ratios = activation(item["activation"]), [item["samples"] / item["width"]] * item["depth"]
    rows, summary = [], []

    # Panel a: the input. Gaussian inputs have a limit law, images stand for themselves.
    gaussian = "input_dimension" in item
    eigenvalues = np.where(np.abs(spectra["input"]) <= floors["input"], 0.0, spectra["input"])
    start = EmpiricalInput(eigenvalues)
    bulk, zeros = eigenvalues[eigenvalues > 0], float(np.mean(eigenvalues == 0))
    rows += histogram("a", bulk, item["bins"], eigenvalues.size) + zoom("a", bulk, item["bins"], eigenvalues.size)
    rows.append(("a", "atom", 0.0, 0.0, zeros))
    if gaussian:
        law = MarchenkoPastur(item["samples"] / item["input_dimension"])
        start = MarchenkoPasturInput(law.ratio)
        lower, upper = law.edges
        x = lower + (upper - lower) * np.sin(np.linspace(0, np.pi / 2, item["curve_points"])) ** 2
        rows += [("a", "limit", a, a, b) for a, b in zip(x, law.density(x), strict=True)]
        summary.append(("a", "input", "KS distance to the limit", ks_distance(eigenvalues, law.cdf, law.atoms), None))
    summary.append(("a", "input", "share of zero eigenvalues", zeros, law.atom if gaussian else None))

    # Panels b and c: a limit that starts from the input's.
    shift, _ = tangent_coefficients(item["depth"], sigma.b_sigma, sigma.a_sigma)
    kernels = {
        "conjugate": conjugate_kernel(start, ratios, sigma.b_sigma),
        "tangent": tangent_kernel(start, ratios, sigma.b_sigma, sigma.a_sigma),
    }
    for panel, (name, kernel) in zip("bc", kernels.items(), strict=True):
        law, bulk = limit_law(kernel), spectra[name]
        for location, _ in law.atoms:
            # What rounding made of equal eigenvalues is a line of its own and no part of the histogram.
            on_atom = np.abs(bulk - location) <= floors[name]
            rows.append((panel, "atom", location, location, np.sum(on_atom) / item["samples"]))
            bulk = bulk[~on_atom]
        magnified = zoom(panel, bulk, item["bins"], item["samples"])
        x = law.grid(item["curve_points"])
        if magnified:
            # A grid over the whole support leaves few points for its crowded end.
            lower, upper = law.edges[0][0], magnified[-1][3]
            x = np.union1d(x, lower + (upper - lower) * np.linspace(0, 1, item["curve_points"] // 2) ** 2)
        curve = density(kernel, x)
        if not curve.converged.all():
            logger.warning("%s: %d points of the limit are not drawn", name, np.sum(~curve.converged))
        drawn = curve.converged & np.isfinite(curve.density)
        rows += histogram(panel, bulk, item["bins"], item["samples"])
        rows += magnified
        rows += [(panel, "limit", a, a, b) for a, b in zip(curve.points[drawn], curve.density[drawn], strict=True)]
        distances = [ks_distance(spectra[key], law.cdf, law.atoms, floors[key]) for key in (name, f"equivalent_{name}")]
        mean = kernel.shift + sum(kernel.coefficients[1:]) + kernel.coefficients[0] * start.moment(1)
        summary += [
            (panel, name, "KS distance to the limit", *distances),
            (panel, name, "mean eigenvalue", spectra[name].mean(), mean),
            (panel, name, "mass of the limit", law.mass, 1.0),
            (panel, name, "points of the limit that did not converge", float(np.sum(~drawn)), 0.0),
            (panel, name, "smallest eigenvalue of the bulk", bulk[0], law.edges[0][0]),
            (panel, name, "largest eigenvalue", bulk[-1], law.edges[-1][1]),
        ]
    if magnified:
        low, high, values = magnified[0][2], magnified[-1][3], spectra["lemma_tangent"]
        inside = values[(low <= values) & (values <= high)]
        rows += histogram("c", inside, item["bins"], item["samples"], "lemma")
    lemma = ks_distance(spectra["lemma_tangent"], law.cdf, law.atoms, floors["lemma_tangent"])
    factors = np.linspace(0.85, 1.15, 61)
    scaled = [ks_distance(factor * spectra["tangent"], law.cdf, law.atoms) for factor in factors]
    best = int(np.argmin(scaled))
    summary.append(("c", "tangent", "KS distance of lemma 3.5's matrix", lemma, distances[1]))
    # All samples share the weights: part of a network's distance is a common displacement of all eigenvalues.
    summary.append(("c", "tangent", "smallest KS distance after a common factor", scaled[best], distances[1]))
    summary.append(("c", "tangent", "that common factor", factors[best], 1.0))
    summary.append(
        ("c", "tangent", "smallest eigenvalue / r_plus", spectra["tangent"][0] / shift, law.edges[0][0] / shift)
    )

    pd.DataFrame(rows, columns=["panel", "series", "x", "x_high", "y"]).to_csv(
        snakemake.output.curves, index=False, lineterminator="\n"
    )
    # The reference of a KS distance is that of the linear equivalent, the limit's own model at the same size; of all
    # else it is the limit.
    pd.DataFrame(summary, columns=["panel", "series", "quantity", "value", "reference"]).to_csv(
        snakemake.output.summary, index=False, lineterminator="\n"
    )
