"""What a page of the report has to hold to, each as a list of what is wrong; empty if nothing is.

For any finished page: ``python -m tests.browser.checks results/preview/report.html``; others may follow it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from urllib.parse import unquote

from .chromium import Browser

#: WCAG 2.2, success criterion 1.4.3; large text would need less.
CONTRAST = 4.5

_PICTURES = """[...document.images].filter(x => !(x.complete && x.naturalWidth > 0)).map(x => x.alt)"""

_TEXTS = """[
  ...[...document.images].filter(x => !x.alt.trim()).map(() => 'a picture without a text'),
  ...[...document.querySelectorAll('table')].filter(x => !x.caption).map(() => 'a table without a caption'),
  ...[...document.querySelectorAll('th')].filter(x => !x.scope || !x.textContent.trim())
    .map(x => `header ${x.outerHTML}`),
  ...[...document.querySelectorAll('input')].filter(x => !x.labels.length).map(x => `${x.id} without a label`),
  ...[...document.querySelectorAll('a')].filter(x => !(x.innerText.trim() || x.querySelector('img[alt]')))
    .map(x => `link ${x.href} without a text`),
  ...['main', 'header', 'nav', 'footer', 'h1'].filter(x => document.querySelectorAll(x).length != 1)
    .map(x => `not one ${x}`),
  ...(document.documentElement.lang ? [] : ['no language']),
  ...[...document.querySelectorAll('[aria-labelledby]')]
    .filter(x => !document.getElementById(x.getAttribute('aria-labelledby'))).map(x => `${x.id}: its label is missing`),
  ...[...document.querySelectorAll('[id]')].map(x => x.id).filter((x, place, all) => all.indexOf(x) != place)
    .map(x => `id ${x} twice`),
]"""

_HEADINGS = """[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(x => [Number(x.tagName[1]), x.innerText])"""

# A paper's own page is the one thing elsewhere.
_LINKS = """[...document.querySelectorAll('a[href]:not([rel=external]), link[href], img[src], source[src]')]
  .map(x => x.getAttribute('href') || x.getAttribute('src')).filter(x => !x.startsWith('data:'))"""

_TARGETS = """[...document.querySelectorAll('a[href^="#"]')].map(x => x.getAttribute('href').slice(1))
  .filter(x => !document.getElementById(x))"""

# Text on what is behind it, as painted: the nearest background that is not transparent.
_CONTRASTS = """(() => {
  const parse = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => parse(colour).slice(0, 3).map(x => x / 255)
    .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
    .reduce((sum, x, place) => sum + x * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor, parts = parse(colour);
      if (parts.length < 4 || parts[3] > 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = {};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const colour = getComputedStyle(element).color, ground = behind(element);
    const [a, b] = [light(colour), light(ground)].sort((x, y) => y - x);
    found[`${colour} on ${ground}`] = (a + 0.05) / (b + 0.05);
  }
  return found;
})()"""

_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def loading(browser: Browser, page: Path) -> list[str]:
    """Nothing but the page itself is asked for, nothing is said in the console, and every picture shows."""
    browser.open(page)
    browser.ask("Promise.all([...document.images].map(x => x.decode().catch(() => 0)))")
    asked = [address for address in browser.requests[1:] if not address.startswith("data:")]
    wrong = [f"asked for {address}" for address in asked]
    return [*wrong, *browser.complaints, *(f"does not show: {alt}" for alt in browser.ask(_PICTURES))]


def without_script(browser: Browser, page: Path) -> list[str]:
    """All of it is there where scripts are disabled, but for the search."""
    browser.open(page)
    browser.ask("document.querySelector('.search')?.remove()")
    text = browser.ask("document.body.innerText")
    browser.open(page, script=False)
    browser.ask("Promise.all([...document.images].map(x => x.decode().catch(() => 0)))")
    wrong = [] if browser.ask("document.body.innerText") == text else ["another text without script"]
    return [*wrong, *(f"does not show: {alt}" for alt in browser.ask(_PICTURES))]


def texts(browser: Browser, page: Path) -> list[str]:
    """Landmarks, texts in place of pictures, captions and scopes of tables, labels; headings without a gap."""
    browser.open(page)
    headings, level = browser.ask(_HEADINGS), 0
    wrong = browser.ask(_TEXTS)
    for depth, text in headings:
        if depth > level + 1:
            wrong.append(f"h{depth} {text!r} follows h{level}")
        level = depth
    return wrong


def links(browser: Browser, page: Path) -> list[str]:
    """Links within the page have a target, others a file beside it, and on another page a target too."""
    browser.open(page)
    wrong = [f"no #{target}" for target in browser.ask(_TARGETS)]
    for address in browser.ask(_LINKS):
        if ":" in address or address.startswith("/"):
            wrong.append(f"{address} leads away")
        elif not address.startswith("#"):
            name, _, target = address.partition("#")
            file = page.parent / unquote(name)
            if not file.is_file():
                wrong.append(f"no file {address}")
            elif target and f'id="{target}"' not in file.read_text(encoding="utf-8"):
                wrong.append(f"no #{target} in {name}")
    return wrong


def keyboard(browser: Browser, page: Path) -> list[str]:
    """Tab leads to the skip link first, then to every link, and each shows that it has the focus."""
    browser.open(page)
    wanted = browser.ask("[...document.querySelectorAll('a[href]')].filter(x => x.checkVisibility()).length")
    stops = browser.ask("document.querySelectorAll('a, summary, input, [tabindex=\"0\"]').length")
    seen, unmarked = set(), set()
    for stop in range(stops):
        browser.page.keyboard.press("Tab")
        state = """(() => {
          const x = document.activeElement, look = getComputedStyle(x);
          if (x == document.body) return null;
          const place = [...document.querySelectorAll('a[href]')].indexOf(x);
          return [place, x.className, parseFloat(look.outlineWidth) > 1 && look.outlineStyle != 'none'];
        })()"""
        # Of each group of choices one is a stop, so that the round may end earlier.
        if (found := browser.ask(state)) is None:
            break
        place, name, marked = found
        if stop == 0 and name != "skip":
            return [f"the first stop is {name!r}, not the skip link"]
        if place >= 0:
            seen.add(place)
        if not marked:
            unmarked.add(name)
    wrong = [] if len(seen) == wanted else [f"Tab reaches {len(seen)} of {wanted} links"]
    return [*wrong, *(f"no outline at the focus: {name!r}" for name in sorted(unmarked))]


def narrow(browser: Browser, page: Path) -> list[str]:
    """No scrolling sideways on the narrowest telephones, nor on what is wider."""
    wrong = []
    for width in (320, 360, 768, 1000, 1400):
        browser.open(page, width=width)
        browser.ask("document.querySelectorAll('details').forEach(x => x.open = true)")
        if (beyond := browser.ask(_SIDEWAYS)) > 0:
            wrong.append(f"{beyond} pixels too wide at {width}")
    return wrong


def contrast(browser: Browser, page: Path) -> list[str]:
    """Every text stands out from what is behind it, light and dark."""
    wrong = []
    for dark in (False, True):
        browser.open(page, dark=dark)
        browser.ask("document.querySelectorAll('details').forEach(x => x.open = true)")
        ratios = browser.ask(_CONTRASTS)
        wrong += [f"{pair}: {ratio:.2f}" for pair, ratio in ratios.items() if ratio < CONTRAST]
    return wrong


CHECKS = (loading, without_script, texts, links, keyboard, narrow, contrast)


if __name__ == "__main__":
    with Browser() as browser:
        found = {f"{page} {check.__name__}": check(browser, Path(page)) for page in sys.argv[1:] for check in CHECKS}
    print(json.dumps(found, indent=2))
    sys.exit(any(found.values()))
