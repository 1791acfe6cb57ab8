"""The record's rows in place of what a smaller run lacks, on tables of a few rows."""

from __future__ import annotations

import pandas as pd
import pytest

from deepspectra.papers.recorded import RECORDED_SERIES, read_figure, with_recorded
from deepspectra.runtime.errors import UserError


def curves(*rows):
    return pd.DataFrame(rows, columns=["panel", "spectrum", "scope", "statistic", "series", "x", "y"])


def summary(*rows):
    return pd.DataFrame(rows, columns=["panel", "series", "quantity", "label", "value", "told"])


def test_panels_without_anything_as_published_take_the_record_and_others_do_not():
    own = curves(
        ("a", "mlp", "batch", "ratios", "resolved", 1, 1),
        ("b", "mlp", "batch", "ratios", "published", 1, 2),
        # Of too few matrices there are shares below cut-offs and no spacings.
        ("c", "mlp", "batch", "unfolded", "resolved", 1, 3),
        ("c", "mlp", "batch", "share", "published", 1, 4),
        ("d", "another", "batch", "ratios", "resolved", 1, 5),
        ("e", "mlp", "batch", "ratios", "resolved", 1, 6),
        # Eigenvalues of smaller sets have other sizes.
        ("f", "mlp", "whole", "ratios", "resolved", 1, 7),
        ("g", "mlp", "batch", "density", "resolved", 1, 8),
    )
    recorded = curves(
        *((panel, "mlp", "batch", "ratios", series, 1, 10) for panel in "abd" for series in ("published", "resolved")),
        ("c", "mlp", "batch", "unfolded", "published", 1, 11),
        ("f", "mlp", "whole", "ratios", "published", 1, 12),
        ("g", "mlp", "batch", "density", "published", 1, 13),
    )
    told = summary(("a", "resolved", "full_batches", "", 5, False), ("c", "published", "matrices", "", 2, False))
    known = summary(
        *((panel, "published", "matrices", "", 12, False) for panel in "abcd"),
        *((panel, "resolved", "full_batches", "", 156, False) for panel in "abcd"),
    )
    found, numbers = with_recorded(own, told, recorded, known)
    added = found.iloc[len(own) :]
    assert added[["panel", "statistic", "series", "y"]].values.tolist() == [
        ["a", "ratios", RECORDED_SERIES, 10],
        ["c", "unfolded", RECORDED_SERIES, 11],
    ]
    assert numbers.iloc[len(told) :][["panel", "series", "quantity", "value"]].values.tolist() == [
        [panel, RECORDED_SERIES, *number]
        for number in (["matrices", 12], ["full_batches", 156])
        for panel in ("a", "c")
    ]
    pd.testing.assert_frame_equal(found.iloc[: len(own)], own)


def test_a_whole_figure_stays_as_it_is():
    own = (
        curves(("a", "mlp", "batch", "ratios", "published", 1, 2)),
        summary(("a", "published", "matrices", "", 2, False)),
    )
    for before, after in zip(own, with_recorded(*own, *own), strict=True):
        assert after is before


def test_files_that_are_no_figure_are_refused(tmp_path):
    (tmp_path / "curves.csv").write_text("panel,x\na,1\n", encoding="utf-8")
    with pytest.raises(UserError, match="series"):
        read_figure(tmp_path / "curves.csv", tmp_path / "curves.csv")
