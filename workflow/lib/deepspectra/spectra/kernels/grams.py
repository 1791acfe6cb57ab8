"""Gram matrices X'X in blocks, in the precision asked for, and their entrywise products.

Only the blocks on and above the diagonal are computed, then mirrored: half of the work, and exactly symmetric.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes

__all__ = ["KernelDifference", "add_gram_times", "gram", "kernel_difference", "mirror"]

# Rows of X converted at once, and rows of a Gram matrix compared at once.
_ROWS = 1024
# A Gram matrix has about so many blocks of rows, within these sizes: narrow ones make slow products.
_BLOCKS, _FEWEST_ROWS, _MOST_ROWS = 8, 128, 1024


@dataclass(frozen=True)
class KernelDifference:
    """Largest entry and relative Frobenius norm of the difference of a kernel to the same in higher precision."""

    largest_entry: float
    relative_norm: float


def gram(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """X'X, shape (n, n), exactly symmetric, of X of shape (d, n), with products and sums in ``dtype``.

    :raises UserError: if X is no matrix.
    """
    check_shapes(x=(x, "rows samples"))
    samples = x.shape[1]
    product = x.new_empty((samples, samples), dtype=dtype)
    for rows in _row_blocks(samples, samples):
        _upper_rows(x, rows, product[rows, rows.start :])
    return mirror(product, samples)


def add_gram_times(kernel: torch.Tensor, sensitivity: torch.Tensor, factor: torch.Tensor, rate: float) -> None:
    """Add ``rate`` (S'S) o F to the blocks of ``kernel`` on and above the diagonal, in place and in its dtype.

    :param kernel: shape (n k, n k); :func:`mirror` fills the part below the diagonal.
    :param sensitivity: S, shape (d, n k), k outputs side by side.
    :param factor: F, shape (n, n), which multiplies each of the k^2 blocks of S'S.
    :raises UserError: if the shapes do not fit together.
    """
    check_shapes(kernel=(kernel, "columns columns"), sensitivity=(sensitivity, "rows columns"), factor=(factor, "n n"))
    samples, columns = factor.shape[0], kernel.shape[0]
    for rows in _row_blocks(columns, samples):
        shape = rows.stop - rows.start, columns - rows.start
        block = _upper_rows(sensitivity, rows, kernel.new_empty(shape))
        output, first = divmod(rows.start, samples)
        factor_rows = factor[first : first + block.shape[0]]
        for start in range(output * samples, columns, samples):
            # In the block of the rows' own output, only what is right of the diagonal.
            skipped = first if start == output * samples else 0
            part = block[:, start + skipped - rows.start : start + samples - rows.start]
            kernel[rows, start + skipped : start + samples].addcmul_(part, factor_rows[:, skipped:], value=rate)
        del block, part  # before the next ones are made


def mirror(matrix: torch.Tensor, samples: int) -> torch.Tensor:
    """Copy the blocks above the diagonal of a matrix of shape (n k, n k) to those below, in place.

    Blocks on the diagonal are already symmetric; ``samples`` is n.

    :raises UserError: if the matrix is not square, or its side no multiple of n.
    """
    check_shapes(matrix=(matrix, "columns columns"))
    for rows in _row_blocks(matrix.shape[0], samples):
        matrix[rows.stop :, rows] = matrix[rows, rows.stop :].T
    return matrix


def kernel_difference(lower: torch.Tensor, higher: torch.Tensor) -> KernelDifference:
    """Compare kernels of lower and higher precision, both of shape (n, n), in blocks and without a copy of either.

    :raises UserError: if the shapes differ.
    """
    check_shapes(lower_precision=(lower, "n n"), higher_precision=(higher, "n n"))
    largest, squares, norm = 0.0, 0.0, 0.0
    for start in range(0, higher.shape[0], _ROWS):
        exact = higher[start : start + _ROWS]
        norm += torch.linalg.vector_norm(exact, dtype=torch.float64).item() ** 2
        change = lower[start : start + _ROWS].to(exact.dtype, copy=True).sub_(exact)
        largest = max(largest, change.abs_().max().item())
        squares += torch.linalg.vector_norm(change, dtype=torch.float64).item() ** 2
    return KernelDifference(largest, math.sqrt(squares / norm) if norm else 0.0)


def _row_blocks(columns: int, samples: int) -> Iterator[slice]:
    """Blocks of rows of a matrix of shape (n k, n k); none spans two outputs."""
    if columns % samples:
        raise UserError(f"a kernel of {columns} columns does not consist of blocks of {samples} samples.")
    step = min(max(-(-samples // _BLOCKS), _FEWEST_ROWS), _MOST_ROWS)
    for first in range(0, columns, samples):
        for start in range(first, first + samples, step):
            yield slice(start, min(start + step, first + samples))


def _upper_rows(x: torch.Tensor, rows: slice, out: torch.Tensor) -> torch.Tensor:
    """Compute rows of X'X from their diagonal block on into ``out``, in its dtype; the diagonal block is symmetrised.

    :param x: shape (d, columns). :param out: shape (rows, columns - rows.start), returned.
    """
    left, right = x[:, rows], x[:, rows.start :]
    if out.dtype == x.dtype:
        torch.mm(left.T, right, out=out)
    else:
        out.zero_()
        for start in range(0, x.shape[0], _ROWS):
            part = right[start : start + _ROWS].to(out.dtype)
            out.addmm_(part[:, : out.shape[0]].T, part)
            del part  # before the next one is made
    diagonal = out[:, : out.shape[0]]
    torch.div(diagonal + diagonal.T, 2, out=diagonal)
    return out
