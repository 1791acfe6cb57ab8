"""Opens a checkpoint, whatever its format: a file, a folder as model hubs lay it out, a dictionary or a module."""

from __future__ import annotations

import json
import math
import re
import reprlib
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from deepspectra.data.checkpoints.keras_files import open_keras
from deepspectra.data.checkpoints.safetensors_files import open_safetensors, sharded
from deepspectra.data.checkpoints.stored import Checkpoint, StoredTensor, floats, telling_damage, without_wrappers
from deepspectra.runtime.errors import UserError

__all__ = ["FORMATS", "checkpoint_files", "open_checkpoint"]

#: What is told to whoever gives something else.
FORMATS = (
    "safetensors (.safetensors, or the .index.json of several), torch state dictionaries (.pt, .pth, .bin, .ckpt), "
    "Keras (.h5, .weights.h5, .keras), NumPy (.npz), or a folder that holds one of these"
)
#: What a folder is searched for, the best first: of formats of equal content the one that is read piece by piece.
_IN_FOLDERS = (
    *("model.safetensors", "*.safetensors.index.json", "*.safetensors"),
    *("pytorch_model.bin.index.json", "pytorch_model.bin", "*.pth", "*.pt", "*.ckpt", "*.bin"),
    *("*.keras", "*.weights.h5", "*.h5", "*.npz"),
)
#: How descriptions call the width of a layer and its number of heads.
_HEADS = (("hidden_size", "num_attention_heads"), ("n_embd", "n_head"), ("dim", "n_heads"), ("d_model", "num_heads"))
_DESCRIPTION = "config.json"
#: Formats that are known and not read: why.
_OTHERS = {
    ".gguf": "is a GGUF file, whose weights are mostly quantised: take the network it was made from",
    ".onnx": "is an ONNX graph: export the weights of the network it was made from",
    ".tflite": "is a TensorFlow Lite file: take the network it was made from",
    ".pb": "is a TensorFlow graph: save the network's weights with Keras",
    ".msgpack": "is a Flax file: save its parameters with numpy.savez or as safetensors",
    ".pkl": "is a pickle, which may run code: save the weights with numpy.savez or as safetensors",
    ".pickle": "is a pickle, which may run code: save the weights with numpy.savez or as safetensors",
}
_TORCH = (".pt", ".pth", ".bin", ".ckpt", ".tar")
_SHARD = re.compile(r"(?P<stem>.+)-(?P<number>\d+)-of-(?P<count>\d+)(?P<suffix>\.\w+)")
#: How a file begins that stands for another one, which was not fetched.
_POINTER = b"version https://git-lfs.github.com/spec/"


def open_checkpoint(source: Any) -> Checkpoint:
    """Every tensor of a network, none of them read yet.

    :param source: path of a file or folder, an ``nn.Module``, or a dictionary of tensors or arrays by name.
    :raises UserError: if there is no such file, it has another format or is damaged, or a folder holds no weights or
        several files that could be meant.
    """
    if isinstance(source, str | Path):
        try:
            return without_wrappers(_open_path(Path(source)))
        except OSError as error:
            raise UserError(f"{reprlib.repr(str(source))} cannot be read: {error.strerror or error}.") from error
    if isinstance(source, Mapping) and all(isinstance(value, np.ndarray) for value in source.values()):
        return without_wrappers(_from_arrays(dict(source), "the dictionary"))
    from torch import nn
    from torch.nn.parameter import UninitializedParameter

    from deepspectra.data.checkpoints.torch_files import layers_of, tensors_of

    if isinstance(source, nn.Module):
        if any(isinstance(weight, UninitializedParameter) for weight in source.parameters()):
            raise UserError(
                f"the module {type(source).__name__} has lazy layers; expected weights: call it on a batch first."
            )
        found = tensors_of(source.state_dict(keep_vars=True), f"the module {type(source).__name__}")
        return without_wrappers(replace(found, layers=layers_of(source)))
    if not isinstance(source, Mapping):
        raise UserError(
            f"a network cannot be {reprlib.repr(source)}, of type {type(source).__name__}; expected the path of a "
            "checkpoint, an nn.Module, or a dictionary of tensors or arrays by name."
        )
    return without_wrappers(tensors_of(source, "the dictionary"))


def checkpoint_files(path: Path) -> list[Path]:
    """The files that :func:`open_checkpoint` reads for a path, none of them opened but an index of others.

    :raises UserError: if there is no such file, or a folder holds no weights or several files that could be meant.
    """
    if path.is_dir():
        description = path / _DESCRIPTION
        return [*checkpoint_files(_in_folder(path)), *([description] if description.is_file() else [])]
    if not path.is_file():
        raise UserError(f"there is no file {path}. Expected a checkpoint: {FORMATS}.")
    return [path, *sharded(path)] if path.name.endswith(".index.json") else [path]


def _open_path(path: Path) -> Checkpoint:
    if path.is_dir():
        return replace(_open_path(_in_folder(path)), head_size=_head_size(path / _DESCRIPTION))
    files = checkpoint_files(path)
    for file in files:
        with file.open("rb") as opened:
            if opened.read(len(_POINTER)) == _POINTER:
                raise UserError(
                    f"{file} is a pointer of Git LFS to the file that is meant; expected that file: run `git lfs pull` "
                    "in its repository."
                )
    if shard := _shard(path):
        place = f"{int(shard['number'])} of {int(shard['count'])}"
        note = f"This is file {place} of a network, analysed alone; name its folder or index for all of them."
        found = _open_file(path)
        return replace(found, notes=(*found.notes, note))
    return _open_shards(path, files[1:]) if path.name.endswith(".index.json") else _open_file(path)


def _open_file(path: Path) -> Checkpoint:
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        return open_safetensors([path], str(path))
    if suffix in (".h5", ".hdf5", ".keras"):
        return open_keras(path)
    if suffix == ".npz":
        return _open_npz(path)
    if suffix in _TORCH:
        from deepspectra.data.checkpoints.torch_files import open_torch

        return open_torch(path)
    found = _OTHERS.get(suffix, "has a format that is not known by its name")
    raise UserError(f"{path} {found}. Expected a checkpoint: {FORMATS}.")


def _open_shards(index: Path, paths: list[Path]) -> Checkpoint:
    if all(path.suffix == ".safetensors" for path in paths):
        return open_safetensors(paths, str(index))
    from deepspectra.data.checkpoints.torch_files import open_torch

    parts = [open_torch(path) for path in paths]
    tensors = {name: tensor for part in parts for name, tensor in part.tensors.items()}
    return Checkpoint(str(index), tensors, tuple(dict.fromkeys(note for part in parts for note in part.notes)))


def _in_folder(folder: Path) -> Path:
    """The file of weights in a folder."""
    for pattern in _IN_FOLDERS:
        found = sorted(folder.glob(pattern))
        shards = [shard for path in found if (shard := _shard(path))]
        if len(shards) == len(found) and len({(shard["stem"], shard["count"]) for shard in shards}) == 1:
            raise UserError(_without_index(folder, shards))
        if len(found) > 1:
            names = ", ".join(path.name for path in found[:8])
            raise UserError(f"{folder} holds several checkpoints: {names}. Name the file that is meant.")
        if found:
            return found[0]
    names = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
    raise UserError(f"{folder} holds no checkpoint, but {names}. Expected {FORMATS}.")


def _shard(path: Path) -> re.Match[str] | None:
    """The parts of the name of one of several files that hold a network together."""
    found = _SHARD.fullmatch(path.name)
    return found if found and int(found["count"]) > 1 else None


def _without_index(folder: Path, shards: list[re.Match[str]]) -> str:
    first, numbers = shards[0], {int(shard["number"]) for shard in shards}
    stem, suffix, width = first["stem"], first["suffix"], len(first["number"])
    missing = [f"{stem}{suffix}.index.json"] + [
        f"{stem}-{number:0{width}}-of-{first['count']}{suffix}"
        for number in range(1, int(first["count"]) + 1)
        if number not in numbers
    ]
    return (
        f"{folder} holds a network in {int(first['count'])} files, of which are missing: {', '.join(missing[:8])}"
        f"{', ...' * (len(missing) > 8)}. Fetch them too, or name the file that is to be analysed alone."
    )


def _head_size(config: Path) -> int | None:
    """Rows of an attention head, from a model's description beside its weights; None if it does not say."""
    if not config.is_file():
        return None
    try:
        entries = json.loads(config.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{config} is no JSON: {error}. Mend or remove it; only the size of heads is read.") from error
    found = entries if isinstance(entries, dict) else {}
    numbers = {key: value for key, value in found.items() if isinstance(value, int) and value > 0}
    for width, heads in _HEADS:
        if width in numbers and heads in numbers and numbers[width] % numbers[heads] == 0:
            return numbers.get("head_dim", numbers[width] // numbers[heads])
    return numbers.get("head_dim")


def _open_npz(path: Path) -> Checkpoint:
    with telling_damage(f"{path} is no whole archive of NumPy arrays"), zipfile.ZipFile(path) as archive:
        found = [_npz_tensor(path, archive, entry) for entry in archive.infolist() if entry.filename.endswith(".npy")]
    if not found:
        raise UserError(f"{path} holds no arrays; expected those that numpy.savez saved.")
    return Checkpoint(str(path), {tensor.name: tensor for tensor in found})


def _npz_tensor(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> StoredTensor:
    """By its header alone, without its numbers."""
    name = entry.filename.removesuffix(".npy")
    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
        if not dtype.hasobject and entry.file_size - file.tell() != math.prod(shape) * dtype.itemsize:
            raise ValueError(f"{name} has not as many numbers as its shape {shape}")

    def numbers() -> np.ndarray:
        with (
            telling_damage(f"{name} cannot be read from {path}"),
            zipfile.ZipFile(path) as archive,
            archive.open(entry.filename) as file,
        ):
            return floats(np.lib.format.read_array(file, allow_pickle=False), name)

    return StoredTensor(name, shape, "object" if dtype.hasobject else dtype.name, numbers)


def _from_arrays(arrays: dict[str, np.ndarray], origin: str) -> Checkpoint:
    if not arrays:
        raise UserError(f"{origin} is empty; expected arrays by name.")

    def stored(name: str, array: np.ndarray) -> StoredTensor:
        return StoredTensor(name, array.shape, array.dtype.name, lambda: floats(array, name), str(id(array)))

    return Checkpoint(origin, {str(name): stored(str(name), array) for name, array in arrays.items()})
