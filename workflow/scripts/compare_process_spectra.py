"""Densities and spacing ratios of Hessians of Gaussian processes (baskerville2022, figures 5 and 6)."""

import numpy as np
import pandas as pd
from scipy import stats

from deepspectra.papers.histograms import histogram
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.gaussian_process import process_density
from deepspectra.rmt.laws.ratios import GOE_MEAN, ratio_surmise
from deepspectra.rmt.ratios import mean_ratio, spacing_ratios
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

CHANGED = "def"
#: Ratios are shown up to here, as in the paper.
LARGEST_RATIO = 10.0


def read(path, process):
    """Spectra of each panel and reading, shape (samples, levels), and the size below which a level is rounding."""
    size, larger = process["dimension"], process["dimension"] + process["degenerate"]
    shapes = {f"{panel}/plain": (process["samples"], size) for panel in process["second_derivatives"]}
    shapes |= {f"{panel}/changed": (process["samples"], larger if panel == "d" else size) for panel in CHANGED}
    contents = store.read(path, shapes)
    return contents.arrays, contents.attributes["noise_floor"]


def without_zeros(spectra, floor, process):
    """Spectra without the levels of degenerate directions, which are zero by construction.

    :raises UserError: if other levels than those are as small as rounding.
    """
    found = [levels[np.abs(levels) > floor] for levels in spectra]
    if any(len(levels) != process["dimension"] for levels in found):
        raise UserError(
            "gaussian_process: levels of degenerate directions cannot be told from others; choose another seed."
        )
    return np.stack(found)


def densities(arrays, floors, process):
    """Figure 5: pooled eigenvalues, the semicircle of their variance, and what the process has on average."""
    rows, summary = [], []
    for panel, second in process["second_derivatives"].items():
        plain, spectra = arrays[f"{panel}/plain"], arrays[f"{panel}/{'changed' if panel in CHANGED else 'plain'}"]
        bulk = spectra
        if panel == "d":
            bulk = without_zeros(spectra, floors["d/changed"], process)
            rows.append((panel, "atom", 0.0, 0.0, 1 - bulk.size / spectra.size))
        semicircle = stats.semicircular(loc=spectra.mean(), scale=2 * spectra.std())
        # Of the process itself, once each spectrum's common shift is removed: what the finite size alone does.
        own = stats.semicircular(scale=2 * (process["dimension"] * second) ** 0.5)
        centred = plain - plain.mean(axis=1, keepdims=True)
        rows += histogram(panel, bulk.ravel(), process["bins"], spectra.size)
        x = np.linspace(*semicircle.support(), 401)
        rows += [(panel, "semicircle", a, a, b) for a, b in zip(x, semicircle.pdf(x), strict=True)]
        if panel not in "ef":
            x = np.linspace(bulk.min(), bulk.max(), 401)
            expected = process_density(x, process["dimension"], process["first_derivative"], second)
            expected *= bulk.size / spectra.size
            rows += [(panel, "expected", a, a, b) for a, b in zip(x, expected, strict=True)]
        distances = ks_distance(spectra, semicircle.cdf), ks_distance(centred, own.cdf)
        shift = plain.mean(axis=1).std(ddof=1)
        summary += [
            (panel, "process", "k''(0)", second, None, None),
            (panel, "pooled", "KS distance to the semicircle of equal variance", *distances, None),
            (panel, "pooled", "standard deviation of the common shift", shift, process["first_derivative"], None),
            (panel, "pooled", "radius of the semicircle without the shift", own.support()[1], None, None),
            (panel, "pooled", "largest eigenvalue", spectra.max(), None, None),
        ]
    return rows, summary


def ratios(arrays, floors, process):
    """Figure 6: spacing ratios as published (plain samples) and, in d to f, of the matrices that the captions name."""
    rows, summary = [], []
    for panel, second in process["second_derivatives"].items():
        summary.append((panel, "process", "k''(0)", second, None, None))
    edges = np.linspace(0, LARGEST_RATIO, process["bins"] + 1)
    readings = [(panel, "plain") for panel in process["second_derivatives"]] + [(panel, "changed") for panel in CHANGED]
    for panel, reading in readings:
        spectra = arrays[f"{panel}/{reading}"]
        zeros = 0.0
        if (panel, reading) == ("d", "changed"):
            bulk = without_zeros(spectra, floors["d/changed"], process)
            zeros, spectra = 1 - bulk.size / spectra.size, bulk
        pooled = np.concatenate([spacing_ratios(levels) for levels in spectra])
        rows += histogram(panel, pooled[pooled <= LARGEST_RATIO], edges, pooled.size, reading)
        mean = mean_ratio(list(spectra), process["seed"])
        summary += [
            (panel, reading, "mean of min(r, 1/r)", mean.value, GOE_MEAN, mean.error),
            (panel, reading, "KS distance to the surmise", ks_distance(pooled, ratio_surmise.cdf), None, None),
            (panel, reading, "share of ratios above 10", np.mean(pooled > LARGEST_RATIO), ratio_surmise.sf(10), None),
            (panel, reading, "share of levels that are zero by construction, left out", zeros, None, None),
        ]
        if panel in "ef" and reading == "changed":
            inner = mean_ratio(list(spectra[:, : -process["outliers"] or None]), process["seed"])
            summary.append(
                (panel, reading, "mean of min(r, 1/r), outliers left out", inner.value, GOE_MEAN, inner.error)
            )
    x = np.linspace(0, LARGEST_RATIO, 401)
    rows += [("all", "surmise", a, a, b) for a, b in zip(x, ratio_surmise.pdf(x), strict=True)]
    return rows, summary


with job(snakemake.log[0], snakemake.threads):
    process = snakemake.params.process
    arrays, floors = read(snakemake.input[0], process)
    compare = {"figure_5": densities, "figure_6": ratios}[snakemake.wildcards.item]
    rows, summary = compare(arrays, floors, process)
    write_table(pd.DataFrame(rows, columns=["panel", "series", "x", "x_high", "y"]), snakemake.output.curves)
    columns = ["panel", "series", "quantity", "value", "reference", "error"]
    write_table(pd.DataFrame(summary, columns=columns), snakemake.output.summary)
