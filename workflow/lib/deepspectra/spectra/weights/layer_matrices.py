"""Which matrices the tensors of a network hold: dense layers, convolutions, attention, embeddings, recurrent layers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from deepspectra.data.checkpoints.stored import FLOATS, Checkpoint, Kind, Layer, StoredTensor, why_not_read
from deepspectra.runtime.errors import UserError

__all__ = ["FEWEST_VALUES", "LayerMatrix", "layer_matrices", "network_layers"]

#: Matrices with fewer singular values have no bulk whose levels could be judged.
FEWEST_VALUES = 15
_EMBEDDING = re.compile(r"embed|(^|[./])(wte|wpe|token_type|shared)([./]|$)", re.IGNORECASE)
_RECURRENT = re.compile(
    r"weight_(ih|hh|hr)_l\d+|recurrent_kernel|(lstm|gru|rnn)[^/]*/.*(kernel|vars/\d)|/cell/vars/\d", re.IGNORECASE
)
_ATTENTION = re.compile(r"att(n|ention)|[qkvo]_proj|(^|[./])(in_proj|out_proj|w?qkv|query|key|value)", re.IGNORECASE)
_FUSED = re.compile(r"in_proj_weight|w?qkv|c_attn|query_key_value", re.IGNORECASE)
_BY_HEAD = re.compile(r"query_key_value", re.IGNORECASE)
_PROJECTED = re.compile(r"o_proj|out_proj|attention[./]output|attention_output|c_proj|attn[./]proj", re.IGNORECASE)
_SCALES = re.compile(r"(^|[._/])(scales?|qzeros|g_idx|absmax|weight_scale(_inv)?|zero_points?)$", re.IGNORECASE)
# GPT-2 and its kin store these with inputs as rows.
_INPUTS_FIRST = re.compile(r"(^|\.)(c_attn|c_proj|c_fc)\.weight$")
_MASK = re.compile(r"(^|[./])attn[./](masked_)?bias$")
_SUFFIX = re.compile(r"[./](weight|kernel(:0)?)$")
_GATES = {4: ("input gate", "forget gate", "cell", "output gate"), 3: ("reset gate", "update gate", "candidate")}


@dataclass(frozen=True)
class LayerMatrix:
    """One matrix of a network, or a tensor that holds none.

    :ivar layer: name of its weight, less ``.weight``. :ivar part: of the layer, as ``query`` or ``head 3``; empty for
        all of it. :ivar outputs: rows. :ivar inputs: columns.
    :ivar index: where in the tensor the matrix lies, after its first two axes were swapped if ``is_transposed``; what
        that leaves is reshaped to (outputs, inputs).
    :ivar left_out: why it is not analysed; empty if it is. :ivar note: what was assumed.
    """

    layer: str
    kind: Kind
    tensor: StoredTensor
    outputs: int = 0
    inputs: int = 0
    part: str = ""
    index: tuple[Any, ...] = ()
    is_transposed: bool = False
    left_out: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        """Layer and part, unique in the network."""
        return f"{self.layer} ({self.part})" if self.part else self.layer

    def of(self, array: np.ndarray) -> np.ndarray:
        """The matrix, (outputs, inputs), of its tensor's array."""
        turned = array.swapaxes(0, 1) if self.is_transposed else array
        return turned[self.index].reshape(self.outputs, self.inputs)


def network_layers(
    checkpoint: Checkpoint, include: Iterable[str] = (), exclude: Iterable[str] = (), head_size: int | None = None
) -> list[LayerMatrix]:
    """All matrices of a network, in its order, tied ones once, and what is left out with the reason.

    :param include: shell patterns; only layers that match one are analysed, all if there are none.
    :param exclude: shell patterns of layers that are not. :param head_size: split attention by heads of so many rows.
    :raises UserError: if no tensor matches the patterns, or there is no matrix to analyse.
    """
    include, exclude = tuple(include), tuple(exclude)
    found: list[LayerMatrix] = []
    places: dict[str, str] = {}
    for tensor in checkpoint.tensors.values():
        layer = _SUFFIX.sub("", tensor.name)
        named = layer, tensor.name
        if include and not any(fnmatchcase(name, pattern) for name in named for pattern in include):
            continue
        if any(fnmatchcase(name, pattern) for name in named for pattern in exclude):
            continue
        if tensor.place and tensor.place in places:
            reason = f"tied to {places[tensor.place]}"
            found.append(LayerMatrix(layer, "other", tensor, left_out=reason))
            continue
        places[tensor.place] = layer
        found += layer_matrices(checkpoint, tensor, head_size)
    if not found:
        names = ", ".join(list(checkpoint.tensors)[:8])
        raise UserError(f"no layer of {checkpoint.origin} matches {' '.join(include)}; its tensors are {names}, ...")
    if all(matrix.left_out for matrix in found):
        reasons = "; ".join(dict.fromkeys(f"{matrix.layer}: {matrix.left_out}" for matrix in found[:4]))
        raise UserError(" ".join([f"{checkpoint.origin} has no matrix to analyse. {reasons}.", *checkpoint.notes]))
    return found


def layer_matrices(checkpoint: Checkpoint, tensor: StoredTensor, head_size: int | None = None) -> list[LayerMatrix]:
    """The matrices of one tensor; one entry with a reason if there is none to analyse."""
    layer, shape, told = _SUFFIX.sub("", tensor.name), tensor.shape, checkpoint.layers.get(tensor.name)
    whole = LayerMatrix(layer, "other", tensor)
    # Objects may be weights whatever their shape.
    if tensor.dtype != "object" and (len(shape) < 2 or sum(side > 1 for side in shape) < 2):
        return [replace(whole, left_out=f"a vector, shape {shape}")]
    if _MASK.search(tensor.name):
        return [replace(whole, left_out="a mask, not a weight")]
    if _SCALES.search(tensor.name):
        return [replace(whole, left_out="scales or zero points of a quantised weight")]
    if "attention" in tensor.name.lower() and tensor.name.lower().endswith(("/vars/1", "/bias", "/bias:0")):
        return [replace(whole, left_out="a bias")]
    if tensor.dtype not in FLOATS:
        return [replace(whole, left_out=why_not_read(tensor.dtype))]
    if len(shape) == 2:
        is_transposed = _inputs_first(checkpoint, tensor)
        outputs, inputs = shape[::-1] if is_transposed else shape
        parts = _of_dense(replace(whole, outputs=outputs, inputs=inputs, is_transposed=is_transposed), told, head_size)
    elif len(shape) == 3 and not told and "expert" in tensor.name.lower():
        expert = replace(whole, outputs=shape[1], inputs=shape[2], kind="dense")
        parts = (replace(expert, part=f"expert {number}", index=(number,)) for number in range(shape[0]))
    else:
        parts = _of_convolution(whole, told.parts if told else None)
    return [_large_enough(part) for part in parts]


def _inputs_first(checkpoint: Checkpoint, tensor: StoredTensor) -> bool:
    """Whether a dense weight has inputs as rows: told by the fused projection, three times as wide as high."""
    if not _INPUTS_FIRST.search(tensor.name):
        return False
    fused = [other.shape for name, other in checkpoint.tensors.items() if name.endswith("c_attn.weight")]
    return bool(fused) and all(len(shape) == 2 and shape[1] == 3 * shape[0] for shape in fused)


def _large_enough(matrix: LayerMatrix) -> LayerMatrix:
    values = min(matrix.outputs, matrix.inputs)
    if matrix.left_out or values >= FEWEST_VALUES:
        return matrix
    return replace(matrix, left_out=f"{values} singular values, fewer than {FEWEST_VALUES}")


def _of_dense(whole: LayerMatrix, told: Layer | None, head_size: int | None) -> Iterator[LayerMatrix]:
    name = whole.tensor.name
    by_name: Kind = "recurrent" if _RECURRENT.search(name) else "embedding" if _EMBEDDING.search(name) else "dense"
    kind = told.kind if told else by_name
    # A linear layer may be one of attention, which its type does not tell.
    whole = replace(whole, kind="attention" if kind == "dense" and _ATTENTION.search(name) else kind)
    if kind == "recurrent":
        yield from _gates(whole, told.parts if told else _number_of_gates(whole))
    elif whole.kind != "attention":
        yield whole
    elif _FUSED.search(name):
        yield from _projections(whole, head_size)
    else:
        yield from _heads(whole, head_size)


def _number_of_gates(whole: LayerMatrix) -> int:
    """By name; 0 if it cannot be told."""
    name = whole.tensor.name.lower()
    number = 4 if "lstm" in name else 3 if "gru" in name else 0
    if "_hh_l" in name or "recurrent" in name or name.endswith("cell/vars/1"):
        number = whole.outputs // whole.inputs if whole.outputs % whole.inputs == 0 else number
    return number


def _gates(whole: LayerMatrix, number: int) -> Iterator[LayerMatrix]:
    """A recurrent layer's gates, which are stacked; the whole if their number cannot be told."""
    if "_hr_l" in whole.tensor.name:
        # The projection of its outputs.
        yield whole
        return
    if number not in _GATES or whole.outputs % number:
        yield replace(whole, note="taken whole: the names do not tell its gates" * (number != 1))
        return
    rows, gates = whole.outputs // number, _GATES[number]
    if number == 3 and "/" in whole.tensor.name:
        # Keras has the update gate first; its names have slashes.
        gates = (gates[1], gates[0], gates[2])
    for place, gate in enumerate(gates):
        yield replace(whole, part=gate, outputs=rows, index=(slice(place * rows, (place + 1) * rows),))


def _projections(whole: LayerMatrix, head_size: int | None) -> Iterator[LayerMatrix]:
    """Query, key and value of a fused projection."""
    rows, columns = whole.outputs, whole.inputs
    if rows != 3 * columns or _BY_HEAD.search(whole.tensor.name):
        yield replace(whole, note="query, key and value taken together: their order in the rows is not known")
        return
    for place, word in enumerate(("query", "key", "value")):
        part = slice(place * columns, (place + 1) * columns)
        yield from _heads(replace(whole, outputs=columns, index=(part,), part=word), head_size)


def _heads(whole: LayerMatrix, head_size: int | None) -> Iterator[LayerMatrix]:
    if not head_size:
        yield whole
        return
    is_output = bool(_PROJECTED.search(whole.tensor.name))
    if (whole.inputs if is_output else whole.outputs) % head_size:
        yield replace(whole, note=f"taken whole: heads of {head_size} do not divide its sides")
        return
    start = whole.index[0].start if whole.index else 0
    for head in range((whole.inputs if is_output else whole.outputs) // head_size):
        cut = slice(start + head * head_size, start + (head + 1) * head_size)
        part = replace(whole, part=f"{whole.part} head {head}".strip())
        if is_output:
            yield replace(part, index=(slice(None), cut), inputs=head_size)
        else:
            yield replace(part, index=(cut,), outputs=head_size)


def _of_convolution(whole: LayerMatrix, groups: int | None) -> Iterator[LayerMatrix]:
    """Kernels as matrices, outputs x (inputs x kernel), one for each group; one if a file does not tell."""
    first, second, *kernel = whole.tensor.shape
    whole = replace(whole, kind="convolution", is_transposed=bool(groups and groups < 0))
    number, size = abs(groups or 1), math.prod(kernel)
    # A transposed convolution's weight has inputs first, and groups divide those.
    each = first // number
    outputs, inputs = (second, each * size) if whole.is_transposed else (each, second * size)
    if groups is None and second == 1:
        yield replace(whole, left_out=f"one input channel for {first} outputs: depthwise, each filter a vector")
        return
    if number == 1:
        yield replace(whole, outputs=outputs, inputs=inputs)
        return
    if min(outputs, inputs) == 1:
        yield replace(whole, left_out=f"{number} groups of one filter each: vectors")
        return
    for group in range(number):
        cut = slice(group * each, (group + 1) * each)
        # Groups divide the tensor's first axis, which is the second once it was swapped.
        index: tuple[Any, ...] = (slice(None), cut) if whole.is_transposed else (cut,)
        yield replace(whole, part=f"group {group}", outputs=outputs, inputs=inputs, index=index)
