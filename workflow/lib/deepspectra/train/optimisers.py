"""Stochastic gradient descent and Adam, by PyTorch's functional optimisers.

Creating one of the classes of :mod:`torch.optim` imports torch's compiler, which is not used here and takes longer than
many a training of the preview. The steps are bit-identical to theirs.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import torch
from torch import nn
from torch.optim.adam import adam
from torch.optim.sgd import sgd

from deepspectra.runtime.errors import UserError

__all__ = ["Optimiser"]

# Keras's constant, used by fan2020; torch's default is 1e-8. It is added to the root of the bias-corrected mean square
# gradient, as in algorithm 1 of Adam's paper. Keras adds it before the correction, which shortens step t by a relative
# 1e-7 (1 / sqrt(1 - 0.999^t) - 1) / root at most, at first 3e-6 / |gradient|.
_ADAM_EPSILON = 1e-7
_ADAM = partial(adam, fused=True, amsgrad=False, beta1=0.9, beta2=0.999, eps=_ADAM_EPSILON, maximize=False)
_SGD = partial(sgd, fused=True, dampening=0, nesterov=False, maximize=False)


@dataclass
class Optimiser:
    """Moves parameters against their gradients.

    :ivar groups: parameters, each group with its weight decay (this times a parameter is added to its gradient).
    :ivar kind: stochastic gradient descent, or Adam with Keras's constants. :ivar momentum: of the former.
    :ivar learning_rate: of the next step.
    :ivar state: what the optimiser keeps for each parameter, by torch's names; empty before the first step.
    """

    groups: list[tuple[list[nn.Parameter], float]]
    kind: Literal["sgd", "adam"]
    momentum: float = 0.0
    learning_rate: float = 0.0
    state: dict[torch.Tensor, dict[str, torch.Tensor]] = field(default_factory=dict)

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the tensors kept for each parameter."""
        if self.kind == "adam":
            return ("exp_avg", "exp_avg_sq", "step")
        return ("momentum_buffer",) if self.momentum else ()

    @torch.no_grad()
    def step(self) -> None:
        """Take one step; frozen parameters (``requires_grad`` False) stay as they are.

        :raises UserError: if another one has no gradient.
        """
        for parameters, weight_decay in self.groups:
            moving: list[torch.Tensor] = [parameter for parameter in parameters if parameter.requires_grad]
            gradients = [parameter.grad for parameter in moving if parameter.grad is not None]
            if len(gradients) < len(moving):
                shapes = ", ".join(str(tuple(parameter.shape)) for parameter in moving if parameter.grad is None)
                told = f"the loss does not depend on the parameters of shape {shapes}"
                raise UserError(f"{told}. Freeze them (requires_grad_(False)), or leave them out.")
            (self._adam if self.kind == "adam" else self._sgd)(moving, gradients, weight_decay)

    def _sgd(self, parameters: list[torch.Tensor], gradients: list[torch.Tensor], weight_decay: float) -> None:
        # torch puts the gradients in place of buffers that are None.
        buffers = [self.state.get(parameter, {}).get("momentum_buffer") for parameter in parameters]
        _SGD(parameters, gradients, buffers, weight_decay=weight_decay, momentum=self.momentum, lr=self.learning_rate)
        for parameter, buffer in zip(parameters, buffers, strict=True):
            if buffer is not None:
                self.state[parameter] = {"momentum_buffer": buffer}

    def _adam(self, parameters: list[torch.Tensor], gradients: list[torch.Tensor], weight_decay: float) -> None:
        for parameter in parameters:
            if parameter not in self.state:
                zeros = {name: torch.zeros_like(parameter) for name in ("exp_avg", "exp_avg_sq")}
                self.state[parameter] = zeros | {"step": torch.zeros((), device=parameter.device)}
        means, squares, steps = ([self.state[parameter][name] for parameter in parameters] for name in self.state_names)
        _ADAM(parameters, gradients, means, squares, [], steps, weight_decay=weight_decay, lr=self.learning_rate)
