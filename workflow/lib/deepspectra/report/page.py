"""One page with all results of a scale, from finished files; it loads nothing, and equal results give equal pages."""

import base64
import io
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, product
from pathlib import Path
from typing import IO, Any

from PIL import Image

from deepspectra.papers import NOTE_SHARE
from deepspectra.papers.registry import LIMIT_LAWS, MY_NETWORKS, PAPERS, items_of, name_of
from deepspectra.report.captions import read_caption
from deepspectra.report.claims import count_verdicts
from deepspectra.report.tables import ShownTable, read_table, render
from deepspectra.report.verdicts import BOUNDS, MARKS, QUESTIONS, RULE

__all__ = ["Entry", "figure_entry", "own_network_entry", "read_entries", "render_page", "table_entry", "thumbnail"]

#: Pixels of a picture's width: alone, beside another one, and on a card. All of them weigh less than 2 MB.
_WIDTH, _BESIDE, _CARD = 720, 560, 480
#: Letters of small print that stand below a picture; the rest is folded.
_SHOWN = 200
_CODE = "workflow/lib/deepspectra/papers"


@dataclass
class Entry:
    """A figure or table on the page.

    :ivar key: its name in paths. :ivar title: what it shows. :ivar notes: small print. :ivar folded: the rest of it.
    :ivar files: address relative to the page, by file type. :ivar numbers: of a figure, lines of its caption.
    :ivar picture: of a figure, a small copy as a data address; ``width`` and ``height`` are in pixels.
    :ivar table: of a table, its columns and rows. :ivar claims: those about it. :ivar recorded: the same in the record.
    :ivar target: of a paper's item, what makes it. :ivar code: files and functions of its numbers and its drawing.
    """

    key: str
    title: str
    notes: list[str]
    files: dict[str, str]
    numbers: list[str] = field(default_factory=list)
    picture: str = ""
    width: int = 0
    height: int = 0
    table: ShownTable | None = None
    claims: list[dict[str, Any]] = field(default_factory=list)
    recorded: "Entry | None" = None
    folded: list[str] = field(default_factory=list)
    target: str = ""
    code: list[tuple[str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its name for readers."""
        return name_of(self.key)


def thumbnail(path: str | Path | IO[bytes], width: int = _WIDTH) -> tuple[bytes, int, int]:
    """A copy without small print, on white, as WebP, at most ``width`` pixels wide; with its width and height."""
    with Image.open(path) as picture:
        panels = round(picture.height * (1 - float(picture.info.get(NOTE_SHARE, 0))))
        full = picture.convert("RGBA").crop((0, 0, picture.width, panels))
    plain = Image.alpha_composite(Image.new("RGBA", full.size, "white"), full).convert("RGB")
    if plain.width > width:
        plain = plain.resize((width, round(plain.height * width / plain.width)), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    plain.save(content, "WEBP", quality=45, method=6)
    return content.getvalue(), plain.width, plain.height


def figure_entry(key: str, folder: Path, base: Path, caption: Path) -> Entry:
    """A figure of a paper, or a limit law; ``folder`` is the page's, ``base`` the path of the files without suffix."""
    text = read_caption(caption)
    files = _links(folder, base, "png", "pdf", "csv")
    notes, folded = _fold([text.note])
    return Entry(key, text.title, notes, files, text.numbers, *_picture(base.with_suffix(".png")), folded=folded)


def own_network_entry(name: str, folder: Path) -> Entry:
    """A network of the user's own: its overview, what was found, and its page; ``folder`` is that of the scale."""
    text, own = read_caption(folder / "captions" / "my_networks" / f"{name}.txt"), folder / "my_networks" / name
    files = {"Page": own / "index.html", "CSV": own / "matrices.csv", "MD": own / "summary.md"}
    links = {kind: os.path.relpath(file, folder) for kind, file in files.items()}
    links |= _links(folder, own / "overview", "png", "pdf")
    picture = _picture(own / "overview.png")
    return Entry(name, text.title.partition(": ")[2], [*text.numbers, text.note], links, [], *picture)


def _fold(notes: Sequence[str]) -> tuple[list[str], list[str]]:
    """Small print in two parts: the first sentences, as many as a glance takes but one at least, and the rest."""
    sentences = re.split(r"(?<=[.!?]) (?=[A-Z(])", notes[0]) if notes else []
    shown = max(1, sum(length <= _SHOWN for length in accumulate(len(sentence) + 1 for sentence in sentences)))
    parts = [" ".join(sentences[:shown]), " ".join(sentences[shown:]), *notes[1:]]
    return [part for part in parts[:1] if part], [part for part in parts[1:] if part]


def _picture(path: Path | IO[bytes], width: int = _WIDTH) -> tuple[str, int, int]:
    """A small copy as a data address, its width and height."""
    content, width, height = thumbnail(path, width)
    return "data:image/webp;base64," + base64.b64encode(content).decode("ascii"), width, height


def table_entry(key: str, folder: Path, base: Path) -> Entry:
    """A table of a paper; parameters as for :func:`figure_entry`."""
    table = read_table(base.with_suffix(".json"))
    title = table.title.rpartition(": ")[2]  # after the name of the item
    title = title[:1].upper() + title[1:]
    notes, folded = _fold(table.notes)
    return Entry(key, title, notes, _links(folder, base, "md", "csv"), table=table, folded=folded)


def read_entries(folder: Path, paper: str, keys: Sequence[str], results: Path | None = None) -> list[Entry]:
    """Figures and tables of a paper, in the given order.

    :param folder: that of the page. :param results: that of the scale, if it is another one.
    """
    results = results or folder
    entries = [
        table_entry(key, folder, results / "tables" / paper / key)
        if key.startswith("table")
        else figure_entry(key, folder, results / "figures" / paper / key, results / "captions" / paper / f"{key}.txt")
        for key in keys
    ]
    for entry in entries:
        # A supplement of a table is made with it.
        name = next(name for name, item in items_of(paper).items() if entry.key in (name, *item.tables))
        made = items_of(paper)[name]
        functions = [function.split(":") for function in (made.numbers, made.drawing) if function]
        entry.target = f"{paper}_{name}"
        entry.code = [(f"{_CODE}/{paper}/{module.replace('.', '/')}.py", function) for module, function in functions]
    return entries


def _links(folder: Path, base: Path, *suffixes: str) -> dict[str, str]:
    return {suffix.upper(): os.path.relpath(base.with_suffix(f".{suffix}"), folder) for suffix in suffixes}


def render_page(
    scale: str,
    reduced: Mapping[str, str],
    entries: Mapping[str, Sequence[Entry]],
    laws: Sequence[Entry],
    claims: Sequence[dict[str, Any]],
    networks: Sequence[Entry] = (),
    recorded: Mapping[str, Sequence[Entry]] | None = None,
    recorded_claims: Sequence[dict[str, Any]] = (),
    options: str = "",
) -> str:
    """The page as text; claims that belong to no entry stand at the end of their paper.

    :param scale: its name, as "preview scale". :param reduced: what the scale makes smaller, by paper.
    :param entries: figures and tables, by paper. :param networks: of the user's own.
    :param recorded: what the record has of the entries, which stands first.
    :param recorded_claims: all claims as judged there. :param options: of the commands that make an item.
    """
    recorded, first = recorded or {}, {claim["id"]: claim for claim in recorded_claims}
    every = [entry for shown in entries.values() for entry in shown]
    claims = [claim | {"first": first.get(claim["id"], claim)} for claim in claims]
    for paper, shown in entries.items():
        beside = {entry.key: entry for entry in recorded.get(paper, ())}
        for entry in shown:
            entry.claims = [claim for claim in claims if (claim["paper"], claim["item"]) == (paper, entry.key)]
            entry.recorded = beside.get(entry.key)
            if entry.recorded:
                _shrink(entry, _BESIDE)
                _shrink(entry.recorded, _BESIDE)
    placed = {claim["id"] for entry in every for claim in entry.claims}
    values = {
        "scale": scale,
        "reduced": reduced,
        "items": entries,
        "laws": laws,
        "claims": claims,
        "networks": networks,
    }
    words = {
        "limit_laws": LIMIT_LAWS,
        "my_networks": MY_NETWORKS,
        "verdicts": MARKS,
        "questions": QUESTIONS,
        "rule": RULE,
        "bounds": BOUNDS,
    }
    return render(
        "page.html",
        **values,
        **words,
        choices=_choices(),
        papers={key: PAPERS[key] for key in PAPERS if key in entries},
        options=options,
        small={paper: _telling(paper, entries[paper]) for paper in entries},
        others=[claim for claim in claims if claim["id"] not in placed],
        counts=count_verdicts(claims, list(entries)),
        recorded_counts=count_verdicts(recorded_claims, list(entries)) if first else None,
        recorded_items=sum(entry.recorded is not None for entry in every),
        pictures=sum(entry.table is None for entry in every),
        tables=sum(entry.table is not None for entry in every),
    )


def _telling(paper: str, entries: Sequence[Entry]) -> Entry | None:
    """The figure that stands for a paper, smaller still; the first one where that is missing."""
    figures = [entry.recorded or entry for entry in entries if entry.picture]
    if not figures:
        return None
    figure = replace(next((entry for entry in figures if entry.key == PAPERS[paper].telling), figures[0]))
    _shrink(figure, _CARD)
    return figure


def _shrink(entry: Entry, width: int) -> None:
    """Make the picture of an entry narrower, if it has one."""
    if entry.picture:
        content = io.BytesIO(base64.b64decode(entry.picture.partition(",")[2]))
        entry.picture, entry.width, entry.height = _picture(content, width)


def _choices() -> list[tuple[str, str]]:
    """Selectors of every choice of verdicts: of the pressed buttons, and of the claims that it leaves."""
    slugs = ["", *(slug for _, slug in MARKS.values())]
    choices = []
    for chosen in product(slugs, repeat=len(QUESTIONS)):
        if wanted := [f"{question}-{slug}" for question, slug in zip(QUESTIONS, chosen, strict=True) if slug]:
            attributes = (f"[data-{name.replace('-', '=', 1)}]" for name in wanted)
            choices.append(("):has(".join(f"#{name}:checked" for name in wanted), "".join(attributes)))
    return choices
