"""One page with all results of a scale, from finished files; it loads nothing, and equal results give equal pages."""

import base64
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from PIL import Image

from deepspectra.papers import NOTE_SHARE
from deepspectra.papers.registry import LIMIT_LAWS, MY_NETWORKS, PAPERS, name_of
from deepspectra.report.captions import read_caption
from deepspectra.report.claims import count_verdicts
from deepspectra.report.tables import ShownTable, read_table, render
from deepspectra.report.verdicts import BOUNDS, MARKS, QUESTIONS, RULE

__all__ = ["Entry", "figure_entry", "own_network_entry", "read_entries", "render_page", "table_entry", "thumbnail"]


@dataclass
class Entry:
    """A figure or table on the page.

    :ivar key: its name in paths. :ivar title: what it shows. :ivar notes: small print.
    :ivar files: address relative to the page, by file type. :ivar numbers: of a figure, lines of its caption.
    :ivar picture: of a figure, a small copy as a data address; ``width`` and ``height`` are in pixels.
    :ivar table: of a table, its columns and rows. :ivar claims: those about it. :ivar recorded: the same in the record.
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

    @property
    def name(self) -> str:
        """Its name for readers."""
        return name_of(self.key)


def thumbnail(path: str | Path, width: int = 960) -> tuple[bytes, int, int]:
    """A copy without small print, on white, as WebP, at most ``width`` pixels wide; with its width and height."""
    with Image.open(path) as picture:
        panels = round(picture.height * (1 - float(picture.info.get(NOTE_SHARE, 0))))
        full = picture.convert("RGBA").crop((0, 0, picture.width, panels))
    plain = Image.alpha_composite(Image.new("RGBA", full.size, "white"), full).convert("RGB")
    if plain.width > width:
        plain = plain.resize((width, round(plain.height * width / plain.width)), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    plain.save(content, "WEBP", quality=72, method=4)
    return content.getvalue(), plain.width, plain.height


def figure_entry(key: str, folder: Path, base: Path, caption: Path) -> Entry:
    """A figure of a paper, or a limit law; ``folder`` is the page's, ``base`` the path of the files without suffix."""
    text = read_caption(caption)
    files = _links(folder, base, "png", "pdf", "csv")
    return Entry(key, text.title, [text.note], files, text.numbers, *_picture(base.with_suffix(".png")))


def own_network_entry(name: str, folder: Path) -> Entry:
    """A network of the user's own: its overview, what was found, and its page; ``folder`` is that of the scale."""
    text, own = read_caption(folder / "captions" / "my_networks" / f"{name}.txt"), folder / "my_networks" / name
    files = {"Page": own / "index.html", "CSV": own / "matrices.csv", "MD": own / "summary.md"}
    links = {kind: os.path.relpath(file, folder) for kind, file in files.items()}
    links |= _links(folder, own / "overview", "png", "pdf")
    picture = _picture(own / "overview.png")
    return Entry(name, text.title.partition(": ")[2], [*text.numbers, text.note], links, [], *picture)


def _picture(path: Path) -> tuple[str, int, int]:
    """A small copy as a data address, its width and height."""
    content, width, height = thumbnail(path)
    return "data:image/webp;base64," + base64.b64encode(content).decode("ascii"), width, height


def table_entry(key: str, folder: Path, base: Path) -> Entry:
    """A table of a paper; parameters as for :func:`figure_entry`."""
    table = read_table(base.with_suffix(".json"))
    title = table.title.rpartition(": ")[2]  # after the name of the item
    title = title[:1].upper() + title[1:]
    return Entry(key, title, table.notes, _links(folder, base, "md", "csv"), table=table)


def read_entries(folder: Path, paper: str, keys: Sequence[str], results: Path | None = None) -> list[Entry]:
    """Figures and tables of a paper, in the given order.

    :param folder: that of the page. :param results: that of the scale, if it is another one.
    """
    results = results or folder
    return [
        table_entry(key, folder, results / "tables" / paper / key)
        if key.startswith("table")
        else figure_entry(key, folder, results / "figures" / paper / key, results / "captions" / paper / f"{key}.txt")
        for key in keys
    ]


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
) -> str:
    """The page as text; claims that belong to no entry stand at the end of their paper.

    :param scale: its name, as "preview scale". :param reduced: what the scale makes smaller, by paper.
    :param entries: figures and tables, by paper. :param networks: of the user's own.
    :param recorded: what the record has of the entries, which stands first.
    :param recorded_claims: all claims as judged there.
    """
    recorded, first = recorded or {}, {claim["id"]: claim for claim in recorded_claims}
    every = [entry for shown in entries.values() for entry in shown]
    claims = [claim | {"first": first.get(claim["id"], claim)} for claim in claims]
    for paper, shown in entries.items():
        beside = {entry.key: entry for entry in recorded.get(paper, ())}
        for entry in shown:
            entry.claims = [claim for claim in claims if (claim["paper"], claim["item"]) == (paper, entry.key)]
            entry.recorded = beside.get(entry.key)
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
        others=[claim for claim in claims if claim["id"] not in placed],
        counts=count_verdicts(claims, list(entries)),
        recorded_counts=count_verdicts(recorded_claims, list(entries)) if first else None,
        recorded_items=sum(entry.recorded is not None for entry in every),
        pictures=sum(entry.table is None for entry in every),
        tables=sum(entry.table is not None for entry in every),
    )


def _choices() -> list[tuple[str, str]]:
    """Selectors of every choice of verdicts: of the pressed buttons, and of the claims that it leaves."""
    slugs = ["", *(slug for _, slug in MARKS.values())]
    choices = []
    for chosen in product(slugs, repeat=len(QUESTIONS)):
        if wanted := [f"{question}-{slug}" for question, slug in zip(QUESTIONS, chosen, strict=True) if slug]:
            attributes = (f"[data-{name.replace('-', '=', 1)}]" for name in wanted)
            choices.append(("):has(".join(f"#{name}:checked" for name in wanted), "".join(attributes)))
    return choices
