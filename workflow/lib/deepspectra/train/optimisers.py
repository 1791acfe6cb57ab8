"""Stochastic gradient descent and Adam by torch's own functions, in the form that training needs.

The classes of :mod:`torch.optim` import torch's compiler as soon as they are made, which nothing here uses and which
takes longer than many a training of the preview. Steps are theirs to the bit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import nn
from torch.optim.adam import adam
from torch.optim.sgd import sgd

# Keras's constant, with which fan2020 was made; torch's own is 1e-8. Here it is added to the root of the mean square
# gradient after the correction of the bias, as in algorithm 1 of Adam's paper. Keras adds it before: its step t is
# shorter, by a share of at most 1e-7 (1 / sqrt(1 - 0.999^t) - 1) over that root, 3e-6 over the gradient at first.
_ADAM_EPSILON = 1e-7


@dataclass
class Optimiser:
    """Moves parameters against their gradients.

    ``groups``: parameters, each group with the share of a parameter that is added to its gradient.
    ``kind``: stochastic gradient descent, or Adam with Keras's constants.
    ``momentum``: of stochastic gradient descent.
    ``learning_rate``: of the next step.
    ``state``: what is remembered of each parameter, by torch's names; empty before the first step.
    """

    groups: list[tuple[list[nn.Parameter], float]]
    kind: Literal["sgd", "adam"]
    momentum: float = 0.0
    learning_rate: float = 0.0
    state: dict[nn.Parameter, dict[str, torch.Tensor]] = field(default_factory=dict)

    @property
    def remembers(self) -> tuple[str, ...]:
        """Names of what is remembered of each parameter."""
        if self.kind == "adam":
            return ("exp_avg", "exp_avg_sq", "step")
        return ("momentum_buffer",) if self.momentum else ()

    def zero_gradients(self) -> None:
        """Forget the gradients."""
        for parameters, _ in self.groups:
            for parameter in parameters:
                parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """One step; every parameter has its gradient."""
        for parameters, weight_decay in self.groups:
            gradients = [parameter.grad for parameter in parameters]
            if self.kind == "adam":
                self._adam(parameters, gradients, weight_decay)
            else:
                self._sgd(parameters, gradients, weight_decay)

    def _sgd(self, parameters: list[nn.Parameter], gradients: list[torch.Tensor], weight_decay: float) -> None:
        buffers = self._remembered(parameters, "momentum_buffer")
        sgd(
            *(parameters, gradients, buffers),
            fused=True,
            weight_decay=weight_decay,
            momentum=self.momentum,
            lr=self.learning_rate,
            dampening=0,
            nesterov=False,
            maximize=False,
        )
        if self.momentum:
            for parameter, buffer in zip(parameters, buffers, strict=True):
                self.state[parameter] = {"momentum_buffer": buffer}

    def _adam(self, parameters: list[nn.Parameter], gradients: list[torch.Tensor], weight_decay: float) -> None:
        for parameter in parameters:
            if parameter not in self.state:
                means = {name: torch.zeros_like(parameter) for name in ("exp_avg", "exp_avg_sq")}
                self.state[parameter] = means | {"step": torch.zeros((), device=parameter.device)}
        adam(
            *(parameters, gradients, self._remembered(parameters, "exp_avg")),
            *(self._remembered(parameters, "exp_avg_sq"), [], self._remembered(parameters, "step")),
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=self.learning_rate,
            weight_decay=weight_decay,
            eps=_ADAM_EPSILON,
            maximize=False,
        )

    def _remembered(self, parameters: Iterable[nn.Parameter], name: str) -> list[torch.Tensor | None]:
        return [self.state.get(parameter, {}).get(name) for parameter in parameters]
