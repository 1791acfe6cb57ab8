"""Markdown tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepspectra.runtime.tables import markdown, number


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (0.12345, None, "0.123"),
        (0.0004, None, "0.000"),
        (np.float64(0.9996), None, "1.000"),
        (51.25, 1, "51.2"),
        (-2.0, 0, "-2"),
        (float("nan"), None, ""),
        (None, 2, ""),
        (pd.NA, None, ""),
    ],
)
def test_numbers_have_fixed_decimals_and_missing_ones_are_nothing(value, digits, expected):
    assert (number(value) if digits is None else number(value, digits)) == expected


def test_a_page_has_a_title_the_table_and_its_notes():
    frame = pd.DataFrame({"network": ["mlp", "vgg"], "p": ["0.810", None], "": [np.nan, "none"]})
    assert markdown(frame, "Table 2", ["First.", "Second."]) == (
        "# Table 2\n\n| network | p |  |\n|---|---|---|\n| mlp | 0.810 |  |\n| vgg |  | none |\n\nFirst.\n\nSecond.\n"
    )


def test_text_in_a_cell_stays_in_its_cell():
    frame = pd.DataFrame({"a": ["one | two", "three\nfour"], "b": ["", "x"]})
    rows = markdown(frame, "T", []).splitlines()[4:]
    assert rows == [r"| one \| two |  |", "| three four | x |"]


def test_a_table_without_rows_or_notes_is_a_page_all_the_same():
    assert markdown(pd.DataFrame(columns=["a", "b"]), "T", []) == "# T\n\n| a | b |\n|---|---|\n"
