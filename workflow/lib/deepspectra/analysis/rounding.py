"""How far rounding to the type in which weights are stored moved them."""

from __future__ import annotations

import numpy as np

__all__ = ["rounding_error", "rounding_floor"]

#: Stored bits of the significand, and the exponent of the smallest normal number.
_FORMATS = {"float64": (52, -1022), "float32": (23, -126), "float16": (10, -14), "bfloat16": (7, -126)}
#: Entries at once, so that large matrices need little more memory.
_BLOCK = 1 << 20
#: Rounding of sums reaches so many times as far as that of the entries they end in, and directions that a product of
#: lower rank has are so many times as large as those that it lacks.
_SUMS, _GAP = 30.0, 1000.0


def rounding_error(matrix: np.ndarray, dtype: str) -> float:
    """Root mean square of the errors of entries that were rounded to the nearest number of a type.

    Each is uniform over one unit in its entry's last place, whose standard deviation is that unit over sqrt(12); below
    the type's smallest normal number units no longer shrink.

    :param matrix: of any shape, finite. :param dtype: ``float64``, ``float32``, ``float16`` or ``bfloat16``.
    """
    bits, smallest = _FORMATS[dtype]
    flat, total = matrix.reshape(-1), 0.0
    for start in range(0, flat.size, _BLOCK):
        block = flat[start : start + _BLOCK]
        # x = m 2^e with 1/2 <= |m| < 1. A zero is exact: pruned weights carry no error.
        units = np.ldexp(1.0, np.maximum(np.frexp(block)[1] - 1, smallest) - bits)
        total += float(np.sum(np.where(block == 0, 0.0, units) ** 2)) / 12
    return (total / flat.size) ** 0.5


def rounding_floor(values: np.ndarray, rows: int, rounding: float) -> float:
    """Singular values up to this one are rounding.

    Independent roundings of the entries are a random matrix, whose norm, doubled to be safe, is the floor. A product of
    lower rank was rounded on the way too, which tells by a gap: what lies beneath it is rounding.

    :param values: singular values, shape (m,), ascending. :param rows: n >= m. :param rounding: of an entry, root mean
        square.
    """
    # The solver's own error matters for float64 alone.
    floor = 2 * rounding * (rows**0.5 + values.size**0.5) + np.finfo(np.float64).eps * rows * values[-1]
    near = int(np.searchsorted(values, _SUMS * floor, side="right"))
    if 0 < near < values.size and values[near] > _GAP * values[near - 1]:
        return float(max(floor, values[near - 1]))
    return float(floor)
