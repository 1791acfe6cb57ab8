"""The parameters of a network from torch's own format. Loading executes nothing (``weights_only``)."""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deepspectra.data.sources.errors import CorruptError
from deepspectra.runtime.errors import UserError

if TYPE_CHECKING:
    import torch

__all__ = ["listed", "load_state", "not_the_weights", "read_state"]

_ZIP_SIGNATURE = b"PK\x03\x04"
_STATE = "a state dictionary saved by torch"
# torch's two ways to name what a pickle asked for. The rest of its text tells the user to allow it: never shown.
_REFUSED_GLOBAL = re.compile(r"unsupported global(?:: GLOBAL)? (\S+)", re.IGNORECASE)


def read_state(members: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """All parameters and buffers of the member ``state``, float32, without the counters of batch normalisation.

    :returns: arrays of any shape by name, named as in HDF5: ``layer1/0/conv1/weight``.
    :raises CorruptError: if it is no state dictionary, would need code to run, holds anything but float32 and whole
        numbers, or has values that are not finite.
    """
    try:
        state = load_state(members["state"], "the file")
    except UserError as error:
        raise CorruptError(str(error)) from error
    arrays = {}
    for name, tensor in state.items():
        dtype = str(tensor.dtype).removeprefix("torch.")
        if dtype == "int64" and tensor.ndim == 0:
            continue
        if dtype != "float32" or not tensor.isfinite().all():
            raise CorruptError(f"its parameter {name} is {dtype}, expected float32 with finite values")
        arrays[name.replace(".", "/")] = tensor.detach().contiguous().numpy()
    return arrays


def load_state(file: Path | bytes, origin: str) -> dict[str, torch.Tensor]:
    """All parameters in a file of torch, by name, on the CPU. They may be mapped from the file: keep it while in use.

    :param file: a path, or the file's bytes. :param origin: its name in messages.
    :raises UserError: if it cannot be read, or holds anything but tensors; whatever would need code to run is refused.
    """
    import torch

    try:
        mappable = False
        if isinstance(file, Path):
            with file.open("rb") as stream:
                # Only torch's newer format, a zip file, can be mapped: then only the matrices in use are read.
                mappable = stream.read(len(_ZIP_SIGNATURE)) == _ZIP_SIGNATURE
        opened = file if isinstance(file, Path) else io.BytesIO(file)
        state = torch.load(opened, map_location="cpu", weights_only=True, mmap=mappable)
    except Exception as error:  # a damaged pickle fails in any way
        raise not_the_weights(origin, _STATE, _why_not_loaded(error)) from error
    if not isinstance(state, Mapping) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        found = f"the keys {listed(state)}" if isinstance(state, Mapping) else f"a {type(state).__name__}"
        raise not_the_weights(origin, f"{_STATE}: parameter names to tensors", f"found {found}")
    return dict(state)


def not_the_weights(origin: str | Path, expected: str, found: str) -> UserError:
    """The error for a file that does not hold what it should."""
    return UserError(f"{origin} does not hold the weights: expected {expected}, but {found}")


def listed(names: Iterable[object], most: int = 8) -> str:
    """The first few names, for a message."""
    shown = [str(name)[:60] for name in names]
    return ", ".join([*shown[:most], "..."] if len(shown) > most else shown) or "nothing"


def _why_not_loaded(error: Exception) -> str:
    """Why torch did not load a file, in a few words."""
    text = str(error)
    if refused := _REFUSED_GLOBAL.search(text):
        return f"it asks for {refused[1]}, which is refused: loading weights must not run code"
    if isinstance(error, pickle.UnpicklingError):
        return "it is damaged or something else"
    if "legacy .tar" in text:
        return "it has torch's oldest format (tar): save it anew with a newer torch"
    return text.split("\n")[0].split(". ")[0] or type(error).__name__
