"""How large a matrix a resolved spectrum needs, known before anything is computed; torch is not imported."""

import math
from collections.abc import Mapping, Sequence

from deepspectra.runtime.errors import UserError

__all__ = ["DENSE_PARAMETERS", "LARGEST_MATRIX", "reduced_rows", "require_feasible"]

#: Up to so many parameters the P x P matrix itself is an alternative: 1.2 GB in float64, and minutes.
DENSE_PARAMETERS = 12_000
#: Up to so many rows a matrix is computed at all: 7 GB in float64, and several matrices of that size at once.
LARGEST_MATRIX = 30_000


def reduced_rows(shapes: Mapping[str, Sequence[int]], batch: int, rank: int) -> int:
    """Rows of the reduced Hessian, see :mod:`.piecewise`, if every parameter were active: an upper limit.

    :param shapes: layer -> shape of its weight, in order; every layer has a bias.
    :param batch: samples. :param rank: of the loss's curvature in the outputs of one sample.
    """
    sizes = [math.prod(shape) + shape[0] for shape in shapes.values()]
    first = next(iter(shapes.values()))
    if len(first) == 2:
        # The bias is an input of 1.
        sizes[0] = first[0] * min(batch, first[1] + 1)
    others = sum(sizes) - max(sizes)
    columns = batch * rank + others
    return others + min(columns, max(sizes))


def require_feasible(rows: int, what: str) -> None:
    """:raises UserError: if a matrix would be larger than :data:`LARGEST_MATRIX`."""
    if rows > LARGEST_MATRIX:
        raise UserError(
            f"{what} would have {rows} rows, more than the {LARGEST_MATRIX} for which a spectrum is computed. Take "
            "smaller batches or a smaller network; the Gauss-Newton matrix works for networks of any size."
        )
