"""Data sets as the networks of baskerville2022 take them, by the authors' public code.

The text differs in one place: it maps a date to an integer that is unique to it, the code to the day of the month. The
code also divides each part's targets by the mean of that part.
"""

from __future__ import annotations

import datetime
from typing import NamedTuple

import numpy as np

from deepspectra.nn.images import IMAGENET_DEVIATION, IMAGENET_MEAN
from deepspectra.runtime.errors import UserError

#: The regressors of Bike Sharing beside the day of the month (baskerville2022, appendix B).
BIKE_FEATURES = ("season", "yr", "mnth", "hr", "holiday", "weekday", "workingday", "weathersit")
BIKE_FEATURES += ("temp", "atemp", "hum", "windspeed")


class Regression(NamedTuple):
    """Inputs (samples, features) and targets (samples, 1), float64."""

    inputs: np.ndarray
    targets: np.ndarray


def normalise_mnist(images: np.ndarray) -> np.ndarray:
    """uint8 images of any shape to float64 in [-1, 1]: mean 0.5 and deviation 0.5 of pixels in [0, 1]."""
    return images / 127.5 - 1


def normalise_cifar10(images: np.ndarray) -> np.ndarray:
    """uint8 images (samples, height, width, 3) to float64 (samples, 3, height, width), each channel normalised."""
    channels_last = (images / 255 - IMAGENET_MEAN) / IMAGENET_DEVIATION
    return np.ascontiguousarray(channels_last.transpose(0, 3, 1, 2))


def days_of_the_month(year: np.ndarray, month: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    """The day of each row of Bike Sharing, whose sources do not all have its date.

    Rows are hours in order, none of the 731 days of 2011 and 2012 without any, so that a new weekday is a new day.

    :param year: 0 or 1, shape (rows,). :param month: 1 to 12. :param weekday: 0 (Sunday) to 6.
    :returns: int64, shape (rows,), from 1 to 31.
    :raises UserError: if the calendar contradicts: rows are missing or not in order.
    """
    day = np.concatenate([[0], np.cumsum(np.diff(weekday) != 0)])
    dates = [datetime.date(2011, 1, 1) + datetime.timedelta(int(number)) for number in day]
    found = np.array([(date.year - 2011, date.month, date.isoweekday() % 7) for date in dates])
    if not np.array_equal(found, np.column_stack([year, month, weekday])):
        raise UserError("Bike Sharing: years, months and weekdays of the rows are not those of 2011 and 2012 in order.")
    return np.array([date.day for date in dates])


def split_bike(table: np.ndarray, columns: list[str], train_share: float, seed: int) -> tuple[Regression, Regression]:
    """Bike Sharing as 13 raw inputs and a target, hourly count over its mean in the part, in two disjoint parts.

    The authors shuffle the rows anew for either part, so that most of their test rows were trained on; here the parts
    are disjoint.

    :param table: float64, shape (rows, columns). :param columns: their names.
    :param train_share: of the rows, in (0, 1). :param seed: of the shuffle.
    :returns: train and test part.
    :raises UserError: if a column is missing, the rows are not in order, or a part would be empty.
    """
    missing = {*BIKE_FEATURES, "cnt"} - set(columns)
    if missing:
        raise UserError(f"Bike Sharing: the table lacks {', '.join(sorted(missing))}.")
    data = {name: table[:, place] for place, name in enumerate(columns)}
    days = days_of_the_month(data["yr"], data["mnth"], data["weekday"])
    inputs = np.column_stack([days, *(data[name] for name in BIKE_FEATURES)]).astype(np.float64)
    order = np.random.default_rng(seed).permutation(len(table))
    count = round(train_share * len(table))
    if not 0 < count < len(table):
        raise UserError(f"Bike Sharing: a share of {train_share:g} of {len(table)} rows leaves one part empty.")
    parts = []
    for chosen in (order[:count], order[count:]):
        target = data["cnt"][chosen]
        parts.append(Regression(inputs[chosen], (target / target.mean())[:, None]))
    return parts[0], parts[1]
