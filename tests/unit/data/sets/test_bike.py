"""Bike Sharing against its calendar, and its parts against the whole."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from deepspectra.data.sets.bike import BIKE_FEATURES, BIKE_TRAIN_SHARE, DATA_SET, days_of_the_month, split_bike
from deepspectra.runtime.errors import UserError

COLUMNS = [*BIKE_FEATURES, "casual", "registered", "cnt"]


def calendar(hours=2):
    """Some hours of every day of 2011 and 2012."""
    days = [datetime.date(2011, 1, 1) + datetime.timedelta(number) for number in range(731)]
    rows = [(day.year - 2011, day.month, day.isoweekday() % 7, day.day) for day in days for _ in range(hours)]
    return np.array(rows).T


def table():
    year, month, weekday, _ = calendar()
    source = np.random.default_rng(1)
    data = {name: source.uniform(size=len(year)) for name in COLUMNS}
    data |= {"yr": year, "mnth": month, "weekday": weekday, "cnt": source.integers(1, 900, len(year))}
    return np.column_stack([data[name] for name in COLUMNS]).astype(np.float64)


def test_days_follow_from_the_calendar():
    year, month, weekday, day = calendar()
    np.testing.assert_array_equal(days_of_the_month(year, month, weekday), day)


@pytest.mark.parametrize("change", ["a day is missing", "not in order"])
def test_a_calendar_with_a_mistake_is_refused(change):
    year, month, weekday, _ = calendar()
    kept = np.arange(len(year))
    kept = np.delete(kept, [100, 101]) if change == "a day is missing" else kept[::-1]
    with pytest.raises(UserError, match="not those of 2011 and 2012 in order"):
        days_of_the_month(year[kept], month[kept], weekday[kept])


def test_parts_are_disjoint_and_hold_every_row_once():
    data = table()
    (train, train_targets), (test, test_targets) = split_bike(data, COLUMNS, seed=3)
    assert train.shape == (1170, 13)
    assert test.shape == (292, 13)
    whole = np.concatenate([train, test])
    expected = np.column_stack([calendar()[3], data[:, : len(BIKE_FEATURES)]])
    np.testing.assert_array_equal(whole[np.lexsort(whole.T)], expected[np.lexsort(expected.T)])
    for inputs, targets in ((train, train_targets), (test, test_targets)):
        assert targets.shape == (len(inputs), 1)
        assert targets.mean() == pytest.approx(1)
    (again, _), _ = split_bike(data, COLUMNS, seed=3)
    np.testing.assert_array_equal(train, again)
    (other, _), _ = split_bike(data, COLUMNS, seed=4)
    assert not np.array_equal(train, other)


def test_parts_have_the_sizes_of_ucis_table():
    order = np.random.default_rng(0).permutation(17_379)
    count = round(BIKE_TRAIN_SHARE * len(order))
    assert (DATA_SET.train_samples, DATA_SET.test_samples) == (count, 17_379 - count) == (13_903, 3476)
