"""Figures at the size they are printed: letters large enough, two lines of notes, nothing clipped, nothing covered."""

from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.transforms import Bbox

from deepspectra.papers import style
from deepspectra.papers.registry import PAPERS, items_of

from .figures.drawn import illegible, texts_drawn

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
    return figure


def covered(axes: Axes) -> list[str]:
    """What a legend or a text inside the axes lies on: lines, marks, bars and bands."""
    inner = [artist for artist in axes.get_children() if isinstance(artist, Legend)] + [
        text for text in axes.texts if text.get_text().strip()
    ]
    found = []
    for artist in inner:
        box = Bbox.intersection(artist.get_window_extent().shrunk(0.98, 0.98), axes.bbox)
        if box is not None:
            found += [f"{type(artist).__name__} on {what}" for what in data_in(axes, box)]
    return found


def data_in(axes: Axes, box: Bbox) -> list[str]:
    """Names of what is drawn in a part of the page."""
    found = []
    for line in axes.get_lines():
        path = line.get_transform().transform_path(line.get_path())
        marks = line.get_marker() not in ("None", "none", "", None) and any(box.contains(*at) for at in path.vertices)
        if marks or (line.get_linestyle() not in ("None", "none", "") and path.intersects_bbox(box, filled=False)):
            found.append(f"line {line.get_label()!r}")
    for marks in axes.collections:
        if isinstance(marks, PathCollection):
            places = marks.get_offset_transform().transform(marks.get_offsets())
            if any(box.contains(x, y) for x, y in places):
                found.append(f"marks {marks.get_label()!r}")
        elif isinstance(marks, LineCollection | PolyCollection):
            filled = isinstance(marks, PolyCollection)
            paths = (marks.get_transform().transform_path(path) for path in marks.get_paths())
            if any(path.intersects_bbox(box, filled) for path in paths):
                found.append("a band" if filled else "error bars")
    # Exactly what is filled: the box around a histogram is mostly empty.
    if any(
        patch.get_transform().transform_path(patch.get_path()).intersects_bbox(box, patch.get_fill())
        for patch in axes.patches
    ):
        found.append("bars")
    return found


@pytest.mark.parametrize(("run", "paper", "name"), FIGURES)
def test_figures_can_be_read_at_the_size_they_are_printed(run: str, paper: str, name: str) -> None:
    """No faults of these kinds; sizes of superscripts are those of formulas."""
    figure = drawn(run, paper, name)
    faults = illegible(figure)
    faults += [
        f"{text.get_fontsize()} points: {text.get_text()!r}"
        for text in texts_drawn(figure)
        if text.get_fontsize() < style.SMALLEST
    ]
    faults += [f"{letter_of(axes)}: {what}" for axes in figure.axes for what in covered(axes)]
    assert figure.get_figwidth() <= style.PAGE
    assert figure.get_supxlabel().count("\n") < 2
    assert not faults, "\n" + "\n".join(faults)


def test_the_measure_sees_what_it_should() -> None:
    """A legend over a line, over bars and over a band; not one that is beside a histogram, inside its box."""
    figure, axes = style.new_figure(style.PAGE / 2, 4.0, (2, 2))
    over_line, over_bars, over_band, beside = axes.ravel()
    over_line.plot([0, 1], [1, 0], label="line")
    over_bars.stairs([1, 1], [0, 1, 2], fill=True, label="bars")
    over_band.fill_between([0, 1], 0, 1, label="band")
    beside.stairs([9, 0.1, 0.1], [0, 1, 2, 3], fill=True, label="bars")
    over_line.legend(loc="center")
    for axis in (over_bars, over_band, beside):
        axis.legend(loc="upper right")
    figure.draw_without_rendering()
    assert [covered(axis) for axis in axes.ravel()] == [
        ["Legend on line 'line'"],
        ["Legend on bars"],
        ["Legend on a band"],
        [],
    ]


def letter_of(axes: Axes) -> str:
    return axes.get_title(loc="left")[:20] or "panel"
