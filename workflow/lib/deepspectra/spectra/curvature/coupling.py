"""The two parts of a piecewise linear network's Hessian, from one forward and a few backward passes.

Given the activation pattern, a network is linear in each layer, and layers are linear maps of tangents. The Hessian has
two parts:

- The curvature in the outputs gives the Gauss-Newton part F F'. For a layer with inputs a_n, column (n, c) of F is the
  outer product of a_n with column c of the output's curvature factor, propagated back to the layer.
- The rest couples pairs of layers. Changing a weight of layer l changes the inputs a_n of a later layer m by a tangent
  t_n. With g_n the loss's gradient in the outputs of m, the derivative of the gradient in m's weights is the sum over
  samples of the outer products of g_n and t_n. Otherwise g and the propagation of t depend on the weight only through
  F F'.

Differentiating twice costs a forward and a backward pass through all layers for each weight; this costs only the
propagation of t from layer l on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from deepspectra.nn.losses import Loss, batch_loss, curvature_factor
from deepspectra.runtime.errors import UserError

__all__ = ["LINEAR", "LinearStep", "Step", "convolution_patches", "couplings", "factor_rows", "is_plain_convolution"]
__all__ += ["modules_of", "places_last", "record", "zeros_beside"]

LINEAR = (nn.Linear, nn.Conv2d)

# Numbers in the tangents of the weights treated at once: 16 MB, about what caches hold.
_NUMBERS = 1 << 21


@dataclass(frozen=True)
class Step:
    """One layer of a network at the batch's activation pattern.

    :ivar entered: its inputs. :ivar left: its outputs, in the graph that begins at the network's inputs.
    :ivar pattern: which inputs of a ReLU are positive, or where pooling found its maxima; None for other layers.
    """

    name: str
    layer: nn.Module
    entered: torch.Tensor
    left: torch.Tensor
    pattern: torch.Tensor | None = None

    def carry(self, tangents: torch.Tensor) -> torch.Tensor:
        """Propagate tangents of the inputs, shape (directions, batch, ...), to the outputs."""
        flat, layer = tangents.flatten(0, 1), self.layer
        if self.pattern is not None and isinstance(layer, nn.MaxPool2d):
            places = self.pattern.flatten(2).expand(len(tangents), -1, -1, -1)
            return tangents.flatten(3).gather(3, places).view(len(tangents), *self.pattern.shape)
        if self.pattern is not None:
            return tangents * self.pattern
        if isinstance(layer, nn.Linear):
            out = functional.linear(flat, layer.weight)
        elif isinstance(layer, nn.Conv2d):
            out = functional.conv2d(flat, layer.weight, None, layer.stride, layer.padding, layer.dilation)
        else:
            out = layer(flat)
        return out.view(*tangents.shape[:2], *out.shape[1:])

    def numbers(self) -> int:
        """Upper limit on the numbers that one tangent takes here."""
        area = self.layer.weight[0, 0].numel() if isinstance(self.layer, nn.Conv2d) else 1
        return max(self.entered.numel() * area, self.left.numel())


@dataclass(frozen=True)
class LinearStep(Step):
    """A linear layer or convolution: a layer with parameters."""

    layer: nn.Linear | nn.Conv2d

    def begin(self, places: torch.Tensor, patches: torch.Tensor) -> torch.Tensor:
        """Tangents of the outputs, shape (directions, batch, ...), for unit changes of single parameters.

        :param places: int64, among the layer's parameters: first the weight's, then the bias's.
        :param patches: of the inputs.
        """
        size, count = self.layer.weight[0].numel(), self.layer.weight.numel()
        bias = places >= count
        unit = torch.where(bias, places - count, places // size)
        values = patches[:, torch.where(bias, 0, places % size)].transpose(0, 1)
        values = values.masked_fill(bias[:, None, None], 1)
        tangents = values.new_zeros(len(places), *self.left.shape)
        tangents.view(*tangents.shape[:3], -1)[torch.arange(len(places), device=places.device), :, unit] = values
        return tangents

    def patches(self, inputs: torch.Tensor) -> torch.Tensor:
        """What the weights of one unit multiply at each place, shape (inputs, features, places); one of nn.Linear."""
        return inputs[:, :, None] if isinstance(self.layer, nn.Linear) else convolution_patches(self.layer, inputs)

    def mask(self, active: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Which of the layer's parameters are active, in one vector."""
        return torch.cat([active[f"{self.name}.{name}"].reshape(-1) for name, _ in self.layer.named_parameters()])


def zeros_beside(layer: nn.Conv1d | nn.Conv2d | nn.Conv3d) -> tuple[int, ...] | None:
    """Zeros that pad a convolution on either side of each axis; None if sides differ, or with other padding."""
    if layer.padding_mode != "zeros":
        return None
    if not isinstance(layer.padding, str):
        return layer.padding
    # "valid" or "same"
    sums = [
        (side - 1) * step * (layer.padding == "same")
        for side, step in zip(layer.kernel_size, layer.dilation, strict=True)
    ]
    return None if any(total % 2 for total in sums) else tuple(total // 2 for total in sums)


def is_plain_convolution(layer: nn.Conv2d) -> bool:
    """Whether a convolution is a single product with its input's patches."""
    return layer.groups == 1 and zeros_beside(layer) is not None


def convolution_patches(layer: nn.Conv1d | nn.Conv2d | nn.Conv3d, inputs: torch.Tensor) -> torch.Tensor:
    """What a convolution with zeros beside multiplies its weights by, (inputs, channels x kernel's sides, places)."""
    zeros = zeros_beside(layer)
    assert zeros is not None
    if isinstance(layer, nn.Conv2d):
        return functional.unfold(inputs, layer.kernel_size, layer.dilation, zeros, layer.stride)
    # From the last axis on, as padding counts them: each becomes two, the kernel's and that of places.
    patches = functional.pad(inputs, [number for side in reversed(zeros) for number in (side, side)])
    for axis in range(len(zeros), 0, -1):
        side, apart, step = (numbers[axis - 1] for numbers in (layer.kernel_size, layer.dilation, layer.stride))
        within = torch.arange(side, device=inputs.device) * apart
        starts = torch.arange(0, patches.shape[axis + 1] - apart * (side - 1), step, device=inputs.device)
        places = (within[:, None] + starts).flatten()
        patches = patches.index_select(axis + 1, places).unflatten(axis + 1, (side, -1))
    # (inputs, channels, side, places, side, places, ...)
    sides, outer = range(2, patches.dim(), 2), range(3, patches.dim(), 2)
    return patches.permute(0, 1, *sides, *outer).flatten(1, 1 + len(zeros)).flatten(2)


def modules_of(model: nn.Sequential) -> list[tuple[str, nn.Module]]:
    """All layers in order; a layer that is used several times is listed each time."""
    return [(name, layer) for name, layer in model._modules.items() if layer is not None]


def record(model: nn.Sequential, inputs: torch.Tensor) -> list[Step]:
    """The steps of a batch through a network of linear layers, convolutions, ReLU, pooling and flattening.

    :raises UserError: if a linear layer takes samples of more than one axis.
    """
    steps: list[Step] = []
    with torch.enable_grad():
        # The graph has to begin at the inputs, since weights may be frozen.
        values = inputs.detach().requires_grad_()
        for name, layer in modules_of(model):
            pattern = None
            if isinstance(layer, nn.ReLU):
                pattern, left = values > 0, values.clamp_min(0)
            elif isinstance(layer, nn.MaxPool2d):
                options = (layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.ceil_mode)
                # Places are those in each flattened channel.
                left, pattern = functional.max_pool2d(values, *options, return_indices=True)
            else:
                left = layer(values)
            if isinstance(layer, nn.Linear) and values.dim() != 2:
                shape = tuple(values.shape)
                raise UserError(
                    f"layer {name} takes inputs of shape (batch, features) if a Hessian is reduced, not {shape}."
                )
            if isinstance(layer, nn.Linear | nn.Conv2d):
                steps.append(LinearStep(name, layer, values.detach(), left, pattern))
            else:
                steps.append(Step(name, layer, values.detach(), left, pattern))
            values = left
    return steps


@torch.no_grad()
def factor_rows(steps: Sequence[Step], loss: Loss, active: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Rows of F for the active parameters (masks by name), in their order, shape (active, batch x rank)."""
    outputs = steps[-1].left
    factor = curvature_factor(loss, outputs.detach())
    linear = [step for step in steps if isinstance(step, LinearStep)]
    columns: list[list[torch.Tensor]] = [[] for _ in linear]
    for column in range(factor.shape[2]):
        back = torch.autograd.grad(outputs, [step.left for step in linear], factor[:, :, column], retain_graph=True)
        for step, gradient, found in zip(linear, back, columns, strict=True):
            gradient = places_last(gradient)
            parts = [(gradient @ step.patches(step.entered).transpose(1, 2)).flatten(1)]
            if step.layer.bias is not None:
                parts.append(gradient.sum(2))
            found.append(torch.cat(parts, dim=1)[:, step.mask(active)])
    return torch.cat([torch.stack(found, dim=1).flatten(0, 1).T for found in columns])


@torch.no_grad()
def couplings(
    steps: Sequence[Step], targets: torch.Tensor, loss: Loss, active: Mapping[str, torch.Tensor]
) -> Iterator[tuple[int, int, torch.Tensor]]:
    """The Hessian minus F F' between each active parameter and those of later layers, in blocks.

    :returns: row and column of the block's first entry, counted among the active parameters, and the block. A block
        has rows of neighbouring parameters of one layer and columns of all parameters of one later layer.
    """
    linear = [step for step in steps if isinstance(step, LinearStep)]
    with torch.enable_grad():
        value = batch_loss(loss, steps[-1].left, targets)
    back = torch.autograd.grad(value, [step.left for step in linear], retain_graph=True)
    gradients = {step.name: places_last(gradient) for step, gradient in zip(linear, back, strict=True)}
    masks = {step.name: step.mask(active) for step in linear}
    offset = 0
    for number, step in enumerate(steps):
        if not isinstance(step, LinearStep):
            continue
        places = masks[step.name].nonzero()[:, 0]
        later = steps[number + 1 :]
        if any(isinstance(other, LinearStep) for other in later):
            patches = step.patches(step.entered)
            at_once = max(1, _NUMBERS // max(step.left.numel(), *(other.numbers() for other in later)))
            for start in range(0, len(places), at_once):
                chosen = places[start : start + at_once]
                tangents, column = step.begin(chosen, patches), offset + len(places)
                for other in later:
                    if isinstance(other, LinearStep):
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


def _outer(step: LinearStep, tangents: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
    """Sum over samples and places of gradients in a layer's outputs times tangents of its inputs, by weight."""
    patches = step.patches(tangents.flatten(0, 1))
    patches = patches.view(*tangents.shape[:2], *patches.shape[1:]).transpose(2, 3).flatten(1, 2)
    return (gradients.transpose(0, 1).flatten(1) @ patches).flatten(1)


def places_last(gradients: torch.Tensor) -> torch.Tensor:
    """Gradients in a layer's outputs, in the shape (batch, units, places)."""
    return gradients.reshape(*gradients.shape[:2], -1)
