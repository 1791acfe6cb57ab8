"""One look for all figures; equal numbers give equal files."""

import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.papers import NOTE_SHARE
from deepspectra.papers.plotted import PLOTTED, plotted_values
from deepspectra.runtime.files import replacing

__all__ = ["BLUE", "GREEN", "ORANGE", "PAGE", "PURPLE", "SMALLEST", "VERMILION"]
__all__ += ["DATA", "INDEPENDENT", "LAW", "NULL", "NULL_BAND", "PUBLISHED", "RESOLVED"]
__all__ += ["add_note", "after_scale", "label_lines", "label_panel", "labels_once", "new_figure", "note_of", "save"]
__all__ += ["sequence"]

#: Width in inches of two columns of a journal, so that the font sizes below are those on the page.
PAGE = 7.0
#: Points, of the smallest letters.
SMALLEST = 7
#: The colours of Okabe and Ito, distinguishable with every common colour-vision deficiency.
BLUE, VERMILION, GREEN, ORANGE, PURPLE = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7"
#: One colour for one meaning: the law that a paper compares with, and data alone, filled.
LAW, DATA = "#C8102E", "#9FB7CD"
#: The same numbers as the paper computes them, and free of rounding noise.
PUBLISHED, RESOLVED = ORANGE, BLUE
#: What random matrices of that size give (dashed), where 95 % of them lie (a light fill), and independent levels.
NULL, NULL_BAND, INDEPENDENT = "0.25", "0.82", "0.45"
#: Marks the small print of a figure, its lines at most, and how it begins to tell what the user set.
_NOTE, _LINES, _OWN = "note", 2, "Own settings"


def new_figure(
    width: float, height: float, panels: tuple[int, int] = (1, 1), heights: Sequence[float] | None = None
) -> tuple[Figure, np.ndarray]:
    """A figure of the given size in inches and its axes, shape ``panels``; independent of pyplot's global state.

    :param heights: of rows, relative to each other.
    """
    matplotlib.use("Agg")
    # Ignore the user's matplotlibrc.
    matplotlib.rcdefaults()
    matplotlib.rc("font", family="DejaVu Sans", size=SMALLEST)
    matplotlib.rc("mathtext", fontset="dejavusans")
    matplotlib.rc("axes", labelsize=7.5, titlesize=7.5, linewidth=0.6)
    matplotlib.rc("axes.spines", top=False, right=False)
    matplotlib.rc("xtick", labelsize=SMALLEST, direction="in")
    matplotlib.rc("ytick", labelsize=SMALLEST, direction="in")
    matplotlib.rc("xtick.major", width=0.6)
    matplotlib.rc("ytick.major", width=0.6)
    matplotlib.rc("legend", fontsize=SMALLEST, frameon=False)
    matplotlib.rc("lines", linewidth=1.0, markersize=3)
    matplotlib.rc("pdf", fonttype=42)  # embed TrueType fonts, so that text stays text
    matplotlib.rc("savefig", dpi=300)
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(*panels, squeeze=False, height_ratios=heights)


def sequence(count: int) -> np.ndarray:
    """Colours for an ordered series, dark to light, also legible in grey; shape (count, 4)."""
    return matplotlib.colormaps["viridis"](np.linspace(0, 0.88, count))


def label_panel(axes: Axes, letter: str, title: str = "") -> None:
    """Write the panel's letter and title above it, on the left."""
    axes.set_title(f"$\\bf{{({letter})}}$ {title}".rstrip(), loc="left")


def label_lines(axes: Axes, letter: str, lines: Sequence[str]) -> None:
    """The same with lines of numbers below the title, in the smallest letters."""
    label_panel(axes, letter, "\n".join(lines))
    axes.set_title(axes.get_title(loc="left"), loc="left", fontsize=SMALLEST)


def labels_once(panels: Iterable[Axes]) -> dict[str, Artist]:
    """What a legend of several panels has: every label once, with the first that has it."""
    entries: dict[str, Artist] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    return entries


def add_note(figure: Figure, note: str) -> Figure:
    """Give a figure its note: the scale, what it reduces, and assumptions; the figure is returned.

    Two lines are printed below the panels, as many whole sentences as they hold, the scale's name and the user's own
    settings before others. The caption has all.
    """
    figure.set_label(" ".join(note.split()))
    # Letters of this size, on average, in an inch.
    width = int(figure.get_figwidth() * 18)
    figure.supxlabel(_print(note, width), fontsize=SMALLEST, color="0.35", x=0.01, ha="left", gid=_NOTE)
    return figure


def after_scale(note: str, words: str) -> str:
    """A note with more words after its scale, what that reduces, and the user's own settings."""
    scale, others = _split(note)
    return " ".join([*scale, words, *others])


def _split(note: str) -> tuple[list[str], list[str]]:
    """A note's first sentence, which names the scale, with the one on own settings; and its other sentences."""
    first, *others = re.split(r"(?<=[.!?]) (?=[A-Z(])", " ".join(note.split()))
    own = [sentence for sentence in others if sentence.startswith(_OWN)]
    return [first, *own], [sentence for sentence in others if sentence not in own]


def _print(note: str, width: int) -> str:
    """At most two lines: whole sentences, if need be but a part of what the scale reduces and of own settings."""

    def fits(words: str) -> bool:
        return len(textwrap.wrap(words, width)) <= _LINES

    scale, others = _split(note)
    said, more = " ".join(scale), " More in the caption."
    if not fits(said + more * bool(others)):
        return textwrap.fill(_shorten(scale, lambda words: fits(words + more)) + more, width)
    for number, sentence in enumerate(others, start=1):
        longer = f"{said} {sentence}"
        if not fits(longer + more * (number < len(others))):
            return textwrap.fill(said + more, width)
        said = longer
    return textwrap.fill(said, width)


def _shorten(sentences: Sequence[str], fits: Callable[[str], bool]) -> str:
    """Lists after the name of the scale and after "Own settings" as far as they fit, the latter first."""
    split = [re.fullmatch(rf"(.*?(?:scale|record|{_OWN})): (.+)", sentence) for sentence in sentences]
    names = [match[1] if match else sentence for match, sentence in zip(split, sentences, strict=True)]
    lists = [match[2].split(", ") if match else [] for match in split]
    said = [f"{name}: ..." if entries else name for name, entries in zip(names, lists, strict=True)]
    for place in reversed(range(len(said))):
        for count in range(1, len(lists[place]) + 1):
            rest = ["..."] if count < len(lists[place]) else []
            longer = [*said]
            longer[place] = f"{names[place]}: {', '.join([*lists[place][:count], *rest])}"
            if fits(" ".join(longer)):
                said = longer
    words = " ".join(said)
    while not fits(words):
        words = f"{words.removesuffix(' ...').rpartition(' ')[0]} ..."
    return words


def note_of(figure: Figure) -> str:
    """The whole note of a figure in one line."""
    return str(figure.get_label())


def save(figure: Figure, pdf: str | Path, png: str | Path) -> None:
    """Write a figure as PDF and PNG, without a date, so that equal figures give equal bytes."""
    # Lay the figure out once, at the PNG's resolution, and keep that layout for both files.
    figure.set_dpi(matplotlib.rcParams["savefig.dpi"])
    figure.draw_without_rendering()
    figure.set_layout_engine(None)
    notes = figure.findobj(lambda artist: artist.get_gid() == _NOTE)
    share = max((note.get_window_extent().y1 for note in notes), default=0.0) / figure.bbox.height
    with replacing(pdf) as temporary:
        figure.savefig(temporary, format="pdf", metadata={"CreationDate": None, "ModDate": None})
    with replacing(png) as temporary:
        texts = {NOTE_SHARE: f"{share:.4f}", PLOTTED: plotted_values(figure)}
        figure.savefig(temporary, format="png", metadata={"Software": None, **texts})
