"""The spectrum of ResNet-34's Gauss-Newton matrix, and its spacing ratios beside the orthogonal ensemble's."""

import numpy as np
import pandas as pd

from deepspectra.papers.histograms import histogram
from deepspectra.rmt.calibration import monte_carlo_p_value, null_band
from deepspectra.rmt.goe import goe_levels
from deepspectra.rmt.laws.ratios import GOE_MEAN, ratio_surmise
from deepspectra.rmt.ratios import folded, mean_ratio, rank_means, spacing_ratios
from deepspectra.runtime import store
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job
from deepspectra.runtime.progress import ProgressBar

PARTS, NULL_MATRICES = 10, 999
BINS, LARGEST_RATIO = 30, 10.0

with job(snakemake.log[0], snakemake.threads):
    item = snakemake.params.item
    contents = store.read(snakemake.input[0], {"eigenvalues": ("n",)})
    levels, known, bound = (
        contents["eigenvalues"],
        contents.attributes["parameters"],
        contents.attributes["noise_floor"],
    )
    most = (known["outputs"] - 1) * item["batch_size"]
    mean, by_rank = mean_ratio([levels], item["seed"]), rank_means(levels, PARTS)

    source = np.random.default_rng([item["seed"], 1])
    draws = ProgressBar(range(NULL_MATRICES), desc="orthogonal ensemble", unit="matrix")
    null = [goe_levels(len(levels), source) for _ in draws]
    null_means = np.array([folded(spacing_ratios(draw)).mean() for draw in null])
    lower, upper = null_band(np.array([rank_means(draw, PARTS) for draw in null]))
    centre = np.median(null_means)
    p = monte_carlo_p_value(abs(mean.value - centre), abs(null_means - centre))

    ratios = spacing_ratios(levels)
    x = np.linspace(0, LARGEST_RATIO, 401)
    edges = np.linspace(0, LARGEST_RATIO, BINS + 1)
    rows = [("a", "eigenvalues", rank, rank, value) for rank, value in enumerate(levels[::-1], start=1)]
    rows += [("a", "bound", rank, rank, bound) for rank in (1, len(levels))]
    rows += histogram("b", ratios[ratios <= LARGEST_RATIO], edges, ratios.size)
    rows += [("b", "surmise", a, a, b) for a, b in zip(x, ratio_surmise.pdf(x), strict=True)]
    for series, values in (("parts", by_rank), ("orthogonal_lower", lower), ("orthogonal_upper", upper)):
        rows += [("c", series, part / PARTS, (part + 1) / PARTS, value) for part, value in enumerate(values)]

    outside = float(np.sum((by_rank < lower) | (by_rank > upper)))
    summary = [
        ("a", "eigenvalues", "parameters", known["parameters"], None, None),
        ("a", "eigenvalues", "non-zero eigenvalues", len(levels), most, None),
        ("a", "eigenvalues", "smallest", levels[0], None, None),
        ("a", "eigenvalues", "largest", levels[-1], None, None),
        ("a", "eigenvalues", "error bound", bound, None, None),
        ("a", "eigenvalues", "share of spacings below the bound (unresolved above 0.01)",
         known["unresolved_spacings"], 0.01, None),
        ("b", "eigenvalues", "mean of min(r, 1/r)", mean.value, GOE_MEAN, mean.error),
        ("b", "eigenvalues", "p-value against orthogonal matrices of as many levels", float(p.value), None,
         float(p.error)),
        ("c", "eigenvalues", "tenths of the spectrum outside the band of orthogonal matrices", outside, PARTS / 20,
         None),
    ]  # fmt: skip
    write_table(pd.DataFrame(rows, columns=["panel", "series", "x", "x_high", "y"]), snakemake.output.curves)
    columns = ["panel", "series", "quantity", "value", "reference", "error"]
    write_table(pd.DataFrame(summary, columns=columns), snakemake.output.summary)
