"""The page from made-up results: all is on it, text stays text, and equal results give equal bytes."""

from __future__ import annotations

import ast
import io
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest
import yaml
from PIL import Image

from deepspectra.papers import style
from deepspectra.papers.registry import PAPERS, items_of, labels_of, name_of
from deepspectra.report.captions import caption, read_caption
from deepspectra.report.claims import count_verdicts, read_claims
from deepspectra.report.page import Entry, figure_entry, read_entries, render_page, thumbnail
from deepspectra.report.tables import read_table, render
from deepspectra.report.verdicts import MARKS, QUESTIONS
from deepspectra.runtime.errors import UserError
from tests import ROOT
from tests.report_results import MARKUP, NOTE, SUMMARY, page_of, write_claims, write_results


class Reader(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def every(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    write_results(folder)
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return page_of(folder)


def test_text_stays_text(page):
    """Of captions, claims and tables; the page has one script, its own, in which no result stands."""
    reader = Reader(page)
    assert reader.every("script") == [{}]
    assert "alert" not in page.partition("<script>")[2].partition("</script>")[0]
    # Three captions, one note and the nine columns of a table, four claims, and what was found in a network.
    assert reader.text.count(MARKUP) == 3 + 1 + 9 + 4 + 1


def test_the_page_loads_nothing_and_links_beside_itself(folder, page):
    reader = Reader(page)
    assert all(image["src"].startswith("data:image/webp;base64,") for image in reader.every("img"))
    links = [link for tag in ("a", "link") for link in reader.every(tag)]
    addresses = [link["href"] for link in links if link.get("rel") != "external"]
    for address in addresses:
        assert address.startswith(("#", "data:")) or (folder / address).is_file(), address
    for name in ("png", "pdf", "csv"):
        assert f"figures/thamm2024/figure_1.{name}" in addresses
    assert {"tables/thamm2024/table_1.md", "tables/thamm2024/table_1.csv", "limits/own.csv"} <= set(addresses)
    assert {"claims.md", "claims.csv"} <= set(addresses)
    assert not re.search(r"url\(|@import|https?:", re.sub(r'href="https:[^"]+" rel="external"', "", page))


def test_figures_say_what_they_show_and_bear_their_numbers(page):
    reader = Reader(page)
    assert [image["alt"] for image in reader.every("img")] == [
        *("Figure 1: Spacings of eigenvalues", "Figure 2: Spacings of eigenvalues"),  # on cards
        "Figure 1: Spacings of eigenvalues",
        "Figure 2: Spacings of eigenvalues",
        "own: Spacings of eigenvalues",
        "mine: weight matrices",
    ]
    assert "(a1) mlp dense2: KS p-value, plain 0.799; KS p-value, calibrated 0.665." in reader.text


def test_papers_and_items_stand_in_their_order(page):
    papers = [section["id"] for section in Reader(page).every("section") if section.get("class") == "paper"]
    assert papers == ["thamm2024", "fan2020", "limit-laws", "my-networks"]
    items = [article["id"] for article in Reader(page).every("article")]
    papers = ["thamm2024-figure_1", "thamm2024-table_1", "fan2020-figure_2", "fan2020-text"]
    assert items == [*papers, "law-own", "network-mine"]


def test_networks_of_ones_own_link_to_their_pages_and_say_what_was_found(page):
    reader = Reader(page)
    addresses = [link["href"] for link in reader.every("a")]
    assert {f"my_networks/mine/{name}" for name in ("index.html", "summary.md", "matrices.csv")} <= set(addresses)
    assert "Nothing is random." in reader.text


def test_every_claim_is_there_once_with_its_verdict_in_words(page):
    text = " ".join(Reader(page).text.split())
    for key in ("one", "two", "three", "four"):
        assert text.count(f"Claim {key}:") == 1
    assert "0.5290 (0.5230 to 0.5350)" in text
    assert "ratio, resolved; accepted 0.52 to 0.54" in text
    assert text.count("no: 5 batches") == 4 + 1
    for _, slug in MARKS.values():
        for question in QUESTIONS:
            assert f'id="{question}-{slug}"' in page


def test_a_choice_of_verdicts_hides_all_other_claims(page):
    """Rules for each verdict of one question, and for each pair of both."""
    assert "body:has(#published-yes:checked) .claim:not([data-published=yes])," in page
    pair = "#published-needs-paper:checked):has(#scrutiny-no:checked"
    attributes = "[data-published=needs-paper][data-scrutiny=no]"
    assert f"body:has({pair}) .item:not(:has({attributes}:not(.lacking)))," in page
    assert page.count(" .claim:not([data-") == 4 + 4 + 16
    assert page.count('data-published="yes" data-scrutiny="no"') == 1


def test_equal_results_give_equal_bytes(folder, page, tmp_path):
    """In another folder, at another time."""
    shutil.copytree(folder, tmp_path / "elsewhere")
    assert page_of(tmp_path / "elsewhere") == page


def test_a_picture_is_made_small_on_white(tmp_path):
    Image.new("RGBA", (2000, 500), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    content, width, height = thumbnail(tmp_path / "clear.png", 400)
    assert (width, height) == (400, 100)
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (400, 100)
        assert min(picture.getpixel((10, 10))) >= 253
    assert thumbnail(tmp_path / "clear.png", 4000)[1:] == (2000, 500)


def test_pictures_are_as_wide_as_they_are_shown(folder):
    """On cards, beside the record, and alone."""
    contents = {"thamm2024": ["figure_1"], "fan2020": ["figure_2"]}
    entries, recorded = ({paper: read_entries(folder, paper, contents[paper]) for paper in contents} for _ in range(2))
    del recorded["fan2020"]
    page = render_page("preview scale", dict.fromkeys(contents, ""), entries, [], [], recorded=recorded)
    images = Reader(page).every("img")
    assert [int(image["width"]) for image in images] == [480, 480, 560, 560, 720]
    assert {int(image["height"]) * 1650 // (int(image["width"]) * 9) for image in images} <= {99, 100}


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


def test_the_record_stands_first_and_this_run_beside_it(folder, tmp_path):
    """Pictures, tables and verdicts of both; what the record does not have yet is said so."""
    run, record = tmp_path / "preview", tmp_path / "recorded"
    for copy in (run, record):
        shutil.copytree(folder, copy)
    write_claims(record / "claims.csv", published_verdict="undecided", published_reason="one draw")
    contents = {"thamm2024": ["figure_1", "table_1"], "fan2020": ["figure_2"]}
    entries = {paper: read_entries(run, paper, names) for paper, names in contents.items()}
    recorded = {"thamm2024": read_entries(run, "thamm2024", contents["thamm2024"], record)}
    both = [read_claims(place / "claims.csv") for place in (run, record)]
    reader = Reader(
        render_page("preview scale", dict.fromkeys(entries, "Smaller."), entries, [], both[0], [], recorded, both[1])
    )
    assert [image["alt"].rpartition(" (")[2] for image in reader.every("img")[2:]] == [
        "The record, at published sizes)",
        "This run, preview scale)",
        "This run, preview scale; not in the record yet)",
    ]
    addresses = {link["href"] for link in reader.every("a")}
    assert {"../recorded/figures/thamm2024/figure_1.png", "figures/thamm2024/figure_1.png"} <= addresses
    for address in addresses:
        assert address.startswith(("#", "https:")) or (run / address).exists(), address
    claims = {claim["id"]: claim for claim in reader.every("li") if claim.get("class") == "claim"}
    # Filters go by the record.
    assert claims["claim-one"]["data-published"] == "undecided"
    assert "#claim-one" in addresses
    assert "of which 2 are finished so far" in reader.text
    assert reader.text.count("claims: the record, at published sizes") == 1


def test_the_first_screen_has_a_card_for_each_paper(page):
    """Each leads to its paper, and says what became of it; all its claims are counted."""
    cards = page.partition('<ul class="cards">')[2].partition("</ul>")[0].split('<li class="card">')[1:]
    for card, paper, counts in zip(
        cards,
        ("thamm2024", "fan2020"),
        (["yes 1", "no 1", "no 2"], ["undecided 1", "needs paper scale 1", "no 2"]),
        strict=True,
    ):
        reader = Reader(card)
        assert [link["href"] for link in reader.every("a")] == [f"#{paper}"]
        assert [int(image["width"]) for image in reader.every("img")] == [480]
        about, text = PAPERS[paper], " ".join(reader.text.split())
        assert f"{about.claim}: {about.found}. How sure: {about.sure}." in text
        found = text.partition("Reproduced")[2]
        assert [words.strip() for words in re.findall(r"[a-z ]+ \d+", found)] == counts


def test_a_card_says_what_the_readme_says():
    """What became of a claim and how sure that is are a row of its table; the address is that of the citation too."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.sub(r"\*\*| \[\d\]", "", readme).splitlines()
    cited = {entry["url"] for entry in yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["references"]}
    for key, paper in PAPERS.items():
        assert f"| {paper.claim} | {paper.found} | {paper.sure} |" in rows
        assert f"]({paper.address})" in readme
        assert paper.address in cited
        assert items_of(key)[paper.telling].drawing


def test_an_item_bears_its_command_and_its_code(page, folder):
    """A supplement of a table that of the table; another scale is an option."""
    text = " ".join(Reader(page).text.split())
    assert "uv run snakemake --cores 2 fan2020_figure_2 Code of Figure 2" in text
    assert "kernel_spectra_numbers in workflow/lib/deepspectra/papers/fan2020/statistics/spectra.py" in text
    shutil.copy(folder / "tables/thamm2024/table_1.json", folder / "tables/thamm2024/table_2_tests.json")
    entries = {"thamm2024": read_entries(folder, "thamm2024", ["table_2_tests"])}
    other = render_page("paper scale", {"thamm2024": ""}, entries, [], [], options="--config scale=paper -- ")
    assert "uv run snakemake --cores 2 --config scale=paper -- thamm2024_table_2</code>" in other
    assert "No figure on this page" in other


@pytest.mark.parametrize("paper", PAPERS)
def test_the_code_of_every_item_is_where_the_page_says(paper, tmp_path, monkeypatch):
    monkeypatch.setattr("deepspectra.report.page.table_entry", lambda key, *_: Entry(key, "", [], {}))
    monkeypatch.setattr("deepspectra.report.page.figure_entry", lambda key, *_: Entry(key, "", [], {}))
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
        page = render_page("preview scale", {}, {}, [entry], [])
        assert "More small print of own" in page
        assert " ".join(sentences[shown:]) in page


def test_a_claim_without_a_number_takes_a_line(folder):
    """Where both verdicts are the same; what it would be measured by is folded."""
    claims = read_claims(folder / "claims.csv")
    nothing = {f"{question}_{part}": "" for question in QUESTIONS for part in ("measured", "reason")}
    same = dict.fromkeys([f"{question}_verdict" for question in QUESTIONS], "undecided")
    entries = {"fan2020": read_entries(folder, "fan2020", ["figure_2"])}
    for claim, folded in ((claims[2] | nothing | same, 1), (claims[2] | nothing, 0), (claims[2] | same, 0)):
        page = render_page("preview scale", {"fan2020": ""}, entries, [], [claim])
        assert page.count('<summary class="verdict undecided">') == folded
        assert page.count("ratio, resolved; accepted 0.52 to 0.54") == 1
