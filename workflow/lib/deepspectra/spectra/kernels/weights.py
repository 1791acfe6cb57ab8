"""Weight matrices in blocks of rows.

Random weights are drawn in blocks, each from a generator of its own on the CPU, used and forgotten, and drawn again for
the backward pass: the same numbers on every device, and no weight matrix is ever held as a whole.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.seeds import keyed_generator

__all__ = ["ROWS", "GivenWeights", "RandomWeights", "Weights"]

#: Rows of a weight matrix drawn at once. Part of the definition of a random network: another value, other weights.
ROWS = 1024
# First words of the seed sequences, so that weights and noise never share numbers.
_WEIGHTS, _NOISE = 0, 1


@dataclass(frozen=True)
class RandomWeights:
    """Independent N(0, 1) weights, a function of seed and widths alone; more outputs leave the first ones as they are.

    :ivar widths: d_0, ..., d_L.
    :raises UserError: if there is no layer or a width is not positive.
    """

    widths: tuple[int, ...]
    seed: int
    device: torch.device
    dtype: torch.dtype
    outputs: int = 1

    def __post_init__(self) -> None:
        if len(self.widths) < 2 or min(self.widths) < 1:
            raise UserError(f"a network needs at least one hidden layer, all widths positive; got {self.widths[1:]}.")

    def blocks(self, layer: int) -> Iterator[tuple[slice, torch.Tensor]]:
        """Rows and values of W_layer (1 to L), values of shape (rows, d_{layer-1}), :data:`ROWS` at a time.

        They are drawn anew at every request, one at a time.
        """
        rows, columns = self.widths[layer], self.widths[layer - 1]
        for block, start in enumerate(range(0, rows, ROWS)):
            stop = min(start + ROWS, rows)
            # No reference here: the block has to be gone before the next one is drawn.
            yield slice(start, stop), self._draw((stop - start, columns), _WEIGHTS, layer, block)

    def readout(self) -> torch.Tensor:
        """W_{L+1} of eq. 16, shape (d_L, outputs): a column for each output."""
        layer = len(self.widths)
        draws = [self._draw(self.widths[-1:], _WEIGHTS, layer, output) for output in range(self.outputs)]
        return torch.stack(draws, dim=1)

    def noise(self, layer: int, block: int, shape: Sequence[int]) -> torch.Tensor:
        """Numbers independent of the weights, for a block of rows of a layer's activations."""
        return self._draw(shape, _NOISE, layer, block)

    def _draw(self, shape: Sequence[int], kind: int, layer: int, block: int) -> torch.Tensor:
        generator = keyed_generator(kind, self.seed, layer, block)
        drawn = torch.randn(tuple(shape), generator=generator, dtype=torch.float32)
        return drawn.to(device=self.device, dtype=self.dtype)


@dataclass(frozen=True)
class GivenWeights:
    """The same for weights held as they are: W_1, ..., W_L, each one block, and the readout of shape (d_L, k)."""

    matrices: tuple[torch.Tensor, ...]
    last: torch.Tensor

    @property
    def widths(self) -> tuple[int, ...]:
        """d_0, ..., d_L."""
        return (self.matrices[0].shape[1], *(matrix.shape[0] for matrix in self.matrices))

    def blocks(self, layer: int) -> Iterator[tuple[slice, torch.Tensor]]:
        """The whole matrix W_layer."""
        yield slice(0, self.widths[layer]), self.matrices[layer - 1]

    def readout(self) -> torch.Tensor:
        """W_{L+1} of eq. 16, shape (d_L, k)."""
        return self.last


Weights = GivenWeights | RandomWeights
