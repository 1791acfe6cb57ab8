"""The picture of the claims: what it shows, that it can be read, and the bytes of its files."""

from __future__ import annotations

import hashlib
import math

import pytest
from matplotlib.colors import to_hex

from deepspectra.papers.readings import READINGS
from deepspectra.report.claims import CHECKED, read_ledger
from deepspectra.report.claims_figure import LOOKS, draw_claims, place
from deepspectra.report.verdicts import FAILS, HOLDS, MARKS, NOT_RUN, UNDECIDED
from tests import ROOT

from .drawn import illegible, save_here_and_there, texts, through_csv

NAN = math.nan
FILE = ROOT / "resources" / "claims.csv"
NOTE = " ".join(["Preview scale: n 900 instead of 3000, and much else that goes on."] * 20)


def checked_table(value=0.5, error=0.1, second=True):
    """The real ledger with all verdicts in turn, and numbers in, on and far outside what is accepted."""
    table = read_ledger(FILE)
    rows = range(len(table))
    table["reproduced"] = [(value, -123.456, 1e5, None)[i % 4] for i in rows]
    table["error"] = [(error, None, 0.0)[i % 3] for i in rows]
    table["verdict"] = [list(MARKS)[i % 4] for i in rows]
    table["reason"] = "one draw"
    table["second"] = [("resolved" if second and i % 2 else None) for i in rows]
    table["second_reproduced"] = [(0.52352 if second and i % 2 else None) for i in rows]
    table["second_error"] = [(0.00234 if second and i % 4 == 1 else None) for i in rows]
    table["second_verdict"] = [(HOLDS if second and i % 2 else None) for i in rows]
    return through_csv(table, CHECKED)


def figures_to_save():
    return {"claims": draw_claims(checked_table(), NOTE)}


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (0.5, 0, 1, 0),
        (0, 0, 1, -1),
        (1, 0, 1, 1),
        (0.75, 0, 1, 0.5),
        # Ten half widths from the middle.
        (5.5, 0, 1, 2),
        (-4.5, 0, 1, -2),
        # At least 0.1, at most 0.1: the bound is the unit.
        (0.1, 0.1, NAN, -1),
        (0.3, 0.1, NAN, 1),
        (0.05, 0.1, NAN, -1 - math.log10(1.5)),
        (0.1, NAN, 0.1, 1),
        (0.05, NAN, 0.1, 0.5),
        (-0.05, NAN, -0.05, 1),
        (0.5, 0, NAN, -0.5),
        (1, 1, 1, 0),
        (0, 1, 1, -1),
    ],
)
def test_places_are_in_half_widths_and_logarithmic_outside(value, low, high, expected):
    assert place(value, low, high) == pytest.approx(expected)


def test_every_claim_has_its_row_its_sign_and_its_numbers():
    table = checked_table()
    figure = draw_claims(table, NOTE)
    shown = texts(figure)
    assert set(table.id) | set(table.claim) <= set(shown)
    signs = {verdict: shown.count(LOOKS[verdict][2]) for verdict in MARKS}
    assert signs == table.verdict.value_counts().to_dict()
    counts = ", ".join(f"{verdict} {signs[verdict]}" for verdict in MARKS)
    assert f"{len(table)} claims of 4 papers: {counts}" in shown
    assert "0.50 ± 0.10" in shown
    assert "0.5235 ± 0.0023" in shown
    assert "at least 0.1" in shown
    # No verdict is told by colour alone, or by the marker alone.
    for column in range(3):
        assert len({str(look[column]) for look in LOOKS.values()}) == len(MARKS)


def test_markers_stand_where_the_numbers_are():
    (row,) = (row for row in checked_table(0.5, 0.1, second=False).itertuples() if row.id == "F08")
    table = checked_table(second=False)
    table = table[table.id == "F08"].assign(reproduced=0.79, error=0.01, verdict=HOLDS)
    axis = draw_claims(table, "").axes[0]
    points = {line.get_marker(): line.get_xydata()[0] for line in axis.get_lines() if len(line.get_xydata()) == 1}
    assert points["o"][0] == pytest.approx(place(0.79, row.accept_low, row.accept_high))
    assert points["|"][0] == pytest.approx(place(0.81, row.accept_low, row.accept_high))
    (bar,) = (line for line in axis.get_lines() if len(line.get_xydata()) == 2 and line.get_color() == LOOKS[HOLDS][0])
    ends = [place(value, row.accept_low, row.accept_high) for value in (0.77, 0.81)]
    assert bar.get_xdata() == pytest.approx(ends)
    (patch,) = axis.patches
    assert (patch.get_x(), patch.get_x() + patch.get_width()) == pytest.approx((-1, 1))


def test_what_is_far_outside_is_an_arrow_at_the_end():
    table = checked_table(second=False)
    for value, marker in ((1e9, ">"), (-1e9, "<")):
        row = table[table.id == "F08"].assign(reproduced=value, error=NAN, verdict=FAILS)
        axis = draw_claims(row, "").axes[0]
        (line,) = (line for line in axis.get_lines() if line.get_marker() == marker)
        assert to_hex(line.get_color()) == LOOKS[FAILS][0].lower()
        assert abs(line.get_xdata()[0]) < axis.get_xlim()[1]


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(checked_table(), id="all"),
        pytest.param(checked_table(-0.0092, 0.0046), id="long numbers"),
        pytest.param(checked_table()[lambda table: table.paper == "fan2020"], id="one paper"),
        pytest.param(
            checked_table(second=False).assign(reproduced=NAN, error=NAN, verdict=NOT_RUN, published=NAN), id="nothing"
        ),
        pytest.param(checked_table().assign(verdict=UNDECIDED), id="one verdict"),
    ],
)
def test_no_text_is_cut_off_or_meets_another(table):
    figure = draw_claims(table, NOTE)
    assert illegible(figure) == []
    assert any(NOTE in " ".join(text.split()) for text in texts(figure))
    # A page of A4.
    assert figure.get_figwidth() < 8.27 - 0.4
    assert figure.get_figheight() < 11.69 - 0.1


def test_all_papers_have_a_heading():
    shown = texts(draw_claims(checked_table(), ""))
    for paper in READINGS:
        assert sum(text.startswith(paper[:-4].title()) and f"({paper[-4:]}): " in text for text in shown) == 1


def test_equal_tables_give_equal_bytes(tmp_path):
    here, there = save_here_and_there(__name__, tmp_path / "here", tmp_path / "there")
    for suffix in (".pdf", ".png"):
        digests = {hashlib.sha256((folder / f"claims{suffix}").read_bytes()).hexdigest() for folder in (here, there)}
        assert len(digests) == 1
