"""The papers: what they are called, and where their items are. The order is that of reports and tables.

Every start of Snakemake imports this: nothing here is heavy.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from deepspectra.papers.item import Item

__all__ = ["PAPERS", "Paper", "items_of"]


@dataclass(frozen=True)
class Paper:
    """A paper as readers know it.

    :ivar name: authors and year; without a colon, since Snakemake's report makes a link target of it.
    :ivar title: its title. :ivar subject: what it is about, in a few words.
    """

    name: str
    title: str
    subject: str


PAPERS = {
    "thamm2024": Paper(
        "Thamm, Staats and Rosenow (2024)",
        "Random matrix theory analysis of neural network weight matrices",
        "weight matrices",
    ),
    "baskerville2022": Paper(
        "Baskerville, Granziol and Keating (2022)", "Appearance of random matrix theory in deep learning", "Hessians"
    ),
    "fan2020": Paper(
        "Fan and Wang (2020)",
        "Spectra of the conjugate kernel and neural tangent kernel for linear-width neural networks",
        "conjugate and tangent kernels",
    ),
    "pennington2017": Paper(
        "Pennington and Worah (2017)",
        "Nonlinear random matrix theory for deep learning",
        "nonlinear random matrices",
    ),
}


def items_of(paper: str) -> dict[str, Item]:
    """Figures and tables of a paper by name, in the paper's order."""
    return import_module(f"deepspectra.papers.{paper}.items").ITEMS
