"""Which matrices of a checkpoint are analysed."""

from collections.abc import Iterable

from deepspectra.data.checkpoints import Checkpoint
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.weights.layer_matrices import LayerMatrix, network_layers

__all__ = ["chosen_layers"]


def chosen_layers(
    checkpoint: Checkpoint,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    by_head: bool = False,
    head_size: int | None = None,
) -> list[LayerMatrix]:
    """The matrices that :func:`analyse` takes, and with a reason what it leaves out; parameters as there.

    :raises UserError: likewise.
    """
    # A size asks for heads.
    size = head_size if head_size is not None else checkpoint.head_size if by_head else None
    if by_head and size is None:
        raise UserError(
            f"{checkpoint.origin} does not tell the size of its attention heads: give it, as --head-size 64 or "
            "head_size=64."
        )
    if size is not None and size < 1:
        raise UserError(f"a head has at least one row, not {size} (head_size).")
    found = network_layers(checkpoint, include, exclude, size)
    if size is not None and not any(matrix.kind == "attention" for matrix in found):
        raise UserError(
            f"{checkpoint.origin} has no attention among the layers to analyse, by their names; expected some to split "
            "by head: leave out by_head and head_size."
        )
    return found
