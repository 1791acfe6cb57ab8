"""Beyond the paper: the exact Gauss-Newton spectrum of a network of 21 million parameters."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from deepspectra.papers import style
from deepspectra.rmt.laws.ratios import GOE_MEAN, POISSON_MEAN

__all__ = ["gauss_newton_spectrum"]


def gauss_newton_spectrum(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Eigenvalues by rank (a), their spacing ratios (b), and the mean of min(r, 1/r) along the spectrum (c).

    :param curves: columns panel, series (``eigenvalues``, ``bound``; ``histogram``, ``surmise``; ``parts``,
        ``orthogonal_lower``, ``orthogonal_upper``), x, x_high, y.
    :param summary: columns panel, series, quantity, value, reference, error; see the numbers' module for quantities.
    """
    figure, axes = style.new_figure(style.COLUMN, 2.6, (1, 3))
    left, middle, right = axes[0]
    lines = dict(list(curves.groupby(["panel", "series"])))
    values = summary.set_index("quantity")

    levels, bound = lines["a", "eigenvalues"], lines["a", "bound"]
    left.plot(levels.x, levels.y, color=style.BLUE, label="eigenvalues")
    left.plot(bound.x, bound.y, color="0.4", linestyle="--", label="error bound")
    left.set_yscale("log")
    low, high = bound.y.min(), levels.y.max()
    left.set_ylim(low / 10, high * (high / low) ** 0.6)
    left.set_xlim(0, levels.x.max() + 1)
    left.set_xlabel("rank")
    left.set_ylabel("eigenvalue")
    parameters, count = (int(values.value[key]) for key in ("parameters", "eigenvalues"))
    left.plot([], [], alpha=0, label=f"{count} of {parameters / 1e6:.1f} million")
    left.legend(loc="upper right")
    style.label_panel(left, "a", "non-zero spectrum")

    bars = lines["b", "histogram"]
    middle.stairs(bars.y, [*bars.x, bars.x_high.iloc[-1]], fill=True, color=style.HISTOGRAM_COLOUR, label="ratios")
    middle.plot(lines["b", "surmise"].x, lines["b", "surmise"].y, color="black", label="surmise, eq. 12")
    mean = values.loc["mean_ratio"]
    p = values.value["p_value"]
    # A spectrum too short for blocks has no error.
    error = f" ± {mean.error:.3f}" if pd.notna(mean.error) else ""
    for remark in (r"mean min$(r, 1/r)$", f"{mean.value:.3f}{error}", f"p = {p:.2g}"):
        middle.plot([], [], alpha=0, label=remark)
    middle.set_xlim(0, bars.x_high.max())
    middle.set_ylim(bottom=0)
    middle.set_xlabel("ratio $r$")
    middle.set_ylabel("density")
    middle.legend(loc="upper right")
    style.label_panel(middle, "b", "spacing ratios")

    parts, lower, upper = (lines["c", series] for series in ("parts", "orthogonal_lower", "orthogonal_upper"))
    edges = [*parts.x, parts.x_high.iloc[-1]]
    right.stairs(upper.y, edges, baseline=lower.y, fill=True, color="0.88", label="orthogonal, 95 %")
    right.axhline(GOE_MEAN, color="black", label=f"large orthogonal, {GOE_MEAN:.4f}")
    right.axhline(POISSON_MEAN, color=style.VERMILION, linestyle="--", label=f"independent, {POISSON_MEAN:.4f}")
    right.plot((parts.x + parts.x_high) / 2, parts.y, "o", color=style.BLUE, label="ResNet-34")
    low, high = min(lower.y.min(), parts.y.min(), POISSON_MEAN), max(upper.y.max(), parts.y.max())
    right.set_ylim(low - 0.05, high + 0.9 * (high - low))
    right.set_xlim(0, 1)
    right.set_xlabel("share of levels below")
    right.set_ylabel(r"mean min$(r, 1/r)$")
    right.legend(loc="upper right")
    style.label_panel(right, "c", "along the spectrum")
    style.add_note(figure, note)
    return figure
