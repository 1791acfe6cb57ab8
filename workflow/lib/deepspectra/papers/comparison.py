"""The two tables behind a figure of fan2020: what is plotted, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from deepspectra.runtime.files import write_table

CURVE_COLUMNS = ["panel", "series", "x", "x_high", "y"]
SUMMARY_COLUMNS = ["panel", "series", "quantity", "value", "reference"]


@dataclass
class Comparison:
    """Rows that accumulate, panel by panel: ``rows`` of CURVE_COLUMNS, ``summary`` of SUMMARY_COLUMNS."""

    rows: list[tuple] = field(default_factory=list)
    summary: list[tuple] = field(default_factory=list)

    def write(self, curves: str | Path, summary: str | Path) -> None:
        """Both tables as CSV."""
        write_table(pd.DataFrame(self.rows, columns=CURVE_COLUMNS), curves)
        write_table(pd.DataFrame(self.summary, columns=SUMMARY_COLUMNS), summary)
