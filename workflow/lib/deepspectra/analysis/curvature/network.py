"""A network as a function of the numbers of its samples: inputs of any number and structure, outputs of any shape."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from deepspectra.analysis.curvature.precision import check_precision
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.curvature.batches import check_evaluation, check_layers, same_up_to_rounding

__all__ = ["NumberedSamples", "batch_outputs", "check_memory"]

_NORMALISATION = "Batch normalisation needs statistics of its own (track_running_stats)."


class NumberedSamples(nn.Module):
    """Gives the outputs of samples by their numbers, (count,) to (count, outputs).

    The methods for curvature take one tensor with samples along its first axis, and outputs in a matrix.

    :ivar numbers: of all samples, int64, shape (batch,).
    """

    def __init__(self, model: nn.Module, inputs: Any, dtype: torch.dtype) -> None:
        """:param inputs: a tensor with samples along its first axis, a sequence of these (positional arguments of the
            model), or a mapping (keyword arguments). Those of floating-point numbers are cast.
        :param dtype: the precision asked for, that of the model's parameters, to which outputs are cast.

        :raises UserError: if they are something else, or differ in their number of samples.
        """
        super().__init__()
        # Of the wrapper alone: eval() would change the user's model.
        self.training = False
        self.model, self.dtype = model, dtype
        place = next(model.parameters(), torch.empty(0)).device
        if isinstance(inputs, Mapping):
            given = {str(name): _tensor(value, f"input {name}") for name, value in inputs.items()}
        elif isinstance(inputs, list | tuple):
            given = {str(number): _tensor(value, f"input {number}") for number, value in enumerate(inputs)}
        else:
            given = {"0": _tensor(inputs, "the input")}
        self._by_name = isinstance(inputs, Mapping)
        self._given = {
            name: value.to(place, dtype if value.is_floating_point() else None) for name, value in given.items()
        }
        lengths = {name: len(value) if value.dim() else -1 for name, value in given.items()}
        if len(set(lengths.values())) != 1 or -1 in lengths.values():
            told = ", ".join(f"{name} {tuple(value.shape)}" for name, value in given.items())
            raise UserError(f"inputs must have one number of samples along their first axis; found {told or 'none'}.")
        self.numbers = torch.arange(next(iter(lengths.values())), device=place)
        if not len(self.numbers):
            raise UserError("a batch needs samples; there are 0.")
        for name, value in self._given.items():
            if value.is_floating_point() and not torch.isfinite(value).all():
                count = int((~torch.isfinite(value)).sum())
                raise UserError(f"input {name} has {count} entries that are not finite. Leave those samples out.")

    def raw(self, numbers: torch.Tensor) -> torch.Tensor:
        """Outputs of the shape that the model gives them, with samples along the first axis.

        :raises UserError: if they are no tensor of floating-point numbers, or not of these samples.
        """
        chosen = {name: value[numbers] for name, value in self._given.items()}
        outputs = self.model(**chosen) if self._by_name else self.model(*chosen.values())
        # Models of language come with their outputs in an object.
        outputs = outputs if isinstance(outputs, torch.Tensor) else getattr(outputs, "logits", outputs)
        if not isinstance(outputs, torch.Tensor) or not outputs.is_floating_point():
            found = outputs.dtype if isinstance(outputs, torch.Tensor) else type(outputs).__name__
            raise UserError(
                f"the model returns {found}; expected a tensor of floating-point numbers, or an object with one as its "
                "logits. Wrap the model in a module that returns what the loss takes."
            )
        if outputs.dim() == 0 or len(outputs) != len(numbers):
            raise UserError(
                f"the model returns outputs of shape {tuple(outputs.shape)} for {len(numbers)} samples; expected "
                f"({len(numbers)}, ...): samples come first."
            )
        # Wider ones were made by parameters of this precision: they are not known better.
        return outputs.to(self.dtype)

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        """Outputs (count, outputs)."""
        return self.raw(numbers).reshape(len(numbers), -1)


def _tensor(value: Any, name: str) -> torch.Tensor:
    try:
        tensor = torch.as_tensor(value) if isinstance(value, torch.Tensor | np.ndarray) else None
    except TypeError:
        tensor = None
    if tensor is None or tensor.is_complex() or tensor.is_sparse:
        raise UserError(
            f"{name} of the batch is a {type(value).__name__}; expected tensors or NumPy arrays of real numbers: one, "
            "a list of the model's positional arguments, or a dictionary of its keyword arguments."
        )
    return tensor.detach()


@torch.no_grad()
def batch_outputs(network: NumberedSamples) -> torch.Tensor:
    """Outputs of all samples as the model gives them, after checks that their curvature can be had.

    :raises UserError: naming what is wrong: a module in training mode, samples that mix, outputs that are not finite.
    """
    model, numbers = network.model, network.numbers
    check_evaluation(model)
    check_layers(model)
    try:
        outputs = network.raw(numbers)
    except UserError:
        raise
    except Exception as error:  # a user's model can fail in any way
        raise UserError(f"the model fails on the batch: {type(error).__name__}: {error}") from error
    if not torch.isfinite(outputs).all():
        with _recorded(model) as calls:
            network.raw(numbers)
        bad = next((name for name, left in calls if not torch.isfinite(left).all()), "the last operation")
        count = int((~torch.isfinite(outputs)).sum())
        raise UserError(
            f"{count} of {outputs.numel()} outputs are not finite; the first such numbers leave {bad}. Check its "
            "weights."
        )
    for number in ProgressBar(numbers.split(1), desc="do samples mix?", unit="sample"):
        place = int(number)
        with _recorded(model) as calls:
            try:
                alone = network.raw(number)
            except Exception as error:  # a user's model can fail in any way
                last = f" after {calls[-1][0]}" if calls else ""
                raise UserError(
                    f"the model takes the whole batch and fails on sample {place} alone{last}: {error} Curvature is "
                    f"that of a sum over samples, so each must go through it alone. {_NORMALISATION}"
                ) from error
        if not same_up_to_rounding(alone[0], outputs[place], float(outputs.norm()) / len(outputs) ** 0.5):
            raise UserError(_what_mixes(network, place))
    check_precision(model, lambda: network.raw(numbers[:1]), network.dtype)
    return outputs


@torch.no_grad()
def check_memory(network: NumberedSamples, rows: int) -> None:
    """:raises UserError: if gradients of all rows in what leaves a module are larger than this machine's memory."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return
    with _recorded(network.model) as calls:
        network.raw(network.numbers[:1])
    name, largest = max(calls, key=lambda call: call[1].numel(), default=("", torch.empty(0)))
    # Twice: as they come, and side by side.
    needed, there = 2 * rows * largest.numel() * largest.element_size(), _memory()
    if needed > there:
        raise UserError(
            f"gradients of {rows} rows in what leaves {name} take {needed / 1e9:.0f} GB of memory, and this machine "
            f"has {there / 1e9:.0f} GB. Take fewer samples, shorter ones, or fewer outputs."
        )


def _memory() -> int:
    """Bytes of this machine."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _what_mixes(network: NumberedSamples, place: int) -> str:
    """Name the first module whose outputs for a sample depend on the others, or on chance."""
    with _recorded(network.model) as whole:
        network.raw(network.numbers)
    with _recorded(network.model) as again:
        network.raw(network.numbers)
    pairs = zip(whole, again, strict=False)
    drawn = next((name for (name, left), (_, other) in pairs if not same_up_to_rounding(left, other)), None)
    if drawn:
        return f"two passes of the same batch differ from {drawn} on: it draws random numbers in evaluation mode."
    with _recorded(network.model) as alone:
        network.raw(network.numbers[place : place + 1])
    name = next(
        (
            name
            for (name, left), (_, own) in zip(whole, alone, strict=False)
            if left.dim() and len(left) == len(network.numbers) and not same_up_to_rounding(left[place], own[0])
        ),
        "the last operation",
    )
    return (
        f"samples mix in {name}: outputs of sample {place} alone differ from those in the batch. Curvature is that of "
        f"a sum over samples. {_NORMALISATION}"
    )


@contextmanager
def _recorded(model: nn.Module) -> Iterator[list[tuple[str, torch.Tensor]]]:
    """Names and outputs of modules without submodules, in the order of their calls."""
    calls: list[tuple[str, torch.Tensor]] = []

    def hook(name: str, layer: nn.Module) -> Any:
        def record(_: nn.Module, given: Sequence[Any], left: Any) -> None:
            if isinstance(left, torch.Tensor) and left.is_floating_point():
                calls.append((f"{name or 'the model'} ({type(layer).__name__})", left.detach().clone()))

        return layer.register_forward_hook(record)

    leaves = [(name, layer) for name, layer in model.named_modules() if next(layer.children(), None) is None]
    handles = [hook(name, layer) for name, layer in leaves]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()
