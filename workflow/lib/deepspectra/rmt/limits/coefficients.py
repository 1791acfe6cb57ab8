"""How layers add up to the tangent kernel (fan2020, lemma 3.5 and theorem 3.8), for a network and for its limit."""

import math
from collections.abc import Sequence

from deepspectra.runtime.errors import UserError

__all__ = ["checked_rates", "tangent_coefficients"]


def tangent_coefficients(
    layers: int, b_sigma: float, a_sigma: float, rates: Sequence[float] | None = None
) -> tuple[float, tuple[float, ...]]:
    """r_+ and (q_0, ..., q_{L-1}, 1) of lemma 3.5 (eq. 7), weighted by the rates of theorem 3.8 if given.

    :raises UserError: if there are not L + 1 positive rates, or not b_sigma^2 <= 1 <= a_sigma (proposition C.1).
    """
    rates = checked_rates(layers, rates)
    b2 = b_sigma**2
    if not b2 <= 1 + 1e-12 or not a_sigma >= 1 - 1e-12:
        raise UserError(f"a normalised activation has b_sigma^2 <= 1 <= a_sigma, not {b2:.6g} and {a_sigma:.6g}.")
    shift = sum(rates[k] * (a_sigma ** (layers - k) - b2 ** (layers - k)) for k in range(layers))
    return max(shift, 0.0), tuple(rates[k] * b2 ** (layers - k) for k in range(layers + 1))


def checked_rates(layers: int, rates: Sequence[float] | None) -> tuple[float, ...]:
    """tau_1, ..., tau_{L+1} of eq. 17; None means all one.

    :raises UserError: if there are not L + 1 of them, positive and finite.
    """
    rates = (1.0,) * (layers + 1) if rates is None else tuple(map(float, rates))
    if len(rates) != layers + 1 or not all(0 < rate < math.inf for rate in rates):
        raise UserError(f"{layers} layers need {layers + 1} positive rates, one per weight matrix; got {rates}.")
    return rates
