"""Gauss-Newton matrices of a batch from their factor F: any module, networks of any size, no P x P matrix.

The Gauss-Newton matrix is F F' with F = J' A, P x (batch x rank): J the Jacobian of the outputs in the P trainable
parameters, A from :func:`deepspectra.nn.losses.curvature_factor`. Its non-zero eigenvalues are those of F' F, a sum
over parameters. For a linear model with a loss that is convex in the outputs (softmax regression) F F' is the Hessian.

A parameter goes by the formula of its layer (:mod:`.layer_formulas`) only after an audit: the gradient that the formula
gives of a random combination of all columns of F has to be autograd's. What is tied, shared, pruned, reparametrised or
used outside of its layer fails it or has no formula, and goes by autograd, one sample and parameter at a time.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import torch
from torch import nn

from deepspectra.nn.losses import Loss, curvature_factor
from deepspectra.spectra.curvature.batches import (
    check_batch,
    check_evaluation,
    same_up_to_rounding,
    trainable_parameters,
)
from deepspectra.spectra.curvature.columns import Call, columns_backward, cut_pass
from deepspectra.spectra.curvature.layer_formulas import FORMULAS, Part, add_products, mirror_bands
from deepspectra.spectra.curvature.levels import gram_levels, levels_of_parts, rounding
from deepspectra.spectra.curvature.resolved import ResolvedSpectrum, keep_resolved
from deepspectra.spectra.curvature.sizes import require_feasible

__all__ = ["gauss_newton_gram", "gauss_newton_parts", "gram_spectrum"]

# Entries of F that autograd makes at once.
_HELD = 1 << 26

Progress = Callable[[list[Any]], Iterable[Any]]
#: From outputs (batch, outputs) to A, (batch, outputs, rank): A A' is the Hessian of each sample's loss in its outputs.
OutputFactor = Callable[[torch.Tensor], torch.Tensor]


def gram_spectrum(
    model: nn.Module, inputs: torch.Tensor, loss: Loss, reason: str = "", progress: Progress = iter
) -> ResolvedSpectrum:
    """The non-zero spectrum of the Gauss-Newton matrix of a batch's loss, each eigenvalue with its error.

    :param model: in float64 and evaluation mode, see :func:`gauss_newton_gram`.
    :param inputs: float64, shape (batch, ...). :param reason: why this method was chosen, for the record.
    :raises UserError: if the batch is not one of :func:`.check_batch`, or the matrix would be too large.
    """
    outputs = check_batch(model, inputs)
    parameters = sum(parameter.numel() for parameter in trainable_parameters(model).values())
    rows = len(inputs) * curvature_factor(loss, outputs[:1]).shape[2]
    require_feasible(min(rows, parameters), f"the Gram matrix of {len(inputs)} samples")
    error = rounding(outputs)
    if rows > parameters:
        whole = torch.cat([part.T for part in gauss_newton_parts(model, inputs, loss)])
        levels = levels_of_parts([whole], error)
    else:
        gram = gauss_newton_gram(model, inputs, loss, progress)
        levels = gram_levels(gram, error, lambda: gauss_newton_parts(model, inputs, loss))
    return keep_resolved(levels, parameters, "gram", reason)


@torch.enable_grad()
def gauss_newton_gram(
    model: nn.Module, inputs: torch.Tensor, loss: Loss | OutputFactor, progress: Progress = iter
) -> torch.Tensor:
    """F' F, shape (batch x rank, batch x rank), in the precision of the inputs and the model.

    :param model: any module in evaluation mode; frozen parameters do not count.
    :param inputs: shape (batch, ...). :param loss: or the function that gives A of the outputs.
    :param progress: yields the layers that go by formula one by one, such as a progress bar; then blocks of the rest.
    :raises UserError: if the model is in training mode, or nothing in it is trainable.
    """
    check_evaluation(model)
    audit = _Audit.of(model, inputs, loss)
    rest = audit.parameters
    gram = audit.factor.new_zeros(audit.signs.numel(), audit.signs.numel())
    for part in _by_formula(model, inputs, audit, rest, progress):
        _add_apart(gram, part.add)
    for block in _by_autograd(model, inputs, audit.factor, rest, progress):
        _add_apart(gram, partial(add_products, columns=block))
    return mirror_bands(gram)


def _add_apart(gram: torch.Tensor, add: Callable[[torch.Tensor], None]) -> None:
    """Add a part that is summed by itself first, unless memory is short: thousands of small terms (a convolution has as
    many groups) would each round a large sum."""
    if gram.numel() > _HELD:
        add(gram)
        return
    own = torch.zeros_like(gram)
    add(own)
    gram += own


@torch.enable_grad()
def gauss_newton_parts(model: nn.Module, inputs: torch.Tensor, loss: Loss | OutputFactor) -> Iterator[torch.Tensor]:
    """F' in blocks of columns, each (batch x rank, some trainable entries), without parameters that are not used."""
    check_evaluation(model)
    audit = _Audit.of(model, inputs, loss)
    rest = audit.parameters
    for part in _by_formula(model, inputs, audit, rest):
        yield from part.columns()
    yield from _by_autograd(model, inputs, audit.factor, rest)


@dataclass(frozen=True)
class _Audit:
    """What formulas are audited by: a random combination of all columns of F, by one backward pass.

    :ivar factor: A, shape (batch, outputs, rank). :ivar signs: weights of the combination, (batch, rank).
    :ivar expected: its gradient in each parameter that the outputs depend on, by the parameter's identity.
    """

    factor: torch.Tensor
    signs: torch.Tensor
    trainable: list[nn.Parameter]
    expected: dict[int, torch.Tensor]

    @classmethod
    def of(cls, model: nn.Module, inputs: torch.Tensor, loss: Loss | OutputFactor) -> Self:
        trainable, outputs = list(trainable_parameters(model).values()), model(inputs)
        factor = loss(outputs.detach()) if callable(loss) else curvature_factor(loss, outputs.detach())
        rng = torch.Generator().manual_seed(0)
        signs = torch.randn(factor.shape[0], factor.shape[2], dtype=torch.float64, generator=rng).to(factor)
        combined = torch.einsum("nck,nk->nc", factor, signs)
        found: Sequence[torch.Tensor | None] = [None] * len(trainable)
        if outputs.requires_grad:
            found = torch.autograd.grad(outputs, trainable, combined, allow_unused=True)
        pairs = zip(trainable, found, strict=True)
        return cls(factor, signs, trainable, {id(one): gradient for one, gradient in pairs if gradient is not None})

    @property
    def parameters(self) -> list[nn.Parameter]:
        """Trainable parameters that the outputs depend on."""
        return [parameter for parameter in self.trainable if id(parameter) in self.expected]


def _by_formula(
    model: nn.Module, inputs: torch.Tensor, audit: _Audit, rest: list[nn.Parameter], progress: Progress = iter
) -> Iterator[Part]:
    """The parts of F that a formula serves, after their audit.

    :param audit: what is used of it is removed. :param rest: all parameters that count; in the end those not served.
    """
    expected = audit.expected
    layers = [layer for layer in model.modules() if type(layer) in FORMULAS]
    layers = [layer for layer in layers if any(id(own) in expected for own in layer.parameters(recurse=False))]
    outputs, calls = cut_pass(model, inputs, layers)
    times = Counter(call.layer for call in calls)
    following = columns_backward(outputs, audit.factor.unbind(2), calls)
    del outputs
    known: set[int] = set()
    for _, call in zip(progress([call.layer for call in reversed(calls)]), following, strict=True):
        alone = times[call.layer] == 1 and call.samples == len(inputs)
        if alone and call.gradients and not call.is_spoilt:
            scale = _scale(call)
            for part in FORMULAS[type(call.layer)](call.layer, call.entered, call.gradients):
                name = id(part.parameter)
                # The audit.
                if name in expected and same_up_to_rounding(part.gradient(audit.signs), expected.pop(name), scale):
                    known.add(name)
                    yield part
    rest[:] = [parameter for parameter in rest if id(parameter) not in known]


def _scale(call: Call) -> float:
    """That of the audit: a gradient may vanish but for rounding, so it is that of what is summed."""
    size = float(torch.stack([gradient.norm() for gradient in call.gradients]).norm())
    if not call.entered.is_floating_point():
        return size
    return size * max(1.0, float(call.entered.norm()) / len(call.entered) ** 0.5)


def _by_autograd(
    model: nn.Module,
    inputs: torch.Tensor,
    factor: torch.Tensor,
    parameters: Sequence[torch.Tensor],
    progress: Progress = iter,
) -> Iterator[torch.Tensor]:
    """Columns of F', in blocks (batch x rank, entries), for any parameters: a gradient for each row, walked again for
    each block."""
    if not parameters:
        return
    rows = factor.shape[0] * factor.shape[2]
    at_once = max(1, _HELD // rows)
    outputs = _outputs_alone(model, inputs)
    blocks = [
        (group, start)
        for group in _groups(parameters, at_once)
        for start in range(0, sum(parameter.numel() for parameter in group), at_once)
    ]
    for group, start in progress(blocks):
        size = sum(parameter.numel() for parameter in group)
        block = factor.new_empty(rows, min(at_once, size - start))
        pairs = ((output, column) for output, columns in zip(outputs, factor, strict=True) for column in columns.T)
        for row, (output, column) in zip(block, pairs, strict=True):
            found = torch.autograd.grad(output, group, column, retain_graph=True, materialize_grads=True)
            row.copy_(torch.cat([gradient.reshape(-1) for gradient in found])[start : start + at_once])
        yield block


def _outputs_alone(model: nn.Module, inputs: torch.Tensor) -> list[torch.Tensor]:
    """The outputs of each sample: in a graph of its own or, if samples mix, in the batch's, which takes longer."""
    outputs, alone = model(inputs), [model(sample[None]) for sample in inputs]
    separate = all(one.shape == outputs[:1].shape for one in alone) and same_up_to_rounding(torch.cat(alone), outputs)
    return [one[0] for one in alone] if separate else list(outputs)


def _groups(parameters: Sequence[torch.Tensor], size: int) -> Iterator[list[torch.Tensor]]:
    """Consecutive parameters of at most ``size`` entries together; a larger one alone."""
    group: list[torch.Tensor] = []
    for parameter in parameters:
        if group and sum(one.numel() for one in group) + parameter.numel() > size:
            yield group
            group = []
        group.append(parameter)
    yield group
