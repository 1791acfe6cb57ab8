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
    :ivar subject: what it is about, in a few words. :ivar address: where to read it.
    :ivar claim: its main one. :ivar found: what became of it in the longest runs. :ivar sure: how sure that is; all
        three are a row of README's table, which a test compares.
    :ivar telling: the figure that stands for it.
    """

    name: str
    title: str
    subject: str
    address: str
    claim: str
    found: str
    sure: str
    telling: str


PAPERS = {
    "thamm2024": Paper(
        "Thamm, Staats and Rosenow (2024)",
        "Random matrix theory analysis of neural network weight matrices",
        "weight matrices",
        "https://openreview.net/forum?id=41kpc2Nzwc",
        "Spacings of trained weights follow the Wigner surmise",
        "yes, calibrated too",
        "18 layers of two perceptrons, three seeds each, in the record",
        "figure_1",
    ),
    "baskerville2022": Paper(
        "Baskerville, Granziol and Keating (2022)",
        "Appearance of random matrix theory in deep learning",
        "Hessians",
        "https://arxiv.org/abs/2102.06740",
        "Level-spacing ratios of Hessians are the GOE's, 0.531",
        "it depends: published ones are mostly rounding noise; resolved, softmax regression has 0.510 ± 0.001 (0.514 "
        "on CIFAR-10 features), three perceptrons with hidden layers and a LeNet are near: 0.528 to 0.530",
        "156 batches of softmax regression, 16 to 156 of the others, controls of all but one, in the record",
        "figure_a11",
    ),
    "fan2020": Paper(
        "Fan and Wang (2020)",
        "Spectra of the conjugate kernel and neural tangent kernel for linear-width neural networks",
        "conjugate and tangent kernels",
        "https://arxiv.org/abs/2005.11879",
        "The conjugate kernel follows its limit law",
        "yes for Gaussian inputs, no for images by KS: without ten components 0.009, 0.008, 0.008 and 0.009, where "
        "size alone makes 0.0007 of the last; three other distances still fall",
        "75 draws at four sizes, in the record",
        "figure_scaling",
    ),
    "pennington2017": Paper(
        "Pennington and Worah (2017)",
        "Nonlinear random matrix theory for deep learning",
        "nonlinear random matrices",
        "https://papers.nips.cc/paper_files/paper/2017/hash/0f3d014eead934bbdbacb62a01dc4831-Abstract.html",
        "Activations with zeta = 0 keep the spectrum through ten layers",
        "it seems so: distance 0.49 to 0.025, still falling",
        "10⁵ eigenvalues a width, in the record",
        "figure_1",
    ),
}

#: Items that have no number in their paper.
_NAMES = {
    "figure_controls": "Beyond the paper, controls",
    "figure_resnet34": "Beyond the paper, ResNet-34",
    "table_networks": "Beyond the paper, networks",
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
