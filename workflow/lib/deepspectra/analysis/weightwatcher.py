"""The exponent that WeightWatcher prints for a layer, by its rules, which differ from those of our own fit."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["printed_exponent"]

#: Eigenvalues up to this one are left out, whatever the scale of the weights.
_SMALLEST = 1e-5
#: Fewer values have an exponent that is corrected for bias, of tails with so many values at least.
_FEW, _SHORTEST = 20, 8
#: Layers with fewer eigenvalues or with more, and those with a longer side, are passed over.
_FEWEST, _MOST, _LONGEST = 8, 15_000, 50_000
#: Tails whose distances are computed at once.
_BLOCK = 64


def printed_exponent(matrix: np.ndarray, kernel: tuple[int, ...], values: np.ndarray) -> float:
    """What ``WeightWatcher.analyze()`` of version 0.7.7 has as ``alpha``, with its default options.

    - Of a convolution in two dimensions, the matrices of all places in its kernel are decomposed one by one, and their
      eigenvalues, halved, are taken together.
    - Eigenvalues up to 1e-5 are left out.
    - The tail's beginning makes the distance of its distribution function from the law's least, where the former counts
      values below each one and not those up to it. Every value but the largest may begin the tail.
    - Fewer than 20 values have tails of at least eight, and (n - 1) / n times as large an alpha - 1.

    :param matrix: (outputs, inputs times places of the kernel), as a layer has it. :param kernel: its sides; empty for
        a dense layer. :param values: singular values of the matrix, ascending; zeros do not matter.
    :returns: NaN for what WeightWatcher passes over, and for other kernels.
    """
    if len(kernel) not in (0, 2):
        return math.nan
    places = math.prod(kernel)
    sides = matrix.shape[0], matrix.shape[1] // places
    if min(sides) * places < _FEWEST or min(sides) * places > _MOST or max(sides) > _LONGEST:
        return math.nan
    # It takes the smaller two of four axes for the kernel.
    if kernel and sum(sides) < sum(kernel):
        return math.nan
    if places > 1:
        slices = matrix.reshape(*sides, places)
        values = np.concatenate([np.linalg.svd(slices[:, :, place], compute_uv=False) for place in range(places)])
    eigenvalues = np.sort(values**2 / (2 if kernel else 1))
    return _exponent(eigenvalues[eigenvalues > _SMALLEST])


def _exponent(values: np.ndarray) -> float:
    """Of positive values, ascending; NaN where there is no tail."""
    if values.size < 2:
        return math.nan
    logs = np.log(values)
    numbers = np.arange(values.size, 1, -1)
    sums = np.cumsum(logs[::-1])[::-1][:-1] - numbers * logs[:-1]
    few = values.size < _FEW
    with np.errstate(divide="ignore", invalid="ignore"):
        alphas = 1 + (numbers - few) / sums
    starts = np.arange(values.size - 1)
    if few:
        starts = starts[numbers >= _SHORTEST] if values.size >= _SHORTEST else starts[:1]
    starts = starts[np.isfinite(alphas[starts]) & (alphas[starts] > 1)]
    if not starts.size:
        return math.nan
    distances = np.concatenate([_distances(logs, part, alphas[part]) for part in _blocks(starts)])
    return float(alphas[starts[np.argmin(distances)]])


def _blocks(starts: np.ndarray) -> list[np.ndarray]:
    return np.array_split(starts, -(-starts.size // _BLOCK))


def _distances(logs: np.ndarray, starts: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    first = starts[0]
    gaps = np.maximum(logs[first:] - logs[starts][:, None], 0)
    below = np.maximum(np.arange(first, logs.size) - starts[:, None], 0) / (logs.size - starts)[:, None]
    # Before its beginning both functions of a tail are zero.
    return np.abs(-np.expm1((1 - alphas)[:, None] * gaps) - below).max(axis=1)
