"""Readings of all claims on made-up tables: true values, real dependence on the tables, and what is not there."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from deepspectra.papers.reading import AbsentError, Measured, Reading, Results, difference, finite, mean
from deepspectra.papers.readings import READINGS

from .made_up import tables

ALL = {name: reading for readings in READINGS.values() for name, reading in readings.items()}
NAN = math.nan
# Standard errors: of 15 p-values, seven 0.1, seven 0.3 and one 0.2; of 101, these, 15 of 0.2 and 71 of 0.5.
TOP = float(np.std([0.1] * 7 + [0.3] * 7 + [0.2], ddof=1) / 15**0.5)
EVERY = [0.1] * 7 + [0.3] * 7 + [0.2] * 16 + [0.5] * 71
ALL_P = (float(np.mean(EVERY)), float(np.std(EVERY, ddof=1) / 101**0.5))


def sampling(*accuracies):
    """Of 100 images."""
    return math.hypot(*((p * (1 - p) / 100) ** 0.5 for p in accuracies))


TRUE = {
    **{f"T0{i}": (0.49 + i / 100, sampling(0.49 + i / 100)) for i in range(1, 6)},
    "T06": (1, NAN),
    "T07": (2, NAN),
    "T08": (0.95, NAN),
    "T09": (0.8, NAN),
    "T10": (0.7, NAN),
    "T11": (NAN, NAN),
    "T12": (0.6, NAN),
    "T13": (-0.3, TOP),
    "T14": (0.5, 0),
    "T15": (0.01, NAN),
    "T16": (0.5, sampling(0.5)),
    "T17": (0.6, sampling(0.6)),
    "T18": (0.4, sampling(0.4)),
    "T19": (0.2, TOP),
    "T20": (4, 4 * (1 / 16 + 1 / 4) ** 0.5),
    "T21": (0.2, 0),
    "T22": (0.25, (sampling(0.4, 0.2) + sampling(0.5, 0.2)) / 2),
    "T23": (0.15, (sampling(0.5, 0.4) + sampling(0.5, 0.3)) / 2),
    # 0.83 is less than two errors of 0.042 below 0.9, so that alpha 1.5 is as good.
    "T24": (1, 0.125),
    "T25": (0.04, NAN),
    "T26": (3, NAN),
    "T27": (0.3, NAN),
    "T28": (1, NAN),
    "T29": ALL_P,
    **dict.fromkeys(("B01", "B24"), (0.4, NAN)),
    **dict.fromkeys(("B02", "B05", "B25", "B26"), (0.04, NAN)),
    **dict.fromkeys(("B03", "B06", "B11", "B14", "B17"), (0.54, 0.002)),
    "B04": (0.53, 0.004),
    "B07": (0.3, NAN),
    **dict.fromkeys(("B08", "B12", "B15", "B18"), (0.53, 0.002)),
    "B09": (0.009, 0.003),
    "B10": (0.06, NAN),
    "B13": (0.68, NAN),
    "B16": (0.05, NAN),
    "B19": (-0.005, 0.005),
    "B20": (0.003, 0.005),
    "B21": (0.05, NAN),
    "B22": (0.05, NAN),
    "B23": (0.02, 0.005),
    "F01": (0.002, NAN),
    "F02": (0.04, NAN),
    "F03": (0.009, NAN),
    "F04": (0.25, NAN),
    "F05": (0.1, NAN),
    "F06": (5, NAN),
    "F07": (2e-4, NAN),
    "F08": (0.8, 0.02),
    "F09": (0.97, NAN),
    "F10": (1, NAN),
    "F11": (1.02, NAN),
    "F12": (2, NAN),
    "F13": (0.012, NAN),
    "F14": (1.5, NAN),
    "F15": (0.125, NAN),
    "P01": (0.25, NAN),
    "P02": (0.05, NAN),
    "P03": (1.3, NAN),
    "P04": (0.04, NAN),
    "P05": (6e-9, NAN),
    "P06": (1, 0),
    "P07": (2.0**-40, 0),
}
SECOND = {
    "T09": (0.6, 0.03),
    "T10": (0.5, 0.03),
    "T11": (NAN, NAN),
    "T12": (0.4, 0.03),
    "T13": (-0.3, TOP),
    "T14": (0.45, 0),
    "T19": (0.15, TOP),
    "T21": (0.15, 0),
    "T29": (ALL_P[0] - 0.05, ALL_P[1]),
    **dict.fromkeys(("B02", "B05", "B25", "B26"), (0.03, NAN)),
    **dict.fromkeys(("B03", "B06", "B11", "B14", "B17"), (0.53, 0.002)),
    "B04": (0.52, 0.004),
}


@pytest.fixture(scope="module")
def made_up():
    return tables()


def test_every_claim_has_a_true_value():
    assert TRUE.keys() == ALL.keys()


@pytest.mark.parametrize("name", ALL)
def test_readings_find_the_true_values(made_up, name):
    found, second = ALL[name].take(Results(made_up))
    assert (found.value, found.error) == pytest.approx(TRUE[name], rel=1e-9, abs=1e-12, nan_ok=True), found
    assert bool(found.obstacle) == (name == "T11")
    assert (second is not None) == (name in SECOND)
    if second:
        assert (second.value, second.error) == pytest.approx(SECOND[name], rel=1e-9, abs=1e-12, nan_ok=True)
        assert ALL[name].kind == ("calibrated" if name.startswith("T") else "resolved")


def spoilt(table):
    """Every number another one, larger ones smaller; places and published numbers stay."""
    changed = table.copy()
    for place, column in enumerate(table.select_dtypes("number")):
        if column not in ("rank", "published_p", "at"):
            changed[column] = 0.04 / (1 + table[column].abs()) * (1 + place / 10)
    return changed


@pytest.mark.parametrize("name", [name for name in ALL if name != "T11"])
def test_no_number_is_typed_in(made_up, name):
    """Each changes with the tables, and each table that a reading declares can change it or its error."""
    reading, results = ALL[name], Results(made_up)
    before = reading.take(results)
    changed = reading.take(Results({file: spoilt(table) for file, table in made_up.items()}))
    assert changed[0].value == changed[0].value != before[0].value
    assert before[1] is None or changed[1].value != before[1].value
    for file in reading.files:
        part = reading.take(Results(made_up | {file: spoilt(made_up[file])}))
        assert part != before, file


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("damage", ["gone", "empty", "no columns", "no numbers", "words", "twice"])
def test_degenerate_tables_leave_no_number_and_say_why(made_up, name, damage):
    """Such as smoke scale's: never an error."""
    damages = {
        "gone": lambda table: None,
        "empty": lambda table: table.iloc[:0],
        "no columns": lambda table: pd.DataFrame({"x": [1.0]}),
        "no numbers": lambda table: table.assign(**dict.fromkeys(table.select_dtypes("number"), NAN)),
        "words": lambda table: table.assign(**dict.fromkeys(table.select_dtypes("number"), "many")),
        "twice": lambda table: pd.concat([table, table]),
    }
    spoil = {file: damages[damage](made_up[file]) for file in ALL[name].files}
    if damage in ("no numbers", "words"):
        # What the ledger calls the paper's rows, and the places of vectors, are numbers too.
        for file, table in spoil.items():
            for column in {"rank", "published_p", "at"} & set(table):
                spoil[file] = table.assign(**{column: made_up[file][column]})
    found, second = ALL[name].take(Results({file: table for file, table in spoil.items() if table is not None}))
    for measured in filter(None, (found, second)):
        if damage == "twice" and measured.value == measured.value:
            # Rows of many are no damage where all rows count.
            continue
        assert math.isnan(measured.value)
        assert measured.obstacle


@pytest.mark.parametrize(
    ("file", "name", "words"),
    [
        ("statistics/thamm2024/figure_1", "T11", "weights not available here (no network)"),
        ("tables/thamm2024/table_1", "T05", "trained elsewhere"),
        ("statistics/baskerville2022/figure_4", "B06", "no matrix was made as published"),
        ("statistics/thamm2024/networks/mlp1024_vectors", "T13", "mlp1024_vectors.csv is not made with these settings"),
    ],
)
def test_why_there_is_no_number(made_up, file, name, words):
    table = made_up[file]
    if name == "T05":
        table = table.assign(network=table.network.replace({"minialexnet": "x", "alexnet": "minialexnet"}))
    if name == "B06":
        table = table[table.series != "published"]
    changed = {key: value for key, value in made_up.items() if key != file or name != "T13"}
    found, _ = ALL[name].take(Results(changed | ({} if name == "T13" else {file: table})))
    assert words in found.obstacle


def test_an_unresolved_spectrum_and_few_batches_are_obstacles(made_up):
    figure, a14 = "statistics/baskerville2022/figure_a11", "statistics/baskerville2022/figure_a14"
    table = made_up[figure].copy()
    table.loc[(table.panel == "d") & (table.quantity == "unresolved_share"), "value"] = 0.011
    found, _ = ALL["B23"].take(Results(made_up | {figure: table}))
    assert found.obstacle == "unresolved: 1.1% of the spacings are below the error bound"
    assert ALL["B19"].take(Results(made_up | {figure: table}))[0].obstacle == ""
    coarse = made_up[a14].assign(reference=0.2)
    assert ALL["B21"].take(Results(made_up | {a14: coarse}))[0].obstacle == "too few batches to unfold"


def test_readings_take_what_they_declare_and_nothing_else(made_up):
    used = "tables/thamm2024/table_2"
    for files, absent in (((used,), False), (("tables/thamm2024/table_1",), True)):
        reading = Reading(files, lambda results: Measured(len(results.rows(used))))
        assert ("table_2.csv is not made" in reading.take(Results(made_up))[0].obstacle) == absent
    for reading in ALL.values():
        assert set(reading.files) <= made_up.keys()


def test_the_best_alpha_has_the_range_of_those_that_are_as_good(made_up):
    file = "statistics/thamm2024/figure_4"
    table = made_up[file].copy()
    table.loc[(table.quantity == "test_accuracy") & (table["at"] == 0.3), "value"] = 0.85
    found, _ = ALL["T24"].take(Results(made_up | {file: table}))
    assert (found.value, found.error) == pytest.approx((1, 1.2 / 4))
    assert found.remark.endswith("alpha 0.3, 1, 1.5")


@pytest.mark.parametrize(("cell", "value"), [("0.5", 0.5), (2, 2), ("many", NAN), (None, NAN), (math.inf, NAN)])
def test_cells_that_are_no_number_are_nan(cell, value):
    assert finite(cell) == pytest.approx(value, nan_ok=True)


def test_differences_and_means():
    found = difference(Measured(3, 0.3, obstacle="a"), Measured(1, 0.4, obstacle="a"))
    assert (found.value, found.error, found.obstacle) == (2, pytest.approx(0.5), "a")
    assert mean(pd.Series([1.0, 3.0, NAN]), "x") == Measured(2, 1)
    with pytest.raises(AbsentError, match="x: 1 values make no mean"):
        mean(pd.Series([1.0]), "x")
