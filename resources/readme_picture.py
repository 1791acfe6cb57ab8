"""Draw the README's picture from numbers of a preview: what was published, beside what is left of it.

uv run snakemake --cores 2 -- fan2020_figure_2 baskerville2022_figure_a11
uv run resources/readme_picture.py
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.papers import style
from deepspectra.rmt.laws.ratios import GOE_MEAN, ratio_surmise
from deepspectra.runtime.files import replacing
from deepspectra.runtime.tables import read_csv

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "resources" / "pictures" / "published_and_resolved.png"


def draw_kernel(published: Axes, resolved: Axes, curves: pd.DataFrame) -> None:
    """The tangent kernel of figure 2 of fan2020: on linear axes with its largest eigenvalues, and its lower edge."""
    lines = dict(list(curves[curves.panel == "c"].groupby("series")))
    for axis, bars in ((published, lines["published"]), (resolved, lines["zoom"])):
        axis.bar(bars.x, bars.y, bars.x_high - bars.x, align="edge", color=style.DATA, label="eigenvalues")
        low, high = bars.x.min(), bars.x_high.max()
        for series, label, look in (
            ("limit", "limit law (theorem 3.7)", {"color": style.LAW}),
            ("gram_law", "our law of the given images", {"color": "black", "linestyle": "--"}),
        ):
            if axis is resolved or series == "limit":
                inside = lines[series][lines[series].x.between(low, high)]
                axis.plot(inside.x, inside.y, label=label, **look)
        axis.set(xlim=(0 if axis is published else low, high), xlabel=r"eigenvalue $\lambda$")
        axis.legend(loc="upper right")
    published.set_ylabel("density")


def draw_ratios(published: Axes, resolved: Axes, curves: pd.DataFrame) -> None:
    """Panel b of figure A11 of baskerville2022: all ratios of float32 matrices, and mean ratios along the spectrum."""
    lines = dict(list(curves[curves.scope == "batch"].groupby(["series", "statistic"])))
    bars = lines["published", "ratios"]
    published.stairs(bars.y, [*bars.x, bars.x_high.iloc[-1]], fill=True, color=style.DATA)
    grid = np.linspace(0, 5, 400)
    published.plot(grid, ratio_surmise.pdf(grid), color=style.LAW, label="random matrices (GOE)")
    published.set(xlim=(0, 5), xlabel="ratio r of neighbouring spacings", ylabel="density")
    published.legend(loc="upper right")
    low, high = (lines["GOE, equal density", f"deciles {end}"] for end in ("low", "high"))
    edges = [*low.x, low.x_high.iloc[-1]]
    resolved.stairs(
        high.y, edges, baseline=low.y, fill=True, color="0.85", label="random levels of equal density, 95 %"
    )
    for series, label, colour in (
        ("published", "as published: float32, with rounding noise", style.DATA),
        ("resolved", "resolved: eigenvalues that are not zero", style.BLUE),
    ):
        rows = lines[series, "deciles"]
        resolved.errorbar((rows.x + rows.x_high) / 2, rows.y, rows.error, fmt="o", color=colour, label=label)
    resolved.axhline(GOE_MEAN, color=style.LAW, linewidth=0.7)
    resolved.set(xlim=(0, 1), xlabel="place in the spectrum, smallest first", ylabel="mean of min(r, 1/r)")
    resolved.legend(loc="lower right")


def draw(kernel: pd.DataFrame, ratios: pd.DataFrame) -> Figure:
    """Both, one above the other."""
    figure, axes = style.new_figure(style.PAGE, 3.7, (2, 2))
    draw_kernel(*axes[0], kernel)
    draw_ratios(*axes[1], ratios)
    titles = ("Tangent kernel of CIFAR-10, as published", "the same, its lower edge")
    titles += ("Hessian of softmax regression, as published", "the same, along the spectrum")
    for axis, letter, title in zip(axes.flat, "abcd", titles, strict=True):
        style.label_panel(axis, letter, title)
    return figure


if __name__ == "__main__":
    folder = ROOT / "results" / "preview"
    ratios = folder / "statistics" / "baskerville2022" / "logistic_mnist" / "final_test_hessian_curves.csv"
    paths = folder / "figures" / "fan2020" / "figure_2.csv", ratios
    with replacing(PICTURE) as temporary:
        draw(*map(read_csv, paths)).savefig(temporary, format="png", dpi=200, metadata={"Software": None})
