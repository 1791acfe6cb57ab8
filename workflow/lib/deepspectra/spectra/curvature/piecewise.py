"""Hessians of piecewise linear networks, reduced to a small matrix with the same non-zero eigenvalues.

Given the activation pattern of a batch, a network of linear layers, convolutions, ReLU and pooling is linear in the
parameters of each single layer. Four exact steps follow, the last of them up to rounding:

1. The first layer, if linear, sees its weights only through the span of the batch's inputs. On an orthonormal basis of
   that span (the bias counts as an input of 1) there are at most as many inputs as samples. This does not hold for
   later layers, whose inputs move with the earlier weights.
2. Rows and columns of inactive parameters are zero. A weight is inactive if no sample has both its ends alive; all
   weights of a unit that is dead on the whole batch are.
3. Of a layer's own diagonal block only the Gauss-Newton part F F' remains, of rank at most batch x rank; all else, C,
   couples the layer to the others. With the R of a QR factorisation [F, C] = Q (R_F, R_C) the matrix
   ((F F', C), (C', H)) becomes ((R_F R_F', R_C), (R_C', H)), which needs neither Q nor the block itself. It pays for
   the largest layer, if that has more parameters than [F, C] has columns.
4. Of the other layers' parameters, combinations that have no curvature are left out before the QR factorisation, and
   of those that the projected layer is not coupled to, C has no column (:mod:`.null_directions`).
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from itertools import dropwhile, takewhile

import torch
from torch import nn
from torch.func import functional_call

from deepspectra.nn.losses import Loss, curvature_factor
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature import coupling
from deepspectra.spectra.curvature.batches import is_as_made
from deepspectra.spectra.curvature.null_directions import without_null_directions
from deepspectra.spectra.curvature.sizes import require_feasible

__all__ = ["active_parameters", "activity", "on_input_basis", "reduced_hessian", "why_not_piecewise"]

_PIECEWISE = (*coupling.LINEAR, nn.ReLU, nn.MaxPool2d, nn.AvgPool2d, nn.Flatten, nn.Identity)


def why_not_piecewise(model: nn.Module) -> str | None:
    """Why a model cannot be reduced here, in words; None if it can."""
    if not is_as_made(model, nn.Sequential):
        return f"it is a {type(model).__name__}, not a plain sequence of layers"
    assert isinstance(model, nn.Sequential)
    for name, layer in coupling.modules_of(model):
        if not is_as_made(layer, *_PIECEWISE):
            return f"layer {name} ({type(layer).__name__}) is not piecewise linear, or is not known to be"
        if isinstance(layer, nn.Conv2d) and not coupling.is_plain_convolution(layer):
            return f"convolution {name} has groups, or a padding other than equally many zeros on both sides"
    parameters = [parameter for _, layer in coupling.modules_of(model) for parameter in layer.parameters()]
    if len({id(parameter) for parameter in parameters}) < len(parameters):
        return "layers share parameters, in which it is not linear"
    return None


def reduced_hessian(model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, loss: Loss) -> torch.Tensor:
    """A symmetric matrix with the non-zero eigenvalues of the Hessian of a batch's loss (sum over samples).

    Memory: the rows of all layers but the projected one, twice, and the matrix itself.

    :param model: a plain sequence of layers in evaluation mode. :param inputs: shape (batch, ...), in its precision.
    :param targets: see :func:`deepspectra.nn.losses.batch_loss`.
    :raises UserError: if the model cannot be reduced (see :func:`why_not_piecewise`), or the matrix is too large.
    """
    reason = why_not_piecewise(model)
    if reason or not isinstance(model, nn.Sequential):
        raise UserError(f"this network's Hessian cannot be reduced exactly: {reason}.")
    model, inputs = on_input_basis(model, inputs)
    active = active_parameters(model, inputs)
    counts: Counter[str] = Counter()
    for name, mask in active.items():
        counts[name.rpartition(".")[0]] += int(mask.sum())
    largest, count = max(counts.items(), key=lambda item: item[1])
    with torch.no_grad():
        columns = len(inputs) * curvature_factor(loss, model(inputs[:1])).shape[2]
    others = counts.total() - count
    require_feasible(others + min(columns + others, count), "the reduced Hessian")
    first = sum(counts[layer] for layer in takewhile(lambda layer: layer != largest, counts))
    projected = slice(first, first + count * (columns + others < count))

    steps = coupling.record(model, inputs)
    rows, own = _rows_but(projected, steps, targets, loss, active)
    groups = list(_groups(steps, active, projected))
    square = torch.cat([rows[:, : projected.start], rows[:, projected.stop :]], dim=1)
    coupled = rows[:, projected].clone()
    del rows
    norm = float(square.norm() ** 2 + 2 * coupled.norm() ** 2 + (own.T @ own).norm() ** 2) ** 0.5
    square, coupled, joined = without_null_directions(square, coupled, groups, norm)
    if len(own):
        triangle = torch.linalg.qr(torch.cat([own, coupled], dim=1), mode="r").R
        del coupled, own
        left, right = triangle[:, :columns], square.new_zeros(len(triangle), len(square))
        right[:, joined] = triangle[:, columns:]
        square = torch.cat([torch.cat([left @ left.T, right], 1), torch.cat([right.T, square], 1)])
    return (square + square.T) / 2


def on_input_basis(model: nn.Sequential, inputs: torch.Tensor) -> tuple[nn.Sequential, torch.Tensor]:
    """The same function of its parameters, with the first linear layer on an orthonormal basis of the batch's inputs.

    Unchanged if the first layer with parameters is a convolution or is frozen in part, or if the basis would have as
    many vectors as there are inputs.

    :returns: the model, and the inputs for it, shape (batch, vectors).
    """
    layers = list(dropwhile(lambda named: isinstance(named[1], nn.Flatten), coupling.modules_of(model)))
    name, layer = layers[0] if layers else ("", None)
    if not isinstance(layer, nn.Linear) or not all(own.requires_grad for own in layer.parameters()):
        return model, inputs
    flat, weight = inputs.flatten(1), layer.weight.detach()
    if layer.bias is not None:
        flat = torch.cat([flat, torch.ones_like(flat[:, :1])], dim=1)
        weight = torch.cat([weight, layer.bias.detach()[:, None]], dim=1)
    if len(flat) >= flat.shape[1] or flat.shape[1] != weight.shape[1]:
        return model, inputs
    basis, coordinates = torch.linalg.qr(flat.T)
    replaced = nn.Linear(len(flat), len(weight), bias=False, dtype=flat.dtype, device=flat.device)
    replaced.weight = nn.Parameter(weight @ basis)
    later = [(name, replaced), *layers[1:]]
    return nn.Sequential(OrderedDict(later)).train(model.training), coordinates.T.contiguous()


def active_parameters(model: nn.Sequential, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
    """For each parameter, by name, a mask of its entries: trainable, and any sample's outputs may depend on them.

    A weight is active where some sample has both an input to it and a path onward, see :func:`activity`.
    """
    active = {}
    for step, there, onward in activity(model, inputs):
        layer, together = step.layer, onward.to(torch.float32).T @ there.to(torch.float32)
        active[f"{step.name}.weight"] = (together > 0).reshape(layer.weight.shape) & layer.weight.requires_grad
        if layer.bias is not None:
            active[f"{step.name}.bias"] = onward.any(0) & layer.bias.requires_grad
    return active


def activity(
    model: nn.Sequential, inputs: torch.Tensor
) -> list[tuple[coupling.LinearStep, torch.Tensor, torch.Tensor]]:
    """For each layer with parameters, which of its inputs are there, and which of its units have a path to the outputs.

    A path leads through units that are alive. This is read from the activation pattern alone, in a network of the same
    pattern whose weights are all 1: a weight that happens to be zero closes a path for the first derivative, but not
    for the second.

    :returns: of each layer its step and two masks with a row for each sample and place in it (one in a linear layer):
        bool, of shapes (rows, features) and (rows, units).
    """
    passed = []
    reached = (inputs != 0).to(inputs.dtype).requires_grad_()
    for step in coupling.record(model, inputs):
        if isinstance(step, coupling.LinearStep):
            ones = {key: torch.ones_like(parameter) for key, parameter in step.layer.named_parameters()}
            taken, reached = reached.detach(), functional_call(step.layer, ones, (reached,))
            passed.append((step, taken, reached))
        else:
            reached = step.carry(reached[None])[0]
    paths, found = torch.autograd.grad(reached.sum(), [left for *_, left in passed]), []
    for (step, taken, _), path in zip(passed, paths, strict=True):
        sides = step.patches(taken), coupling.places_last(path)
        there, onward = (side.transpose(1, 2).flatten(0, 1) != 0 for side in sides)
        found.append((step, there, onward))
    return found


def _rows_but(
    left_out: slice, steps: list[coupling.Step], targets: torch.Tensor, loss: Loss, active: Mapping[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of the Hessian of the active parameters without those of one layer, and the omitted rows of F."""
    factor = coupling.factor_rows(steps, loss, active)
    rows = torch.cat([factor[: left_out.start], factor[left_out.stop :]]) @ factor.T
    for row, column, block in coupling.couplings(steps, targets, loss, active):
        # Blocks lie within layers: before the one that is left out, in it, or after it.
        for start, other, part in ((row, column, block), (column, row, block.T)):
            if not left_out.start <= start < left_out.stop:
                if start >= left_out.stop:
                    start -= left_out.stop - left_out.start
                rows[start : start + part.shape[0], other : other + part.shape[1]] += part
    return rows, factor[left_out]


def _groups(
    steps: Iterable[coupling.Step], active: Mapping[str, torch.Tensor], left_out: slice
) -> Iterator[torch.Tensor]:
    """The parameters whose rows are those of :func:`_rows_but`, by unit in the first layer and by the unit before in
    later ones; see :mod:`.null_directions`."""
    first, offset = True, 0
    for step in steps:
        if not isinstance(step, coupling.LinearStep):
            continue
        units, features = step.layer.weight.flatten(1).shape
        mask = step.mask(active)
        places = torch.arange(units * features, device=mask.device)
        # A bias belongs to its unit, and comes from one more unit that is always 1.
        ends = places // features if first else places % features
        ends = torch.cat([ends, torch.arange(units).to(ends) if first else ends.new_full((units,), features)])
        ends = ends[: len(mask)][mask]
        if not (left_out.start <= offset < left_out.stop):
            shift = offset - (left_out.stop - left_out.start) * (offset >= left_out.stop)
            for end in ends.unique():
                yield (ends == end).nonzero()[:, 0] + shift
        first, offset = False, offset + len(ends)
