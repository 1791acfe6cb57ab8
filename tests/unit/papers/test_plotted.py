"""Where plotted points are: on the pixels that they colour, with their own numbers."""

import json

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from PIL import Image

from deepspectra.papers import style
from deepspectra.papers.plotted import PLOTTED


def drawn(tmp_path, draw):
    """Pixels of a figure, and of each point told its row, column and text."""
    figure, axes = style.new_figure(4.0, 2.0, (1, 2))
    draw(*axes[0])
    style.add_note(figure, "Preview scale.")
    style.save(figure, tmp_path / "figure.pdf", tmp_path / "figure.png")
    with Image.open(tmp_path / "figure.png") as picture:
        told, pixels = json.loads(picture.info[PLOTTED]), np.asarray(picture.convert("RGB")).astype(int)
    height, width, _ = pixels.shape
    return pixels, [(round(y * height), round(x * width), text) for x, y, text in told]


def is_red(pixels, row, column):
    patch = pixels[row - 2 : row + 3, column - 2 : column + 3].reshape(-1, 3)
    return bool((np.abs(patch - [255, 0, 0]).sum(axis=1) < 60).any())


def test_points_lie_on_their_marks(tmp_path):
    x, y = np.array([0.1, 1.0, 10.0]), np.array([2e-3, 5e-2, 1.0])

    def draw(left, right):
        left.loglog(x, y, "o", color="red", label="data")
        right.bar([0, 1], [1.5, 3], color="red", label="bars")
        right.stairs([2.5, 1], [2, 3, 4], color="red")

    pixels, told = drawn(tmp_path, draw)
    assert [text for *_, text in told] == [
        *("data: 0.1, 0.002", "data: 1, 0.05", "data: 10, 1"),
        *("2.5, 2.5", "3.5, 1", "bars: 0, 1.5", "bars: 1, 3"),
    ]
    assert all(is_red(pixels, row, column) for row, column, _ in told)
    # A twin: elsewhere there is nothing red.
    assert not is_red(pixels, told[0][0] - 40, told[0][1])


def test_curves_tell_some_points_and_hidden_ones_none(tmp_path):
    def draw(left, right):
        left.plot(np.linspace(0, 1, 5000), np.linspace(0, 1, 5000), color="red", label="line")
        left.axhline(0.5)  # partly in the coordinates of the axes
        right.plot([0, 1, 2, np.nan], [0, 1, 2, 3], "s", color="red")
        right.set_xlim(0.5, 3)

    pixels, told = drawn(tmp_path, draw)
    assert 10 < sum(text.startswith("line: ") for *_, text in told) < 100
    assert [text for *_, text in told if not text.startswith("line: ")] == ["1, 1", "2, 2"]
    assert all(is_red(pixels, row, column) for row, column, _ in told)


def test_bands_caps_and_marks_of_the_axes_are_no_values(tmp_path):
    """A band has two ends; x is told as the axis tells it; an inset tells its own."""

    def draw(left, right):
        left.errorbar([1, 2], [5, 6], [0.5, 1], fmt="o", capsize=2, color="red", label="data")
        left.stairs([7, 7], [1, 2, 3], baseline=np.array([4, 4]), fill=True, label="band")
        left.set_ylim(0, 10)
        right.plot([0, 1.1], [3, 4], "s", color="red")
        right.set_xticks([0, 1], ["none", "$10$"])
        left.set_xticks([-1, 1.5, 3], ["\N{MINUS SIGN}1", "1.5", ""])
        right.set_xlim(-1, 2)
        right.inset_axes([0.1, 0.1, 0.3, 0.3]).plot([8], [9], "o", color="red", label="inset")

    pixels, told = drawn(tmp_path, draw)
    assert [text for *_, text in told] == ["data: 1, 5", "data: 2, 6", "none, 3", "10, 4", "inset: 8, 9"]
    assert all(is_red(pixels, row, column) for row, column, _ in told)


def test_many_points_are_thinned(tmp_path):
    _, told = drawn(tmp_path, lambda left, _: left.plot(np.arange(5000), np.arange(5000), "o", color="red"))
    assert 500 <= len(told) <= 600


def test_series_are_called_as_in_the_legend(tmp_path):
    """By their colour, if they have no label; no marks of mathematics."""

    def draw(left, right):
        left.plot([0, 1], [0, 1], "o", color="red", label=r"$\beta=\,$2, $\lambda_{1}$")
        left.legend()
        right.plot([0], [0], "s", color="green")
        right.stairs([1], [2, 3], color="orange", fill=True)
        handles = [right.plot([], [], color="green")[0], right.stairs([], [0], color="orange", fill=True)]
        right.figure.legend(handles, ["tangent", "bars"])

    _, told = drawn(tmp_path, draw)
    assert [text for *_, text in told] == [
        *("\u03b2=2, \u03bb_1: 0, 0", "\u03b2=2, \u03bb_1: 1, 1", "tangent: 0, 0", "bars: 2.5, 1")
    ]


def test_a_colour_with_several_names_is_told_by_its_line(tmp_path):
    """Solid, broken or filled; then by the axis; a panel's legend comes before the figure's, a gid before all."""

    def draw(left, right):
        for axes in (left, right):
            axes.stairs([1, 2], [0, 1, 2], color="red", fill=True)
            axes.plot([0.5], [3], "-", color="red")
            axes.plot([0.5], [4], "--", color="red")
            axes.plot([0.5], [5], "--", color="red", gid="beside")
            axes.plot([0.5], [6], "-", color="blue")
            axes.set_ylim(0, 9)
        left.set_ylabel("density\nof levels")
        bars, law, edge = Patch(color="red"), Line2D([], [], color="red"), Line2D([], [], color="red", linestyle="--")
        left.figure.legend([bars, law, edge], ["bars", "law", "edge"])
        right.legend([law, law], ["one", "other"])
        # Both on one spot: told once.
        right.stairs([7], [0, 1], fill=True, label="whole")
        right.stairs([7], [0, 1], label="whole")

    _, told = drawn(tmp_path, draw)
    assert [text for *_, text in told] == [
        *("law: 0.5, 3", "edge: 0.5, 4", "beside: 0.5, 5", "density of levels: 0.5, 6"),
        *("bars: 0.5, 1", "bars: 1.5, 2"),
        *("0.5, 3", "0.5, 4", "beside: 0.5, 5", "0.5, 6", "0.5, 1", "1.5, 2", "whole: 0.5, 7"),
    ]
