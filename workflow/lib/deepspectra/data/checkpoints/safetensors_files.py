"""Checkpoints in the safetensors format, one file or several with an index."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from deepspectra.data.checkpoints.stored import Checkpoint, StoredTensor, float_array, telling_damage
from deepspectra.runtime.errors import UserError

__all__ = ["open_safetensors", "sharded"]

_NAMES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def open_safetensors(paths: Iterable[Path], origin: str) -> Checkpoint:
    """The tensors of one or several files.

    :raises UserError: if a file is damaged, or two hold a tensor of the same name.
    """
    from safetensors import safe_open

    tensors: dict[str, StoredTensor] = {}
    for path in paths:
        with telling_damage(f"{path} is no whole safetensors file"), safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118, it is no mapping
                if name in tensors:
                    raise UserError(f"{origin} holds the tensor {name} in two of its files; expected it in one.")
                part = file.get_slice(name)
                dtype = _NAMES.get(part.get_dtype(), part.get_dtype().lower())
                tensors[name] = StoredTensor(name, tuple(part.get_shape()), dtype, _reader(path, name))
    return Checkpoint(origin, tensors)


def _reader(path: Path, name: str):
    def read():
        from safetensors import safe_open

        with telling_damage(f"{name} cannot be read from {path}"), safe_open(path, framework="pt") as file:
            return float_array(file.get_tensor(name), name)

    return read


def sharded(index: Path) -> list[Path]:
    """The files that an index names, beside it.

    :raises UserError: if the index is damaged, a file is missing, or a name leads to another folder.
    """
    with telling_damage(f"{index} is no index of checkpoint files, which is a JSON object with weight_map"):
        names = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
        paths = [index.parent / name for name in names]
    for path in paths:
        if path.parent.resolve() != index.parent.resolve():
            raise UserError(f"{index} names {path.name} in another folder; expected files beside the index.")
    if missing := [path.name for path in paths if not path.is_file()]:
        raise UserError(f"{index} names files that are not there: {', '.join(missing[:8])}. Fetch them too.")
    return paths
