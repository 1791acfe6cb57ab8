"""Figure 3: four activation functions with eta = 1 and zeta = 0, their derivatives and their Gaussian constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from deepspectra.nn.activations.families.isospectral import isospectral_activations
from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import Row, summary_table

__all__ = ["evaluate_activations"]


def evaluate_activations(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Functions (panel a), derivatives (panel b), and their constants by quadrature beside what the paper states.

    :param files: none.
    :param parameters: ``largest_argument``, ``points``.
    """
    x = np.linspace(-parameters["largest_argument"], parameters["largest_argument"], parameters["points"])
    rows: list[tuple] = []
    summary: list[Row] = []
    for name, activation in isospectral_activations().items():
        # A derivative has no value where it jumps; the gap breaks its line there.
        slope = np.where(np.isin(x, activation.breakpoints), np.nan, activation.derivative(x))
        for panel, values in (("a", activation.function(x)), ("b", slope)):
            rows += [(panel, name, *point) for point in zip(x, values, strict=True)]
        summary += [
            Row("a", name, "gaussian_mean", "Gaussian mean", activation.mean, 0.0),
            Row("a", name, "eta", "eta", activation.second_moment, 1.0),
            Row("b", name, "zeta", "zeta", activation.b_sigma**2, 0.0, told=True),
        ]
    return Numbers(pd.DataFrame(rows, columns=["panel", "series", "x", "y"]), summary_table(summary, "reference"))
