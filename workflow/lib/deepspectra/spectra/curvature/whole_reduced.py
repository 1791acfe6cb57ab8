"""The Hessian of softmax regression over a whole data set, without the directions in which it is zero."""

from collections.abc import Iterator

import torch

from deepspectra.nn.losses import curvature_factor
from deepspectra.spectra.curvature.levels import gram_levels, rounding
from deepspectra.spectra.curvature.resolved import ResolvedSpectrum, keep_resolved

__all__ = ["factor_parts", "reduced_softmax_hessian", "resolved_softmax_spectrum"]

# Samples whose weighted inputs are held at once.
_SAMPLES = 8192


def resolved_softmax_spectrum(inputs: torch.Tensor, outputs: torch.Tensor) -> ResolvedSpectrum:
    """The non-zero spectrum of the Hessian of softmax regression over a whole set (sum over samples).

    :param inputs: float64, shape (samples, features). :param outputs: float64, shape (samples, classes).
    """
    matrix = reduced_softmax_hessian(inputs, outputs)
    levels = gram_levels(matrix, rounding(outputs), lambda: factor_parts(inputs, outputs))
    parameters = outputs.shape[1] * (inputs.shape[1] + 1)
    reason = "softmax regression is linear in its parameters, and its samples add up class by class"
    return keep_resolved(levels, parameters, "class_pairs", reason)


def reduced_softmax_hessian(inputs: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
    """A smaller matrix with the non-zero eigenvalues of the Hessian of the cross-entropy, summed over samples.

    Moving all classes' weights alike changes no probability, which leaves classes - 1 combinations; and weights act
    only on the span of the inputs (pixels that are dark in every image have no direction of their own).

    :param inputs: float64, shape (samples, features). :param outputs: shape (samples, classes).
    :returns: float64, symmetric, shape (k, k) with k = (classes - 1) x rank of the inputs.
    """
    inputs = _on_basis(inputs)
    (count, rank), combinations = inputs.shape, outputs.shape[1] - 1
    reduced = inputs.new_zeros(combinations, rank, combinations, rank)
    for start in range(0, count, _SAMPLES):
        x = inputs[start : start + _SAMPLES]
        factor = _contrasted(outputs[start : start + _SAMPLES].to(inputs.dtype))
        weights = factor @ factor.transpose(1, 2)
        for a in range(combinations):
            for b in range(a + 1):
                reduced[a, :, b] += x.T @ (x * weights[:, a, b, None])
    for a in range(combinations):
        for b in range(a):
            reduced[b, :, a] = reduced[a, :, b].T
    reduced = reduced.reshape(combinations * rank, -1)
    return (reduced + reduced.T) / 2


def factor_parts(inputs: torch.Tensor, outputs: torch.Tensor) -> Iterator[torch.Tensor]:
    """The factor F of :func:`reduced_softmax_hessian` (which is F F') in blocks of columns, the longest first.

    Column (n, k) is the outer product of column k of sample n's curvature factor with the inputs of n.
    """
    inputs, factor = _on_basis(inputs), _contrasted(outputs.to(inputs.dtype))
    lengths = factor.norm(dim=1) * inputs.norm(dim=1)[:, None]
    # In this order a QR factorisation keeps the digits of short columns too.
    for chosen in lengths.flatten().argsort(descending=True, stable=True).split(_SAMPLES):
        sample, column = chosen // factor.shape[2], chosen % factor.shape[2]
        yield (factor[sample, :, column][:, :, None] * inputs[sample][:, None]).flatten(1).T


def _on_basis(inputs: torch.Tensor) -> torch.Tensor:
    """Inputs and a 1 for the bias on an orthonormal basis of their span, shape (samples, rank)."""
    inputs = torch.cat([inputs, torch.ones_like(inputs[:, :1])], dim=1)
    _, singular, directions = torch.linalg.svd(torch.linalg.qr(inputs, mode="r").R, full_matrices=False)
    spanned = singular > max(inputs.shape) * torch.finfo(inputs.dtype).eps * singular[0]
    return inputs @ directions[spanned].T


def _contrasted(outputs: torch.Tensor) -> torch.Tensor:
    """Curvature factors on an orthonormal basis of what is not common to all classes, (samples, classes - 1, rank)."""
    classes = outputs.shape[1]
    ones = torch.ones(classes, 1, dtype=outputs.dtype, device=outputs.device)
    contrasts = torch.linalg.qr(torch.cat([ones, torch.eye(classes, dtype=outputs.dtype)[:, 1:].to(ones)], 1)).Q[:, 1:]
    return contrasts.T @ curvature_factor("cross_entropy", outputs)
