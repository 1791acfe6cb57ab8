"""The two parts of a piecewise linear network's Hessian, from one forward and a few backward passes.

Given the activation pattern a network is linear in each layer, and layers are linear maps of tangents. Of the Hessian

- all curvature in the outputs is the Gauss-Newton part F F': column (n, c) of F has, for a layer with inputs a_n, the
  outer product of a_n with what comes back to the layer from column c of the output's curvature factor;
- the rest couples pairs of layers: changing a weight of layer l changes the inputs a_n of a later layer m by a tangent
  t_n, and with g_n the loss's gradient in the outputs of m the derivative of its weights' gradient is the sum over
  samples of the outer products of g_n and t_n. Neither g nor the way of t feel the weight otherwise, but through F F'.

Twice differentiating costs a forward and a backward pass of all layers for each weight; this costs the way of t from
layer l on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from deepspectra.nn.losses import Loss, batch_loss, curvature_factor

LINEAR = (nn.Linear, nn.Conv2d)

# Numbers that the tangents of the weights in hand may take: 16 MB, near what caches hold.
_NUMBERS = 1 << 21


@dataclass(frozen=True)
class Step:
    """One layer of a network at the batch's activation pattern.

    ``entered``: its inputs. ``left``: its outputs, in the graph that began at the network's inputs. ``pattern``: which
    inputs of a ReLU are positive, or where a maximum was found.
    """

    name: str
    layer: nn.Module
    entered: torch.Tensor
    left: torch.Tensor
    pattern: torch.Tensor | None

    def carry(self, tangents: torch.Tensor) -> torch.Tensor:
        """What tangents of the inputs, shape (directions, batch, ...), become in the outputs."""
        flat, layer = tangents.flatten(0, 1), self.layer
        if isinstance(layer, nn.Linear):
            out = functional.linear(flat, layer.weight)
        elif isinstance(layer, nn.Conv2d):
            out = functional.conv2d(flat, layer.weight, None, layer.stride, layer.padding, layer.dilation)
        elif isinstance(layer, nn.ReLU):
            return tangents * self.pattern
        elif isinstance(layer, nn.MaxPool2d):
            places = self.pattern.flatten(2).expand(len(tangents), -1, -1, -1)
            return tangents.flatten(3).gather(3, places).view(len(tangents), *self.pattern.shape)
        else:
            out = layer(flat)
        return out.view(*tangents.shape[:2], *out.shape[1:])

    def begin(self, places: torch.Tensor, patches: torch.Tensor) -> torch.Tensor:
        """Tangents of the outputs, shape (directions, batch, ...), for unit changes of single parameters.

        :param places: int64, of the layer's parameters, the weight's first and then the bias's.
        :param patches: of what entered.
        """
        size = self.layer.weight[0].numel()
        bias = places >= self.layer.weight.numel()
        unit = torch.where(bias, places - self.layer.weight.numel(), places // size)
        values = patches[:, torch.where(bias, 0, places % size)].transpose(0, 1)
        values = torch.where(bias[:, None, None], torch.ones_like(values), values)
        tangents = values.new_zeros(len(places), *self.left.shape)
        tangents.view(*tangents.shape[:3], -1)[torch.arange(len(places), device=places.device), :, unit] = values
        return tangents

    def patches(self, inputs: torch.Tensor) -> torch.Tensor:
        """What the weights of one unit multiply at each of its places, shape (inputs, features, places): of a linear
        layer, which has one place, the inputs themselves."""
        layer = self.layer
        if isinstance(layer, nn.Linear):
            return inputs[:, :, None]
        return functional.unfold(inputs, layer.kernel_size, layer.dilation, layer.padding, layer.stride)

    def numbers(self) -> int:
        """How many a tangent takes here at most."""
        area = self.layer.weight[0, 0].numel() if isinstance(self.layer, nn.Conv2d) else 1
        return max(self.entered.numel() * area, self.left.numel())


def record(model: nn.Sequential, inputs: torch.Tensor) -> list[Step]:
    """The steps of a batch through a network of linear layers, convolutions, ReLU, pooling and flattening."""
    steps = []
    with torch.enable_grad():
        # The graph has to begin at the inputs, since weights may be frozen.
        values = inputs.detach().requires_grad_()
        for name, layer in model._modules.items():
            pattern = None
            if isinstance(layer, nn.ReLU):
                pattern, left = values > 0, values.clamp_min(0)
            elif isinstance(layer, nn.MaxPool2d):
                options = (layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.ceil_mode)
                left, pattern = functional.max_pool2d(values, *options, return_indices=True)
            else:
                left = layer(values)
            steps.append(Step(name, layer, values.detach(), left, pattern))
            values = left
    return steps


@torch.no_grad()
def factor_rows(steps: list[Step], loss: Loss, felt: dict[str, torch.Tensor]) -> torch.Tensor:
    """F of the felt parameters, in their order, shape (felt, batch x rank).

    :param felt: masks of the parameters' entries, by name.
    """
    outputs = steps[-1].left
    factor = curvature_factor(loss, outputs.detach())
    linear = [step for step in steps if isinstance(step.layer, LINEAR)]
    columns: list[list[torch.Tensor]] = [[] for _ in linear]
    for column in range(factor.shape[2]):
        back = torch.autograd.grad(outputs, [step.left for step in linear], factor[:, :, column], retain_graph=True)
        for step, gradient, found in zip(linear, back, columns, strict=True):
            gradient = _places_last(gradient)
            parts = [(gradient @ step.patches(step.entered).transpose(1, 2)).flatten(1)]
            if step.layer.bias is not None:
                parts.append(gradient.sum(2))
            found.append(torch.cat(parts, dim=1)[:, _mask(step, felt)])
    return torch.cat([torch.stack(found, dim=1).flatten(0, 1).T for found in columns])


@torch.no_grad()
def couplings(
    steps: list[Step], targets: torch.Tensor, loss: Loss, felt: dict[str, torch.Tensor]
) -> Iterator[tuple[int, int, torch.Tensor]]:
    """The Hessian less F F' between each felt parameter and those of later layers, in blocks.

    :returns: row and column, counted in the felt parameters, of the block's first entry, and the block. Blocks are of
        neighbouring parameters of one layer, and of all parameters of one later layer.
    """
    linear = [step for step in steps if isinstance(step.layer, LINEAR)]
    with torch.enable_grad():
        value = batch_loss(loss, steps[-1].left, targets)
    gradients = torch.autograd.grad(value, [step.left for step in linear], retain_graph=True)
    gradients = {step.name: _places_last(gradient) for step, gradient in zip(linear, gradients, strict=True)}
    masks = {step.name: _mask(step, felt) for step in linear}
    offset = 0
    for number, step in enumerate(steps):
        if step.name not in masks:
            continue
        places = masks[step.name].nonzero()[:, 0]
        later = steps[number + 1 :]
        if any(other.name in masks for other in later):
            patches = step.patches(step.entered)
            at_once = max(1, _NUMBERS // max(step.left.numel(), *(other.numbers() for other in later)))
            for start in range(0, len(places), at_once):
                chosen = places[start : start + at_once]
                tangents, column = step.begin(chosen, patches), offset + len(places)
                for other in later:
                    if other.name in masks:
                        mask = masks[other.name]
                        block = _outer(other, tangents, gradients[other.name])
                        weights = mask[: block.shape[1]]
                        # A bias multiplies 1, which does not change.
                        found = block.new_zeros(len(chosen), int(mask.sum()))
                        found[:, : int(weights.sum())] = block[:, weights]
                        yield offset + start, column, found
                        column += found.shape[1]
                    tangents = other.carry(tangents)
        offset += len(places)


def _outer(step: Step, tangents: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
    """Sum over samples, and places, of gradients in a layer's outputs times tangents of its inputs: shape (directions,
    weights)."""
    patches = step.patches(tangents.flatten(0, 1))
    patches = patches.view(*tangents.shape[:2], *patches.shape[1:]).transpose(2, 3).flatten(1, 2)
    return (gradients.transpose(0, 1).flatten(1) @ patches).flatten(1)


def _places_last(gradients: torch.Tensor) -> torch.Tensor:
    """Of a layer's outputs, in the shape (batch, units, places)."""
    return gradients.reshape(*gradients.shape[:2], -1)


def _mask(step: Step, felt: dict[str, torch.Tensor]) -> torch.Tensor:
    """Which of a layer's parameters are felt, in one vector."""
    return torch.cat([felt[f"{step.name}.{name}"].reshape(-1) for name, _ in step.layer.named_parameters()])
