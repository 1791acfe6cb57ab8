"""The precision that a network works in: one, and the one that was asked for."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

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
    """Watch a pass through the network for numbers that are rounded to a lower precision than its own.

    :param run: passes some samples through the model. :param dtype: of its parameters and outputs.
    :raises UserError: if there are some, since bounds of errors would be false.
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
            f"{watch.found} of {_name(dtype)} ones: it rounds more than bounds of errors allow. Ask for precision "
            "float32, or let it keep the precision of its input."
        )


class _Watch(TorchFunctionMode):
    """Notes the first operation that takes numbers of a precision and gives some of a lower one."""

    def __init__(self, dtype: torch.dtype, within: list[str]) -> None:
        super().__init__()
        self.dtype, self.within, self.found = dtype, within, ""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        left = func(*args, **(kwargs or {}))
        if not self.found and isinstance(left, torch.Tensor) and left.is_floating_point():
            wide = any(isinstance(one, torch.Tensor) and one.dtype == self.dtype for one in args)
            if wide and torch.finfo(left.dtype).eps > torch.finfo(self.dtype).eps:
                self.found = f"{self.within[-1]} makes {_name(left.dtype)} numbers"
        return left


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
