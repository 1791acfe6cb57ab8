"""Distribution functions of histograms less that of a null, with the band of as many independent values."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from deepspectra.papers import style

__all__ = ["GOE", "NULL_SPACINGS", "band_half_width", "difference_axis", "distribution", "distribution_like"]
__all__ += ["draw_band", "edges_of"]

#: The name of the null in legends.
GOE = "GOE"
#: About how many spacings of random matrices make a null that is no law.
NULL_SPACINGS = 60_000
#: Of a normal distribution, for 95 %.
_DEVIATIONS = 1.96


def edges_of(bars: pd.DataFrame) -> np.ndarray:
    """Edges of a histogram's bins; one more than there are bars."""
    return np.array([*bars.x, bars.x_high.iloc[-1]])


def distribution(bars: pd.DataFrame) -> np.ndarray:
    """Distribution function of a histogram at the upper ends of its bins."""
    return np.cumsum((bars.y * (bars.x_high - bars.x)).to_numpy())


def distribution_like(bars: pd.DataFrame, null: pd.DataFrame) -> np.ndarray:
    """Distribution function of a null's histogram at the upper ends of another's bins.

    Where bins of both hold one step of an unfolding each, steps are compared one by one, since their widths differ a
    little; such bins begin half a step below 0.
    """
    heights, ends = distribution(null), edges_of(null)
    if all(np.isclose(part.x.iloc[0], -part.x_high.iloc[0]) for part in (bars, null)):
        return np.pad(heights, (0, max(0, len(bars) - len(heights))), mode="edge")[: len(bars)]
    return np.interp(bars.x_high, ends, np.concatenate([[0.0], heights]))


def band_half_width(heights: np.ndarray, count: float, null_count: float = math.inf) -> np.ndarray:
    """How far 95 % of the distribution functions of independent values lie from their null's, at each point.

    Levels of one matrix vary less.

    :param heights: the null's distribution function. :param count: how many values.
    :param null_count: of how many values the null was counted; a law is exact.
    """
    return _DEVIATIONS * np.sqrt(np.clip(heights * (1 - heights), 0, None) * (1 / count + 1 / null_count))


def draw_band(axis: Axes, points: np.ndarray, half: np.ndarray, colour: str, series: str) -> None:
    """A band around zero, of this half width."""
    label = f"95 % of independent values, {series.partition(', ')[2] or series}"
    axis.fill_between(points, -half, half, color=colour, alpha=0.2, linewidth=0, label=label)


def difference_axis(axis: Axes) -> None:
    """Zero is the null, the Gaussian orthogonal ensemble."""
    axis.axhline(0, color=style.NULL, linestyle="--", linewidth=0.8, label=GOE)
    axis.set_ylabel(r"$F - F_\mathrm{GOE}$")
