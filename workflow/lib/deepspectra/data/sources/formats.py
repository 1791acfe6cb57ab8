"""File formats of sources: which members each needs, and which function turns them into arrays."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

__all__ = ["CIFAR_TRAIN_BATCHES", "FORMATS", "Format"]

CIFAR_TRAIN_BATCHES = ("train_1", "train_2", "train_3", "train_4", "train_5")


class Format(NamedTuple):
    """The members that a format needs, by role, and its reader: a function of a module in this package. That module is
    imported only when used, since every start of Snakemake reads this table."""

    roles: tuple[str, ...]
    module: str
    function: str

    def read(self, members: Mapping[str, bytes]) -> dict[str, np.ndarray]:
        """Arrays by name from the bytes of the members by role; the reader raises CorruptError for any others."""
        return getattr(import_module(f"{__package__}.{self.module}"), self.function)(members)


FORMATS: dict[str, Format] = {
    "idx": Format(("train_images", "train_labels", "test_images", "test_labels"), "images", "read_idx"),
    "cifar-binary": Format((*CIFAR_TRAIN_BATCHES, "test"), "images", "read_cifar_binary"),
    "cifar-png": Format((*CIFAR_TRAIN_BATCHES, "test", "train_labels", "test_labels"), "images", "read_cifar_png"),
    "bike-hourly": Format(("table",), "bike", "read_hourly"),
    "bike-relabelled": Format(("table",), "bike", "read_relabelled"),
    "torch": Format(("state",), "matrices", "read_state"),
}
