"""What the record has as published in place of panels that have nothing of the kind in a smaller run."""

import pandas as pd

from deepspectra.runtime.tables import read_csv

__all__ = ["RECORDED_SERIES", "read_figure", "with_recorded"]

#: Stands for the series ``published`` in rows that come from the record.
RECORDED_SERIES = "published (record)"
# Statistics that do not depend on the scale of eigenvalues or on how many samples a matrix has.
_COMPARABLE = ("unfolded", "ratios", "deciles")


def read_figure(curves: str, summary: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A figure's plotted numbers and its summary, from their files.

    :raises UserError: if a file is no such table.
    """
    columns = ("panel", "series", "quantity", "label", "value", "told")
    return (
        read_csv(curves, ("panel", "series", "x", "y"), numbers=("x", "y")),
        read_csv(summary, columns, numbers=("value",)),
    )


def with_recorded(
    curves: pd.DataFrame, summary: pd.DataFrame, recorded_curves: pd.DataFrame, recorded_summary: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A figure's tables with the record's rows of those panels that show nothing as published.

    Densities of eigenvalues and whole sets stay as they are: smaller sets have eigenvalues of other sizes. So do panels
    of another spectrum than the record's.

    :param curves: columns panel, spectrum, scope, statistic, series and what is plotted; a panel's first row tells its
        scope and statistic.
    :param summary: columns panel, series, quantity and so on. :param recorded_curves: the record's, likewise.
    """
    places, recorded = (table.groupby("panel").first() for table in (curves, recorded_curves))
    own = curves[curves.series == "published"]
    lacking = [
        panel
        for panel, place in places.iterrows()
        if place.statistic in _COMPARABLE
        and place.scope == "batch"
        and not ((own.panel == panel) & (own.statistic == place.statistic)).any()
        and panel in recorded.index
        and recorded.spectrum[panel] == place.spectrum
    ]
    filled = []
    for table, other in ((curves, recorded_curves), (summary, recorded_summary)):
        rows = other[other.panel.isin(lacking) & (other.series == "published")]
        if "quantity" in other:
            # Of how many batches there are in the record's set.
            full = other[other.panel.isin(lacking) & (other.quantity == "full_batches")]
            rows = pd.concat([rows, full])
        rows = rows.assign(series=RECORDED_SERIES)
        filled.append(pd.concat([table, rows], ignore_index=True) if len(rows) else table)
    return filled[0], filled[1]
