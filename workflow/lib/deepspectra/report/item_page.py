"""A page for each figure, table, limit law and network of the user's own, at an address that stays.

It has the record beside the run, claims, numbers, files, command and code.
Pages load nothing. What they offer to download stands in the pages themselves, so that one can be mailed.
"""

import base64
import csv
import gzip
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepspectra.papers.registry import LIMIT_LAWS, MY_NETWORKS, PAPERS
from deepspectra.report.claims import count_verdicts
from deepspectra.report.entries import NUMBERS, Entry, PageContents
from deepspectra.report.tables import ShownTable, render
from deepspectra.report.verdicts import MARKS, QUESTIONS

__all__ = ["Download", "downloads", "plotted_points", "render_items"]

#: From an item's page to the first one's folder.
_UP = "../../"
#: Pixels of a picture's width: alone, and beside the record's.
_WIDTH, _BESIDE = 1100, 800
#: Bytes of a file above which it is compressed in the page, and of all letters of files in one page.
_COMPRESSED, _MOST = 100_000, 1_300_000
#: Kinds of files that are offered, the smaller ones first, with their types; the page has the picture itself.
_TYPES = {
    "Page": "",
    "PDF": "application/pdf",
    "MD": "text/markdown",
    NUMBERS: "text/csv",
    "CSV": "text/csv",
    "PNG": "",
}
#: How ids of entries begin on the first page that belong to no paper.
_ANCHORS = {"limit_laws": "law", "my_networks": "network"}
#: Columns that are of one side or one question.
_SIDES_OF = {"the record": "of-record"} | {words: f"of-{question}" for question, words in QUESTIONS.items()}
#: Plotted points that a page shows.
_POINTS = 240
#: Where the code lies, if this is a checkout.
_CHECKOUT = Path(__file__).resolve().parents[4]


@dataclass(frozen=True)
class Download:
    """A file that a page offers.

    :ivar kind: its type in letters. :ivar size: in words. :ivar name: as it is saved; empty for a link to the file.
    :ivar address: the file itself as a data address, or where it lies.
    """

    kind: str
    size: str
    name: str
    address: str


def render_items(contents: PageContents, folder: Path) -> Iterator[tuple[str, str]]:
    """Address relative to the first page, and text, of every item's page.

    :param folder: that of the first page, to which the entries' addresses are relative.
    """
    groups: dict[str, Any] = PAPERS | {
        "limit_laws": {"name": LIMIT_LAWS, "address": ""},
        "my_networks": {"name": MY_NETWORKS, "address": ""},
    }
    shown = {**contents.entries, "limit_laws": contents.laws, "my_networks": contents.networks}
    pages = [(group, entry) for group, entries in shown.items() for entry in entries]
    for place, (paper, entry) in enumerate(pages):
        around = [pages[other] if 0 <= other < len(pages) else None for other in (place - 1, place + 1)]
        both = bool(contents.recorded_claims) and paper in PAPERS
        yield (
            entry.page,
            render(
                "item.html",
                up=_UP,
                scale=contents.scale,
                reduced=contents.reduced.get(paper, ""),
                options=contents.options,
                key=paper,
                id=f"{_ANCHORS.get(paper, paper)}-{entry.key}",
                paper=groups[paper],
                papers=groups,
                item=entry,
                shown=_sides(entry, folder, contents.scale, both),
                published=_published(entry, contents.scale),
                sides_of=_SIDES_OF | {contents.scale: "of-run"},
                counts=_counts(entry, paper),
                code=[(file, function, _code_address(file, folder / entry.page)) for file, function in entry.code],
                previous=around[0],
                following=around[1],
                both=both,
                verdicts=MARKS,
                questions=QUESTIONS,
            ),
        )


def _counts(entry: Entry, paper: str) -> dict[str, dict[str, dict[str, list[int]]]]:
    """Of the record and of the run, or, if the record lacks the item, of what each claim is counted by."""
    first = count_verdicts([claim["first"] for claim in entry.claims], [paper])
    return (
        {"of-record": first, "of-run": count_verdicts(entry.claims, [paper])} if entry.recorded else {"of-run": first}
    )


def _sides(entry: Entry, folder: Path, scale: str, both: bool) -> list[dict[str, Any]]:
    """What the page shows of the record, if there is something, and of the run."""
    alone = f"This run, {scale}; not in the record yet" if both else f"This run, {scale}"
    sides = [(entry, alone, "")]
    if entry.recorded:
        sides = [
            (entry.recorded, "The record, at published sizes", " in the record"),
            (entry, f"This run, {scale}", " in this run"),
        ]
    offered = downloads([(one, words.strip().replace(" ", "_")) for one, _, words in sides], entry, folder)
    return [
        {
            "item": one,
            "where": where,
            "words": words,
            "side": "of-record" if one is entry.recorded else "of-run",
            "picture": one.picture(_BESIDE if entry.recorded else _WIDTH) if one.png else None,
            "points": plotted_points(folder / one.files["CSV"], _POINTS) if one.png else None,
            "files": files,
        }
        for (one, where, words), files in zip(sides, offered, strict=True)
    ]


def downloads(sides: list[tuple[Entry, str]], entry: Entry, folder: Path) -> list[list[Download]]:
    """Files of each side in the page itself, large texts compressed; links to pictures and to what is too heavy.

    :param sides: entries with words for the names of their files. :param entry: whose page it is.
    :param folder: that of the first page.
    """
    found: list[list[Download]] = [[] for _ in sides]
    letters = 0
    for kind, media in _TYPES.items():
        for (one, words), files in zip(sides, found, strict=True):
            if kind not in one.files:
                continue
            path = folder / one.files[kind]
            content, suffix, type_now = path.read_bytes(), path.suffix, media
            if media.startswith("text/") and len(content) > _COMPRESSED:
                content, suffix, type_now = gzip.compress(content, mtime=0), f"{suffix}.gz", "application/gzip"
            parts = (entry.target.partition("_")[0], entry.key, "numbers" if kind == NUMBERS else "", words)
            name = "_".join(filter(None, parts)) + suffix
            size = f"{_size(len(content))}, compressed" if suffix.endswith(".gz") else _size(len(content))
            coded = base64.b64encode(content).decode("ascii")
            if not media or letters + len(coded) > _MOST:
                files.append(Download(kind, _size(path.stat().st_size), "", _UP + one.files[kind]))
                continue
            letters += len(coded)
            files.append(Download(kind, size, name, f"data:{type_now};base64,{coded}"))
    return found


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"


def plotted_points(path: Path, most: int) -> ShownTable | None:
    """Some rows of a figure's plotted numbers, evenly spaced in every series; nothing of an empty file.

    :param most: how many rows about; of each series there are two at least.
    """
    with path.open(newline="", encoding="utf-8") as file:
        names, *rows = [row for row in csv.reader(file) if row] or [[]]
    if not rows:
        return None
    words = [column for column in range(len(names)) if any(_number(row[column]) is None for row in rows)]
    filled = [column for column in range(len(names)) if any(row[column] for row in rows)]
    series = defaultdict(list)
    for row in rows:
        series[tuple(row[column] for column in words)].append(row)
    count = max(2, most // len(series))
    chosen = []
    for points in series.values():
        step = (len(points) - 1) / (count - 1)
        chosen += points if len(points) <= count else [points[round(place * step)] for place in range(count)]
    cells = [[row[column] if column in words else _short(row[column]) for column in filled] for row in chosen]
    told = f"{len(chosen):,} of {len(rows):,}" if len(chosen) < len(rows) else "all"
    return ShownTable(told, [names[column].replace("_", " ") for column in filled], cells, [])


def _number(text: str) -> float | None:
    """A cell as a number; an empty one is none that is known."""
    try:
        return float(text or "nan")
    except ValueError:
        return None


def _short(text: str) -> str:
    return f"{float(text):.4g}" if text else ""


def _published(entry: Entry, scale: str) -> ShownTable | None:
    """Published numbers of the claims beside those that were measured; nothing where the paper gives none."""
    rows, both = [], any(claim["recorded"] for claim in entry.claims)
    for claim in entry.claims:
        if claim["published"]:
            recorded = claim["first"]["published_measured"] if claim["recorded"] else ""
            measured = [recorded] * both + [claim["published_measured"]]
            named = [f"{claim['id']}: {claim['claim']}", claim["quantity"], claim["published"]]
            verdicts = [claim["first"][f"{question}_verdict"] for question in QUESTIONS]
            rows.append([*named, *(number or "no number" for number in measured), *verdicts])
    columns = ["claim", "what is measured", "published", *["the record"] * both, scale, *QUESTIONS.values()]
    return ShownTable("Published numbers beside these", columns, rows, []) if rows else None


def _code_address(file: str, page: Path) -> str:
    """Where a file of the code lies, seen from a page in the same checkout; empty elsewhere."""
    page = page.resolve()
    inside = page.is_relative_to(_CHECKOUT) and (_CHECKOUT / file).is_file()
    return os.path.relpath(_CHECKOUT / file, page.parent) if inside else ""
