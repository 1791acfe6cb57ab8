"""The four papers, in the order of the report."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from deepspectra.papers.item import Item

__all__ = ["PAPERS", "Paper", "items_of", "title_of"]


class Paper(NamedTuple):
    """Authors with the year, and the title."""

    name: str
    title: str


#: A name has no colon: Snakemake's report makes a link target of it.
PAPERS = {
    "thamm2024": Paper(
        "Thamm, Staats and Rosenow (2024)", "Random matrix theory analysis of neural network weight matrices"
    ),
    "baskerville2022": Paper(
        "Baskerville, Granziol and Keating (2022)", "Appearance of random matrix theory in deep learning"
    ),
    "fan2020": Paper(
        "Fan and Wang (2020)",
        "Spectra of the conjugate kernel and neural tangent kernel for linear-width neural networks",
    ),
    "pennington2017": Paper("Pennington and Worah (2017)", "Nonlinear random matrix theory for deep learning"),
}


def items_of(paper: str) -> dict[str, Item]:
    """Figures and tables of a paper, by name."""
    return import_module(f"deepspectra.papers.{paper}.items").ITEMS
