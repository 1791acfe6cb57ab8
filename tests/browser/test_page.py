"""The report's page in a real browser, from made-up results; skipped, with the reason, where Chromium cannot run."""

from __future__ import annotations

import pytest

from tests.report_results import page_of, write_results

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
    """In a folder whose name has a space, without a script."""
    folder = tmp_path_factory.mktemp("some results")
    write_results(folder)
    (folder / "report.html").write_text(page_of(folder), encoding="utf-8")
    return folder / "report.html"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_nothing_is_wrong_with(check, browser, page):
    assert check(browser, page) == []


@pytest.mark.parametrize(
    ("check", "before", "after", "said"),
    [
        ("loading", "</header>", '<img src="none.png" alt="none"></header>', "does not show: none"),
        ("loading", "</header>", "<script>console.log(1)</script></header>", "console: 1"),
        ("without_script", "</header>", "<script>document.body.append('more')</script></header>", "another text"),
        ("texts", "<h1>", "<h3>gap</h3><h1>", "'gap' follows h0"),
        ("texts", ' alt="Figure 1: ', ' title="', "a picture without a text"),
        ("links", 'href="#contents"', 'href="#nowhere"', "no #nowhere"),
        ("links", "figure_1.pdf", "figure_7.pdf", "no file figures/thamm2024/figure_7.pdf"),
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
    assert "No claim of this paper has the verdicts that are chosen above." in browser.ask(text)
