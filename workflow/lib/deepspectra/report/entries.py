"""What the pages of results show: figures and tables with their files, small print and claims; the record beside."""

import base64
import io
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from deepspectra.papers import NOTE_SHARE
from deepspectra.papers.plotted import PLOTTED
from deepspectra.papers.registry import items_of, name_of
from deepspectra.report.captions import read_caption
from deepspectra.report.tables import ShownTable, read_table
from deepspectra.report.verdicts import QUESTIONS
from deepspectra.runtime.tables import read_csv

__all__ = ["NUMBERS", "Entry", "PageContents", "Picture", "figure_entry", "has_number", "law_entry"]
__all__ += ["own_network_entry", "read_entries", "table_entry", "thumbnail"]

#: The file of all numbers of a figure: what claims and captions are read from.
NUMBERS = "CSV of numbers"
#: Letters of small print that stand below a picture; the rest is folded.
_SHOWN = 200
_CODE = "workflow/lib/deepspectra"


class Picture(NamedTuple):
    """A small copy of a figure: a data address, its width and height in pixels, and what it tells.

    :ivar values: pixel and text of plotted points.
    """

    address: str
    width: int
    height: int
    values: list[tuple[float, float, str]]


@dataclass
class Entry:
    """A figure or table on the pages.

    :ivar key: its name in paths. :ivar title: what it shows. :ivar notes: small print. :ivar folded: the rest of it.
    :ivar files: address relative to the first page, by file type. :ivar numbers: of a figure, lines of its caption.
    :ivar png: of a figure, the file. :ivar table: of a table, its columns and rows. :ivar claims: those about it.
    :ivar recorded: the same in the record. :ivar target: of a paper's item, what makes it.
    :ivar code: files and functions of its numbers and its drawing.
    :ivar page: address of a page of its own, relative to the first one. :ivar rows: what rows of a picture's CSV are.
    """

    key: str
    title: str
    notes: list[str]
    files: dict[str, str]
    numbers: list[str] = field(default_factory=list)
    png: Path | None = None
    table: ShownTable | None = None
    claims: list[dict[str, Any]] = field(default_factory=list)
    recorded: "Entry | None" = None
    folded: list[str] = field(default_factory=list)
    target: str = ""
    code: list[tuple[str, str]] = field(default_factory=list)
    page: str = ""
    rows: str = "plotted points"

    @property
    def name(self) -> str:
        """Its name for readers."""
        return name_of(self.key)

    def picture(self, width: int) -> Picture:
        """A copy of the figure at most that wide."""
        assert self.png
        content, across, height = thumbnail(self.png, width)
        with Image.open(self.png) as full:
            points, down = json.loads(full.info.get(PLOTTED, "[]")), full.height * across / full.width
        values = [(round(x * across, 1), round(y * down, 1), text) for x, y, text in points]
        return Picture("data:image/webp;base64," + base64.b64encode(content).decode("ascii"), across, height, values)


@dataclass
class PageContents:
    """All that the pages of a scale show. Every entry gets its claims, and what the record has of it.

    :ivar scale: its name, as "preview scale". :ivar reduced: what the scale makes smaller, by paper.
    :ivar entries: figures and tables, by paper. :ivar networks: of the user's own.
    :ivar recorded: what the record has of the entries, which stands first.
    :ivar recorded_claims: all claims as judged there; those with a number stand before the run's.
    :ivar options: of the commands that make an item.
    :ivar others: claims that belong to no entry.
    """

    scale: str
    reduced: Mapping[str, str]
    entries: Mapping[str, Sequence[Entry]]
    claims: Sequence[dict[str, Any]] = ()
    laws: Sequence[Entry] = ()
    networks: Sequence[Entry] = ()
    recorded: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    recorded_claims: Sequence[dict[str, Any]] = ()
    options: str = ""
    others: list[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        recorded = {claim["id"]: claim for claim in self.recorded_claims if has_number(claim)}
        # By which it is counted and chosen.
        self.claims = [claim | {"first": recorded.get(claim["id"], claim)} for claim in self.claims]
        for claim in self.claims:
            claim["recorded"] = claim["id"] in recorded
        for paper, shown in self.entries.items():
            beside = {entry.key: entry for entry in self.recorded.get(paper, ())}
            for entry in shown:
                about = (paper, entry.key)
                entry.claims = [claim for claim in self.claims if (claim["paper"], claim["item"]) == about]
                entry.recorded = beside.get(entry.key)
                entry.page = f"items/{paper}/{entry.key}.html"
        for kind, own in (("limit_laws", self.laws), ("my_networks", self.networks)):
            for entry in own:
                entry.page = f"items/{kind}/{entry.key}.html"
        placed = {claim["id"] for entry in self.every for claim in entry.claims}
        self.others = [claim for claim in self.claims if claim["id"] not in placed]

    @property
    def every(self) -> list[Entry]:
        """The entries of all papers, in their order."""
        return [entry for shown in self.entries.values() for entry in shown]


def has_number(claim: Mapping[str, Any]) -> bool:
    """Whether a claim was measured, by either question."""
    return any(claim[f"{question}_measured"] for question in QUESTIONS)


def thumbnail(path: str | Path, width: int) -> tuple[bytes, int, int]:
    """A copy without small print, on white, as WebP, at most ``width`` pixels wide; with its width and height."""
    with Image.open(path) as picture:
        panels = round(picture.height * (1 - float(picture.info.get(NOTE_SHARE, 0))))
        full = picture.convert("RGBA").crop((0, 0, picture.width, panels))
    plain = Image.alpha_composite(Image.new("RGBA", full.size, "white"), full).convert("RGB")
    if plain.width > width:
        plain = plain.resize((width, round(plain.height * width / plain.width)), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    plain.save(content, "WEBP", quality=45, method=4)
    return content.getvalue(), plain.width, plain.height


def figure_entry(key: str, folder: Path, base: Path, caption: Path) -> Entry:
    """A figure of a paper.

    :param folder: that of the first page. :param base: path of the files without suffix.
    """
    text = read_caption(caption)
    files = _links(folder, base, "png", "pdf", "csv")
    notes, folded = _fold([text.note])
    return Entry(key, text.title, notes, files, text.numbers, base.with_suffix(".png"), folded=folded)


def law_entry(name: str, folder: Path) -> Entry:
    """A limit law of the settings: its figure, and its numbers by their labels; ``folder`` is that of the scale."""
    base = folder / "limits" / name
    entry = figure_entry(name, folder, base, folder / "captions" / "limits" / f"{name}.txt")
    entry.title = _title(entry.title.removeprefix(f"{name}: "))
    numbers = base.with_name(f"{name}_summary.csv")
    table = read_csv(numbers, words=("label", "value"))
    entry.numbers = [f"{row.label}: {float(row.value):.6g}" for row in table[table.quantity != "note"].itertuples()]
    entry.files[NUMBERS] = os.path.relpath(numbers, folder)
    entry.target = f"limit_{name}"
    entry.code = [(f"{_CODE}/spectra/limit_laws.py", "solve_limit_law")]
    entry.code += [(f"{_CODE}/report/limit_law_figure.py", "draw_limit_law")]
    return entry


def own_network_entry(name: str, folder: Path) -> Entry:
    """A network of the user's own: its overview, what was found, and its page; ``folder`` is that of the scale."""
    text, own = read_caption(folder / "captions" / "my_networks" / f"{name}.txt"), folder / "my_networks" / name
    files = {"Page": own / "index.html", "CSV": own / "matrices.csv", "MD": own / "summary.md"}
    links = {kind: os.path.relpath(file, folder) for kind, file in files.items()}
    links |= _links(folder, own / "overview", "png", "pdf")
    title = _title(text.title.partition(": ")[2])
    entry = Entry(name, title, [*text.numbers, text.note], links, [], own / "overview.png", rows="matrices")
    entry.target, entry.code = f"my_{name}", [(f"{_CODE}/analysis/network.py", "analyse")]
    return entry


def table_entry(key: str, folder: Path, base: Path) -> Entry:
    """A table of a paper; parameters as for :func:`figure_entry`."""
    table = read_table(base.with_suffix(".json"))
    title = _title(table.title.rpartition(": ")[2])  # after the name of the item
    notes, folded = _fold(table.notes)
    return Entry(key, title, notes, _links(folder, base, "md", "csv"), table=table, folded=folded)


def read_entries(folder: Path, paper: str, keys: Sequence[str], results: Path | None = None) -> list[Entry]:
    """Figures and tables of a paper, in the given order.

    :param folder: that of the first page. :param results: that of the scale, if it is another one.
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
        if entry.png:
            entry.files[NUMBERS] = os.path.relpath(results / "statistics" / paper / f"{entry.key}.csv", folder)
        entry.code = [
            (f"{_CODE}/papers/{paper}/{module.replace('.', '/')}.py", function) for module, function in functions
        ]
    return entries


def _title(words: str) -> str:
    return words[:1].upper() + words[1:]


def _links(folder: Path, base: Path, *suffixes: str) -> dict[str, str]:
    return {suffix.upper(): os.path.relpath(base.with_suffix(f".{suffix}"), folder) for suffix in suffixes}


def _fold(notes: Sequence[str]) -> tuple[list[str], list[str]]:
    """Small print in two parts: the first sentences, as many as a glance takes but one at least, and the rest."""
    sentences = re.split(r"(?<=[.!?]) (?=[A-Z(])", notes[0]) if notes else []
    shown = max(1, sum(length <= _SHOWN for length in accumulate(len(sentence) + 1 for sentence in sentences)))
    parts = [" ".join(sentences[:shown]), " ".join(sentences[shown:]), *notes[1:]]
    return [part for part in parts[:1] if part], [part for part in parts[1:] if part]
