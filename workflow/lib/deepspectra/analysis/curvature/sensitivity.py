"""How far rounding moves a network's gradients: measured, since it grows with depth and differs between networks."""

from __future__ import annotations

import torch

from deepspectra.analysis.curvature.network import NumberedSamples
from deepspectra.spectra.curvature.batches import outputs_at, trainable_parameters
from deepspectra.spectra.curvature.levels import rounding

__all__ = ["column_error"]

#: Relative size of the changes, in the precision's epsilon: products and sums round by up to half of it each.
_CHANGE = 4.0
_SAMPLES = 4


@torch.enable_grad()
def column_error(network: NumberedSamples, outputs: torch.Tensor) -> float:
    """The relative error of the columns of F: that of :func:`.rounding`, and what the network adds.

    The latter is the change of outputs and of their gradients, for a random combination of the outputs of a few
    samples, when each parameter changes at random by four roundings. An operation's rounding acts as such a change of
    what it multiplies, and units that rounding turns on or off are in it. It is an estimate from a few samples, no
    proven bound. Of a transformer of six layers in float32
    the largest error of an entry of F' F, relative to its columns' norms, was 0.4 of this.

    :param outputs: of all samples, as the model gives them.
    """
    rng = torch.Generator().manual_seed(0)
    chosen = network.numbers[:: max(1, len(network.numbers) // _SAMPLES)][:_SAMPLES]
    here = trainable_parameters(network)
    eps = torch.finfo(outputs.dtype).eps
    own = network(chosen)
    signs = _signs(own, rng)
    before = torch.autograd.grad(own, list(here.values()), signs, allow_unused=True)
    moved = {
        name: (one.detach() * (1 + _CHANGE * eps * _signs(one, rng))).requires_grad_() for name, one in here.items()
    }
    other = outputs_at(network, chosen, moved)
    after = torch.autograd.grad(other, list(moved.values()), signs, allow_unused=True)
    change = size = 0.0
    for one, two in zip(before, after, strict=True):
        if one is not None and two is not None:
            change += float((one - two).double().norm()) ** 2
            size += float(one.double().norm()) ** 2
    added = (change / size) ** 0.5 if size else 0.0
    return rounding(outputs) + added + 2 * float((own - other).detach().abs().max())


def _signs(like: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    return torch.randint(2, like.shape, generator=rng, dtype=torch.int8).mul_(2).sub_(1).to(like)
