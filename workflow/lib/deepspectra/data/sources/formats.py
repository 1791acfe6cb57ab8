"""File formats of sources: which members each needs, and which function turns them into arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

__all__ = ["CIFAR_TRAIN_BATCHES", "FORMATS", "Format"]

CIFAR_TRAIN_BATCHES = ("train_1", "train_2", "train_3", "train_4", "train_5")


@dataclass(frozen=True)
class Format:
    """A file format.

    :ivar roles: the members that it needs.
    :ivar reader: ``module:function`` in this package, imported only when used, since every start of Snakemake
        reads this table.
    """

    roles: tuple[str, ...]
    reader: str

    def read(self, members: Mapping[str, bytes]) -> dict[str, np.ndarray]:
        """Arrays by name from the bytes of the members by role.

        :raises CorruptError: if the bytes are not of this format.
        """
        module, function = self.reader.split(":")
        return getattr(import_module(f"{__package__}.{module}"), function)(members)


FORMATS: dict[str, Format] = {
    "idx": Format(("train_images", "train_labels", "test_images", "test_labels"), "images:read_idx"),
    "cifar-binary": Format((*CIFAR_TRAIN_BATCHES, "test"), "images:read_cifar_binary"),
    "cifar-png": Format((*CIFAR_TRAIN_BATCHES, "test", "train_labels", "test_labels"), "images:read_cifar_png"),
    "bike-hourly": Format(("table",), "bike:read_hourly"),
    "bike-relabelled": Format(("table",), "bike:read_relabelled"),
    "torch": Format(("state",), "states:read_state"),
}
