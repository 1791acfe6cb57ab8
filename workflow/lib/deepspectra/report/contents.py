"""What papers and their items are called for readers."""

from __future__ import annotations

from typing import NamedTuple


class Paper(NamedTuple):
    """Authors and year, and the title."""

    name: str
    title: str


#: In the order of the report. A name has no colon: Snakemake's report makes a link target of it.
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
LIMIT_LAWS = "Limit laws"

#: Items without a number of the paper's.
_NAMES = {
    "figure_resnet34": "Beyond the paper, figure",
    "table_networks": "Beyond the paper, table",
    "table_2_unfolding": "Table 2, supplement",
}


def name_of(item: str) -> str:
    """An item as a reader calls it: "figure_s1" is "Figure S1"; a limit law keeps the name that it was given."""
    kind, _, number = item.partition("_")
    return _NAMES.get(item) or (f"{kind.capitalize()} {number.upper()}" if kind in ("figure", "table") else item)


def labels_of(item: str, suffix: str) -> dict[str, str]:
    """What Snakemake's report says of one file of an item."""
    return {"item": name_of(item), "kind": item.partition("_")[0], "file": suffix.upper()}
