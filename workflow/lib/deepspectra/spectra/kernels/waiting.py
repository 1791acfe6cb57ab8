"""Matrices that the forward pass leaves for the backward pass, in a scratch file or in host memory.

They are written once and read once, in blocks of rows, so that the device holds no more than a block of them; neither
does the host if they wait in a file. Files are not mapped: pages of a mapped file count as memory of the process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from deepspectra.runtime.errors import UserError, full_disk_message, is_full_disk

__all__ = ["WaitingRoom", "waiting_room"]


class WaitingRoom:
    """Matrices by name, each a sequence of blocks of rows. Made by :func:`waiting_room`."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._blocks: dict[str, list[torch.Tensor]] = {}
        self._layouts: dict[str, list[tuple[torch.Size, torch.dtype]]] = {}

    def put(self, name: str, block: torch.Tensor) -> None:
        """Append rows to a matrix, shape (rows, columns). Without a folder, host tensors are kept and not copied.

        :raises UserError: if the scratch file cannot be written.
        """
        if self.folder is None:
            self._blocks.setdefault(name, []).append(block.cpu())
            return
        self._layouts.setdefault(name, []).append((block.shape, block.dtype))
        try:
            with (self.folder / name).open("ab") as file:
                file.write(_bytes(block.contiguous().cpu()))
        except OSError as error:
            if is_full_disk(error):
                raise UserError(full_disk_message(self.folder / name)) from error
            raise UserError(f"the scratch folder {self.folder.parent} cannot be written: {error}.") from error

    def take(self, name: str) -> Iterator[tuple[slice, torch.Tensor]]:
        """Rows and values of a matrix, on the host, in the blocks in which it was put; then it is forgotten."""
        start = 0
        for block in self._taken_blocks(name):
            stop = start + block.shape[0]
            yield slice(start, stop), block
            start = stop
            del block  # before the next one is read

    def _taken_blocks(self, name: str) -> Iterator[torch.Tensor]:
        if self.folder is None:
            blocks = self._blocks.pop(name)[::-1]
            while blocks:
                yield blocks.pop()
            return
        path = self.folder / name
        with path.open("rb") as file:
            for shape, dtype in self._layouts.pop(name):
                block = torch.empty(shape, dtype=dtype)
                if file.readinto(_bytes(block)) != block.nbytes:
                    raise UserError(f"the scratch file {path} has been cut short while in use.")
                yield block
                del block
        path.unlink()


def _bytes(block: torch.Tensor) -> memoryview:
    """A contiguous host tensor's memory."""
    return memoryview(block.numpy()).cast("B")  # type: ignore[arg-type]  # NumPy declares this from Python 3.12 on


@contextmanager
def waiting_room(scratch: Path | None) -> Iterator[WaitingRoom]:
    """A room in a temporary folder below ``scratch``, removed at the end, or in host memory if it is None.

    :raises UserError: if ``scratch`` is not a writable folder.
    """
    if scratch is None:
        yield WaitingRoom(None)
        return
    try:
        folder = tempfile.TemporaryDirectory(prefix="kernels-", dir=scratch)
    except OSError as error:
        raise UserError(f"scratch must be a writable folder; {scratch} is not: {error.strerror}.") from error
    with folder as name:
        yield WaitingRoom(Path(name))
