"""Figures of Baskerville, Granziol and Keating (2022), drawn from tidy tables of the plotted numbers."""

from deepspectra.figures.baskerville2022 import hessians
from deepspectra.figures.baskerville2022.hessians import (
    figure_1,
    figure_3,
    figure_4,
    figure_7,
    figure_8,
    figure_9,
    figure_a10,
    figure_a11,
    figure_a12,
    figure_a13,
    figure_a14,
)

NOTES = hessians.NOTES
