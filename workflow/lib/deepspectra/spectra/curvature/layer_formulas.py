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

Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d
Normalisation = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d

# Entries of a layer's part of F that are held at once.
_BLOCK = 1 << 22
# Products summed in one go. BLAS adds a few hundred at a time to its running sum, and over the millions of a large
# layer the rounding errors of that sum grow to a hundred times float64's epsilon.
_SUMMED = 1 << 12
# Rows of a Gram matrix that are computed from the diagonal on: narrow bands waste less, broad ones multiply faster.
_BAND = 144
# A product of two entries takes as long as so many operations of a matrix product.
_ENTRYWISE = 32
# Entries that stay in a processor's cache, and how much longer products of such small matrices take.
_CACHED, _SMALL = 1 << 18, 2


@dataclass(frozen=True)
class Part:
    """The part of F that belongs to one parameter of a layer.

    :ivar gradient: of one combination of all columns, from its weights, (batch, rank); of the parameter's shape.
    :ivar columns: makes the part, transposed, in blocks (batch x rank, some entries), without entries that are zero in
        all columns.
    :ivar products: adds the part's products to a Gram matrix as :meth:`add` does, where that is faster without columns.
    """

    parameter: torch.Tensor
    gradient: Callable[[torch.Tensor], torch.Tensor]
    columns: Callable[[], Iterator[torch.Tensor]]
    products: Callable[[torch.Tensor], None] | None = None

    def add(self, gram: torch.Tensor) -> None:
        """Add the part's products to a Gram matrix F' F, in place, on and above its diagonal."""
        if self.products is not None:
            self.products(gram)
            return
        for block in self.columns():
            add_products(gram, block)


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
    patches = entered.reshape(len(entered), -1, layer.in_features).transpose(1, 2)
    stacked = torch.stack([given.reshape(len(given), -1, layer.out_features) for given in gradients], dim=2)
    yield from _weighted(layer, lambda: patches, stacked.permute(0, 2, 3, 1))


def _convolution(layer: Convolution, entered: torch.Tensor, gradients: Sequence[torch.Tensor]) -> Iterator[Part]:
    if zeros_beside(layer) is not None and entered.dim() == 2 + len(layer.kernel_size):
        stacked = torch.stack([given.flatten(2) for given in gradients], dim=1)
        yield from _weighted(layer, lambda: convolution_patches(layer, entered), stacked)


def _embedding(layer: nn.Embedding, entered: torch.Tensor, gradients: Sequence[torch.Tensor]) -> Iterator[Part]:
    """A table of vectors by index: each row's gradient is the sum of those at the places that look it up."""
    batch, rank, width = len(entered), len(gradients), layer.embedding_dim
    words, at = entered.reshape(-1).unique(return_inverse=True)
    stacked = torch.stack([given.reshape(batch, -1, width) for given in gradients], dim=2)
    if layer.padding_idx is not None:
        # Its row is not trained.
        stacked = stacked * (entered.reshape(batch, -1) != layer.padding_idx)[:, :, None, None]
    own = (torch.arange(batch, device=at.device)[:, None] * len(words) + at.view(batch, -1)).flatten()

    def gradient(signs: torch.Tensor) -> torch.Tensor:
        by_place = torch.einsum("ntkc,nk->ntc", stacked, signs).flatten(0, 1)
        return torch.zeros_like(layer.weight).index_add_(0, entered.reshape(-1), by_place)

    def columns() -> Iterator[torch.Tensor]:
        at_once = max(1, _BLOCK // (batch * rank * len(words)))
        for part in stacked.split(at_once, dim=3):
            rows = part.new_zeros(batch * len(words), *part.shape[2:]).index_add_(0, own, part.flatten(0, 1))
            yield rows.view(batch, len(words), rank, -1).transpose(1, 2).reshape(batch * rank, -1)

    yield Part(layer.weight, gradient, columns)


def _normalisation(layer: Normalisation, entered: torch.Tensor, gradients: Sequence[torch.Tensor]) -> Iterator[Part]:
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
    nn.Conv1d: _convolution,
    nn.Conv2d: _convolution,
    nn.Conv3d: _convolution,
    nn.Embedding: _embedding,
    nn.BatchNorm1d: _normalisation,
    nn.BatchNorm2d: _normalisation,
    nn.BatchNorm3d: _normalisation,
    nn.LayerNorm: _layer_normalisation,
}


def _made(parameter: torch.Tensor, rows: torch.Tensor) -> Part:
    """A parameter whose part of F is small enough to be held; rows (batch, rank, entries)."""
    rows = rows.flatten(0, 1)
    return Part(parameter, lambda signs: (signs.flatten() @ rows).reshape(parameter.shape), lambda: iter([rows]))


def _weighted(
    layer: nn.Linear | Convolution, patches: Callable[[], torch.Tensor], stacked: torch.Tensor
) -> Iterator[Part]:
    """Weight and bias of a layer that multiplies its weights by patches (batch, entries, places).

    :param stacked: gradients, (batch, rank, channels, places).
    """
    if layer.bias is not None:
        yield _made(layer.bias, stacked.sum(3))
    groups = 1 if isinstance(layer, nn.Linear) else layer.groups
    pairs = list(zip(patches().chunk(groups, 1), stacked.chunk(groups, 2), strict=True))

    def gradient(signs: torch.Tensor) -> torch.Tensor:
        parts = []
        for seen, channels in pairs:
            mixed = torch.einsum("nkct,nk->nct", channels, signs)
            parts.append(mixed.new_zeros(mixed.shape[1], seen.shape[1]).addbmm_(mixed, seen.transpose(1, 2)))
        return torch.cat(parts).reshape(layer.weight.shape)

    def products(gram: torch.Tensor) -> None:
        for seen, channels in pairs:
            _add_outer_products(gram, seen, channels)

    def columns() -> Iterator[torch.Tensor]:
        return (block for pair in pairs for block in _outer_products(*pair))

    yield Part(layer.weight, gradient, columns, products)


def _outer_products(patches: torch.Tensor, gradients: torch.Tensor) -> Iterator[torch.Tensor]:
    """Columns sum_t g_nkt a_nt', transposed, in blocks (batch x rank, some entries).

    :param patches: a, (batch, entries, places). :param gradients: g, (batch, rank, channels, places).
    """
    (batch, size, places), rank = patches.shape, gradients.shape[1]
    for part in gradients.split(max(1, _BLOCK // (batch * rank * size)), dim=2):
        weights = part.reshape(batch, -1, places) @ patches.transpose(1, 2)
        yield weights.reshape(batch * rank, -1)


def _add_outer_products(gram: torch.Tensor, patches: torch.Tensor, gradients: torch.Tensor) -> None:
    """Add the products of columns sum_t g_nkt a_nt', in place, by whichever way takes fewer operations.

    Without the columns there is far less work where there are few places: a column is a sum over places of outer
    products, and the inner product of two outer products is the product of the inner products of their sides.

    :param patches: a, (batch, entries, places). :param gradients: g, (batch, rank, channels, places).
    """
    (_, size, places), rank, channels, rows = patches.shape, *gradients.shape[1:3], len(gram)
    # Operations for each product of two columns.
    by_columns = channels * size * (1 + 2 * places / rows)
    by_places = places**2 * (channels + size / rank**2 + _ENTRYWISE)
    by_samples = _SMALL * places**2 * (channels / rank + size / rank**2) + 2 * _SMALL * places * channels
    if by_columns <= min(by_places, by_samples):
        for block in _outer_products(patches, gradients):
            add_products(gram, block)
    elif by_places <= by_samples:
        _add_pairs_of_places(gram, patches, gradients)
    else:
        _add_pairs_of_samples(gram, patches, gradients)


def _add_pairs_of_places(gram: torch.Tensor, patches: torch.Tensor, gradients: torch.Tensor) -> None:
    """The sum over t and s of (a_nt . a_ms) (g_nkt . g_mls), each factor for all n, k, m, l at once."""
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


def _add_pairs_of_samples(gram: torch.Tensor, patches: torch.Tensor, gradients: torch.Tensor) -> None:
    """The sum over t of g_nkt . h_nmlt, with h_nmlt the sum over s of (a_nt . a_ms) g_mls: the likeness of two samples'
    inputs is used for all columns of the second one together."""
    batch, rank, _, places = gradients.shape
    entered, whole = patches.transpose(1, 2), gram.view(batch, rank, batch, rank)
    step, width = max(1, _BLOCK // (batch * places**2)), max(1, _CACHED // (batch * rank * places))
    for start in range(0, batch, step):
        here = entered[start : start + step]
        likeness = (here.flatten(0, 1) @ entered[start:].flatten(0, 1).T).view(len(here), places, -1, places)
        likeness = likeness.transpose(1, 2).contiguous()
        for part in gradients[start:].split(width, dim=2):
            right = part.permute(0, 3, 1, 2).flatten(2)
            for number, alike in enumerate(likeness):
                mixed = torch.bmm(alike[number:], right[number:]).view(-1, places, rank, part.shape[2])
                mixed = mixed.transpose(1, 2).flatten(2).flatten(0, 1)
                left = part[number].transpose(1, 2).flatten(1)
                whole[start + number, :, start + number :] += (left @ mixed.T).view(rank, -1, rank)
