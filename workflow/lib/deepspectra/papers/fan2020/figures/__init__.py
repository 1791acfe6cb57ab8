"""Figures of Fan and Wang (2020), drawn from tidy tables of the plotted numbers.

``initialisation``  kernels at random weights beside their limit laws
``training``        kernels before and after training
``images``          CIFAR-10 with and without its principal components
"""

from deepspectra.papers.fan2020.figures import images, initialisation, training
from deepspectra.papers.fan2020.figures.images import figure_s1, figure_s3
from deepspectra.papers.fan2020.figures.initialisation import figure_1, figure_2, figure_s2, figure_s4
from deepspectra.papers.fan2020.figures.training import figure_3, figure_s5, figure_s6

#: What each figure shows, in a line.
TITLES = initialisation.TITLES | training.TITLES | images.TITLES
#: What each figure assumes where the paper is open, for its small print.
NOTES = initialisation.NOTES | training.NOTES | images.NOTES

__all__ = [
    "NOTES",
    "TITLES",
    "figure_1",
    "figure_2",
    "figure_3",
    "figure_s1",
    "figure_s2",
    "figure_s3",
    "figure_s4",
    "figure_s5",
    "figure_s6",
]
