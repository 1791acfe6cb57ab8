"""The precision that a network works in: one, and the one that was asked for."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from deepspectra.runtime.errors import UserError

__all__ = ["check_precision", "in_precision"]


def in_precision(model: nn.Module, dtype: torch.dtype) -> nn.Module:
    """The model in this precision: itself, or a copy where it is in another one.

    :raises UserError: if it cannot be copied, or holds numbers that cannot be cast.
    """
    tensors = [*model.parameters(), *model.buffers()]
    if any(tensor.is_quantized or tensor.is_complex() for tensor in tensors):
        raise UserError(
            "the model has quantised or complex parameters; expected floating-point numbers. Dequantise it."
        )
    if all(tensor.dtype == dtype for tensor in tensors if tensor.is_floating_point()):
        return model
    try:
        return copy.deepcopy(model).to(dtype)
    except Exception as error:  # a user's model can fail in any way
        told = f"{type(error).__name__}: {error}"
        name = _name(dtype)
        raise UserError(
            f"the model cannot be copied to cast it to {name} ({told}). Give it in {name}: model.to(torch.{name})."
        ) from error


def check_precision(model: nn.Module, run: Callable[[], Any], dtype: torch.dtype) -> None:
    """Watch a pass through the network for numbers that are rounded to a lower precision than the one asked for.

    :param run: passes some samples through the model. :param dtype: what was asked for.
    :raises UserError: if there are some, outputs too, since the errors that are told would be too small.
    """
    within = ["the model"]

    def entered(name: str) -> Callable[..., None]:
        return lambda layer, *_: within.append(f"{name or 'the model'} ({type(layer).__name__})")

    def left(*_: Any) -> None:
        within.pop()

    handles = [layer.register_forward_pre_hook(entered(name)) for name, layer in model.named_modules()]
    handles += [layer.register_forward_hook(left) for layer in model.modules()]
    try:
        with _Watch(dtype, within) as watch:
            run()
    finally:
        for handle in handles:
            handle.remove()
    if watch.found:
        raise UserError(
            f"{watch.found}: it rounds more than the errors of {_name(dtype)} that are told. Ask for precision float32 "
            "if it works in that, or let it keep the precision of its input."
        )


class _Watch(TorchDispatchMode):
    """Notes the first operation whose numbers are less precise than what it takes, and than what was asked for.

    Of all operations, as torch dispatches them: those in compiled scripts, assignments to parts of a tensor, and casts
    by torch itself (autocast) are among them.
    """

    def __init__(self, dtype: torch.dtype, within: list[str]) -> None:
        super().__init__()
        self.eps, self.within, self.found = torch.finfo(dtype).eps, within, ""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        taken = [one.dtype for one in _numbers([args, kwargs])]
        left = func(*args, **(kwargs or {}))
        if not self.found and taken:
            widest = min(taken, key=_eps)
            rounded = [one.dtype for one in _numbers(left) if _eps(one.dtype) > max(_eps(widest), self.eps)]
            if rounded:
                self.found = f"{self.within[-1]} makes {_name(rounded[0])} numbers of {_name(widest)} ones"
        return left


def _numbers(value: Any) -> Iterator[torch.Tensor]:
    """All tensors of real or complex numbers in arguments or results of any structure."""
    if isinstance(value, torch.Tensor):
        if value.is_floating_point() or value.is_complex():
            yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _numbers(one)
    elif isinstance(value, dict):
        yield from _numbers(list(value.values()))


def _eps(dtype: torch.dtype) -> float:
    return torch.finfo(dtype).eps


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
