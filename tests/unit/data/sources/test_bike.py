from __future__ import annotations

import numpy as np
import pytest

from deepspectra.data.sources import bike
from deepspectra.data.sources.tables import CorruptError

from .conftest import relabelled


def read_by_hand(csv: bytes) -> np.ndarray:
    """The canonical array by Python's own means: every printed decimal as float() reads it."""
    lines = csv.decode().split()
    return np.array([[float(value) for value in line.split(",")[2:]] for line in lines[1:]])


def test_hourly(hourly):
    csv = hourly.to_csv(index=False).encode()
    table = bike.read_hourly({"table": csv})["table"]
    assert table.dtype == np.float64
    assert table.flags.c_contiguous
    assert table.tobytes() == read_by_hand(csv).tobytes()


def test_relabelled_is_inverted_to_the_bit(hourly):
    given = relabelled(hourly)
    assert b",," in given  # weekdays and weathers are missing
    assert given.split(b"\n")[1].split(b",")[0] != b"2011-12-20"  # and the order is lost
    table = bike.read_relabelled({"table": given})["table"]
    assert table.tobytes() == read_by_hand(hourly.to_csv(index=False).encode()).tobytes()
    assert table.flags.c_contiguous


def test_every_printed_step_survives_unscaling():
    """The rounding undoes the unscaling for every value of every column that UCI can print."""
    for shift, span, digits in bike.SCALES.values():
        printed = np.array([float(f"{step / 10**digits:.{digits}f}") for step in range(10**digits + 1)])
        assert (np.round((printed * span - shift + shift) / span, digits) == printed).all()


def test_hours_of_the_clock():
    assert len(bike.HOURS) == 24
    assert [bike.HOURS[word] for word in ("12am", "1am", "11am", "12pm", "1pm", "11pm")] == [0, 1, 11, 12, 13, 23]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"dteday", b"day", "columns day"),
        (b"spring", b"sprung", "column season: unknown value 'sprung'"),
        (b"12pm", b"12", "column hr: unknown value '12'"),
        (b"Mist", b"Fog", "column weathersit: unknown value 'Fog'"),
        (b"2011-12-2", b"2011-13-2", "a date"),
    ],
)
def test_relabelled_that_is_wrong(hourly, old, new, message):
    with pytest.raises(CorruptError, match=message):
        bike.read_relabelled({"table": relabelled(hourly).replace(old, new)})


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"PK\x03\x04", b"instant,dteday\n1,2,3\n"])
def test_hourly_that_is_no_table(content):
    with pytest.raises(CorruptError):
        bike.read_hourly({"table": content})


def test_hourly_with_a_word_among_the_numbers(hourly):
    csv = hourly.to_csv(index=False).replace("\n9,2011-12-20,", "\n9,2011-12-20,x").encode()
    with pytest.raises(CorruptError, match="column season"):
        bike.read_hourly({"table": csv})
