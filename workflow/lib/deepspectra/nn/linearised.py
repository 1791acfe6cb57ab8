"""A network linearised around the initial weights of one layer (thamm2024, eq. 6)."""

from collections.abc import Callable, Mapping

import torch
from torch import nn
from torch.func import functional_call, jvp

__all__ = ["linearised"]


def linearised(
    model: nn.Module, parameters: Mapping[str, torch.Tensor], initial: torch.Tensor, layer: str
) -> Callable[[torch.Tensor], torch.Tensor]:
    """The function f_{W0}(x) + (W - W0) . grad_W f_{W0}(x) for the weight W of one layer, such as ``dense2``.

    All other parameters are trained in both terms. Each batch takes one forward-mode product and no gradient.

    :param parameters: the trained parameters by torch's names (``dense2.weight``), as in ``model.named_parameters()``.
    :param initial: W0, with the shape of the layer's weight.
    :returns: maps images to outputs of shape (batch, classes).
    """
    name = f"{layer}.weight"
    fixed = {key: value.detach() for key, value in parameters.items()}
    displacement = fixed[name] - initial

    def outputs(images: torch.Tensor) -> torch.Tensor:
        # torch declares a third result, which only has_aux gives.
        value, change = jvp(  # type: ignore[misc]
            lambda weight: functional_call(model, {**fixed, name: weight}, (images,)), (initial,), (displacement,)
        )
        return value + change

    return outputs
