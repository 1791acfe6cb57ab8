"""Exponents of growing costs, from costs whose exponents are known; one point is measured for real."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from benchmarks.growing import METHODS, Method
from benchmarks.growth import draw, exponent, fits, largest_size, measure_point, page

SIZES = np.array([10.0, 20.0, 40.0, 80.0])


def method(time=2, memory=1):
    return Method(
        title="A method",
        variable="n",
        prepare=lambda size: lambda: np.zeros(size),
        sizes=(10, 20, 40, 80),
        time=time,
        memory=memory,
        why="a loop in a loop",
    )


def points(seconds, gigabytes):
    return pd.DataFrame(
        {"method": "one", "size": SIZES, "seconds": seconds, "gigabytes": gigabytes, "machine": "a processor"}
    )


def test_the_exponent_is_that_of_the_largest_sizes():
    costs = 3e-4 * SIZES**2.5
    costs[0] = 7
    assert exponent(SIZES, costs) == pytest.approx(2.5)


def test_an_exponent_needs_two_sizes_and_positive_costs():
    assert np.isnan(exponent(SIZES[:1], SIZES[:1]))
    assert np.isnan(exponent(SIZES, 0 * SIZES))


def test_memory_is_extrapolated_by_the_methods_own_exponent():
    """6 GB at 1000: twice the size takes four times the memory."""
    assert largest_size(1000, 6, 2) == pytest.approx(2000)


@pytest.mark.parametrize(("time", "worse"), [(2.2, False), (2.5, True)])
def test_an_exponent_well_above_the_methods_own_is_worse(time, worse):
    table, methods = points(SIZES**time, SIZES / 100), {"one": method()}
    (fit,) = fits(table, methods).itertuples()
    assert fit.worse == worse
    assert fit.time == pytest.approx(time)
    assert fit.memory == pytest.approx(1)
    assert fit.holds == pytest.approx(80 * 24 / 0.8)
    assert ("**worse**" in page(table, methods)) == worse


def test_little_memory_is_no_growth(tmp_path):
    table, methods = points(SIZES**2, 0 * SIZES), {"one": method()}
    (fit,) = fits(table, methods).itertuples()
    assert np.isnan(fit.memory)
    assert not fit.worse
    assert "nan" not in page(table, methods)
    draw(table, methods, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_a_point_is_measured(capsys):
    measure_point("null_draws", 40)
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert 0 < found["seconds"] < 10
    assert found["gigabytes"] >= 0


@pytest.mark.parametrize("name", METHODS)
def test_sizes_ascend_so_that_the_largest_come_last(name):
    sizes = METHODS[name].sizes + METHODS[name].larger
    assert list(sizes) == sorted(set(sizes))
    assert len(METHODS[name].sizes) >= 3
