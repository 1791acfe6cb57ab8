"""One page with all results of a scale: figures, tables and claims, from files that are there.

It loads nothing: pictures are small copies inside the page, full ones are links beside it. It says no time and no name
of a machine, so that equal results give an equal page.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from deepspectra.papers import NOTE_SHARE
from deepspectra.report.captions import read_caption
from deepspectra.report.claims import VERDICTS, count_verdicts
from deepspectra.report.contents import LIMIT_LAWS, PAPERS, name_of
from deepspectra.report.verdicts import BOUNDS, RULE
from deepspectra.runtime.markdown import read_markdown

#: Width of the pictures inside the page, in pixels: twice what a narrow screen shows.
THUMBNAIL_WIDTH = 960


@dataclass
class Item:
    """A figure or table: its name and title, text, files to fetch and, of either kind, what it shows."""

    key: str
    name: str
    title: str
    notes: list[str]
    #: File type and address relative to the page.
    files: dict[str, str]
    numbers: list[str] = field(default_factory=list)
    picture: str = ""
    width: int = 0
    height: int = 0
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    claims: list[dict[str, str]] = field(default_factory=list)


def thumbnail(path: str | Path, width: int = THUMBNAIL_WIDTH) -> tuple[bytes, int, int]:
    """A small copy of a picture on white, as WebP, with its width and height; without the small print of a figure."""
    with Image.open(path) as picture:
        panels = round(picture.height * (1 - float(picture.info.get(NOTE_SHARE, 0))))
        full = picture.convert("RGBA").crop((0, 0, picture.width, panels))
    plain = Image.alpha_composite(Image.new("RGBA", full.size, "white"), full).convert("RGB")
    if plain.width > width:
        plain = plain.resize((width, round(plain.height * width / plain.width)), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    plain.save(content, "WEBP", quality=72, method=4)
    return content.getvalue(), plain.width, plain.height


def figure_item(item: str, folder: Path, files: Sequence[Path], caption: Path) -> Item:
    """A figure of a paper, or a limit law.

    :param folder: of the page.
    :param files: the PNG first, then what else there is to fetch.
    """
    told = read_caption(caption)
    content, width, height = thumbnail(files[0])
    picture = "data:image/webp;base64," + base64.b64encode(content).decode("ascii")
    size = {"picture": picture, "width": width, "height": height}
    return Item(item, name_of(item), told.title, [told.note], _links(folder, files), told.numbers, **size)


def table_item(item: str, folder: Path, files: Sequence[Path]) -> Item:
    """A table of a paper.

    :param files: the Markdown first, then what else there is to fetch.
    """
    heading, columns, rows, notes = read_markdown(files[0].read_text(encoding="utf-8"))
    # Before the colon a heading has the name of the item.
    words = heading.rpartition(": ")[2]
    title, links = words[:1].upper() + words[1:], _links(folder, files)
    # Marks of code in Markdown are no text.
    notes = [note.replace("`", "") for note in notes]
    return Item(item, name_of(item), title, notes, links, columns=columns, rows=rows)


def _links(folder: Path, files: Sequence[Path]) -> dict[str, str]:
    # In an address the separator is a slash whatever the system.
    return {path.suffix[1:].upper(): Path(os.path.relpath(path, folder)).as_posix() for path in files}


def render_page(
    scale: str,
    reduced: Mapping[str, str],
    items: Mapping[str, Sequence[Item]],
    laws: Sequence[Item],
    claims: Sequence[dict[str, str]],
) -> str:
    """The page as text.

    :param reduced: of each paper, what the scale makes smaller.
    :param items: of each paper.
    :param claims: all of them; what is of no item here stands at its paper.
    """
    for paper, shown in items.items():
        for item in shown:
            item.claims = [claim for claim in claims if (claim["paper"], claim["item"]) == (paper, item.key)]
    placed = {claim["id"] for shown in items.values() for item in shown for claim in item.claims}
    return (
        _environment()
        .get_template("page.html")
        .render(
            scale=scale,
            reduced=reduced,
            papers={key: PAPERS[key] for key in PAPERS if key in items},
            items=items,
            laws=laws,
            limit_laws=LIMIT_LAWS,
            others=[claim for claim in claims if claim["id"] not in placed],
            claims=claims,
            verdicts=VERDICTS,
            rule=RULE,
            bounds=BOUNDS,
            counts=count_verdicts(claims, list(items)),
            pictures=sum(bool(item.picture) for shown in items.values() for item in shown),
            tables=sum(bool(item.columns) for shown in items.values() for item in shown),
        )
    )


def render_table(item: Item) -> str:
    """A table as a page of its own."""
    return _environment().get_template("table.html").render(item=item)


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        # Titles, captions and claims are text, whatever is in them.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
