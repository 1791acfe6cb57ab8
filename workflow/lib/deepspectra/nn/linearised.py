"""A network linearised around the initial weights of one layer (thamm2024, eq. 6)."""

from collections.abc import Callable, Mapping

import torch
from torch import nn
from torch.func import functional_call, jvp

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes

__all__ = ["linearised"]


def linearised(
    model: nn.Module, parameters: Mapping[str, torch.Tensor], initial: torch.Tensor, layer: str
) -> Callable[[torch.Tensor], torch.Tensor]:
    """The function f_{W0}(x) + (W - W0) . grad_W f_{W0}(x) for the weight W of one layer, such as ``dense2``.

    All other parameters are trained in both terms. Each batch takes one forward-mode product and no gradient, so frozen
    parameters are like any other. A weight that several layers share is linearised in all of them.

    :param parameters: all trained parameters by torch's names (``dense2.weight``), as in ``model.named_parameters()``.
    :param initial: W0, with the shape of the layer's weight.
    :returns: maps images to outputs of shape (batch, classes).
    :raises UserError: if the parameters are not the model's, the layer has no weight, or a shape is another one.
    """
    expected, name = dict(model.named_parameters()), f"{layer}.weight"
    if set(parameters) != set(expected) or name not in expected:
        known = f"the network has the parameters {', '.join(expected)}"
        raise UserError(f"{known}; expected a value of each and one called {name}, found {', '.join(parameters)}.")
    for key, value in parameters.items():
        check_shapes(**{f"trained {key}": (value, expected[key].shape)})
    check_shapes(**{f"initial {name}": (initial, expected[name].shape)})
    fixed = {key: value.detach() for key, value in parameters.items()}
    displacement = fixed[name] - initial

    def outputs(images: torch.Tensor) -> torch.Tensor:
        # torch declares a third result, which only has_aux gives.
        value, change = jvp(  # type: ignore[misc]
            lambda weight: functional_call(model, {**fixed, name: weight}, (images,)), (initial,), (displacement,)
        )
        return value + change

    return outputs
