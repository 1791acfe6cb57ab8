"""Bike Sharing: hourly counts of rented bikes, predicted from the calendar and the weather.

Inputs and targets follow the public code of baskerville2022's authors. The paper's text differs in one place: it maps a
date to a unique integer, the code to the day of the month. The code also divides each part's targets by their mean.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepspectra.data.sets.base import DataSet
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes

if TYPE_CHECKING:
    import numpy as np

    from deepspectra.data.tasks import Part

__all__ = ["BIKE_FEATURES", "BIKE_TRAIN_SHARE", "DATA_SET", "days_of_the_month", "split_bike"]

#: The regressors beside the day of the month (baskerville2022, appendix B).
BIKE_FEATURES: tuple[str, ...] = ("season", "yr", "mnth", "hr", "holiday", "weekday", "workingday", "weathersit")
BIKE_FEATURES += ("temp", "atemp", "hum", "windspeed")
#: Share of the rows used for training.
BIKE_TRAIN_SHARE = 0.8

_ROWS = 17_379


def days_of_the_month(year: np.ndarray, month: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    """The day of each row, since not all sources have the date.

    Rows are hours in order, and each of the 731 days of 2011 and 2012 has some, so a new weekday is a new day.

    :param year: 0 or 1, shape (rows,). :param month: 1 to 12. :param weekday: 0 (Sunday) to 6.
    :returns: int64, shape (rows,), from 1 to 31.
    :raises UserError: if the calendar contradicts: rows are missing or not in order.
    """
    import numpy as np

    day = np.concatenate([[0], np.cumsum(np.diff(weekday) != 0)])
    dates = [datetime.date(2011, 1, 1) + datetime.timedelta(int(number)) for number in day]
    found = np.array([(date.year - 2011, date.month, date.isoweekday() % 7) for date in dates])
    if not np.array_equal(found, np.column_stack([year, month, weekday])):
        raise UserError("Bike Sharing: years, months and weekdays of the rows are not those of 2011 and 2012 in order.")
    return np.array([date.day for date in dates])


def split_bike(table: np.ndarray, columns: list[str], seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Inputs (samples, 13) and targets (samples, 1), counts over their mean in the part, of two disjoint parts: train
    and test; float64.

    The authors shuffle the rows anew for either part, so networks were trained on most of their test rows.

    :param table: float64, shape (rows, columns). :param columns: their names. :param seed: of the shuffle.
    :raises UserError: if there are not as many names as columns, or rows are missing or not in order.
    """
    import numpy as np

    check_shapes(table=(table, f"rows {len(columns)}"))
    data = {name: table[:, place] for place, name in enumerate(columns)}
    days = days_of_the_month(data["yr"], data["mnth"], data["weekday"])
    inputs = np.column_stack([days, *(data[name] for name in BIKE_FEATURES)]).astype(np.float64)
    order = np.random.default_rng(seed).permutation(len(table))
    parts = np.split(order, [round(BIKE_TRAIN_SHARE * len(table))])
    return [(inputs[rows], (data["cnt"][rows] / data["cnt"][rows].mean())[:, None]) for rows in parts]


def _read(path: str | Path, part: Part, network: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    from deepspectra.runtime import store

    contents = store.read(path, {"table": ("rows", "columns")})
    columns = contents.attributes["parameters"]["columns"]["table"]
    return split_bike(contents["table"], columns, network["seed"])[part == "test"]


DATA_SET = DataSet(
    inputs=1 + len(BIKE_FEATURES),
    outputs=1,
    loss="squared",
    train_samples=round(BIKE_TRAIN_SHARE * _ROWS),
    test_samples=_ROWS - round(BIKE_TRAIN_SHARE * _ROWS),
    file="resources/data/bike.h5",
    read=_read,
)
