"""Matrices that the forward pass leaves for the backward pass, in scratch files or in host memory.

They are written once and read once, in blocks of rows. Files are not mapped: mapped pages count as a process's memory.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch

from deepspectra.runtime.errors import UserError, naming_full_disk

__all__ = ["WaitingRoom", "waiting_room"]


class WaitingRoom:
    """Matrices by name, each a sequence of blocks of rows. Made by :func:`waiting_room`."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._blocks: dict[str, list[Callable[[], torch.Tensor]]] = {}

    def put(self, name: str, block: torch.Tensor) -> None:
        """Append rows to a matrix, shape (rows, columns). Without a folder, host tensors are kept and not copied."""
        blocks, host = self._blocks.setdefault(name, []), block.cpu()
        if self.folder is None:
            blocks.append(lambda: host)
            return
        path = self.folder / f"{name} {len(blocks)}"
        with naming_full_disk(path):
            path.write_bytes(host.contiguous().numpy().data)
        blocks.append(partial(_read_once, path, str(host.dtype).removeprefix("torch."), host.shape))

    def take(self, name: str) -> Iterator[tuple[slice, torch.Tensor]]:
        """Rows and values of a matrix, on the host, in the blocks in which it was put; then it is forgotten."""
        start, blocks = 0, self._blocks.pop(name)
        while blocks:
            block = blocks.pop(0)()
            yield slice(start, start + block.shape[0]), block
            start += block.shape[0]
            del block  # before the next one is read

    def take_whole(self, name: str) -> torch.Tensor:
        """A matrix that was put in one block."""
        ((_, matrix),) = self.take(name)
        return matrix


def _read_once(path: Path, dtype: str, shape: torch.Size) -> torch.Tensor:
    values = np.fromfile(path, dtype)
    if values.size != shape.numel():
        raise UserError(f"the scratch file {path} has been cut short while in use.")
    values = values.reshape(shape)
    path.unlink()
    return torch.from_numpy(values)


@contextmanager
def waiting_room(scratch: Path | None) -> Iterator[WaitingRoom]:
    """A room in a temporary folder below ``scratch``, removed at the end, or in host memory if it is None.

    :raises UserError: if ``scratch`` is not a folder in which files can be made.
    """
    if scratch is None:
        yield WaitingRoom(None)
        return
    try:
        folder = tempfile.TemporaryDirectory(prefix="kernels-", dir=scratch)
    except OSError as error:
        raise UserError(f"scratch must be a folder that can be written; {scratch} is not: {error.strerror}.") from error
    with folder as name:
        yield WaitingRoom(Path(name))
