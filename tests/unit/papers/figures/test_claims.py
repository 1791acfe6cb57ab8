"""The picture of the claims: what it shows, that it can be read, and the bytes of its files."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections import defaultdict

import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from deepspectra.papers import style
from deepspectra.papers.readings import READINGS
from deepspectra.report.claims import CHECKED, read_ledger
from deepspectra.report.claims_figure import LOOKS, draw_claims, place
from deepspectra.report.verdicts import MARKS, NEEDS_PAPER, NO, QUESTIONS, UNDECIDED, YES
from tests import ROOT

from .drawn import illegible, save_here_and_there, texts, through_csv

NAN = math.nan
FILE = ROOT / "resources" / "claims.csv"
NOTE = " ".join(["Preview scale: n 900 instead of 3000, and much else that goes on."] * 20)


def checked_table(value=0.5, low=0.4, high=0.6, scrutiny=True):
    """The real ledger with all verdicts in turn, and numbers in, on and far outside what is accepted."""
    table = read_ledger(FILE)
    rows = range(len(table))
    for question, shift in zip(QUESTIONS, (0, 1), strict=True):
        told = scrutiny or question == "published"
        columns = {"verdict": [list(MARKS)[(i + shift) % 4] for i in rows]}
        columns["value"] = [(value, -123.456, 1e5, None)[i % 4] if told else None for i in rows]
        columns["from"] = [(low, None, 1e5)[i % 3] if told and i % 4 == 0 else None for i in rows]
        columns["to"] = [(high, None, 1e5)[i % 3] if told and i % 4 == 0 else None for i in rows]
        for name, cells in columns.items():
            table[f"{question}_{name}"] = cells
        table[f"{question}_reason"] = "5 seeds"
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
    counts = {question: table[f"{question}_verdict"].value_counts().to_dict() for question in QUESTIONS}
    assert signs == {verdict: sum(found[verdict] for found in counts.values()) for verdict in MARKS}
    assert f"{len(table)} claims of 4 papers" in shown
    for question, words in QUESTIONS.items():
        assert f"{words} {', '.join(f'{verdict} {counts[question][verdict]}' for verdict in MARKS)}" in shown
    assert "0.50 (0.40 to 0.60)" in shown
    # No verdict is told by colour alone, or by the marker alone.
    for column in range(3):
        assert len({str(look[column]) for look in LOOKS.values()}) == len(MARKS)


def test_markers_stand_where_the_numbers_are():
    table = checked_table(scrutiny=False)
    table = table[table.id == "F08"].assign(published_value=0.79, published_verdict=YES)
    table = table.assign(published_from=0.77, published_to=0.81)
    (row,) = table.itertuples()
    axis = draw_claims(table, "").axes[0]
    points = {line.get_marker(): line.get_xydata()[0] for line in axis.get_lines() if len(line.get_xydata()) == 1}
    assert points["o"][0] == pytest.approx(place(0.79, row.published_low, row.published_high))
    assert points["|"][0] == pytest.approx(place(0.81, row.published_low, row.published_high))
    (bar,) = (line for line in axis.get_lines() if len(line.get_xydata()) == 2 and line.get_color() == LOOKS[YES][0])
    ends = [place(value, row.published_low, row.published_high) for value in (0.77, 0.81)]
    assert bar.get_xdata() == pytest.approx(ends)
    (patch,) = axis.patches
    assert (patch.get_x(), patch.get_x() + patch.get_width()) == pytest.approx((-1, 1))


def test_what_is_far_outside_is_an_arrow_at_the_end():
    table = checked_table(scrutiny=False)
    for value, marker in ((1e9, ">"), (-1e9, "<")):
        row = table[table.id == "F08"].assign(published_value=value, published_from=NAN, published_to=NAN)
        axis = draw_claims(row.assign(published_verdict=NO), "").axes[0]
        (line,) = (line for line in axis.get_lines() if line.get_marker() == marker)
        assert to_hex(line.get_color()) == LOOKS[NO][0].lower()
        assert abs(line.get_xdata()[0]) < axis.get_xlim()[1]


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(checked_table(), id="all"),
        pytest.param(checked_table(-0.00925, -0.01385, -0.00465), id="long numbers"),
        pytest.param(checked_table()[lambda table: table.paper == "fan2020"], id="one paper"),
        pytest.param(
            checked_table(scrutiny=False).assign(published_value=NAN, published_verdict=NEEDS_PAPER, published=NAN),
            id="nothing",
        ),
        pytest.param(checked_table().assign(published_verdict=UNDECIDED, scrutiny_verdict=UNDECIDED), id="one verdict"),
    ],
)
def test_no_text_is_cut_off_or_meets_another(table):
    figure = draw_claims(table, NOTE)
    assert illegible(figure) == []
    assert style.note_of(figure).startswith(NOTE)
    assert figure.get_supxlabel().startswith("Preview scale: n 900 instead of 3000, ")
    # A page of A3, whose letters are as small as those of other figures.
    assert figure.get_figwidth() < 11.69 - 0.3
    assert figure.get_figheight() < 16.54 - 0.1
    assert min(text.get_fontsize() for text in figure.findobj(Text)) >= style.SMALLEST


def test_columns_stand_apart():
    """By a tenth of an inch, beside the longest numbers too."""
    figure = draw_claims(checked_table(1.30132, 1.30092, 1.30173), NOTE)
    figure.set_dpi(100)
    figure.draw_without_rendering()
    rows = defaultdict(list)
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        rows[text.get_position()[1]].append((box.x0 / 100, box.x1 / 100))
    columns = [(left[1], right[0]) for row in rows.values() for left, right in itertools.pairwise(sorted(row))]
    # The panel stands between claims and what is published.
    assert min(start - end for end, start in columns if end > 6) > 0.1
    assert "1.30132 (1.30092 to 1.30173)" in texts(figure)


def test_all_papers_have_a_heading():
    shown = texts(draw_claims(checked_table(), ""))
    for paper in READINGS:
        assert sum(text.startswith(paper[:-4].title()) and f"({paper[-4:]}): " in text for text in shown) == 1


def test_equal_tables_give_equal_bytes(tmp_path):
    here, there = save_here_and_there(__name__, tmp_path / "here", tmp_path / "there")
    for suffix in (".pdf", ".png"):
        digests = {hashlib.sha256((folder / f"claims{suffix}").read_bytes()).hexdigest() for folder in (here, there)}
        assert len(digests) == 1
