"""The pages from made-up results: all is on them, text stays text, and equal results give equal bytes."""

from __future__ import annotations

import base64
import re
import shutil

import yaml

from deepspectra.papers.registry import PAPERS, items_of
from deepspectra.report.claims import read_claims
from deepspectra.report.entries import PageContents, read_entries
from deepspectra.report.item_page import render_items
from deepspectra.report.page import render_page
from deepspectra.report.verdicts import MARKS, QUESTIONS
from tests import ROOT
from tests.html_reader import Reader
from tests.report_results import MARKUP, POINTS, pages_of

FIRST, SECOND, TABLE, LAW, NETWORK = (
    f"items/{name}.html"
    for name in (
        *("thamm2024/figure_1", "fan2020/figure_2", "thamm2024/table_1"),
        *("limit_laws/own", "my_networks/mine"),
    )
)


def test_text_stays_text(pages):
    """Of captions, claims, tables and plotted numbers; the one script is the first page's, without any result."""
    readers = {name: Reader(text) for name, text in pages.items()}
    assert {name: reader.every("script") for name, reader in readers.items()} == {
        name: [{}] if name == "report.html" else [] for name in pages
    }
    assert "alert" not in pages["report.html"].partition("<script>")[2].partition("</script>")[0]
    # The caption of a law, four claims, and what was found in a network.
    assert readers["report.html"].text.count(MARKUP) == 1 + 4 + 1
    # Their own captions or notes, the nine columns of a table, and one claim each, twice told.
    counts = [readers[name].text.count(MARKUP) for name in (FIRST, SECOND, TABLE)]
    assert counts == [1 + 2, 1 + 2, 1 + 9 + 2]
    assert "<i>curve</i>" in readers[FIRST].text


def test_pages_load_nothing_and_link_beside_themselves(folder, pages):
    for name, text in pages.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    found = {}
    for name, text in pages.items():
        reader = Reader(text)
        assert all(image["src"].startswith("data:image/webp;base64,") for image in reader.every("img"))
        links = [link for tag in ("a", "link") for link in reader.every(tag)]
        found[name] = [link["href"] for link in links if link.get("rel") != "external"]
        for address in found[name]:
            target = (folder / name).parent / address.partition("#")[0]
            assert address.startswith(("#", "data:")) or target.is_file(), address
        assert not re.search(r"url\(|@import|https?:", re.sub(r'href="https:[^"]+" rel="external"', "", text))
    assert {"limits/own.csv", "limits/own.pdf", "limits/own.png", "claims.md", "claims.csv"} <= set(
        found["report.html"]
    )
    assert {FIRST, SECOND, TABLE, f"{FIRST}#claim-one"} <= set(found["report.html"])
    assert "../../figures/thamm2024/figure_1.png" in found[FIRST]


def test_items_lead_to_each_other_and_back(pages):
    ways = {}
    for name in (FIRST, TABLE, SECOND, LAW, NETWORK):
        links = [link for link in Reader(pages[name]).every("a") if link.get("rel") in ("up", "prev", "next")]
        ways[name] = {link["rel"]: link["href"] for link in links}
    assert ways == {
        FIRST: {"up": "../../report.html#thamm2024-figure_1", "next": f"../../{TABLE}"},
        TABLE: {"up": "../../report.html#thamm2024-table_1", "prev": f"../../{FIRST}", "next": f"../../{SECOND}"},
        SECOND: {"up": "../../report.html#fan2020-figure_2", "prev": f"../../{TABLE}", "next": f"../../{LAW}"},
        LAW: {"up": "../../report.html#law-own", "prev": f"../../{SECOND}", "next": f"../../{NETWORK}"},
        NETWORK: {"up": "../../report.html#network-mine", "prev": f"../../{LAW}"},
    }
    for name in (LAW, NETWORK):
        assert f'href="{name}"' in pages["report.html"]
    assert PAPERS["fan2020"].name in pages[TABLE]


def test_figures_say_what_they_show_and_bear_their_numbers(pages):
    assert [image["alt"] for image in Reader(pages["report.html"]).every("img")] == [
        *("Figure 1: Spacings of eigenvalues", "Figure 2: Spacings of eigenvalues"),  # on cards
        "Figure 1: Spacings of eigenvalues",
        "Figure 2: Spacings of eigenvalues",
        "own: Spacings",
        "mine: Weight matrices",
    ]
    reader = Reader(pages[FIRST])
    assert [image["alt"] for image in reader.every("img")] == [
        "Figure 1: Spacings of eigenvalues (This run, preview scale)"
    ]
    assert "(a1) mlp dense2: KS p-value, plain 0.799; KS p-value, calibrated 0.665." in reader.text


def test_a_page_has_its_files_in_it(folder, pages):
    """So that it can be mailed; a large text is compressed, and what would make a page too heavy is a link."""
    saved = {}
    for name in (FIRST, TABLE):
        for link in Reader(pages[name]).every("a"):
            if link.get("download"):
                saved[link["download"]] = base64.b64decode(link["href"].partition(";base64,")[2])
    assert {name: content for name, content in saved.items() if name.endswith((".csv", ".pdf"))} == {
        "thamm2024_figure_1.pdf": b"%PDF",
        "thamm2024_figure_1.csv": POINTS.encode(),
        "thamm2024_figure_1_numbers.csv": (folder / "statistics/thamm2024/figure_1.csv").read_bytes(),
        "thamm2024_table_1.csv": (folder / "tables/thamm2024/table_1.csv").read_bytes(),
    }
    assert "thamm2024_table_1.md" in saved


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


def test_every_claim_is_there_once_with_its_verdict_in_words(pages):
    """On the first page, and once on that of its item, which has its numbers and bounds."""
    texts = {name: " ".join(Reader(text).text.split()) for name, text in pages.items()}
    for key in ("one", "two", "three", "four"):
        assert texts["report.html"].count(f"Claim {key}:") == 1
        ids = [claim["id"] for claim in Reader(pages["report.html"]).every("li") if claim.get("class") == "claim"]
        assert f"claim-{key}" in ids
    for name, key in ((FIRST, "one"), (TABLE, "two"), (SECOND, "three")):
        # Beside its published number too.
        assert texts[name].count(f"Claim {key}:") == 2
        assert f'id="claim-{key}"' in pages[name]
        assert "0.5290 (0.5230 to 0.5350)" in texts[name]
        assert "ratio, resolved; accepted 0.52 to 0.54" in texts[name]
    assert "Reproduced as published? ✓yes Survives scrutiny? ✗no Numbers and bounds of one" in texts["report.html"]
    # The fourth claim is about no item that is there.
    assert sum(text.count("no: 5 batches") for text in texts.values()) == 4 + 1
    assert texts["report.html"].count("no: 5 batches") == 1
    for _, slug in MARKS.values():
        for question in QUESTIONS:
            assert f'id="{question}-{slug}"' in pages["report.html"]


def test_published_numbers_stand_beside_those_that_were_measured(pages, both):
    measured = "0.5290 (0.5230 to 0.5350)"
    for text, numbers in (
        (pages[FIRST], [measured, "yes", "no"]),
        (both[1][FIRST], [measured, measured, "undecided", "no"]),
    ):
        table = text.partition("Published numbers beside these</caption>")[2].partition("</table>")[0]
        cells = re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", table.partition("<tbody>")[2])
        assert cells[0].startswith("one: Claim one: ")
        assert cells[1:] == ["ratio", "0.5307", *numbers]


def test_a_choice_of_verdicts_hides_all_other_claims(page):
    """Rules for each verdict of one question, and for each pair of both."""
    assert "body:has(#published-yes:checked) .claim:not([data-published=yes])," in page
    pair = "#published-needs-paper:checked):has(#scrutiny-no:checked"
    attributes = "[data-published=needs-paper][data-scrutiny=no]"
    assert f"body:has({pair}) .item:not(:has({attributes}:not(.lacking)))," in page
    assert page.count(" .claim:not([data-") == 4 + 4 + 16
    assert page.count('data-published="yes" data-scrutiny="no"') == 1


def test_equal_results_give_equal_bytes(folder, pages, tmp_path):
    """In another folder, at another time."""
    shutil.copytree(folder, tmp_path / "elsewhere")
    assert pages_of(tmp_path / "elsewhere") == pages


def test_pictures_are_as_wide_as_they_are_shown(both):
    """On cards and as an item's way to its page, without a page, and on pages, alone and beside the record."""
    widths = {}
    for name, text in both[1].items():
        images = Reader(text).every("img")
        widths[name] = [int(image["width"]) for image in images]
        assert {int(image["height"]) * 1650 // (int(image["width"]) * 9) for image in images} <= {99, 100, 101}
    assert widths == {"report.html": [480] * 4 + [720] * 2, FIRST: [800, 800], TABLE: []} | {
        name: [1100] for name in (SECOND, LAW, NETWORK)
    }


def test_the_record_stands_first_and_this_run_beside_it(both):
    """Pictures, tables and verdicts of both; what the record does not have yet is said so."""
    run, pages = both
    readers = {name: Reader(text) for name, text in pages.items()}
    alts = {
        name: [image["alt"].rpartition(" (")[2] for image in readers[name].every("img")] for name in (FIRST, SECOND)
    }
    assert alts == {
        FIRST: ["The record, at published sizes)", "This run, preview scale)"],
        SECOND: ["This run, preview scale; not in the record yet)"],
    }
    assert (
        readers[TABLE].text.count("Table 1 in the record: ") == readers[TABLE].text.count("Table 1 in this run: ") == 1
    )
    first = {link["href"] for link in readers[FIRST].every("a")}
    assert {"../../../recorded/figures/thamm2024/figure_1.png", "../../figures/thamm2024/figure_1.png"} <= first
    for address in first:
        beside = address.startswith(("#", "https:", "data:")) or address.endswith(".png") or ".html" in address
        assert beside or ((run / FIRST).parent / address).exists(), address
    claims = {claim["id"]: claim for claim in readers["report.html"].every("li") if claim.get("class") == "claim"}
    # Filters go by the record.
    assert claims["claim-one"]["data-published"] == "undecided"
    text = " ".join(readers["report.html"].text.split())
    assert "the record ?undecided preview scale ✓yes" in text
    assert "So far it has 2 of the 3 items." in text
    assert text.count("claims: the record, at published sizes, and preview scale where that has no number") == 1
    assert text.count("claims: this run alone, preview scale") == 1
    assert "undecided: one draw" in " ".join(readers[FIRST].text.split())


def test_where_the_record_has_no_number_the_run_is_counted(folder):
    claims = read_claims(folder / "claims.csv")
    absent = {f"{question}_{part}": "" for question in QUESTIONS for part in ("measured", "reason")}
    absent |= {f"{question}_verdict": "undecided" for question in QUESTIONS}
    entries = {"thamm2024": read_entries(folder, "thamm2024", ["figure_1"])}
    for kept, counted, said in (({}, "undecided 1", 0), (absent, "yes 1", 1)):
        recorded = [claim | {"published_verdict": "undecided"} | kept for claim in claims]
        contents = PageContents("preview", {"thamm2024": ""}, entries, claims[:1], recorded_claims=recorded)
        ((_, page),) = render_items(contents, folder)
        assert page.count("known; not in the record yet</p>") == said
        found = " ".join(Reader(page).text.split()).partition("Reproduced as published?")[2]
        assert counted in found.partition("Survives scrutiny?")[0]


def test_a_search_knows_what_stands_on_the_items_pages(page, both):
    """Each word once, of the record and of the run; of claims too."""
    articles = {article["id"]: article for article in Reader(page).every("article")}
    words = articles["thamm2024-figure_1"]["data-words"].split()
    assert {"epochs", "p-value,", "0.665."} <= set(words)
    assert len(words) == len(set(words))
    assert "a|b" in articles["thamm2024-table_1"]["data-words"]
    claims = {
        claim["id"]: claim for claim in Reader(both[1]["report.html"]).every("li") if claim.get("class") == "claim"
    }
    assert {"resolved", "0.5290", "draw", "batches"} <= set(claims["claim-one"]["data-words"].split())


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


def test_an_item_bears_its_command_and_its_code(pages, folder):
    """A supplement of a table that of the table; another scale is an option."""
    text = " ".join(Reader(pages[SECOND]).text.split())
    assert "uv run snakemake --cores 2 fan2020_figure_2 kernel_spectra_numbers in" in text
    assert "kernel_spectra_numbers in workflow/lib/deepspectra/papers/fan2020/statistics/spectra.py" in text
    shutil.copy(folder / "tables/thamm2024/table_1.json", folder / "tables/thamm2024/table_2_tests.json")
    for suffix in ("csv", "md"):
        shutil.copy(folder / f"tables/thamm2024/table_1.{suffix}", folder / f"tables/thamm2024/table_2_tests.{suffix}")
    entries = {"thamm2024": read_entries(folder, "thamm2024", ["table_2_tests"])}
    other = PageContents("paper scale", {"thamm2024": ""}, entries, options="--config scale=paper -- ")
    ((address, text),) = render_items(other, folder)
    assert address == "items/thamm2024/table_2_tests.html"
    assert "uv run snakemake --cores 2 --config scale=paper -- thamm2024_table_2</code>" in text
    assert "No figure on this page" in render_page(other)


def test_a_limit_law_and_a_network_of_ones_own_have_pages(pages, both):
    """With their numbers, files, command and code; the record has none of them."""
    texts = {name: " ".join(Reader(pages[name]).text.split()) for name in (LAW, NETWORK)}
    assert {name: both[1][name] for name in texts} == {name: pages[name] for name in texts}
    for text, words in (
        (
            texts[LAW],
            ("Limit laws: own Spacings", "mass: 1", "Plotted points: ", "CSV of numbers", " limit_own with your own"),
        ),
        (
            texts[NETWORK],
            (
                "Networks of your own: mine Weight",
                "Nothing is random.",
                "Matrices: all",
                "60",
                " my_mine with your own",
            ),
        ),
    ):
        assert all(part in text for part in words)
        assert not any(part in text for part in ("kink", "in the record", "No claim"))
        code = re.search(r"(\w+) in (workflow\S+?\.py)", text)
        assert f"\ndef {code[1]}(" in (ROOT / code[2]).read_text(encoding="utf-8")
    saved = {link.get("download") for name in (LAW, NETWORK) for link in Reader(pages[name]).every("a")}
    assert {"limit_own.csv", "limit_own_numbers.csv", "limit_own.pdf", "my_mine.md", "my_mine.csv"} <= saved
    assert "../../my_networks/mine/index.html" in {link["href"] for link in Reader(pages[NETWORK]).every("a")}


def test_code_is_a_link_where_the_page_lies_in_a_checkout(folder, pages, monkeypatch):
    file = "workflow/lib/deepspectra/papers/fan2020/statistics/spectra.py"
    assert file in pages[SECOND]
    assert f'{file}"' not in pages[SECOND]
    monkeypatch.setattr("deepspectra.report.item_page._CHECKOUT", folder.parent)
    (folder.parent / file).parent.mkdir(parents=True)
    (folder.parent / file).touch()
    assert f'href="../../../{file}"' in pages_of(folder)[SECOND]


def test_a_claim_says_what_else_was_tried(folder):
    claims = read_claims(folder / "claims.csv")
    entries = {"fan2020": read_entries(folder, "fan2020", ["figure_2"])}
    untried = dict.fromkeys(["robust", "analyses", "replicated"], "")
    for claim, shown in ((claims[2], 1), (claims[2] | untried, 0)):
        ((_, page),) = render_items(PageContents("preview scale", {"fan2020": ""}, entries, [claim]), folder)
        assert page.count("Robust: no (bulk alone: p &lt; 0.05, yes).") == shown
        assert page.count("Replicated: 5 seeds.") == shown


def test_a_claim_without_a_number_takes_a_line(folder):
    """Where both verdicts are the same; what it would be measured by is folded."""
    claims = read_claims(folder / "claims.csv")
    nothing = {f"{question}_{part}": "" for question in QUESTIONS for part in ("measured", "reason")}
    same = dict.fromkeys([f"{question}_verdict" for question in QUESTIONS], "undecided")
    for claim, folded in ((claims[2] | nothing | same, 1), (claims[2] | nothing, 0), (claims[2] | same, 0)):
        entries = {"fan2020": read_entries(folder, "fan2020", ["figure_2"])}
        ((_, page),) = render_items(PageContents("preview scale", {"fan2020": ""}, entries, [claim]), folder)
        assert page.count('<summary class="verdict undecided">') == folded
        assert page.count("ratio, resolved; accepted 0.52 to 0.54") == 1
