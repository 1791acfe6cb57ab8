"""Deciles of resolved spectra beside their controls: points over bands, and the figure of the controls."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.papers import style
from deepspectra.papers.baskerville2022.figures.labels import matrix_title, network_title
from deepspectra.papers.baskerville2022.names import CONTROLS
from deepspectra.rmt.laws.ratios import GOE_MEAN, POISSON_MEAN, SURMISE_MEAN

__all__ = ["DATA", "controls_comparison", "draw_bands", "draw_deciles", "draw_laws"]

#: The name of the spectrum's own points in legends.
DATA = "resolved"

#: Colour and marker of each control, by its key.
_LOOKS = {
    "mapped": ("0.6", "_"),
    "gaussian": (style.GREEN, "s"),
    "classwise": (style.PURPLE, "^"),
    "equal": (style.VERMILION, "v"),
    "uniform": ("black", "x"),
}
_SAMPLES = (1, 2, 5, 10, 20, 50)


def controls_comparison(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Mean min(r, 1/r) by decile above, participation ratios of the eigenvectors below, one spectrum a column.

    :param curves: columns panel, spectrum, scope, statistic, series, x, x_high, y, error; series ``resolved`` is the
        data's, others are named in :data:`.CONTROLS`.
    :param summary: columns panel, series, quantity, label, value, error.
    """
    letters = sorted(curves.panel.unique())
    figure, axes = style.new_figure(style.PAGE, 6.0, (2, len(letters) // 2))
    for letter, axis in zip(letters, axes.ravel(), strict=True):
        panel = curves[curves.panel == letter]
        data = panel[panel.series == "resolved"]
        if data.statistic.iloc[0] == "deciles":
            draw_bands(axis, panel)
            for key in ("classwise", "equal", "uniform"):
                _line(axis, _control(panel, key, "deciles"), key)
            draw_laws(axis)
            draw_deciles(axis, data)
            spectrum = panel.spectrum.iloc[0]
            title = network_title(spectrum).replace(" on ", "\non ")
            style.label_panel(axis, letter, f"{title}:\n{matrix_title(spectrum)}")
        else:
            _participation(axis, panel, data)
            style.label_panel(axis, letter, "eigenvectors")
    for axis in axes[:, 1:].ravel():
        axis.set_ylabel("")
    for axis in axes[0]:
        axis.set_xlabel("")
    # A band's name comes before that of the line of the same control.
    entries = style.labels_once(figure.axes)
    figure.legend(list(entries.values()), list(entries), loc="outside upper left", ncols=4)
    return style.add_note(figure, note)


def draw_laws(axis: Axes) -> None:
    """Means of three laws, and axes that hold them."""
    axis.axhline(SURMISE_MEAN, color=style.LAW, linewidth=0.8, label="surmise")
    axis.axhline(GOE_MEAN, color=style.NULL, linestyle="--", linewidth=0.8, label="GOE")
    axis.axhline(POISSON_MEAN, color=style.INDEPENDENT, linestyle=":", linewidth=1, label="independent levels")
    axis.set(xlim=(0, 1), xlabel="relative rank", ylabel="mean min(r, 1/r)")
    axis.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])


def draw_deciles(
    axis: Axes,
    lines: pd.DataFrame,
    colour: str = style.RESOLVED,
    marker: str = "o",
    label: str = DATA,
    shift: float = 0,
) -> None:
    """Mean min(r, 1/r) of a spectrum by decile.

    :param shift: of points, so that those of two spectra stand side by side.
    """
    _points(axis, lines.assign(x=lines.x + shift, x_high=lines.x_high + shift), colour, marker, label)


def draw_bands(axis: Axes, panel: pd.DataFrame) -> None:
    """Where GOE levels of equal density and Gaussian inputs have their deciles; points where the width is unknown.

    :param panel: rows of one panel.
    """
    for key in ("mapped", "gaussian"):
        means, low, high = (_control(panel, key, statistic) for statistic in ("deciles", "deciles low", "deciles high"))
        colour, marker = _LOOKS[key]
        if len(low):
            edges = [*low.x, low.x_high.iloc[-1]]
            axis.stairs(high.y, edges, baseline=low.y, fill=True, color=colour, alpha=0.35, label=CONTROLS[key])
        elif len(means):
            _points(axis, means, colour, marker, CONTROLS[key])


def _control(panel: pd.DataFrame, key: str, statistic: str) -> pd.DataFrame:
    return panel[(panel.series == CONTROLS[key]) & (panel.statistic == statistic)]


def _participation(axis: Axes, panel: pd.DataFrame, data: pd.DataFrame) -> None:
    for key in _LOOKS:
        _line(axis, _control(panel, key, "participation"), key)
    _points(axis, data, style.BLUE, "o")
    axis.set(xlim=(0, 1), yscale="log", xlabel="relative rank", ylabel="participation ratio")
    axis.set_yticks(_SAMPLES, [f"{count}" for count in _SAMPLES])
    axis.set_yticks([], minor=True)
    # Room for at least two of these ticks.
    low, high = panel.y.min(), panel.y.max()
    axis.set_ylim(low / 1.2, max(high, 5 * low) * 1.2)


def _line(axis: Axes, means: pd.DataFrame, key: str) -> None:
    colour, marker = _LOOKS[key]
    if len(means):
        centres, label = (means.x + means.x_high) / 2, CONTROLS[key]
        axis.plot(centres, means.y, color=colour, marker=marker, linewidth=0.6, markersize=2.5, label=label)


def _points(axis: Axes, lines: pd.DataFrame, colour: str, marker: str, label: str = "") -> None:
    """Points at the centres with their errors; open where these are unknown."""
    centres, known = (lines.x + lines.x_high) / 2, lines.error.notna()
    look: dict[str, Any] = {"color": colour, "markersize": 2.5}
    filled = centres[known], lines.y[known], lines.error[known]
    axis.errorbar(*filled, fmt=marker, linewidth=0.8, label=label, **look)
    axis.plot(centres[~known], lines.y[~known], marker, markerfacecolor="none", gid=label, **look)
