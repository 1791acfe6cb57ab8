"""The panels of one figure, gathered from the statistics of the spectra that it shows (baskerville2022)."""

import numpy as np
import pandas as pd

from deepspectra.papers.baskerville2022.curvature_statistics import semicircle_rows
from deepspectra.runtime import store
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job
from deepspectra.runtime.tables import read_csv

CURVES = ["panel", "spectrum", "scope", "statistic", "series", "x", "x_high", "y", "error"]
SUMMARY = ["panel", "spectrum", "scope", "statistic", "series", "quantity", "value", "error", "reference"]

with job(snakemake.log[0], snakemake.threads):
    files = zip(snakemake.params.spectra, snakemake.input.curves, snakemake.input.summaries, strict=True)
    spectra = {name: [read_csv(path) for path in paths] for name, *paths in files}
    drawn, numbers = [], []
    for letter, place in snakemake.params.panels.items():
        lines, found = spectra[place["spectrum"]]
        # Variants of a statistic (without cut-off, its reference) stand beside it.
        shown = lines.statistic.str.startswith(place["statistic"]) & (lines.scope == place["scope"])
        drawn.append(lines[shown].assign(panel=letter, spectrum=place["spectrum"]))
        told = found[found.scope == place["scope"]]
        numbers.append(told.assign(panel=letter, spectrum=place["spectrum"], statistic=place["statistic"]))
    if snakemake.input.ensemble:
        levels = store.read(snakemake.input.ensemble[0], {"levels": ("matrices", "dimension")})["levels"]
        rows, found = semicircle_rows(np.sort(levels, axis=1))
        place = {"panel": "a", "spectrum": "GOE", "statistic": "density"}
        drawn.insert(0, pd.DataFrame(rows).assign(**place))
        numbers.insert(0, pd.DataFrame(found).assign(**place))
    if snakemake.input.features:
        made = store.read(snakemake.input.features[0], {"train_features": ("samples", "features")})
        told = {"quantity": f"features of {made.attributes['parameters']['title']}", "series": "resolved"}
        numbers.append(pd.DataFrame([told | {"value": made["train_features"].shape[1]}]))
    for tables, columns, path in (
        (drawn, CURVES, snakemake.output.curves),
        (numbers, SUMMARY, snakemake.output.summary),
    ):
        write_table(pd.concat(tables).reindex(columns=columns), path, float_format="%.10g")
