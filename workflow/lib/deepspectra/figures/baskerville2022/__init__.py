"""Figures of Baskerville, Granziol and Keating (2022), drawn from tidy tables of the plotted numbers.

``random_matrices``  the Wigner surmise, and Hessians of Gaussian processes
``resnet34``         beyond the paper: a network too large for its Hessian
"""

from deepspectra.figures.baskerville2022 import random_matrices, resnet34
from deepspectra.figures.baskerville2022.random_matrices import figure_2, figure_5, figure_6
from deepspectra.figures.baskerville2022.resnet34 import figure_resnet34

#: What each figure assumes where the paper is open, for its small print.
NOTES = random_matrices.NOTES | resnet34.NOTES

__all__ = ["NOTES", "figure_2", "figure_5", "figure_6", "figure_resnet34"]
