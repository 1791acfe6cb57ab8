"""What the tests of figures share: tables as scripts write them, what a figure shows, and the bytes of its files."""

from __future__ import annotations

import importlib
import io
import itertools
import os
import shutil
import subprocess
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import BboxBase

from deepspectra.papers import style


def through_csv(rows, columns):
    """As the drawing script reads it."""
    return pd.read_csv(io.StringIO(pd.DataFrame(rows, columns=columns).to_csv(index=False)))


def drawing(paper, item):
    """The function that draws an item of a paper."""
    module, _, function = item.drawing.partition(":")
    return getattr(importlib.import_module(f"deepspectra.papers.{paper}.{module}"), function)


def texts(artist):
    return [text.get_text() for text in artist.findobj(Text) if text.get_text()]


def line_through(axis, table):
    """Whether one of the lines of a panel runs through exactly the points of a table."""
    points = table[["x", "y"]].to_numpy()
    return any(
        line.get_xydata().shape == points.shape and np.allclose(line.get_xydata(), points) for line in axis.get_lines()
    )


@contextmanager
def no_warnings():
    """An error for a warning: a glyph that is missing, a panel squeezed away."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def texts_drawn(figure: Figure) -> list[Text]:
    """The texts that drawing a figure writes: an axis has ticks beyond its ends, and some from former limits."""
    drawn: dict[Text, None] = {}
    original = Text.draw

    def draw(text, *arguments, **options):
        if text.get_visible() and text.get_text().strip():
            drawn[text] = None
        return original(text, *arguments, **options)

    Text.draw = draw
    try:
        figure.draw_without_rendering()
    finally:
        Text.draw = original
    return list(drawn)


def illegible(figure: Figure) -> list[str]:
    """In words, every text that the page's border cuts off, or that meets another text or another panel."""
    # As it is saved: at fewer dots letters are narrower.
    figure.set_dpi(300)
    with no_warnings():
        drawn = texts_drawn(figure)
    # Boxes are a little larger than the ink.
    boxes = {text: text.get_window_extent().padded(-2.4) for text in drawn}
    found = []
    for text, box in boxes.items():
        if not (figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1):
            found.append(f"{text.get_text()!r} is cut off at a side")
        if not (figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1):
            found.append(f"{text.get_text()!r} is cut off above or below")
        panels = [axis for axis in figure.axes if text.axes not in (None, axis, *axis.child_axes)]
        found += [
            f"{text.get_text()!r} reaches into {panel.get_title(loc='left')!r}"
            for panel in panels
            if box.overlaps(panel.get_window_extent())
        ]
    for (one, first), (other, second) in itertools.combinations(boxes.items(), 2):
        if first.overlaps(second):
            found.append(f"{one.get_text()!r} meets {other.get_text()!r}")
    return found


def over_data(axis: Axes, box: BboxBase) -> bool:
    """Whether a box in pixels, of a legend, say, covers a line or the outline of a histogram of a panel."""
    paths = [line.get_xydata() for line in axis.get_lines() if line.get_transform() == axis.transData]
    for patch in axis.patches:
        heights, edges, _ = patch.get_data()
        paths.append(np.column_stack([np.repeat(edges, 2)[1:-1], np.repeat(heights, 2)]))
    for path in paths:
        points = axis.transData.transform(path)
        # Between the points too.
        share = np.linspace(0, 1, 20, endpoint=False)[:, None, None]
        between = points[:-1] + share * (points[1:] - points[:-1])
        if box.count_contains(between.reshape(-1, 2)):
            return True
    return False


def save_all(figures, folder):
    """PDF and PNG of figures, given by name."""
    for name, figure in figures.items():
        with no_warnings():
            style.save(figure, Path(folder) / f"{name}.pdf", Path(folder) / f"{name}.png")


def save_here_and_there(module, here, there):
    """Figures of a test module, that has ``figures_to_save()``, in two folders.

    From here, and at the same time from a process in which sets of text have another order and matplotlib a file of
    settings of the user's.
    """
    code = (
        "import sys, importlib; sys.path.insert(0, sys.argv[1]); import drawn; "
        "drawn.save_all(importlib.import_module(sys.argv[2]).figures_to_save(), sys.argv[3])"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(style.__file__).parents[2]), "PYTHONHASHSEED": "12345"}
    Path(there).mkdir(exist_ok=True)
    settings = Path(there) / "settings" / "matplotlibrc"
    settings.parent.mkdir()
    settings.write_text("axes.facecolor: pink\naxes.grid: True\nfont.size: 20\nsavefig.bbox: tight\n")
    environment["MATPLOTLIBRC"] = str(settings)
    command = [sys.executable, "-c", code, str(Path(__file__).parent), module, str(there)]
    with subprocess.Popen(command, env=environment) as process:
        save_all(sys.modules[module].figures_to_save(), here)
    assert process.returncode == 0
    shutil.rmtree(settings.parent)
    return here, there
