"""CIFAR-10 with and without its principal components: figures S1 and S3 of Fan and Wang (2020)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from deepspectra.papers import style
from deepspectra.papers.fan2020.figures.spectra import draw_steps, series_of

__all__ = ["draw_example_images", "draw_inner_products"]


def draw_inner_products(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Inner products of pairs of images of unit norm before and after principal components are removed: histograms."""
    figure, axes = style.new_figure(style.COLUMN, 2.6, (1, 2))
    colours = {"raw": style.ORANGE, "centred": style.BLUE, "after": style.BLUE}
    removed = summary.set_index("quantity").value["components_removed"]
    titles = {"a": "before", "b": f"{removed:.0f} leading principal components removed"}
    heights = curves.y[curves.y > 0]
    for axis, (panel, title) in zip(axes[0], titles.items(), strict=True):
        for series, bars in series_of(curves, panel).items():
            told = summary[(summary.panel == panel) & (summary.series == series)].set_index("quantity")
            spread = told.loc["root_mean_square_inner_product"]
            largest = told.value["largest_inner_product"]
            label = f"{series}: r.m.s. {spread.value:.3f} ({spread.reference:.3f}), largest {largest:.3f}"
            draw_steps(axis, bars, fill=True, alpha=0.55, color=colours[series], label=label)
        axis.set(yscale="log", ylim=(0.5 * heights.min(), 60 * heights.max()), xlim=(-1, 1))
        axis.set(xticks=np.linspace(-1, 1, 5), xlabel=r"inner product $x_\alpha^\top x_\beta$")
        axis.legend(loc="upper left", handlelength=1, borderaxespad=0)
        style.label_panel(axis, panel, title)
    axes[0, 0].set_ylabel("density (logarithmic)")
    style.add_note(figure, note)
    return figure


def draw_example_images(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Images as they are, and without their principal components.

    :param curves: columns panel (one for each image), series, x, y, red, green, blue (0 to 1).
    :param summary: its series is the class.
    """
    panels = list(dict.fromkeys(curves.panel))
    figure, axes = style.new_figure(max(2.5, style.COLUMN * len(panels) / 8), 2.0, (2, len(panels)))
    told = summary.set_index(["panel", "quantity"])
    for column, panel in zip(axes.T, panels, strict=True):
        for axis, series in zip(column, ("before", "after"), strict=True):
            pixels = curves[(curves.panel == panel) & (curves.series == series)].sort_values(["y", "x"])
            side = int(pixels.x.max()) + 1
            axis.imshow(pixels[["red", "green", "blue"]].to_numpy().reshape(-1, side, 3), interpolation="nearest")
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        quantity = (panel, "share_left")
        column[0].set_title(told.series[quantity], fontsize=6)
        column[1].set_xlabel(f"{told.value[quantity]:.0%}")
    for axis, name in zip(axes[:, 0], ("before", "after"), strict=True):
        axis.set_ylabel(name)
    style.add_note(figure, note)
    return figure
