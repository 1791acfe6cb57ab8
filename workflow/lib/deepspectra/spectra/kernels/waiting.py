"""Matrices that one pass leaves for another: in a scratch file, or in host memory.

They are written once and read once, block of rows by block of rows, so that no more than a block of them is in the
memory of the device, nor in any memory where they wait in a file. Files are written and read, not mapped: pages of a
mapped file count as memory of the process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from deepspectra.runtime.errors import UserError, full_disk_message, is_full_disk


class WaitingRoom:
    """Matrices by name, each a sequence of blocks of rows. Made by :func:`waiting_room`."""

    def __init__(self, folder: Path | None):
        self.folder = folder
        self._blocks: dict[str, list[torch.Tensor]] = {}
        self._layouts: dict[str, list[tuple[torch.Size, torch.dtype]]] = {}

    def put(self, name: str, block: torch.Tensor) -> None:
        """Append rows to a matrix, shape (rows, columns). Without a folder a host tensor is kept, not copied.

        :raises UserError: if the scratch file cannot be written.
        """
        if self.folder is None:
            self._blocks.setdefault(name, []).append(block.cpu())
            return
        self._layouts.setdefault(name, []).append((block.shape, block.dtype))
        try:
            with (self.folder / name).open("ab") as file:
                file.write(block.contiguous().cpu().numpy())
        except OSError as error:
            if is_full_disk(error):
                raise UserError(full_disk_message(self.folder / name)) from error
            raise UserError(f"the scratch folder {self.folder.parent} cannot be written: {error}.") from error

    def take(self, name: str) -> Iterator[tuple[slice, torch.Tensor]]:
        """Rows and values of a matrix, on the host, by the blocks in which it was put; then it is forgotten."""
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
                if file.readinto(memoryview(block.numpy()).cast("B")) != block.nbytes:
                    raise UserError(f"the scratch file {path} has been cut short while in use.")
                yield block
                del block
        path.unlink()


@contextmanager
def waiting_room(scratch: Path | None) -> Iterator[WaitingRoom]:
    """A room in a temporary folder below ``scratch``, which is removed in the end, or in host memory where it is None.

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
