"""A run beside the record: equal numbers, other seeds, tampered ones, and what cannot be compared."""

import math

import numpy as np
import pandas as pd
import pytest

from deepspectra.cli.__main__ import main
from deepspectra.report.compare import COMPARED, comparison_table, draw_comparison
from deepspectra.report.record import SUFFIX, uncompress
from tests import ROOT

RECORD = ROOT / "resources" / "record" / "record"
#: Value, interval and draws.
MEAN, OTHER_SEED, FAR = (0.530, 0.520, 0.540, 12), (0.535, 0.527, 0.543, 12), (0.60, 0.59, 0.61, 12)
ONE, COMPUTED, ROUNDING = (0.53, math.nan, math.nan, 1), (2.0, 2.0, 2.0, 0), (2e-16, 2e-16, 2e-16, 0)


def claims(*numbers, bound=1e-8):
    rows = []
    for key, found in enumerate(numbers):
        row = {"id": f"X{key}", "paper": "fan2020", "item": "figure_1", "quantity": "q", "scrutiny": "s"}
        for question in ("published", "scrutiny"):
            row |= {f"{question}_{part}": x for part, x in zip(("value", "from", "to", "draws"), found, strict=True)}
            row |= {f"{question}_low": math.nan, f"{question}_high": bound}
        rows.append(row)
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("run", "record", "outcome"),
    [
        (MEAN, MEAN, "same"),
        (OTHER_SEED, MEAN, "within the spread"),
        (FAR, MEAN, "beyond the spread"),
        (MEAN, FAR, "beyond the spread"),
        (ONE, ONE, "same"),
        (OTHER_SEED, ONE, "spread unknown"),
        ((0.54, math.nan, math.nan, 1), ONE, "spread unknown"),
        (COMPUTED, (2.0001, 2.0001, 2.0001, 0), "within the spread"),
        (COMPUTED, (2.01, 2.01, 2.01, 0), "beyond the spread"),
        (ROUNDING, (-5e-16, -5e-16, -5e-16, 0), "within the spread"),
        (ROUNDING, (1e-9, 1e-9, 1e-9, 0), "beyond the spread"),
        ((math.nan, math.nan, math.nan, 1), MEAN, "absent"),
        # The smallest p-value of six layers, of one training and of another.
        ((0.30, 0.30, 0.30, 6), (0.09, 0.09, 0.09, 6), "spread unknown"),
    ],
)
def test_outcomes(run, record, outcome):
    table = comparison_table(claims(run), claims(record))
    # The same numbers answer both questions.
    assert list(table.columns) == COMPARED
    assert table.outcome.tolist() == [outcome]
    draw_comparison(table, "a title")


def test_false_alarms_of_other_seeds_are_as_rare_as_stated():
    """Ranges of three and of five trainings, and Student's intervals of twelve batches; all of one distribution."""
    rng = np.random.default_rng(1)
    for draws, most in ((3, 0.02), (5, 0.002)):
        sides = [np.sort(rng.standard_normal((2000, draws)), axis=1) for _ in range(2)]
        both = [claims(*((side[draws // 2], side[0], side[-1], draws) for side in rows)) for rows in sides]
        assert (comparison_table(*both).outcome == "beyond the spread").mean() <= most


@pytest.fixture
def run(tmp_path):
    """The record, as results of a run in a folder."""
    for path in (RECORD / "statistics").rglob(f"*{SUFFIX}"):
        uncompress(path, tmp_path / "results/record" / path.relative_to(RECORD).as_posix().removesuffix(SUFFIX))
    return tmp_path


def test_an_honest_run_passes_and_a_tampered_one_does_not(run, capsys):
    command = ["compare", "--scale", "record", "--directory", str(run)]
    assert main(command) == 0
    assert "; 0 beyond the spread; 0 spread unknown; " in capsys.readouterr().out
    table = pd.read_csv(run / "results/record/compared.csv")
    assert {"B09", "B10", "P04"} <= set(table.id[table.outcome == "same"])
    assert (run / "results/record/compared.png").stat().st_size > 10_000
    path = run / "results/record/statistics/baskerville2022/figure_6.csv"
    summary = pd.read_csv(path)
    summary.loc[summary.quantity == "mean_ratio", "value"] += 0.02
    summary.to_csv(path, index=False)
    assert main(command) == 1
    assert "B09 figure_6 " in capsys.readouterr().out


def test_what_cannot_be_compared_is_said(tmp_path, capsys):
    assert main(["compare", "--scale", "smoke", "--directory", str(tmp_path)]) == 1
    assert "error: there is no record of smoke scale" in capsys.readouterr().err
    assert main(["compare", "--scale", "paper", "--directory", str(tmp_path)]) == 1
    assert "has no table that a claim is read from: run the workflow there first" in capsys.readouterr().err
