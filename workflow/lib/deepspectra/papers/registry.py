"""The papers and their items, in the order of reports. Every start of Snakemake imports this: nothing is heavy."""

from dataclasses import dataclass
from importlib import import_module

from deepspectra.papers.item import Item

__all__ = ["LIMIT_LAWS", "MY_NETWORKS", "PAPERS", "Paper", "items_of", "labels_of", "name_of"]

LIMIT_LAWS, MY_NETWORKS = "Limit laws", "Networks of your own"


@dataclass(frozen=True)
class Paper:
    """A paper as readers know it.

    :ivar name: authors and year; without a colon, since Snakemake's report makes a link target of it.
    :ivar subject: what it is about, in a few words.
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

#: Items that have no number in their paper.
_NAMES = {
    "figure_controls": "Beyond the paper, controls",
    "figure_resnet34": "Beyond the paper, figure",
    "table_networks": "Beyond the paper, table",
    "figure_components": "Beyond the paper, components",
    "figure_scaling": "Beyond the paper, scaling",
    "table_2_unfolding": "Table 2, other unfoldings",
    "table_2_tests": "Table 2, level and power of its tests",
    "table_2_window": "Table 2, width of the broadening",
}


def items_of(paper: str) -> dict[str, Item]:
    """Figures and tables of a paper by name, in the paper's order."""
    return import_module(f"deepspectra.papers.{paper}.items").ITEMS


def name_of(item: str) -> str:
    """An item as a reader calls it: "figure_s1" is "Figure S1"; a limit law keeps the name its settings give it."""
    kind, _, number = item.partition("_")
    return _NAMES.get(item) or (f"{kind.capitalize()} {number.upper()}" if kind in ("figure", "table") else item)


def labels_of(item: str, suffix: str) -> dict[str, str]:
    """Labels of one file of an item in Snakemake's report."""
    return {"item": name_of(item), "kind": item.partition("_")[0], "file": suffix.upper()}
