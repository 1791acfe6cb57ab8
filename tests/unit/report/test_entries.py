"""What pages are made of: pictures, captions, tables, names, files, verdicts."""

from __future__ import annotations

import ast
import base64
import gzip
import io

import numpy as np
import pytest
from PIL import Image

from deepspectra.papers import style
from deepspectra.papers.registry import PAPERS, items_of, labels_of, name_of
from deepspectra.report.captions import caption, read_caption
from deepspectra.report.claims import count_verdicts, read_claims
from deepspectra.report.entries import Entry, PageContents, figure_entry, read_entries, thumbnail
from deepspectra.report.item_page import downloads, plotted_points
from deepspectra.report.page import render_page
from deepspectra.report.tables import read_table, render
from deepspectra.runtime.errors import UserError
from tests import ROOT
from tests.html_reader import Reader
from tests.report_results import MARKUP, NOTE, SUMMARY, write_claims


def test_large_files_are_compressed_or_lie_beside_the_page(tmp_path):
    entry = Entry("figure_1", "", [], {"CSV": "large.csv", "PDF": "large.pdf"}, target="fan2020_figure_1")
    (tmp_path / "large.csv").write_text("1,2\n" * 100_000)
    (tmp_path / "large.pdf").write_bytes(bytes(1_200_000))
    pdf, text = downloads([(entry, "in_the_record")], entry, tmp_path)[0]
    assert (pdf.kind, pdf.name, pdf.address, pdf.size) == ("PDF", "", "../../large.pdf", "1.2 MB")
    assert (text.kind, text.name) == ("CSV", "fan2020_figure_1_in_the_record.csv.gz")
    assert gzip.decompress(base64.b64decode(text.address.partition(",")[2])) == b"1,2\n" * 100_000


def test_plotted_points_are_thinned_evenly_in_every_series(folder, tmp_path):
    points = plotted_points(folder / "figures/thamm2024/figure_1.csv", 24)
    assert points.title == "15 of 1,003"
    assert points.columns == ["panel", "series", "x", "x high", "y"]
    assert points.rows[:4] == [
        *(["a1", "bars", str(place), str(place + 1), "0.1235"] for place in range(3)),
        ["a1", "<i>curve</i>", "0", "", "0"],
    ]
    assert points.rows[-1] == ["a1", "<i>curve</i>", "999", "", "9.98e+05"]
    assert plotted_points(folder / "figures/thamm2024/figure_1.csv", 9999).title == "all"
    (tmp_path / "empty.csv").write_text("panel,series,x,y\n")
    assert plotted_points(tmp_path / "empty.csv", 24) is None


def test_a_picture_is_made_small_on_white(tmp_path):
    Image.new("RGBA", (2000, 500), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    content, width, height = thumbnail(tmp_path / "clear.png", 400)
    assert (width, height) == (400, 100)
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (400, 100)
        assert min(picture.getpixel((10, 10))) >= 253
    assert thumbnail(tmp_path / "clear.png", 4000)[1:] == (2000, 500)


def test_the_small_print_of_a_figure_is_left_out_of_its_small_copy(tmp_path):
    """It stands below as text; the figure itself says how high it is."""
    figure, axes = style.new_figure(3, 2)
    axes[0, 0].set_facecolor("red")
    style.add_note(figure, "words " * 60)
    style.save(figure, tmp_path / "figure.pdf", tmp_path / "figure.png")
    content, width, height = thumbnail(tmp_path / "figure.png", 960)
    assert width == 900
    with Image.open(tmp_path / "figure.png") as full, Image.open(io.BytesIO(content)) as small:
        assert full.height == 600
        assert 300 < height < 560
        grey, left = (np.asarray(picture.convert("RGB")).astype(int) for picture in (full, small))
    # What is neither red nor black nor white is the note's grey.
    assert (abs(grey[height:] - 89).max(axis=2) < 3).sum() > 100
    assert (left[-3:] > 240).all()
    assert style.note_of(figure) == " ".join(["words"] * 60)


def test_a_table_is_a_page_of_its_own(folder, tmp_path):
    table = read_table(folder / "tables/thamm2024/table_1.json")
    assert table.title == "Table 1 (thamm2024): accuracies"
    assert table.rows[1] == ["a|b"] * 9
    assert table.rows[2] == ["last", *[""] * 8]
    assert table.notes == [NOTE, "Second note."]
    reader = Reader(render("table.html", table=table))
    assert len(reader.every("th")) == 9 + 3
    assert len(reader.every("td")) == 3 * 8
    assert MARKUP in reader.text
    for text in ("", "[]", "{}", '{"title": 1}'):
        (tmp_path / "table.json").write_text(text)
        with pytest.raises(UserError, match=r"table\.json is not a table .* Delete it"):
            read_table(tmp_path / "table.json")


def test_a_caption_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "caption.txt"
    path.write_text(caption("What it shows", "Two\nlines  of $S_l^\\top S_l$ for \\$2.", SUMMARY))
    assert read_caption(path) == (
        "What it shows",
        "Two lines of S_l' S_l for $2.",
        [
            "(a1) mlp dense2: KS p-value, plain 0.799; KS p-value, calibrated 0.665.",
            "(a2, b2) |x| *y* `z` w_: mean min(r, 1/r) 0.5307 ± 0.002 (reference 0.5359); parameters 7,850.",
        ],
    )
    path.write_text("What it shows")
    with pytest.raises(UserError, match="is cut short"):
        read_caption(path)
    with pytest.raises(UserError, match="does not exist"):
        read_caption(tmp_path / "none.txt")


def test_claims_that_cannot_be_shown_are_named(tmp_path):
    with pytest.raises(UserError, match=r"claims.csv does not exist. Let the workflow make it"):
        read_claims(tmp_path / "claims.csv")
    with pytest.raises(UserError, match=r"has the verdict 'maybe'; expected one of yes, no"):
        read_claims(write_claims(tmp_path / "claims.csv", scrutiny_verdict="maybe"))
    (tmp_path / "claims.csv").write_text("id,paper\none,fan2020\n")
    with pytest.raises(UserError, match="it has no column 'item'"):
        read_claims(tmp_path / "claims.csv")


def test_verdicts_are_counted_by_paper(folder):
    claims = read_claims(folder / "claims.csv")
    assert count_verdicts(claims, ["thamm2024", "fan2020", "pennington2017"]) == {
        "published": {"thamm2024": [1, 1, 0, 0], "fan2020": [0, 0, 1, 1], "pennington2017": [0, 0, 0, 0]},
        "scrutiny": {"thamm2024": [0, 2, 0, 0], "fan2020": [0, 2, 0, 0], "pennington2017": [0, 0, 0, 0]},
    }


@pytest.mark.parametrize("paper", PAPERS)
def test_every_item_has_a_title_and_no_two_the_same(paper):
    titles = [item.title for item in items_of(paper).values()]
    assert all(titles)
    assert len(set(titles)) == len(titles)


def test_names_are_those_of_readers():
    assert [name_of(item) for item in ("figure_s1", "figure_a10", "table_2_unfolding", "three_layers")] == [
        *("Figure S1", "Figure A10", "Table 2, other unfoldings", "three_layers")
    ]
    assert labels_of("figure_3", "png") == {"item": "Figure 3", "kind": "figure", "file": "PNG"}
    # A colon would end the name in Snakemake's report.
    assert not any(":" in paper.name for paper in PAPERS.values())


@pytest.mark.parametrize("paper", PAPERS)
def test_the_code_of_every_item_is_where_the_page_says(paper, tmp_path, monkeypatch):
    monkeypatch.setattr("deepspectra.report.entries.table_entry", lambda key, *_: Entry(key, "", [], {}))
    monkeypatch.setattr("deepspectra.report.entries.figure_entry", lambda key, *_: Entry(key, "", [], {}))
    for entry in read_entries(tmp_path, paper, list(items_of(paper))):
        assert entry.target == f"{paper}_{entry.key}"
        assert len(entry.code) == 1 + entry.key.startswith("figure")
        for file, function in entry.code:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_long_small_print_is_folded_between_sentences(folder, tmp_path):
    """Nothing is lost; one sentence at least stands there, however long."""
    for first, shown in (("Short one.", 9), ("Long " * 60 + "one.", 1)):
        sentences = [first, *["Twenty letters are it."] * 30]
        (tmp_path / "note.txt").write_text(caption("Title", " ".join(sentences)))
        entry = figure_entry("own", folder, folder / "limits/own", tmp_path / "note.txt")
        assert entry.notes == [" ".join(sentences[:shown])]
        assert " ".join([*entry.notes, *entry.folded]) == " ".join(sentences)
        page = render_page(PageContents("preview scale", {}, {}, laws=[entry]))
        assert "More small print of own" in page
        assert " ".join(sentences[shown:]) in page
