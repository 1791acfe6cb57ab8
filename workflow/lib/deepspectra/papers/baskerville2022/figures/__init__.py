"""Figures of Baskerville, Granziol and Keating (2022), drawn from tidy tables of the plotted numbers.

``hessians``         Hessians and Gauss-Newton matrices of trained networks, as published and resolved
``random_matrices``  the Wigner surmise, and Hessians of Gaussian processes
``resnet34``         beyond the paper: a network too large for its Hessian
"""

from deepspectra.papers.baskerville2022.figures import hessians, random_matrices, resnet34
from deepspectra.papers.baskerville2022.figures.hessians import (
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
from deepspectra.papers.baskerville2022.figures.random_matrices import figure_2, figure_5, figure_6
from deepspectra.papers.baskerville2022.figures.resnet34 import figure_resnet34

#: What each figure shows, in a line.
TITLES = hessians.TITLES | random_matrices.TITLES | resnet34.TITLES
#: What each figure assumes where the paper is open, for its small print.
NOTES = hessians.NOTES | random_matrices.NOTES | resnet34.NOTES

__all__ = [
    "NOTES",
    "TITLES",
    "figure_1",
    "figure_2",
    "figure_3",
    "figure_4",
    "figure_5",
    "figure_6",
    "figure_7",
    "figure_8",
    "figure_9",
    "figure_a10",
    "figure_a11",
    "figure_a12",
    "figure_a13",
    "figure_a14",
    "figure_resnet34",
]
