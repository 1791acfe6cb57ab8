"""Columns of a Gauss-Newton factor by formula: what enters a layer, and the gradients of what leaves it.

F has a column for each sample n and each combination k of its outputs. A layer that multiplies its weights by patches
a_nt at places t (a dense layer has one place) and whose outputs have gradients g_nkt gives its weights the column
sum_t g_nkt a_nt'. What a formula assumes (the layer is used once, its parameters are used nowhere else, samples do not
mix) is not checked here: see the audit in :mod:`.gauss_newton`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from deepspectra.spectra.curvature.coupling import convolution_patches, zeros_beside

__all__ = ["FORMULAS", "Part", "add_products"]

# Entries of a layer's part of F that are held at once.
_BLOCK = 1 << 25
# Products summed in one go. BLAS adds a few hundred at a time to its running sum, and over the millions of a large
# layer the rounding errors of that sum grow to a hundred times float64's epsilon.
_SUMMED = 1 << 12


@dataclass(frozen=True)
class Part:
    """The part of F that belongs to one parameter of a layer.

    :ivar gradient: of one combination of the outputs of each sample, summed over the samples. It takes the gradients in
        the layer's output, shape (batch, 1, ...), and returns the parameter's shape.
    :ivar add: adds the part's products to a Gram matrix F' F, in place.
    """

    parameter: torch.Tensor
    gradient: Callable[[torch.Tensor], torch.Tensor]
    add: Callable[[torch.Tensor], None]


def add_products(gram: torch.Tensor, columns: torch.Tensor) -> None:
    """Add all inner products of long vectors in place, as sums of short sums; shape (batch x rank, entries)."""
    for part in columns.split(_SUMMED, dim=1):
        gram.addmm_(part, part.T)


def _linear(layer: nn.Linear, entered: torch.Tensor, gradients: torch.Tensor) -> Iterator[Part]:
    """A dense layer on samples of shape (..., features): each index before the last is a place."""

    def places_last(given: torch.Tensor) -> torch.Tensor:
        return given.reshape(*given.shape[:2], -1, layer.out_features).transpose(2, 3)

    patches = entered.reshape(len(entered), -1, layer.in_features).transpose(1, 2)
    yield from _weighted(layer, patches, gradients, places_last)


def _convolution(layer: nn.Conv2d, entered: torch.Tensor, gradients: torch.Tensor) -> Iterator[Part]:
    if zeros_beside(layer) is not None and entered.dim() == 4:
        yield from _weighted(layer, convolution_patches(layer, entered), gradients, lambda given: given.flatten(3))


def _normalisation(layer: nn.BatchNorm2d, entered: torch.Tensor, gradients: torch.Tensor) -> Iterator[Part]:
    """Batch normalisation in evaluation mode, by the means and variances that it keeps."""

    def by_place(given: torch.Tensor) -> torch.Tensor:
        return given.reshape(*given.shape[:3], -1)

    if layer.running_mean is not None:
        normal = functional.batch_norm(entered, layer.running_mean, layer.running_var, eps=layer.eps)[:, None]
        yield _made(layer.weight, gradients, lambda given: by_place(given * normal).sum(3))
        yield _made(layer.bias, gradients, lambda given: by_place(given).sum(3))


def _layer_normalisation(layer: nn.LayerNorm, entered: torch.Tensor, gradients: torch.Tensor) -> Iterator[Part]:
    size = layer.weight.numel()
    normal = functional.layer_norm(entered, layer.normalized_shape, eps=layer.eps)[:, None]
    yield _made(layer.weight, gradients, lambda given: (given * normal).reshape(*given.shape[:2], -1, size).sum(2))
    if layer.bias is not None:
        yield _made(layer.bias, gradients, lambda given: given.reshape(*given.shape[:2], -1, size).sum(2))


#: Class of a layer -> its parts, from the layer, what entered it (batch, ...), and the gradients of combinations of the
#: outputs in what left it, (batch, rank, ...). Subclasses compute something else, and have none.
FORMULAS: dict[type[nn.Module], Callable[..., Iterator[Part]]] = {
    nn.Linear: _linear,
    nn.Conv2d: _convolution,
    nn.BatchNorm1d: _normalisation,
    nn.BatchNorm2d: _normalisation,
    nn.LayerNorm: _layer_normalisation,
}


def _made(parameter: torch.Tensor, gradients: torch.Tensor, columns: Callable[[torch.Tensor], torch.Tensor]) -> Part:
    """A parameter whose part of F is small enough to be held; ``columns`` makes it, (batch, rank, entries)."""
    return Part(
        parameter,
        lambda mixed: columns(mixed).sum((0, 1)).reshape(parameter.shape),
        lambda gram: add_products(gram, columns(gradients).flatten(0, 1)),
    )


def _weighted(
    layer: nn.Linear | nn.Conv2d,
    patches: torch.Tensor,
    gradients: torch.Tensor,
    by_place: Callable[[torch.Tensor], torch.Tensor],
) -> Iterator[Part]:
    """Weight and bias of a layer that multiplies its weights by patches (batch, entries, places).

    :param by_place: brings gradients into the shape (batch, columns, channels, places).
    """
    groups = layer.groups if isinstance(layer, nn.Conv2d) else 1

    def pairs(given: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        return zip(patches.chunk(groups, 1), by_place(given).chunk(groups, 2), strict=True)

    def gradient(mixed: torch.Tensor) -> torch.Tensor:
        parts = [torch.einsum("nkct,net->ce", channels, seen) for seen, channels in pairs(mixed)]
        return torch.cat(parts).reshape(layer.weight.shape)

    def add(gram: torch.Tensor) -> None:
        for seen, channels in pairs(gradients):
            _add_outer_products(gram, seen, channels)

    yield Part(layer.weight, gradient, add)
    if layer.bias is not None:
        yield _made(layer.bias, gradients, lambda given: by_place(given).sum(3))


def _add_outer_products(gram: torch.Tensor, patches: torch.Tensor, gradients: torch.Tensor) -> None:
    """Add the products of columns sum_t g_nkt a_nt', in place.

    :param patches: a, (batch, entries, places). :param gradients: g, (batch, rank, channels, places).
    """
    (batch, size, places), channels, rows = patches.shape, gradients.shape[2], len(gram)
    if places**2 * (channels + size) < channels * size:
        _add_pairs_of_places(gram, patches, gradients.flatten(0, 1))
        return
    at_once = max(1, _BLOCK // (rows * size))
    for part in gradients.split(at_once, dim=2):
        weights = part.reshape(batch, -1, places) @ patches.transpose(1, 2)
        add_products(gram, weights.reshape(rows, -1))


def _add_pairs_of_places(gram: torch.Tensor, patches: torch.Tensor, gradients: torch.Tensor) -> None:
    """The same without the columns: far less work where there are few places.

    A column is a sum over places of outer products, and the inner product of two outer products is the product of the
    inner products of their sides.

    :param gradients: (batch x rank, channels, places).
    """
    rank = len(gradients) // len(patches)
    for place in range(patches.shape[2]):
        for other in range(place + 1):
            likeness = patches[:, :, place] @ patches[:, :, other].T
            part = (gradients[:, :, place] @ gradients[:, :, other].T) * likeness.repeat_interleave(
                rank, 0
            ).repeat_interleave(rank, 1)
            gram += part
            if other < place:
                gram += part.T
