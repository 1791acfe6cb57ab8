"""Four activation functions with eta = 1 and zeta = 0, their derivatives and constants (pennington2017, figure 3)."""

import numpy as np
import pandas as pd

from deepspectra.nn.activations.families.isospectral import isospectral_activations
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    item = snakemake.params.item
    x = np.linspace(-item["largest_argument"], item["largest_argument"], item["points"])
    rows, summary = [], []
    for name, activation in isospectral_activations().items():
        # A derivative has no value where it jumps; the gap breaks its line there.
        slope = np.where(np.isin(x, activation.breakpoints), np.nan, activation.derivative(x))
        for panel, values in (("a", activation.function(x)), ("b", slope)):
            rows += [(panel, name, *point) for point in zip(x, values, strict=True)]
        summary += [
            ("a", name, "Gaussian mean", activation.mean, 0.0),
            ("a", name, "eta", activation.second_moment, 1.0),
            ("b", name, "zeta", activation.b_sigma**2, 0.0),
        ]
    write_table(pd.DataFrame(rows, columns=["panel", "series", "x", "y"]), snakemake.output.curves)
    # The reference is what the paper states.
    write_table(
        pd.DataFrame(summary, columns=["panel", "series", "quantity", "value", "reference"]), snakemake.output.summary
    )
