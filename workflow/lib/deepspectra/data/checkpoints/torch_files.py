"""State dictionaries in torch's own format, by its restricted loader."""

from __future__ import annotations

import errno
import io
import os
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepspectra.data.checkpoints.stored import Checkpoint, Layer, from_tensors
from deepspectra.runtime.errors import UserError, refused_by_the_machine

if TYPE_CHECKING:
    from torch import nn

__all__ = ["layers_of", "load_plain", "open_torch", "tensors_of"]

# torch's two ways to name what a pickle asked for. The rest of its text tells the user to allow it: never shown.
_REFUSED_GLOBAL = re.compile(r"unsupported global(?:: GLOBAL)? (\S+)", re.IGNORECASE)
_SAVE = 'Save its weights alone, where it can be loaded: torch.save(model.state_dict(), "weights.pt")'

#: Where training scripts put the state dictionary among epochs, optimisers and settings.
_NESTED = ("state_dict", "model_state_dict", "model", "module", "params", "ema_state_dict")


def load_plain(file: Path | bytes, origin: str, expected: str = "a state dictionary saved by torch") -> Any:
    """What a file of torch holds, on the CPU. Tensors may be mapped from the file: keep it while in use.

    :param file: a path, or the file's bytes. :param origin: its name in messages. :param expected: what it should be.
    :raises UserError: if it cannot be read, or would need code to run.
    """
    import torch

    try:
        # Only torch's newer format, a zip file, can be mapped: it is read once for its sums, and held nowhere.
        mapped = isinstance(file, Path) and zipfile.is_zipfile(file)
        opened = file if isinstance(file, Path) else io.BytesIO(file)
        if isinstance(file, Path) and mapped:
            _check_sums(file)
        with warnings.catch_warnings():
            # On how torch itself goes about it.
            warnings.simplefilter("ignore")
            return torch.load(opened, map_location="cpu", weights_only=True, mmap=mapped)
    except Exception as error:  # a damaged pickle fails in any way
        if told := refused_by_the_machine(error):
            raise UserError(told) from error
        found = _why_not_loaded(error)
        raise UserError(f"{origin} does not hold the weights: expected {expected}, but {found}.") from error


def _check_sums(file: Path) -> None:
    """Torch does not look at them; told not to compute them, it writes zeros."""
    with zipfile.ZipFile(file) as archive:
        if any(entry.CRC for entry in archive.infolist()) and (name := archive.testzip()):
            raise zipfile.BadZipFile(name)


def _why_not_loaded(error: Exception) -> str:
    text = str(error)
    if refused := _REFUSED_GLOBAL.search(text):
        return f"it asks for {refused[1]}, which is refused: loading weights must not run code. {_SAVE}"
    if "TorchScript" in text:
        return f"it is a network of TorchScript. {_SAVE}"
    if "legacy .tar" in text:
        return "it has torch's oldest format (tar): save it anew with a newer torch"
    # A zip file that is cut short cannot be mapped: an invalid argument.
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        return os.strerror(error.errno)
    # Whatever else torch says is about its own code.
    return "it is damaged or something else: fetch or save it anew"


def open_torch(path: Path) -> Checkpoint:
    """The tensors of a state dictionary, or of one nested under a usual name; mapped, not read, if the file is a zip.

    :raises UserError: if it cannot be read, would need code to run, or holds no tensors.
    """
    contents = load_plain(path, str(path))
    return tensors_of(contents, str(path)) if zipfile.is_zipfile(path) else _small(contents, path)


def _small(contents: Any, path: Path) -> Checkpoint:
    """Of torch's older format, which is read whole."""
    found = tensors_of(contents, str(path))
    note = "The file has torch's older format and was read whole: memory holds all of it."
    return Checkpoint(found.origin, found.tensors, (*found.notes, note))


def tensors_of(contents: Any, origin: str) -> Checkpoint:
    """The tensors of a dictionary of parameters, or of one nested in it under a usual name.

    :raises UserError: if there are none.
    """
    notes: tuple[str, ...] = ()
    path = ""
    import torch

    while isinstance(contents, Mapping) and not any(isinstance(value, torch.Tensor) for value in contents.values()):
        key = next((key for key in _NESTED if isinstance(contents.get(key), Mapping)), None)
        if key is None:
            break
        contents, notes = contents[key], (*notes, f"The parameters were found under {key!r}.")
        path += f"[{key!r}]"
    if not isinstance(contents, Mapping):
        raise UserError(
            f"{origin} holds a {type(contents).__name__}; expected a state dictionary, parameter names to tensors. "
            f"{_SAVE}."
        )
    tensors = {str(name): value for name, value in contents.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        keys = ", ".join(map(repr, list(contents)[:8])) or "nothing"
        expected = "expected a state dictionary, parameter names to tensors"
        raise UserError(f"{origin} holds no tensors, but {keys}; {expected}.{_choose(contents, path)}")
    if others := [str(name) for name in contents if str(name) not in tensors]:
        notes = (*notes, f"Not tensors, and left out: {', '.join(others[:8])}{', ...' * (len(others) > 8)}.")
    if packed := [name.partition("._packed_params")[0] for name in others if name.endswith("._packed_params")]:
        notes = (*notes, f"Quantised, and left out: {', '.join(dict.fromkeys(packed))}; dequantise the network first.")
    return from_tensors(origin, tensors, notes)


def _choose(contents: Mapping[Any, Any], path: str) -> str:
    """What to do about several dictionaries in one, which lies there in the file."""
    nested = next((key for key, value in contents.items() if isinstance(value, Mapping)), None)
    advice = f" Save the one that you mean: torch.save(torch.load(FILE){path}[{nested!r}], NEW)."
    return "" if nested is None else advice


def layers_of(module: nn.Module) -> dict[str, Layer]:
    """The layers of a module's weights, by their names, where torch's own types tell them."""
    found: dict[str, Layer] = {}
    for place, part in module.named_modules():
        if layer := _layer(part):
            found |= {f"{place}.{name}".lstrip("."): layer for name, _ in part.named_parameters(recurse=False)}
    return found


def _layer(part: nn.Module) -> Layer | None:
    from torch import nn
    from torch.nn.modules.conv import _ConvNd

    if isinstance(part, _ConvNd):
        return Layer("convolution", -part.groups if part.transposed else part.groups)
    if isinstance(part, nn.RNNBase | nn.RNNCellBase):
        is_lstm, is_gru = isinstance(part, nn.LSTM | nn.LSTMCell), isinstance(part, nn.GRU | nn.GRUCell)
        return Layer("recurrent", 4 if is_lstm else 3 if is_gru else 1)
    if isinstance(part, nn.Embedding | nn.EmbeddingBag):
        return Layer("embedding")
    if isinstance(part, nn.MultiheadAttention):
        return Layer("attention")
    return Layer("dense") if isinstance(part, nn.Linear) else None
