"""Power-law tails of spectra: their exponent, and how much it says."""

from typing import NamedTuple

import numpy as np

from deepspectra.runtime.errors import UserError

__all__ = ["PowerLaw", "fit_power_law", "power_law_p_value"]

#: Candidates for the beginning of the tail; more of them change the exponent by less than its error.
_CANDIDATES = 400
# Candidates whose distances are computed at once.
_BLOCK = 64


class PowerLaw(NamedTuple):
    """Density proportional to x^(-alpha) above ``smallest``.

    :ivar error: of alpha, for independent values. :ivar distance: largest difference of the distribution functions.
    :ivar tail: number of values that follow it.
    """

    alpha: float
    error: float
    smallest: float
    distance: float
    tail: int


def fit_power_law(values: np.ndarray) -> PowerLaw:
    """Exponent by maximum likelihood above the beginning that makes the Kolmogorov-Smirnov distance least.

    The method of Clauset, Shalizi and Newman (2009, section 3). The values are eigenvalues, squares of singular values;
    tools that quote exponents of spectra vary it. Every value but the largest may begin the tail, or
    400 of them equally spaced by rank.

    :param values: shape (n,), positive, in any order.
    :raises UserError: if there are fewer than two different positive values.
    """
    values = np.sort(np.asarray(values, dtype=np.float64))
    values = values[values > 0]
    if values.size < 2 or values[0] == values[-1]:
        raise UserError("a power law needs at least two positive values that differ.")
    logs = np.log(values)
    chosen = np.unique(np.linspace(0, values.size - 2, min(values.size - 1, _CANDIDATES)).round().astype(int))
    # Values that equal the largest leave no tail beyond them.
    chosen = chosen[logs[chosen] < logs[-1]]
    if not chosen.size:
        raise UserError("a power law needs at least two positive values that differ by more than rounding.")
    numbers = values.size - chosen
    # Sums of logarithms over each beginning, from the gaps: nearly equal values must not cancel.
    gaps = np.diff(logs) * np.arange(values.size - 1, 0, -1)
    sums = np.cumsum(gaps[::-1])[::-1][chosen]
    alphas = 1 + numbers / sums
    distances = np.concatenate(
        [
            _distances(logs, starts, exponents)
            for starts, exponents in zip(_blocks(chosen), _blocks(alphas), strict=True)
        ]
    )
    best = int(np.argmin(distances))
    alpha, tail = float(alphas[best]), int(numbers[best])
    return PowerLaw(alpha, (alpha - 1) / tail**0.5, float(values[chosen[best]]), float(distances[best]), tail)


def _blocks(array: np.ndarray) -> list[np.ndarray]:
    return np.array_split(array, -(-array.size // _BLOCK))


def _distances(logs: np.ndarray, starts: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """Kolmogorov-Smirnov distances of the tails that begin at these ranks, (k,) as the ranks."""
    first = starts[0]
    place = np.arange(first, logs.size)
    # Below its own beginning a tail's heights and steps are zero, and so are their differences.
    heights = -np.expm1((1 - alphas)[:, None] * np.maximum(logs[first:] - logs[starts][:, None], 0))
    numbers = (logs.size - starts)[:, None]
    below = np.maximum(place - starts[:, None], 0) / numbers
    above = np.maximum(place + 1 - starts[:, None], 0) / numbers
    return np.maximum((above - heights).max(axis=1), (heights - below).max(axis=1))


def power_law_p_value(values: np.ndarray, fit: PowerLaw, draws: int, rng: np.random.Generator) -> float:
    """Monte Carlo p-value of the hypothesis that the tail follows its power law (Clauset et al. 2009, section 4).

    Each draw has as many values: from the power law with the tail's share, else from the values below it; the whole fit
    is made anew. Draws are independent, while levels of matrices repel each other and lie closer to any law that they
    follow: a p-value that is small here is smaller in truth, one that is large says little.
    """
    values = np.asarray(values, dtype=np.float64)
    values = values[values > 0]
    body = values[values < fit.smallest]
    reached = 0
    for _ in range(draws):
        tail = values.size if not body.size else int(rng.binomial(values.size, fit.tail / values.size))
        drawn = fit.smallest * rng.uniform(size=tail) ** (-1 / (fit.alpha - 1))
        drawn = np.append(drawn, rng.choice(body, values.size - tail) if body.size else [])
        reached += fit_power_law(drawn).distance >= fit.distance
    return (1 + reached) / (draws + 1)
