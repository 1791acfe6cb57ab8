"""The first page of a scale's results: cards, counts, a search, and every item with its claims and the way to its page.

It loads nothing, and equal results give equal pages.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

from deepspectra.papers.registry import LIMIT_LAWS, MY_NETWORKS, PAPERS
from deepspectra.report.claims import count_verdicts
from deepspectra.report.entries import Entry, PageContents
from deepspectra.report.tables import render
from deepspectra.report.verdicts import BOUNDS, MARKS, QUESTIONS, RULE

__all__ = ["render_page"]

#: Pixels of a picture's width: of one that has no page of its own, and of all others.
_WIDTH, _SMALL = 720, 480


def render_page(contents: PageContents) -> str:
    """The page as text; claims that belong to no entry stand at the end of their paper."""
    entries, every = contents.entries, contents.every
    return render(
        "page.html",
        scale=contents.scale,
        reduced=contents.reduced,
        items=entries,
        laws=contents.laws,
        claims=contents.claims,
        networks=contents.networks,
        options=contents.options,
        others=contents.others,
        both=bool(contents.recorded_claims),
        limit_laws=LIMIT_LAWS,
        my_networks=MY_NETWORKS,
        verdicts=MARKS,
        questions=QUESTIONS,
        rule=RULE,
        bounds=BOUNDS,
        width=_WIDTH,
        small_width=_SMALL,
        words_of=_words_of,
        words_about=_words_about,
        choices=_choices(),
        papers={key: PAPERS[key] for key in PAPERS if key in entries},
        telling={paper: _telling(paper, entries[paper]) for paper in entries},
        counts=count_verdicts([claim["first"] for claim in contents.claims], list(entries)),
        run_counts=count_verdicts(contents.claims, list(entries)),
        recorded_items=sum(entry.recorded is not None for entry in every),
        beyond=sum(entry.name.startswith("Beyond") for entry in every),
        pictures=sum(entry.table is None for entry in every),
        tables=sum(entry.table is not None for entry in every),
    )


def _telling(paper: str, entries: Sequence[Entry]) -> Entry | None:
    """The figure that stands for a paper; the first one where that is missing."""
    figures = [entry.recorded or entry for entry in entries if entry.png]
    return next((entry for entry in figures if entry.key == PAPERS[paper].telling), figures[0] if figures else None)


def _words_about(entry: Entry) -> str:
    """What a search finds an item by: every word of its own page once, but for those of its claims."""
    texts: list[str] = []
    for one in filter(None, (entry.recorded, entry)):
        texts += [*one.notes, *one.folded, *one.numbers]
        if one.table:
            texts += [*one.table.columns, *(cell for row in one.table.rows for cell in row)]
    return _once(texts)


def _words_of(claim: dict[str, Any]) -> str:
    """The same of a claim: all that its item's page says of it."""
    texts = [claim[name] for name in ("source", "bounds", "quantity", "scrutiny", "published")]
    for one in (claim["first"], claim):
        texts += [one["remark"], one["robust"], one["analyses"], one["replicated"]]
        texts += [one[f"{question}_{part}"] for question in QUESTIONS for part in ("reason", "measured", "accepted")]
    return _once(texts)


def _once(texts: Sequence[str]) -> str:
    return " ".join(dict.fromkeys(" ".join(texts).lower().split()))


def _choices() -> list[tuple[str, str]]:
    """Selectors of every choice of verdicts: of the pressed buttons, and of the claims that it leaves."""
    slugs = ["", *(slug for _, slug in MARKS.values())]
    choices = []
    for chosen in product(slugs, repeat=len(QUESTIONS)):
        if wanted := [f"{question}-{slug}" for question, slug in zip(QUESTIONS, chosen, strict=True) if slug]:
            attributes = (f"[data-{name.replace('-', '=', 1)}]" for name in wanted)
            choices.append(("):has(".join(f"#{name}:checked" for name in wanted), "".join(attributes)))
    return choices
