"""The model of costs predicts jobs that it was not made from, and the page says what it predicts today."""

from __future__ import annotations

import pandas as pd

from benchmarks import model


def test_jobs_far_from_the_recorded_ones_take_what_the_model_has_for_them_and_the_page_is_todays():
    table = pd.read_csv(model.TABLE).join(model.predicted(model.plan()), on="job")
    # Every job is one that the targets need, and there are enough of them.
    assert table.notna().all(axis=None)
    assert len(table) >= 10
    assert model.wrong(table).empty, model.wrong(table).to_string()
    # What a rule asks for is enough.
    assert (table.memory_mb < table.asked_mb).all()
    assert model.PAGE.read_text(encoding="utf-8") == model.page(table), "uv run benchmarks/model.py"
