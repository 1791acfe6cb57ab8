"""A network linearised around the initial weights of one layer (thamm2024, eq. 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import nn
from torch.func import functional_call, jvp


def linearised(
    model: nn.Module, parameters: Mapping[str, torch.Tensor], initial: torch.Tensor, layer: str
) -> Callable[[torch.Tensor], torch.Tensor]:
    """The function f_{W0}(x) + (W - W0) . grad_W f at W0, for the weight W of one layer.

    All other parameters are the trained ones on both sides. One forward-mode product a batch, and no gradient.

    :param parameters: trained ones by torch's names (``dense2.weight``), as of ``model.named_parameters()``.
    :param initial: W0, shape of the layer's weight.
    :param layer: name of the layer, such as ``dense2``.
    :returns: a function of images, to outputs of shape (batch, classes).
    """
    name = f"{layer}.weight"
    fixed = {key: value.detach() for key, value in parameters.items()}
    displacement = fixed[name] - initial

    def outputs(images: torch.Tensor) -> torch.Tensor:
        def of_weight(weight: torch.Tensor) -> torch.Tensor:
            return functional_call(model, {**fixed, name: weight}, (images,))

        value, change = jvp(of_weight, (initial,), (displacement,))
        return value + change

    return outputs
