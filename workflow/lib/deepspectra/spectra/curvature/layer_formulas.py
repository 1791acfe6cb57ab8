"""Columns of a Gauss-Newton factor by formula: what enters a layer, and the gradients of what leaves it.

F has a column for each sample n and each combination k of its outputs. A layer that multiplies its weights by patches
a_nt at places t (a dense layer has one place) and whose outputs have gradients g_nkt gives its weights the column
sum_t g_nkt a_nt'. What a formula assumes (the layer is used once, its parameters are used nowhere else, samples do not
mix) is not checked here: see the audit in :mod:`.gauss_newton`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import torch
from torch import nn
from torch.nn import functional

from deepspectra.spectra.curvature.coupling import convolution_patches, zeros_beside

__all__ = ["FORMULAS", "Part", "add_products", "mirror_bands"]

# Entries of a layer's part of F that are held at once.
_BLOCK = 1 << 22
# Products summed in one go. BLAS adds a few hundred at a time to its running sum, and over the millions of a large
# layer the rounding errors of that sum grow to a hundred times float64's epsilon.
_SUMMED = 1 << 12
# Rows of a Gram matrix that are computed from the diagonal on: narrow bands waste less, broad ones multiply faster.
_BAND = 144
# A product of two entries takes as long as so many operations of a matrix product.
_ENTRYWISE = 32


@dataclass(frozen=True)
class Part:
    """The part of F that belongs to one parameter of a layer.

    :ivar gradient: of one combination of all columns, from its weights, (batch, rank); of the parameter's shape.
    :ivar add: adds the part's products to a Gram matrix F' F, in place, on and above its diagonal.
    """

    parameter: torch.Tensor
    gradient: Callable[[torch.Tensor], torch.Tensor]
    add: Callable[[torch.Tensor], None]


def add_products(gram: torch.Tensor, columns: torch.Tensor) -> None:
    """Add all inner products of long vectors in place, as sums of short sums; shape (batch x rank, entries).

    Only on and above the diagonal, see :func:`mirror_bands`.
    """
    for part in columns.split(_SUMMED, dim=1):
        for band in _bands(gram):
            gram[band, band.start :].addmm_(part[band], part[band.start :].T)


def mirror_bands(gram: torch.Tensor) -> torch.Tensor:
    """Fill what is below the diagonal from what is above, in place; exactly symmetric."""
    for band in _bands(gram):
        gram[band.stop :, band] = gram[band, band.stop :].T
        corner = gram[band, band]
        corner.copy_(corner.triu() + corner.triu(1).T)
    return gram


def _bands(gram: torch.Tensor) -> Iterator[slice]:
    for start in range(0, len(gram), _BAND):
        yield slice(start, min(start + _BAND, len(gram)))


def _linear(layer: nn.Linear, entered: torch.Tensor, gradients: Sequence[torch.Tensor]) -> Iterator[Part]:
    """A dense layer on samples of shape (..., features): each index before the last is a place."""

    def places_last(given: torch.Tensor, features: int) -> torch.Tensor:
        return given.reshape(len(given), -1, features).transpose(1, 2)

    patches = places_last(entered, layer.in_features)
    yield from _weighted(layer, lambda: patches, [places_last(given, layer.out_features) for given in gradients])


def _convolution(layer: nn.Conv2d, entered: torch.Tensor, gradients: Sequence[torch.Tensor]) -> Iterator[Part]:
    if zeros_beside(layer) is not None and entered.dim() == 4:
        by_place = [given.flatten(2) for given in gradients]
        yield from _weighted(layer, lambda: convolution_patches(layer, entered), by_place)


def _normalisation(layer: nn.BatchNorm2d, entered: torch.Tensor, gradients: Sequence[torch.Tensor]) -> Iterator[Part]:
    """Batch normalisation in evaluation mode, by the means and variances that it keeps."""

    def summed(given: torch.Tensor) -> torch.Tensor:
        return given.reshape(*given.shape[:2], -1).sum(2)

    if layer.running_mean is not None:
        normal = functional.batch_norm(entered, layer.running_mean, layer.running_var, eps=layer.eps)
        yield _made(layer.weight, torch.stack([summed(given * normal) for given in gradients], dim=1))
        yield _made(layer.bias, torch.stack([summed(given) for given in gradients], dim=1))


def _layer_normalisation(
    layer: nn.LayerNorm, entered: torch.Tensor, gradients: Sequence[torch.Tensor]
) -> Iterator[Part]:
    def summed(given: torch.Tensor) -> torch.Tensor:
        return given.reshape(len(given), -1, layer.weight.numel()).sum(1)

    normal = functional.layer_norm(entered, layer.normalized_shape, eps=layer.eps)
    yield _made(layer.weight, torch.stack([summed(given * normal) for given in gradients], dim=1))
    if layer.bias is not None:
        yield _made(layer.bias, torch.stack([summed(given) for given in gradients], dim=1))


#: Class of a layer -> its parts, from the layer, what entered it (batch, ...), and for each column of the outputs'
#: factor the gradient in what left it (batch, ...). Subclasses compute something else, and have none.
FORMULAS: dict[type[nn.Module], Callable[..., Iterator[Part]]] = {
    nn.Linear: _linear,
    nn.Conv2d: _convolution,
    nn.BatchNorm1d: _normalisation,
    nn.BatchNorm2d: _normalisation,
    nn.LayerNorm: _layer_normalisation,
}


def _made(parameter: torch.Tensor, rows: torch.Tensor) -> Part:
    """A parameter whose part of F is small enough to be held; rows (batch, rank, entries)."""
    rows = rows.flatten(0, 1)
    return Part(
        parameter,
        lambda signs: (signs.flatten() @ rows).reshape(parameter.shape),
        lambda gram: add_products(gram, rows),
    )


def _weighted(
    layer: nn.Linear | nn.Conv2d, patches: Callable[[], torch.Tensor], gradients: Sequence[torch.Tensor]
) -> Iterator[Part]:
    """Weight and bias of a layer that multiplies its weights by patches (batch, entries, places).

    :param gradients: for each column (batch, channels, places).
    """
    stacked = torch.stack(list(gradients), dim=1)
    if layer.bias is not None:
        yield _made(layer.bias, stacked.sum(3))
    groups = layer.groups if isinstance(layer, nn.Conv2d) else 1
    pairs = list(zip(patches().chunk(groups, 1), stacked.chunk(groups, 2), strict=True))

    def gradient(signs: torch.Tensor) -> torch.Tensor:
        parts = []
        for seen, channels in pairs:
            mixed = (signs[:, None] @ channels.flatten(2)).view(len(signs), -1, channels.shape[3])
            parts.append(mixed.new_zeros(mixed.shape[1], seen.shape[1]).addbmm_(mixed, seen.transpose(1, 2)))
        return torch.cat(parts).reshape(layer.weight.shape)

    def add(gram: torch.Tensor) -> None:
        for seen, channels in pairs:
            _add_outer_products(gram, seen, channels)

    yield Part(layer.weight, gradient, add)


def _add_outer_products(gram: torch.Tensor, patches: torch.Tensor, gradients: torch.Tensor) -> None:
    """Add the products of columns sum_t g_nkt a_nt', in place, by whichever way takes fewer operations.

    :param patches: a, (batch, entries, places). :param gradients: g, (batch, rank, channels, places).
    """
    (batch, size, places), rank, channels, rows = patches.shape, *gradients.shape[1:3], len(gram)
    # Operations for each product of two columns.
    if places**2 * (channels + size / rank**2 + _ENTRYWISE) < channels * size * (1 + 2 * places / rows):
        _add_pairs_of_places(gram, patches, gradients)
        return
    at_once = max(1, _BLOCK // (rows * size))
    for part in gradients.split(at_once, dim=2):
        weights = part.reshape(batch, -1, places) @ patches.transpose(1, 2)
        add_products(gram, weights.reshape(rows, -1))


def _add_pairs_of_places(gram: torch.Tensor, patches: torch.Tensor, gradients: torch.Tensor) -> None:
    """The same without the columns: far less work where there are few places.

    A column is a sum over places of outer products, and the inner product of two outer products is the product of the
    inner products of their sides.

    :param gradients: (batch, rank, channels, places).
    """
    batch, rank = gradients.shape[:2]
    entered, left = patches.permute(2, 0, 1).contiguous(), gradients.permute(3, 0, 1, 2).flatten(1, 2)
    whole, step = gram.view(batch, rank, batch, rank), max(1, _BAND // rank)
    for start in range(0, batch, step):
        stop = min(start + step, batch)
        into = whole[start:stop, :, start:]
        for place, other in product(range(len(entered)), repeat=2):
            likeness = entered[place, start:stop] @ entered[other, start:].T
            products = left[place, start * rank : stop * rank] @ left[other, start * rank :].T
            into.addcmul_(products.view(into.shape), likeness[:, None, :, None])
