"""What readers call an item."""

from __future__ import annotations

__all__ = ["LIMIT_LAWS", "labels_of", "name_of"]

LIMIT_LAWS = "Limit laws"

#: Items that have no number in their paper.
_NAMES = {
    "figure_resnet34": "Beyond the paper, figure",
    "table_networks": "Beyond the paper, table",
    "table_2_unfolding": "Table 2, supplement",
}


def name_of(item: str) -> str:
    """An item as a reader calls it: "figure_s1" is "Figure S1"; a limit law keeps the name its settings give it."""
    kind, _, number = item.partition("_")
    return _NAMES.get(item) or (f"{kind.capitalize()} {number.upper()}" if kind in ("figure", "table") else item)


def labels_of(item: str, suffix: str) -> dict[str, str]:
    """Labels of one file of an item in Snakemake's report."""
    return {"item": name_of(item), "kind": item.partition("_")[0], "file": suffix.upper()}
