"""Where a drawn figure has its points, so that a page can tell their values."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

__all__ = ["PLOTTED", "plotted_values"]

#: Text entry of a PNG: what :func:`plotted_values` returns.
PLOTTED = "Plotted"
#: At most so many points, and pixels between neighbours of a line, at 100 dots an inch.
_MOST, _STEP = 600, 14


def plotted_values(figure: Figure) -> str:
    """JSON of ``[x, y, text]`` of markers, of every line some points, and of the ends of bars.

    x and y are in shares of the figure's width and height, from the upper left corner; the text has the series and its
    two numbers. The figure must be laid out. Where there are too many, points are left out evenly.
    """
    every = [cast("Axes", each) for axes in figure.axes for each in (axes, *axes.child_axes)]
    # The outline of a filled histogram lies on its tops.
    found = list(dict.fromkeys(point for axes in every for point in _points(figure, axes)))
    step = max(1, -(-len(found) // _MOST))
    return json.dumps(found[::step], separators=(",", ":"))


def _points(figure: Figure, axes: Axes) -> Iterator[tuple[float, float, str]]:
    # Imported here: pages read the entry without matplotlib.
    from matplotlib.container import BarContainer, ErrorbarContainer
    from matplotlib.patches import StepPatch

    # A line with error bars is called as both together.
    whole = {group.lines[0]: group for group in axes.containers if isinstance(group, ErrorbarContainer)}
    for line in axes.lines:
        # Lines across the axes, such as a law's mean, are in other coordinates; caps of error bars are no points.
        if line.get_visible() and line.get_transform() is axes.transData and line.get_marker() not in ("_", "|"):
            name = _name(figure, axes, line, str(whole.get(line, line).get_label()))
            yield from _told(figure, axes, np.array(line.get_xydata(), float), name, _marked(line))
    for patch in axes.patches:
        if isinstance(patch, StepPatch) and np.ndim(patch.get_data()[2]) == 0:  # otherwise a band
            heights, edges, _ = patch.get_data()
            tops = np.column_stack([(edges[:-1] + edges[1:]) / 2, heights])
            yield from _told(figure, axes, tops, _name(figure, axes, patch, str(patch.get_label())), marked=False)
    for group in axes.containers:
        if isinstance(group, BarContainer) and len(group) and group.orientation != "horizontal":
            ends = [(bar.get_x() + bar.get_width() / 2, bar.get_y() + bar.get_height()) for bar in group]
            name = _name(figure, axes, group[0], str(group.get_label()))
            yield from _told(figure, axes, np.array(ends, float), name, marked=False)


def _told(
    figure: Figure, axes: Axes, points: np.ndarray, name: str, marked: bool
) -> Iterator[tuple[float, float, str]]:
    """Those within the axes; of a line without markers some.

    :param points: in data coordinates, shape (points, 2).
    """
    places = axes.transData.transform(points)
    inside = np.isfinite(places).all(axis=1)
    inside[inside] = [axes.bbox.contains(*place) for place in places[inside]]
    last, reach = np.full(2, -np.inf), _STEP * figure.dpi / 100
    for (x, y), place in zip(points[inside], places[inside], strict=True):
        if marked or np.hypot(*(place - last)) >= reach:
            last = place
            across, up = figure.transFigure.inverted().transform(place)
            yield round(float(across), 4), round(1 - float(up), 4), f"{name}{_words(axes.xaxis, x)}, {y:.4g}"


def _words(axis: Axis, value: float) -> str:
    """A value, or how the nearest tick is called where that is not its place."""
    from matplotlib.ticker import FixedLocator, FuncFormatter

    formatter = axis.get_major_formatter()
    # What `set_xticks` makes of ticks with labels.
    if isinstance(axis.get_major_locator(), FixedLocator) and isinstance(formatter, FuncFormatter):
        ticks = axis.get_majorticklocs()
        labels = [formatter(tick).replace("\N{MINUS SIGN}", "-") for tick in ticks]
        if not all(label in ("", f"{tick:g}") for label, tick in zip(labels, ticks, strict=True)):
            return _plain(labels[int(np.argmin(np.abs(ticks - value)))]) or f"{value:.4g}"
    return f"{value:.4g}"


def _marked(line: Line2D) -> bool:
    return line.get_marker() not in ("", " ", "None", None)


def _name(figure: Figure, axes: Axes, artist: Artist, label: str) -> str:
    """How a series is called: by its gid, where legends leave it out; by its label; as legends call its look.

    The panel's legend comes before those of the figure. Where colour and line leave several names or none, the axis has
    one.
    """
    name = artist.get_gid() or ("" if label.startswith("_") else label)
    if not name:
        colour, line = _look(artist)
        own, others = (
            [
                (text.get_text(), other)
                for legend in filter(None, legends)
                for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True)
                for shade, other in [_look(handle)]
                if shade == colour
            ]
            for legends in ([axes.get_legend()], figure.legends)
        )
        names = {called for called, _ in own or others}
        if len(names) > 1:
            names = {called for called, other in own or others if other == line}
        name = names.pop() if len(names) == 1 else axes.get_ylabel()
    return f"{_plain(name)}: " if name else ""


def _look(artist: Any) -> tuple[str, str]:
    """Colour, and whether it is a solid or broken line or fills an area."""
    from matplotlib.colors import to_hex, to_rgba_array

    if hasattr(artist, "get_color"):
        colour, filled = artist.get_color(), False
    else:
        filled = artist.get_fill() if hasattr(artist, "get_fill") else True
        colour = artist.get_facecolor() if filled else artist.get_edgecolor()
    shades = to_rgba_array(colour)[:1]  # none of an empty marker
    line = "solid" if artist.get_linestyle() in ("-", "solid") else "broken"
    return to_hex(shades[0]) if len(shades) else "", "filled" if filled else line


def _plain(label: str) -> str:
    """A label without the marks of mathematics: Greek letters as such."""

    def letter(match: re.Match[str]) -> str:
        try:
            return unicodedata.lookup(f"GREEK SMALL LETTER {match[1].replace('lambda', 'lamda')}")
        except KeyError:
            return match[1]

    bare = re.sub(r"\\[,;:! ]|[${}]|\\(?:mathrm|mathbf|mathit)", "", label)
    return " ".join(re.sub(r"\\([a-z]+)", letter, bare).split())
