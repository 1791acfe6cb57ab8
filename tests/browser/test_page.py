"""The report's pages in a real browser, from made-up results; skipped, with the reason, where Chromium cannot run."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepspectra.report.claims import read_claims
from deepspectra.report.entries import Entry, PageContents, read_entries
from deepspectra.report.item_page import render_items
from deepspectra.report.tables import ShownTable
from tests.report_results import write_pages, write_results

from .checks import CHECKS
from .chromium import Browser, Impossible


@pytest.fixture(scope="module")
def browser():
    try:
        browser = Browser().__enter__()
    except Impossible as error:
        pytest.skip(f"no Chromium: {error}")
    yield browser
    browser.__exit__()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """In a folder whose name has a space."""
    folder = tmp_path_factory.mktemp("some results")
    write_results(folder)
    write_pages(folder)
    return folder / "report.html"


ITEMS = [f"items/{name}.html" for name in ("thamm2024/figure_1", "thamm2024/table_1", "my_networks/mine")]


@pytest.mark.parametrize("name", ["report.html", *ITEMS])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_nothing_is_wrong_with(check, name, browser, page):
    assert check(browser, page.parent / name) == []


@pytest.mark.parametrize(
    ("check", "before", "after", "said"),
    [
        ("loading", "</header>", '<img src="none.png" alt="none"></header>', "does not show: none"),
        ("loading", "</header>", "<script>console.log(1)</script></header>", "console: 1"),
        ("without_script", "</header>", "<script>document.body.append('more')</script></header>", "another text"),
        ("texts", "<h1>", "<h3>gap</h3><h1>", "'gap' follows h0"),
        ("texts", ' alt="Figure 1: ', ' title="', "a picture without a text"),
        ("links", ' rel="external"', "", "https://openreview.net/forum?id=41kpc2Nzwc leads away"),
        ("links", 'href="#contents"', 'href="#nowhere"', "no #nowhere"),
        ("links", "limits/own.pdf", "limits/other.pdf", "no file limits/other.pdf"),
        ("keyboard", 'class="skip"', 'class="skip" tabindex="-1"', "not the skip link"),
        ("narrow", "<h1>", '<h1 style="width: 50rem">', "pixels too wide at 360"),
        ("contrast", "--quiet: #565d65", "--quiet: #a0a0a0", "rgb(160, 160, 160) on rgb(252, 251, 248)"),
    ],
)
def test_the_checks_see_what_is_wrong(check, before, after, said, browser, page):
    """Each on a page that was spoiled for it."""
    text = page.read_text(encoding="utf-8")
    assert before in text
    spoiled = page.with_name("spoiled.html")
    spoiled.write_text(text.replace(before, after, 1), encoding="utf-8")
    found = next(each for each in CHECKS if each.__name__ == check)(browser, spoiled)
    assert any(said in line for line in found), found


def test_a_choice_of_paper_and_verdict_hides_the_others_without_script(browser, page):
    shown = "[...document.querySelectorAll('article')].filter(x => x.checkVisibility()).map(x => x.id)"
    browser.open(page, script=False)
    assert len(browser.ask(shown)) == 6
    browser.ask("document.getElementById('paper-fan2020').checked = true")
    assert browser.ask(shown) == ["fan2020-figure_2", "fan2020-text"]
    browser.ask("document.getElementById('published-undecided').checked = true")
    assert browser.ask(shown) == ["fan2020-text"]
    browser.ask("document.getElementById('scrutiny-no').checked = true")
    assert browser.ask(shown) == ["fan2020-text"]
    browser.ask("document.getElementById('scrutiny-yes').checked = true")
    assert browser.ask(shown) == []
    browser.ask("document.getElementById('scrutiny-all').checked = true")
    browser.ask("document.getElementById('paper-thamm2024').checked = true")
    assert browser.ask(shown) == []
    text = "document.querySelector('#thamm2024').innerText"
    assert "No claim of this paper has what is chosen above." in browser.ask(text)


SHOWN = "[...document.querySelectorAll('.paper, .item, .claim')].filter(x => x.checkVisibility()).map(x => x.id)"


def test_a_search_hides_what_lacks_a_word(browser, page):
    """In claims, headings and small print, whatever their case; all of it is back without words."""
    browser.open(page)
    everything = browser.ask(SHOWN)
    for words, shown in (
        ("THREE  claim", ["fan2020", "fan2020-figure_2", "claim-three"]),
        ("thamm table", ["thamm2024", "thamm2024-table_1", "claim-two"]),
        ("nothing is", ["my-networks", "network-mine"]),
        # What stands on an item's own page: its numbers, its claims' bounds.
        ("0.799; thamm 0.665.", ["thamm2024", "thamm2024-figure_1"]),
        ("0.5290 two", ["thamm2024", "thamm2024-table_1", "claim-two"]),
        ("nowhere", []),
        ("", everything),
    ):
        browser.page.get_by_label("Search claims and figures").fill(words)
        assert browser.ask(SHOWN) == shown
        claims = sum(name.startswith("claim") for name in shown)
        assert browser.ask("document.getElementById('found').value") == (f"claims found: {claims}" if words else "")
    assert not browser.complaints


def test_a_search_goes_with_the_filters(browser, page):
    """Either may be changed first; the count follows both."""
    browser.open(page)
    browser.page.get_by_label("Search claims and figures").fill("claim")
    browser.page.locator("#published-undecided").check()
    assert [name for name in browser.ask(SHOWN) if name.startswith("claim")] == ["claim-four"]
    assert browser.ask("document.getElementById('found').value") == "claims found: 1"
    browser.page.get_by_label("Search claims and figures").fill("three")
    assert browser.ask(SHOWN) == ["fan2020"]
    assert "No claim of this paper has what is chosen above." in browser.ask(
        "document.querySelector('#fan2020').innerText"
    )


def test_without_script_there_is_no_search(browser, page):
    browser.open(page, script=False)
    assert not browser.ask("document.getElementById('search').checkVisibility()")


def test_the_whole_card_leads_to_its_paper(browser, page):
    """Cards stand beside each other in a wide window, below each other in a narrow one."""
    for width, columns in ((1280, 2), (420, 1)):
        browser.open(page, width=width)
        assert len(set(browser.ask("[...document.querySelectorAll('.card')].map(x => x.offsetLeft)"))) == columns
        browser.page.locator(".card").last.click(position={"x": 5, "y": 5})
        assert browser.ask("location.hash") == "#fan2020"


def test_the_table_of_counts_fits_a_phone(browser, page):
    browser.open(page, width=360)
    assert browser.ask(
        "[...document.querySelectorAll('.scroll:has(.counts)')].map(x => x.scrollWidth - x.clientWidth)"
    ) == [0]


def test_an_item_stays_beside_its_claims(browser, page):
    """In a wide window the picture is on their left; in a narrow one it is above."""
    edges = """['.pictures', '.judged'].map(x => document.querySelector('#thamm2024-figure_1 ' + x))
      .map(x => x.getBoundingClientRect().toJSON())"""
    browser.open(page, width=1280)
    picture, claims = browser.ask(edges)
    assert picture["right"] < claims["left"]
    assert abs(picture["top"] - claims["top"]) < 2
    browser.open(page, width=420)
    picture, claims = browser.ask(edges)
    assert picture["bottom"] < claims["top"]


def test_a_claim_leads_to_its_numbers_and_back(browser, page):
    browser.open(page)
    browser.page.get_by_role("link", name="Numbers and bounds of one", exact=True).click()
    browser.page.wait_for_url("**/items/thamm2024/figure_1.html#claim-one")
    assert browser.ask("document.querySelector(':target').innerText").startswith("Claim one")
    browser.page.get_by_role("link", name="Back to all results").click()
    browser.page.wait_for_url("**/report.html#*")
    assert browser.ask("document.querySelector(':target').id") == "thamm2024-figure_1"


def test_values_stand_under_the_pointer(browser, page):
    """Wherever a page puts the picture, narrow or wide."""
    seen = """(down) => {
        const box = document.querySelector('.values img').getBoundingClientRect();
        const found = document.elementFromPoint(box.x + 0.5 * box.width, box.y + down * box.height);
        return found.tagName === 'circle' ? found.textContent : '';
    }"""
    for width in (400, 1400):
        browser.open(page.parent / ITEMS[0], width=width)
        browser.ask("document.querySelector('.values').scrollIntoView()")
        assert browser.page.evaluate(seen, 0.25) == "bars: 1, 2 < 3"
        assert browser.page.evaluate(seen, 0.75) == ""


def test_a_page_that_is_mailed_alone_still_has_its_files(browser, page, tmp_path):
    alone = tmp_path / "figure_1.html"
    alone.write_bytes((page.parent / ITEMS[0]).read_bytes())
    browser.open(alone)
    with browser.page.expect_download() as download:
        browser.page.get_by_role("link", name="CSV of Figure 1").click()
    assert download.value.suggested_filename == "thamm2024_figure_1.csv"
    assert Path(download.value.path()).read_text() == (page.parent / "figures/thamm2024/figure_1.csv").read_text()


def written_pair(folder, recorded=True):
    """The page of a figure that the record has too, or not yet."""
    claims = read_claims(folder / "claims.csv")
    kept, run = (read_entries(folder, "thamm2024", ["figure_1"]) for _ in range(2))
    contents = PageContents(
        "preview scale",
        {"thamm2024": "Smaller."},
        {"thamm2024": run},
        claims,
        recorded={"thamm2024": kept} if recorded else {},
        recorded_claims=claims,
    )
    ((_, text),) = render_items(contents, folder)
    pair = folder / "items/thamm2024/pair.html"
    pair.write_text(text, encoding="utf-8")
    return pair


def test_the_record_and_the_run_stand_beside_each_other(browser, page):
    """In a wide window; in a narrow one the record is above. Claims stand below."""
    places = "[...document.querySelectorAll('figure')].map(x => x.getBoundingClientRect()).map(x => [x.x, x.y])"
    edges = "['.pictures', '.claims'].map(x => document.querySelector(x).getBoundingClientRect().toJSON())"
    for recorded in (False, True):
        pair = written_pair(page.parent, recorded)
        browser.open(pair, width=1280)
        (one, *two), (pictures, below) = browser.ask(places), browser.ask(edges)
        assert len(two) == recorded
        assert all(x > one[0] + 500 and y == one[1] for x, y in two)
        assert below["y"] >= pictures["bottom"]
        browser.open(pair, width=420)
        (one, *two) = browser.ask(places)
        assert all(x == one[0] and y > one[1] for x, y in two)


def test_one_question_or_one_side_is_shown_alone(browser, page):
    """By keyboard and without script; print has all. Where a side is alone, its picture is wider."""
    seen = """[...new Set([...document.querySelectorAll('[class*="of-"]')].filter(x => x.checkVisibility())
      .map(x => x.className.match(/of-\\w+/)[0]))].sort()"""
    every = ["of-published", "of-record", "of-run", "of-scrutiny"]
    width = "[...document.querySelectorAll('.pictures img')].find(x => x.checkVisibility()).clientWidth"
    browser.open(written_pair(page.parent), width=1280, script=False)
    assert browser.ask(seen) == every
    narrow = browser.ask(width)
    for group, key, hidden in (
        *(("question", "ArrowRight", "of-scrutiny"), ("question", "ArrowRight", "of-published")),
        *(("side", "ArrowLeft", "of-record"), ("side", "ArrowLeft", "of-run")),
    ):
        browser.page.locator(f"[name={group}]:checked").press(key)
        assert hidden not in browser.ask(seen)
        assert (browser.ask(width) > narrow) == (group == "side")
    assert browser.ask(seen) == ["of-record", "of-scrutiny"]
    browser.page.emulate_media(media="print")
    assert browser.ask(seen) == every


def test_the_first_page_shows_one_question_alone(browser, page):
    """Of counts, cards and claims."""
    browser.open(page, script=False)
    shown = """['.counts tbody tr:first-child td', '.card dl div', '.claim div']
      .map(x => [...document.querySelectorAll(x)].filter(x => x.checkVisibility()).length)"""
    every = browser.ask(shown)
    assert all(every)
    for choice, share in (("published", 2), ("scrutiny", 2), ("both", 1)):
        browser.page.locator(f"#question-{choice}").check()
        assert browser.ask(shown) == [count / share for count in every]


def test_a_table_of_eighteen_columns_is_not_cut_off(browser, page):
    """As table 2 of thamm2024; in a window too narrow for it, it scrolls."""
    cells = ["mlp512_seed1", "dense1", *["0.338 ± 0.019"] * 15, "weights not available here"]
    table = ShownTable("Table 2", ["network", "layer", *["rejected at q"] * 16], [cells] * 3, [])
    entry = Entry("table_2", "Spacings", [], {}, table=table)
    wide = page.with_name("wide.html")
    ((_, text),) = render_items(PageContents("preview scale", {"thamm2024": ""}, {"thamm2024": [entry]}), page.parent)
    wide.write_text(text, encoding="utf-8")
    for width, fits in ((1280, True), (420, False)):
        browser.open(wide, width=width)
        hidden = browser.ask("(x => x.scrollWidth - x.clientWidth)(document.querySelector('.item .scroll'))")
        assert (hidden == 0) == fits
