"""Figures at the size they are printed: letters large enough, two lines of notes, nothing clipped, nothing covered."""

import json
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
from deepspectra.papers.plotted import plotted_values
from deepspectra.papers.registry import PAPERS, items_of

from .figures.drawn import illegible, texts_drawn

KEPT = Path(__file__).parents[3] / "resources" / "record"
#: Longer than two lines, as large runs of a user's own have it.
SCALE = (
    "Run wide at preview scale: width 1000 instead of 3000, samples 1000 instead of 10000, training images 1000 "
    "instead of 50000, epochs 5 instead of 300, batches 3 instead of 156, null matrices 199 instead of 999, output "
    "scales 0.1 to 10 (3) instead of 0.05 to 10 (9), mlp1024 with hidden layers 2 instead of 3, seeds 1 instead of 9."
)
OWN = "Own settings: learning rate 0.01 instead of 0.005, batch size 64 instead of 32."
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
    note = f"{SCALE} {OWN} {item.note}"
    figure = getattr(import_module(f"deepspectra.papers.{paper}.{module}"), function)(curves, summary, note)
    figure.set_dpi(100)
    return figure


def covered(axes: Axes) -> list[str]:
    """What a legend, a text or another plot inside the axes lies on: lines, marks, bars and bands."""
    inner = [artist for artist in axes.get_children() if isinstance(artist, Legend | Axes)]
    inner += [text for text in axes.texts if text.get_text().strip()]
    inner += axes.figure.legends
    found = []
    for artist in inner:
        extent = artist.get_tightbbox() if isinstance(artist, Axes) else artist.get_window_extent()
        box = Bbox.intersection(extent.shrunk(0.98, 0.98), axes.bbox)
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
    faults += [f"{letter_of(axes)}: {what}" for axes in all_axes(figure) for what in covered(axes)]
    values = json.loads(plotted_values(figure))
    faults += [f"a value under the pointer without a series: {text}" for *_, text in values if ": " not in text]
    printed = " ".join(figure.get_supxlabel().split())
    assert figure.get_figwidth() <= style.PAGE
    assert figure.get_supxlabel().count("\n") < 2
    assert printed.startswith("Run wide at preview scale: ")
    assert "Own settings: " in printed
    assert printed.endswith("More in the caption.")
    assert style.note_of(figure).startswith(f"{SCALE} {OWN} ")
    assert not faults, "\n" + "\n".join(faults)


def all_axes(figure: Figure) -> list[Axes]:
    """Panels, and the smaller plots inside them."""
    return [axes for panel in figure.axes for axes in (panel, *panel.child_axes)]


def printed_of(note: str, width: float = style.PAGE) -> str:
    """Printed below a figure, in one line."""
    figure = style.add_note(style.new_figure(width, 2.0)[0], note)
    assert figure.get_supxlabel().count("\n") < 2
    assert style.note_of(figure) == note
    return " ".join(figure.get_supxlabel().split())


def test_the_print_keeps_the_scale_and_own_settings_whatever_is_said_besides() -> None:
    """What the scale reduces is shortened first, then own settings, then other sentences are left to the caption."""
    more, rest = "More in the caption.", "Assumed: the bins. " + "Words upon words. " * 20 + "Last words."
    short = "Preview scale: width 5 instead of 9."
    assert printed_of(f"{short} {OWN}") == f"{short} {OWN}"
    assert printed_of(f"{short} {OWN} {rest}").startswith(f"{short} {OWN} Assumed: the bins. Words")
    assert printed_of(f"{short} Left out: {'much, ' * 60}all. {OWN} Last.") == f"{short} {OWN} {more}"
    told = printed_of(f"{SCALE} {OWN} {rest}")
    assert told.startswith("Run wide at preview scale: width 1000 instead of 3000, ")
    assert told.endswith(f", ... {OWN} {more}")
    many = f"Own settings: {', '.join(f'setting {number} 1 instead of 2' for number in range(30))}."
    told = printed_of(f"{SCALE} {many} {rest}")
    assert told.startswith("Run wide at preview scale: ... Own settings: setting 0 1 instead of 2, setting 1 ")
    assert told.endswith(f", ... {more}")
    assert printed_of(f"{SCALE} {many} {rest}", 2.6).startswith("Run wide at preview scale: ... Own settings: ...")
    assert printed_of(f"The record: {'a, ' * 200}b. {rest}").startswith("The record: a, a, ")
    assert printed_of("words " * 99 + "end.").endswith(f"... {more}")


def test_words_stand_after_the_scale_and_own_settings() -> None:
    assert style.after_scale(f"{SCALE} {OWN} Rest.", "Left out: a.") == f"{SCALE} {OWN} Left out: a. Rest."
    assert style.after_scale("The record. Rest.", "Left out: a.") == "The record. Left out: a. Rest."


def test_the_measure_sees_legends_of_the_figure_and_plots_inside_panels() -> None:
    """A legend of the whole figure over a panel, an inset over a line, and a legend over the inset's own line."""
    figure, axes = style.new_figure(style.PAGE / 2, 3.0)
    axes[0, 0].plot([0, 1], [1, 0], label="line")
    inset = axes[0, 0].inset_axes((0.3, 0.3, 0.5, 0.5))
    inset.plot([0, 1], [0, 1], label="inner")
    inset.legend(loc="center")
    figure.legend(loc="center")
    figure.draw_without_rendering()
    assert all_axes(figure) == [axes[0, 0], inset]
    assert covered(axes[0, 0]) == ["Axes on line 'line'", "Legend on line 'line'"]
    assert covered(inset) == ["Legend on line 'inner'", "Legend on line 'inner'"]


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
