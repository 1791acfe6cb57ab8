"""Gradients of many combinations of a network's outputs in what leaves its layers, a layer at a time.

A backward pass for each combination would leave the gradients of all layers in memory at once. Here the graph of the
forward pass is cut behind each layer. The layers follow from the last to the first, and each passes its gradients on to
those before it; then they may be dropped.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import GradientEdge, get_gradient_edge

__all__ = ["Call", "columns_backward", "cut_pass"]


@dataclass(frozen=True)
class Call:
    """One call of a layer.

    :ivar entered: its input. :ivar version: that of the input then; another one shows work in place.
    :ivar left: where its output leaves the graph before it. :ivar behind: where the graph behind it begins.
    """

    layer: nn.Module
    entered: torch.Tensor
    version: int
    left: GradientEdge
    behind: torch.Tensor
    gradients: list[torch.Tensor] = field(default_factory=list)

    @property
    def samples(self) -> int:
        """Length of the output's first axis."""
        return len(self.behind)

    @property
    def is_spoilt(self) -> bool:
        """Whether the input was overwritten later."""
        return self.entered._version != self.version


class _Cut(torch.autograd.Function):
    """A copy of ``output`` whose gradients go to ``behind``."""

    @staticmethod
    def forward(ctx: Any, behind: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
        """A copy: the next layer may work in place."""
        return output.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        return gradients[0], None


def cut_pass(model: nn.Module, inputs: torch.Tensor, layers: Sequence[nn.Module]) -> tuple[torch.Tensor, list[Call]]:
    """The outputs of a batch and the calls of the layers, in their order, with a graph cut behind each call.

    Calls whose input is a keyword are not among them.
    """
    calls: list[Call] = []

    def record(layer: nn.Module, arguments: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor | None:
        if not arguments or not output.requires_grad:
            return None
        entered = arguments[0].detach()
        # Gradients need its shape only, so it takes no memory.
        behind = output.new_zeros(()).expand(output.shape).requires_grad_()
        calls.append(Call(layer, entered, entered._version, get_gradient_edge(output), behind))
        return _Cut.apply(behind, output.detach())

    handles = [layer.register_forward_hook(record) for layer in layers]
    try:
        return model(inputs), calls
    finally:
        for handle in handles:
            handle.remove()


def columns_backward(outputs: torch.Tensor, columns: Sequence[torch.Tensor], calls: list[Call]) -> Iterator[Call]:
    """The calls of :func:`cut_pass`, the last first, each with its gradients: for each column one of its output's
    shape, or none if the outputs do not depend on it.

    :param outputs: of that pass. :param columns: combinations of the outputs, each of their shape.
    :param calls: emptied on the way, so that memory is freed.
    """
    if calls and outputs.requires_grad:
        _pass_on(outputs, columns, calls)
    while calls:
        call = calls.pop()
        yield call
        _pass_on(call.left, call.gradients, calls)


def _pass_on(root: torch.Tensor | GradientEdge, columns: Sequence[torch.Tensor], calls: Sequence[Call]) -> None:
    """Add gradients at a root to those of the calls that it depends on directly."""
    reached = list(calls)
    for number, column in enumerate(columns):
        if not reached:
            break
        found = torch.autograd.grad(
            root, [call.behind for call in reached], column, retain_graph=True, allow_unused=True
        )
        pairs = [(call, gradient) for call, gradient in zip(reached, found, strict=True) if gradient is not None]
        reached = [call for call, _ in pairs]
        for call, gradient in pairs:
            if number < len(call.gradients):
                call.gradients[number] = call.gradients[number] + gradient
            else:
                call.gradients.append(gradient)
