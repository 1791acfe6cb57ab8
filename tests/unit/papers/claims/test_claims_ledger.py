"""The ledger of claims as a file, the rule for verdicts at its boundaries, and the table and page of both."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from deepspectra.papers.reading import Measured, Results
from deepspectra.papers.readings import READINGS
from deepspectra.report.claims import CHECKED, LEDGER, check_claims, claims_page, read_ledger
from deepspectra.report.verdicts import FAILS, HOLDS, NOT_RUN, UNDECIDED, accepted, measured, verdict
from deepspectra.runtime.errors import UserError
from tests import ROOT

from .made_up import tables

FILE = ROOT / "resources" / "claims.csv"
NAN, INF = math.nan, math.inf
OVER, LIKE_A_MODEL = "value ± 2 errors reach over the bound", "outside, as a perfect model of this size would be"


@pytest.fixture(scope="module")
def ledger():
    return read_ledger(FILE)


@pytest.mark.parametrize(
    ("value", "error", "low", "high", "expected"),
    [
        # One draw: by the value alone, bounds included.
        (0.5, NAN, 0, 1, (HOLDS, "one draw")),
        (0, NAN, 0, 1, (HOLDS, "one draw")),
        (1, NAN, 0, 1, (HOLDS, "one draw")),
        (math.nextafter(1, 2), NAN, 0, 1, (FAILS, "one draw")),
        (math.nextafter(0, -1), NAN, 0, 1, (FAILS, "one draw")),
        # Computed and not drawn.
        (1, 0, 1, 1, (HOLDS, "")),
        (0, 0, 1, 1, (FAILS, "")),
        # Two errors reach just to a bound, and over it, from either side.
        (0.5, 0.25, 0, 1, (HOLDS, "")),
        (0.5, 0.2500001, 0, 1, (UNDECIDED, OVER)),
        (1.5, 0.25, 0, 1, (FAILS, "")),
        (1.5, 0.2500001, 0, 1, (UNDECIDED, OVER)),
        (-0.5, 0.25, 0, 1, (FAILS, "")),
        (-0.5, 0.2500001, 0, 1, (UNDECIDED, OVER)),
        (1, 1e-9, 0, 1, (UNDECIDED, OVER)),
        (0.5, INF, 0, 1, (UNDECIDED, OVER)),
        # Over both bounds at once.
        (0.5, 5, 0, 1, (UNDECIDED, OVER)),
        # No bound on one side.
        (1e9, 1e8, 0, NAN, (HOLDS, "")),
        (-1e9, NAN, 0, NAN, (FAILS, "one draw")),
        (-1e9, 1e8, NAN, 0, (HOLDS, "")),
        (0.1, 0.06, NAN, 0, (UNDECIDED, OVER)),
        (1e9, NAN, NAN, 0, (FAILS, "one draw")),
        # No number.
        (NAN, NAN, 0, 1, (UNDECIDED, "no number")),
        (NAN, 0.1, 0, 1, (UNDECIDED, "no number")),
    ],
)
def test_verdicts_at_the_boundaries(value, error, low, high, expected):
    assert verdict(Measured(value, error), low, high) == expected


@pytest.mark.parametrize(
    ("value", "floor", "expected"),
    [
        (1.2, 1.1, (UNDECIDED, LIKE_A_MODEL)),
        (-0.2, -0.1, (UNDECIDED, LIKE_A_MODEL)),
        # The model is accepted, on the bound, unknown, or fails on the other side.
        (1.2, 0.5, (FAILS, "one draw")),
        (1.2, 1.0, (FAILS, "one draw")),
        (1.2, NAN, (FAILS, "one draw")),
        (1.2, -0.1, (FAILS, "one draw")),
        (0.5, 1.1, (HOLDS, "one draw")),
    ],
)
def test_what_a_perfect_model_would_fail_is_no_failure(value, floor, expected):
    assert verdict(Measured(value, floor=floor), 0, 1) == expected


def test_an_obstacle_and_another_scale_come_first():
    assert verdict(Measured(0.5, 0.1, obstacle="unresolved"), 0, 1) == (UNDECIDED, "unresolved")
    assert verdict(Measured(0.5, 0.1, obstacle="unresolved"), 0, 1, run=False) == (NOT_RUN, "unresolved")
    assert verdict(Measured(5, 0.1), 0, 1, run=False) == (NOT_RUN, "")
    assert verdict(Measured(5), 0, 1, run=False) == (NOT_RUN, "one draw")
    assert verdict(Measured(NAN), 0, 1, run=False) == (NOT_RUN, "no number")


def test_the_ledger_and_the_readings_have_the_same_claims(ledger):
    for paper, readings in READINGS.items():
        assert set(ledger[ledger.paper == paper].id) == readings.keys()
    assert ledger.source.ne("").all()
    assert ledger.claim.ne("").all()
    # Ids say their paper.
    assert {paper: set(part.id.str[0]) for paper, part in ledger.groupby("paper")} == {
        paper: {paper[0].upper()} for paper in READINGS
    }


LINE = "T01,thamm2024,table_1,a claim,a number,0.5,{low},{high},{scale},table 1"


def write(folder, *lines, columns=LEDGER):
    path = folder / "claims.csv"
    path.write_text("\n".join([",".join(columns), *lines]) + "\n")
    return path


def line(low="0", high="1", scale="any", **changes):
    text = LINE.format(low=low, high=high, scale=scale)
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            [line(thamm2024="thamm2025")],
            "claims.csv, line 2, claim T01: expected one of thamm2024, baskerville2022, fan2020, pennington2017, found "
            "paper thamm2025. Mend the line and run again.",
        ),
        ([line(), line()], "line 3, claim T01: expected every claim once, found id T01."),
        ([line(low="2")], "expected the lower bound first, found accept_low 2"),
        (
            [line(low="", high="")],
            "expected a lower bound, an upper one or both, found accept_low nan, accept_high nan",
        ),
        (
            [line(high="much")],
            "line 2, claim T01: expected a number or nothing, found accept_high much. Mend the line",
        ),
        ([line(high="NA")], "expected a number or nothing, found accept_high NA."),
        ([line(scale="preview")], "expected one of paper, any, found scale preview."),
        (
            [line(T01="T99")],
            "expected a claim that deepspectra has a reading of, found id T99, paper thamm2024.",
        ),
        ([line(T01="F01")], "claim F01: expected a claim that deepspectra has a reading of"),
        ([], "it has no rows"),
    ],
)
def test_a_wrong_ledger_is_one_message(tmp_path, lines, words):
    with pytest.raises(UserError) as caught:
        read_ledger(write(tmp_path, *lines))
    assert words in str(caught.value)
    assert "claims.csv" in str(caught.value)


@pytest.mark.parametrize("column", LEDGER)
def test_a_ledger_without_a_column_is_one_message(tmp_path, column):
    kept = [name for name in LEDGER if name != column]
    cells = [cell for name, cell in zip(LEDGER, line().split(","), strict=True) if name != column]
    with pytest.raises(UserError, match=f"it has no column '{column}'"):
        read_ledger(write(tmp_path, ",".join(cells), columns=kept))


@pytest.mark.parametrize("scale", ["smoke", "preview", "paper"])
def test_every_claim_is_checked_at_every_scale(ledger, scale):
    notes = {"fan2020/figure_1": "Preview scale: width 3 instead of 5.", "fan2020/figure_2": "Preview scale."}
    checked = check_claims(ledger, Results(tables()), scale, list(READINGS), notes).set_index("id")
    assert list(checked.reset_index().columns) == CHECKED
    run = (ledger.scale == "any").to_numpy() | (scale == "paper")
    if scale == "smoke":
        # Too small for a verdict, but that a number is missing is told.
        assert set(checked.verdict) == {NOT_RUN, UNDECIDED}
        assert checked.loc["F11", ["verdict", "reproduced"]].tolist() == [NOT_RUN, 1.02]
        assert checked.loc["F11", "reason"].startswith("too small to conclude from; ")
        assert checked.loc["T11", "verdict"] == UNDECIDED
        return
    assert (checked.verdict.eq(NOT_RUN).to_numpy() == ~run).all()
    # The number is an indication whatever the scale.
    assert checked.reproduced.isna().sum() == 1
    assert checked.loc["F11", "verdict"] == HOLDS
    assert checked.loc["F11", "reason"].endswith("the limit has 1.05; Preview scale: width 3 instead of 5.")
    assert "scale" not in checked.loc["F03", "reason"]
    if scale == "paper":
        assert checked.loc["F02", "verdict"] == FAILS
        assert (checked.loc["B14", "second"], checked.loc["B14", "second_verdict"]) == ("resolved", HOLDS)
        assert checked.loc["T11", ["verdict", "second_verdict"]].tolist() == [UNDECIDED, UNDECIDED]
        assert checked.loc["T11", "reason"] == "weights not available here (no network)"
    assert checked.second_verdict.notna().equals(checked.second.notna())


def test_what_the_users_own_settings_shape_is_not_judged(ledger):
    """Another network in a figure, or fewer matrices, is not what the claim is about, whatever its scale."""
    own = ["baskerville2022/figure_4", "baskerville2022/figure_8"]
    results, papers = Results(tables()), list(READINGS)
    checked, plain = (
        check_claims(ledger, results, "paper", papers, {}, changed).set_index("id") for changed in (own, [])
    )
    shaped = (checked.paper + "/" + checked.item).isin(own)
    assert shaped["B08"]
    assert shaped["B14"]
    assert set(checked.verdict[shaped]) == set(checked.second_verdict[shaped].dropna()) == {NOT_RUN}
    assert plain.loc["B08", "verdict"] == HOLDS
    assert checked.verdict[~shaped].equals(plain.verdict[~shaped])
    assert checked.reproduced.equals(plain.reproduced)


def test_claims_about_resnet_34_are_not_judged_by_another_networks_features(ledger):
    results = tables()
    for item in ("figure_3", "figure_a14"):
        name = f"statistics/baskerville2022/{item}"
        other = {"quantity": {"features": "other_features"}, "label": {"features of ResNet-34": "features of Lite0"}}
        results[name] = results[name].replace(other)
    checked = check_claims(ledger, Results(results), "paper", list(READINGS), {}).set_index("id")
    for claim in ("B02", "B03", "B04", "B22"):
        assert checked.loc[claim, "verdict"] == UNDECIDED
        assert checked.loc[claim, "reason"].startswith("features of Lite0, not of ResNet-34")
    # The same figure's panels of MNIST are none of these.
    assert checked.loc["B21", "verdict"] == HOLDS


def test_a_ledger_that_is_damaged_is_not_to_be_deleted(tmp_path):
    path = tmp_path / "claims.csv"
    path.write_text("id,paper")
    with pytest.raises(UserError, match=r"cut short.*take it from the repository again") as caught:
        read_ledger(path)
    assert "Delete" not in str(caught.value)


def test_papers_that_are_left_out_are_not_run(ledger):
    files = {name: table for name, table in tables().items() if "fan2020" in name}
    checked = check_claims(ledger, Results(files), "paper", ["fan2020"], {})
    others = checked[checked.paper != "fan2020"]
    assert set(others.verdict) == {NOT_RUN}
    assert others.reproduced.isna().all()
    assert set(others.reason) == {"its paper is left out (claims.papers)"}
    assert set(checked[checked.paper == "fan2020"].verdict) == {HOLDS, FAILS}
    claims_page(checked, "T", [])


def test_without_any_table_every_claim_has_a_verdict(ledger):
    checked = check_claims(ledger, Results({}), "paper", list(READINGS), {})
    assert set(checked.verdict) == {UNDECIDED}
    assert checked.reason.str.contains("is not made with these settings").all()
    assert "| all | 0 | 0 | 0 |" in claims_page(checked, "T", [])


def test_the_page_counts_and_lists(ledger):
    checked = check_claims(ledger, Results(tables()), "paper", list(READINGS), {})
    text = claims_page(checked, "Claims", ["A note."])
    counts = checked.verdict.value_counts()
    assert f"| all | {counts[HOLDS]} | {counts[FAILS]} | 0 | {counts[UNDECIDED]} |" in text
    assert [row.split(" | ")[0].strip("| ") for row in text.splitlines() if row[2:5].strip() in set(ledger.id)] == list(
        ledger.id
    )
    assert text.count("A note.") == 1
    (row,) = (row for row in text.splitlines() if row.startswith("| B14 "))
    cells = [cell.strip() for cell in row.split(" | ")]
    assert cells[5:9] == ["0.515 to 0.545", "0.5400 ± 0.0020", "**holds**", "resolved: 0.5300 ± 0.0020 (holds)"]
    (row,) = (row for row in text.splitlines() if row.startswith("| T11 "))
    assert "| not determinable | calibrated: not determinable |" in row


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.51868, 0.00103, "0.5187 ± 0.0010"),
        (24, 5.2, "24.0 ± 5.2"),
        (240.4, 52, "240 ± 52"),
        (0.0065117, NAN, "0.00651"),
        (1.0, 0.0, "1"),
        (NAN, 0.1, ""),
    ],
)
def test_numbers_have_the_digits_of_their_errors(value, error, text):
    assert measured(value, error) == text


@pytest.mark.parametrize(
    ("low", "high", "text"), [(0, 0.02, "0 to 0.02"), (NAN, 0.3, "at most 0.3"), (1, NAN, "at least 1")]
)
def test_what_is_accepted_is_told(low, high, text):
    assert accepted(low, high) == text


def test_a_table_read_back_is_the_same(ledger, tmp_path):
    checked = check_claims(ledger, Results(tables()), "preview", list(READINGS), {})
    checked.to_csv(tmp_path / "t.csv", index=False)
    again = pd.read_csv(tmp_path / "t.csv")
    assert again.accept_low.tolist() == pytest.approx(checked.accept_low.tolist(), nan_ok=True)
    assert again.reproduced.tolist() == pytest.approx(checked.reproduced.tolist(), nan_ok=True)
