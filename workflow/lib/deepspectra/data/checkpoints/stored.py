"""What a checkpoint holds: tensors that are read when asked for, so that memory holds one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from deepspectra.runtime.errors import UserError, refused_by_the_machine

if TYPE_CHECKING:
    import torch

__all__ = ["FLOATS", "Checkpoint", "Kind", "Layer", "StoredTensor", "float_array", "floats", "from_tensors"]
__all__ += ["telling_damage", "why_not_read", "without_wrappers"]

#: What training frameworks put before the names of a wrapped model: parallel training, and compilation.
_WRAPPERS = ("module.", "_orig_mod.", "_fsdp_wrapped_module.")
#: Types whose numbers are read.
FLOATS = ("float64", "float32", "float16", "bfloat16")


Kind = Literal["dense", "convolution", "attention", "embedding", "recurrent", "other"]


class Layer(NamedTuple):
    """What a module tells of the layer of a weight; files do not.

    :ivar parts: gates of a recurrent layer; groups of a convolution, negative if it is transposed.
    """

    kind: Kind
    parts: int = 1


@dataclass(frozen=True)
class StoredTensor:
    """One array of a checkpoint.

    :ivar name: as in the file, less the prefixes of wrappers. :ivar shape: outputs first, then inputs, then the kernel.
    :ivar dtype: as stored, ``bfloat16`` for one. :ivar read: the array, float64 of that shape; it raises
        :class:`UserError` if the stored type is no floating-point number.
    :ivar place: where its bytes lie; two names of the same place are tied. Empty if unknown.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    read: Callable[[], np.ndarray] = field(repr=False)
    place: str = ""


@dataclass(frozen=True)
class Checkpoint:
    """All tensors of a network by name, in the file's order.

    :ivar origin: what messages call it. :ivar notes: what was left out or renamed, one sentence each.
    :ivar head_size: rows of an attention head, if the checkpoint says so. :ivar layers: of weights by name, if it is a
        module.
    """

    origin: str
    tensors: Mapping[str, StoredTensor]
    notes: tuple[str, ...] = ()
    head_size: int | None = None
    layers: Mapping[str, Layer] = field(default_factory=dict)


@contextmanager
def telling_damage(words: str) -> Iterator[None]:
    """Read a file that may be damaged: its reader then fails in any way.

    :param words: what to say of it.
    :raises UserError: in place of every error, but one of memory.
    """
    try:
        yield
    except (UserError, MemoryError):
        raise
    except Exception as error:
        if told := refused_by_the_machine(error):
            raise UserError(told) from error
        reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise UserError(f"{words}: {reason}. Fetch or save it anew.") from error


def float_array(tensor: torch.Tensor, name: str) -> np.ndarray:
    """A tensor's values, float64 in memory of their own.

    :raises UserError: if it is quantised, sparse or no floating-point number.
    """
    import torch

    dtype = str(tensor.dtype).removeprefix("torch.")
    if tensor.device.type == "meta":
        raise UserError(f"{name} has a shape but no numbers (device meta): load the network's weights first.")
    if tensor.layout is not torch.strided:
        raise UserError(f"{name} is sparse ({str(tensor.layout).removeprefix('torch.')}); save its to_dense().")
    if dtype not in FLOATS:
        raise UserError(f"{name} is {why_not_read(dtype)}.")
    return tensor.detach().to("cpu", torch.float64, copy=True).numpy()


def floats(array: np.ndarray, name: str) -> np.ndarray:
    """The same as float64.

    :raises UserError: if it is no floating-point number.
    """
    if array.dtype.name not in FLOATS:
        raise UserError(f"{name} is {why_not_read(array.dtype.name)}.")
    # Damage makes numbers that are none, which the matrix's row tells.
    with np.errstate(invalid="ignore"):
        return array.astype(np.float64)


def why_not_read(dtype: str) -> str:
    """What to do about a tensor of another type than :data:`FLOATS`, after its name."""
    if dtype == "object":
        return "Python objects, which are refused: loading weights must not run code"
    if dtype == "bool":
        advice = "a mask, not a weight"
    elif dtype.startswith(("complex", "c64", "c128")):
        advice = "complex numbers; give their real and imaginary parts as tensors of their own"
    elif re.match(r"q|u?int[248]$|[ui][248]$|(float|f)[468](_|$)", dtype):
        advice = "as quantised weights are; dequantise the network first"
    elif re.match(r"u?int|[ui]\d", dtype):
        advice = "whole numbers; cast them to float32 if they are a weight"
    else:
        advice = f"which is not read; cast it to one of {', '.join(FLOATS)} if it is a weight"
    return f"stored as {dtype}, {advice}"


def from_tensors(origin: str, tensors: Mapping[str, torch.Tensor], notes: tuple[str, ...] = ()) -> Checkpoint:
    """A checkpoint of tensors in memory or mapped from a file."""
    import torch

    def stored(name: str, tensor: torch.Tensor) -> StoredTensor:
        dtype = str(tensor.dtype).removeprefix("torch.")
        # Views of the same bytes have the same shape and strides if they are one parameter under two names.
        is_plain = tensor.layout is torch.strided and tensor.device.type != "meta" and tensor.numel()
        place = f"{tensor.data_ptr()} {tuple(tensor.shape)} {tuple(tensor.stride())}" if is_plain else ""
        return StoredTensor(name, tuple(tensor.shape), dtype, lambda: float_array(tensor, name), place)

    return Checkpoint(origin, {name: stored(name, tensor) for name, tensor in tensors.items()}, notes)


def without_wrappers(checkpoint: Checkpoint) -> Checkpoint:
    """The same without the prefixes of wrappers that all names share, with a note of what was stripped."""
    tensors, stripped = dict(checkpoint.tensors), ""
    while tensors:
        prefix = next((prefix for prefix in _WRAPPERS if all(name.startswith(prefix) for name in tensors)), "")
        if not prefix:
            break
        stripped += prefix
        tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    # Compilation also marks parts of a model.
    inner = {re.sub(r"(?<=\.)_orig_mod\.", "", name): tensor for name, tensor in tensors.items()}
    if inner.keys() != tensors.keys() and len(inner) == len(tensors):
        stripped, tensors = f"{stripped}_orig_mod.", inner
    if not stripped:
        return checkpoint
    renamed = {name: replace(tensor, name=name) for name, tensor in tensors.items()}
    names = {tensor.name: name for name, tensor in tensors.items()}
    layers = {names.get(name, name): layer for name, layer in checkpoint.layers.items()}
    notes = (*checkpoint.notes, f"The prefix {stripped} of names is left out.")
    return replace(checkpoint, tensors=renamed, layers=layers, notes=notes)
