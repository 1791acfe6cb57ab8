"""What a network has to learn: samples in the form that it takes, and its loss.

Training and spectra load a network's samples by the same functions, so both see the same ones: thamm2024 by
:mod:`~deepspectra.data.standardised`, fan2020 by :mod:`~deepspectra.data.kernel_tasks`, baskerville2022 by
:mod:`~deepspectra.data.loading`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from deepspectra.nn.losses import Loss

__all__ = ["Part", "Samples", "Task"]

Part = Literal["train", "test"]


@dataclass(frozen=True)
class Samples:
    """Inputs (count, ...) in floating-point numbers, and targets: labels (count,) int64, or values (count, outputs) of
    the inputs' dtype."""

    inputs: torch.Tensor
    targets: torch.Tensor

    def to(self, device: torch.device | str) -> Samples:
        """The same on a device."""
        return Samples(self.inputs.to(device), self.targets.to(device))


@dataclass(frozen=True)
class Task:
    """Samples to train on and to test with, on the CPU, and the loss."""

    train: Samples
    test: Samples
    loss: Loss
