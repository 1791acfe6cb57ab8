"""Figures at the size they are printed: letters large enough, two lines of notes, nothing clipped, nothing covered."""

from importlib import import_module
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from deepspectra.papers import style
from deepspectra.papers.registry import PAPERS, items_of

KEPT = Path(__file__).parents[3] / "resources" / "record"
FIGURES = [
    (run, paper, name)
    for run in ("preview", "record")
    for paper in PAPERS
    for name, item in items_of(paper).items()
    if item.drawing and (KEPT / run / "statistics" / paper / f"{name}_curves.csv.gz").exists()
]


def drawn(run: str, paper: str, name: str) -> Figure:
    """A figure of a kept run, laid out."""
    item = items_of(paper)[name]
    module, _, function = item.drawing.partition(":")
    folder = KEPT / run / "statistics" / paper
    curves, summary = (
        pd.read_csv(folder / f"{name}{part}.csv.gz", dtype={"panel": str, "series": str}) for part in ("_curves", "")
    )
    summary["told"] = summary.told.astype(bool)
    note = f"Scale {run}: smaller than published in a number of places. {item.note}"
    figure = getattr(import_module(f"deepspectra.papers.{paper}.{module}"), function)(curves, summary, note)
    figure.set_dpi(100)
    figure.draw_without_rendering()
    return figure


def words(figure: Figure) -> list[Text]:
    """All texts that are printed."""
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip() and on_page(text)]


def on_page(text: Text) -> bool:
    """Ticks outside the range of an axis are no part of the page, but are found all the same."""
    axes = text.axes
    if axes is None or text not in [*axes.get_xticklabels(which="both"), *axes.get_yticklabels(which="both")]:
        return True
    x, y = text.get_position()
    box = axes.bbox.expanded(1.001, 1.001)
    place = text.get_transform().transform((x, y))
    return (
        bool(box.x0 <= place[0] <= box.x1)
        if text in axes.get_xticklabels(which="both")
        else bool(box.y0 <= place[1] <= box.y1)
    )


def name_of(text: Text) -> str:
    return text.get_text().replace("\n", " ")[:40]


def overlapping(figure: Figure) -> list[str]:
    """Pairs of texts that cover each other by more than a hair."""
    boxes = [(name_of(text), text.get_window_extent()) for text in words(figure)]
    found = []
    for (first, a), (second, b) in combinations(boxes, 2):
        common = Bbox.intersection(a, b)
        if common is not None and common.width > 1.5 and common.height > 1.5:
            found.append(f"{first!r} and {second!r}")
    return found


def covered(axes: Axes) -> list[str]:
    """What a legend or a text inside the axes lies on: points of lines and marks."""
    inner = [artist for artist in axes.get_children() if isinstance(artist, Legend)] + [
        text for text in axes.texts if text.get_text().strip()
    ]
    found = []
    for artist in inner:
        box = artist.get_window_extent().shrunk(0.98, 0.98)
        for line in axes.get_lines():
            path = line.get_transform().transform_path(line.get_path()).interpolated(8).vertices
            inside = sum(box.contains(x, y) and axes.bbox.contains(x, y) for x, y in path)
            if inside:
                found.append(f"{type(artist).__name__} on line {line.get_label()!r}")
        for marks in axes.collections:
            if isinstance(marks, PathCollection):
                places = marks.get_offset_transform().transform(marks.get_offsets())
                if any(box.contains(x, y) for x, y in places):
                    found.append(f"{type(artist).__name__} on marks {marks.get_label()!r}")
        for patch in axes.patches:
            extent = Bbox.intersection(patch.get_window_extent(), box)
            if extent is not None and extent.width > 1 and extent.height > 1:
                found.append(f"{type(artist).__name__} on bars")
                break
    return found


@pytest.mark.parametrize(("run", "paper", "name"), FIGURES)
def test_figures_can_be_read_at_the_size_they_are_printed(run: str, paper: str, name: str) -> None:
    """No faults of these kinds; sizes of superscripts are those of formulas."""
    figure = drawn(run, paper, name)
    faults = [
        f"{text.get_fontsize()} points: {name_of(text)!r}"
        for text in words(figure)
        if text.get_fontsize() < style.SMALLEST
    ]
    page = figure.bbox.expanded(1.002, 1.002)
    faults += [
        f"clipped: {name_of(text)!r}"
        for text in words(figure)
        if not (page.contains(*text.get_window_extent().p0) and page.contains(*text.get_window_extent().p1))
    ]
    faults += [f"{pair} overlap" for pair in overlapping(figure)]
    faults += [f"{letter_of(axes)}: {what}" for axes in figure.axes for what in covered(axes)]
    assert figure.get_figwidth() <= style.PAGE
    assert figure.get_supxlabel().count("\n") < 2
    assert not faults, "\n" + "\n".join(faults)


def letter_of(axes: Axes) -> str:
    return axes.get_title(loc="left")[:20] or "panel"
