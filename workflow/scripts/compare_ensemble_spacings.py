"""Spacings of large matrices of the orthogonal ensemble beside the Wigner surmise (baskerville2022, figure 2)."""

import numpy as np
import pandas as pd
from scipy import stats

from deepspectra.papers.histograms import histogram
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.ratios import GOE_MEAN
from deepspectra.rmt.laws.spacings import goe_spacing_cdf, wigner_surmise
from deepspectra.rmt.ratios import mean_ratio
from deepspectra.runtime import store
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

#: Of each spectrum the levels at these heights of the staircase, in shares of it: its middle.
BULK = (0.1, 0.9)
LARGEST, BINS = 4.0, 60

with job(snakemake.log[0], snakemake.threads):
    ensemble = snakemake.params.item["ensemble"]
    dimension = ensemble["dimension"]
    levels = store.read(snakemake.input[0], {"levels": (ensemble["matrices"], dimension)})["levels"]
    # Equation 9: the semicircle's distribution function times the number of levels.
    heights = stats.semicircular(scale=(2 * dimension) ** 0.5).cdf(levels)
    every = dimension * np.diff(heights, axis=1)
    inside = (heights[:, :-1] >= BULK[0]) & (heights[:, 1:] <= BULK[1])
    bulk = every[inside]

    s = np.linspace(0, LARGEST, 401)
    surmise, exact = wigner_surmise.cdf(s), goe_spacing_cdf(s)
    counted = np.searchsorted(np.sort(bulk), s, side="right") / bulk.size
    lines = {
        ("a", "surmise"): wigner_surmise.pdf(s),
        ("a", "independent"): np.exp(-s),
        ("b", "ensemble"): counted - surmise,
        ("b", "exact"): exact - surmise,
    }
    edges = np.linspace(0, LARGEST, BINS + 1)
    rows = histogram("a", bulk, edges, bulk.size, "ensemble")
    rows += [(*key, x, x, y) for key, values in lines.items() for x, y in zip(s, values, strict=True)]

    # Spacings of eight times the mean have a chance of 1e-22.
    fine = np.linspace(0, 8, 1601)
    fine_law = goe_spacing_cdf(fine)

    def exact_law(spacings):
        return np.interp(spacings, fine, fine_law)

    ratio = mean_ratio(list(levels), ensemble["seed"])
    between = float(np.abs(exact - surmise).max())
    to_surmise, to_exact = ks_distance(bulk, wigner_surmise.cdf), ks_distance(bulk, exact_law)
    to_all = ks_distance(every, wigner_surmise.cdf)
    # References: of the surmise that of infinitely large matrices, of the whole spectrum that of the bulk.
    summary = [
        ("a", "ensemble", "KS distance to the Wigner surmise", to_surmise, between, None),
        ("b", "ensemble", "KS distance to the exact law", to_exact, 0.0, None),
        ("a", "ensemble", "KS distance to the Wigner surmise, edges included", to_all, to_surmise, None),
        ("a", "ensemble", "spacings", float(bulk.size), None, None),
        ("a", "ensemble", "mean spacing", float(bulk.mean()), 1.0, None),
        ("a", "ensemble", "mean of min(r, 1/r)", ratio.value, GOE_MEAN, ratio.error),
    ]
    write_table(pd.DataFrame(rows, columns=["panel", "series", "x", "x_high", "y"]), snakemake.output.curves)
    columns = ["panel", "series", "quantity", "value", "reference", "error"]
    write_table(pd.DataFrame(summary, columns=columns), snakemake.output.summary)
