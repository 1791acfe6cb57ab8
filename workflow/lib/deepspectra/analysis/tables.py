"""The tables of an analysis, from which its pictures and its page are made."""

from dataclasses import dataclass

import pandas as pd

__all__ = ["AnalysisTables"]


@dataclass(frozen=True)
class AnalysisTables:
    """What was found in a network.

    :ivar origin: the checkpoint's name. :ivar matrices: a row for each matrix, tidy. :ivar left_out: ``name`` and
        ``reason`` of every other tensor. :ivar curves: spectra, spacings and number variances, by ``name`` and
        ``series``. :ivar vectors: a row for each singular vector. :ivar findings: sentences. :ivar notes: on the file.
    """

    origin: str
    matrices: pd.DataFrame
    left_out: pd.DataFrame
    curves: pd.DataFrame
    vectors: pd.DataFrame
    findings: list[str]
    notes: list[str]
