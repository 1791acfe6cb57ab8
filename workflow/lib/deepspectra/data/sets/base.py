"""What a data set is. Every start of Snakemake reads sizes, so this module imports neither NumPy nor torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from deepspectra.data.tasks import Part
    from deepspectra.nn.losses import Loss

__all__ = ["DataSet"]


@dataclass(frozen=True)
class DataSet:
    """One data set as the networks of baskerville2022 see it.

    :ivar inputs: numbers in a sample. :ivar outputs: classes, or values to predict. :ivar loss: what networks minimise.
    :ivar train_samples: at most. :ivar test_samples: likewise.
    :ivar file: the samples, below ``results/{scale}`` unless it begins with ``resources/``.
    :ivar stored: the inputs' name in the file, "images" for ``train_images`` beside ``train_labels``.
    :ivar shape: of one sample there; a word stands for any length.
    :ivar normalise: samples as stored, shape (count, ...), to the networks' inputs, as the paper's authors do.
    :ivar read: (path, part, network) -> all inputs and targets of a part, float64, of a file that holds something else.
    :ivar most_inputs: where ``inputs`` is only what the paper has; None where it always holds.
    """

    inputs: int
    outputs: int
    loss: Loss
    train_samples: int
    test_samples: int
    file: str
    stored: str = ""
    shape: tuple[int | str, ...] = ()
    normalise: Callable[[np.ndarray], np.ndarray] = lambda stored: stored
    read: Callable[[str | Path, Part, Mapping[str, Any]], tuple[np.ndarray, np.ndarray]] | None = None
    most_inputs: int | None = None

    @property
    def largest_inputs(self) -> int:
        """Numbers in a sample at most: what memory is reserved for."""
        return self.most_inputs or self.inputs

    @property
    def rank(self) -> int:
        """Rank of one sample's Hessian of the loss in the network's outputs."""
        return self.outputs - (self.loss == "cross_entropy")

    def samples(self, part: Part) -> int:
        """Samples in a part at most."""
        return self.train_samples if part == "train" else self.test_samples
