"""Accuracies of full and linearised networks against the output scale, figure 4 (thamm2024)."""

import pandas as pd

from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job
from deepspectra.runtime.tables import read_csv

with job(snakemake.log[0], snakemake.threads):
    results = pd.concat([read_csv(path) for path in snakemake.input], ignore_index=True)
    rows, summary = [], []
    for panel, part in (("a", "test"), ("b", "train")):
        for kind in ("full", "linearised"):
            by_alpha = results.groupby("alpha")[f"{kind}_{part}"]
            for alpha, values in by_alpha:
                # The spread of several seeds; of one seed there is none to draw.
                spread = values.std(ddof=1) if len(values) > 1 else None
                rows.append((panel, kind, alpha, values.mean(), spread, len(values)))
                summary.append((panel, kind, f"{part} accuracy at alpha {alpha:g}", values.mean(), None))
    for alpha, values in results.groupby("alpha"):
        quantity = f"relative displacement of the layer at alpha {alpha:g}"
        summary.append(("a", "full", quantity, values.relative_displacement.mean(), None))
    write_table(
        pd.DataFrame(rows, columns=["panel", "series", "x", "y", "spread", "seeds"]),
        snakemake.output.curves,
        float_format="%.8g",
    )
    write_table(
        pd.DataFrame(summary, columns=["panel", "series", "quantity", "value", "reference"]),
        snakemake.output.summary,
        float_format="%.8g",
    )
