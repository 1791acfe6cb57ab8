"""The panels of one figure, gathered from the statistics of the spectra that it shows (baskerville2022)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from deepspectra.papers.baskerville2022.curvature_statistics import NumberRow, semicircle_rows
from deepspectra.papers.baskerville2022.names import CONTROLS
from deepspectra.papers.item import Numbers
from deepspectra.runtime import store
from deepspectra.runtime.tables import read_csv

__all__ = ["gather_panels"]

_PLACE = ["panel", "spectrum", "scope", "statistic", "series"]


def gather_panels(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Curves and numbers of every panel.

    A summary has the quantities of :class:`.NumberRow`, and ``features`` or, where they are not those of the paper's
    ResNet-34, ``other_features``: how many features an image has.

    :param files: ``curves`` and ``summaries``, one for each spectrum; ``ensemble``, the levels of panel a of figure 1,
        and ``features``, which know the network that made them: each one file or none.
    :param parameters: ``spectra``, the names of the spectra; ``panels``, by letter: ``spectrum``, ``scope`` and
        ``statistic``.
    """
    tables = zip(parameters["spectra"], files["curves"], files["summaries"], strict=True)
    spectra = {name: [read_csv(path) for path in paths] for name, *paths in tables}
    curves, summary = [], []
    for path in files["ensemble"]:
        levels = store.read(path, {"levels": ("matrices", "dimension")})["levels"]
        rows, numbers = semicircle_rows(np.sort(levels, axis=1))
        place = {"panel": "a", "spectrum": "GOE", "statistic": "density"}
        curves.append(rows.assign(**place))
        summary.append(numbers.assign(**place))
    for letter, shown in parameters["panels"].items():
        rows, numbers = spectra[shown["spectrum"]]
        place = {"panel": letter, "spectrum": shown["spectrum"]}
        # Variants of a statistic (without cut-off, the reference, ends of bands) begin with its name.
        chosen = rows.statistic.str.startswith(shown["statistic"]) & (rows.scope == shown["scope"])
        curves.append(rows[chosen].assign(**place))
        # Controls where they are drawn.
        told = (numbers.scope == shown["scope"]) & ~numbers.series.isin({*CONTROLS.values()} - {*rows.series[chosen]})
        summary.append(numbers[told].assign(**place, statistic=shown["statistic"]))
    for path in files["features"]:
        made = store.read(path, {"train_features": ("samples", "features")})
        backbone = made.attributes["parameters"]
        quantity = "features" if backbone["backbone"] == "resnet34" else "other_features"
        row = NumberRow(quantity, f"features of {backbone['title']}", made["train_features"].shape[1])
        summary.append(pd.DataFrame([row]).assign(series="resolved"))
    shown = pd.concat(curves)[[*_PLACE, "x", "x_high", "y", "error"]]
    return Numbers(shown, pd.concat(summary).reindex(columns=[*_PLACE, *NumberRow._fields]), digits=10)
