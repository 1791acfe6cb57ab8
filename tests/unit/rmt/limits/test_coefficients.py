"""Coefficients of the tangent kernel; kernels and laws made of them are in ``test_kernels`` and ``test_layered``."""

from __future__ import annotations

import pytest

from deepspectra.rmt.limits.coefficients import checked_rates, tangent_coefficients
from deepspectra.runtime.errors import UserError


def test_the_coefficients_are_those_of_lemma_3_5():
    """r_+ is the sum of a^(L-l) less the sum of q_l = b^(2 (L-l)), l < L; the last layer counts once."""
    assert tangent_coefficients(1, 0.5, 1.5) == (pytest.approx(1.5 - 0.25), pytest.approx((0.25, 1.0)))
    shift, coefficients = tangent_coefficients(3, 0.8, 1.1)
    assert shift == pytest.approx(1.1**3 + 1.1**2 + 1.1 - 0.8**6 - 0.8**4 - 0.8**2)
    assert coefficients == pytest.approx((0.8**6, 0.8**4, 0.8**2, 1.0))


def test_a_linear_network_has_no_shift():
    assert tangent_coefficients(4, 1.0, 1.0) == (0.0, (1.0,) * 5)


def test_other_rates_weight_the_terms():
    """Theorem 3.8: each layer's term, and its share of r_+, by its learning rate."""
    shift, coefficients = tangent_coefficients(2, 0.9, 1.2, rates=(2.0, 3.0, 5.0))
    assert shift == pytest.approx(2 * (1.2**2 - 0.9**4) + 3 * (1.2 - 0.9**2))
    assert coefficients == pytest.approx((2 * 0.9**4, 3 * 0.9**2, 5))


def test_rates_are_one_for_each_weight_matrix_and_positive():
    assert checked_rates(2, None) == (1.0, 1.0, 1.0)
    assert checked_rates(1, [2, 3]) == (2.0, 3.0)
    with pytest.raises(UserError, match=r"2 layers need 3 positive rates, one per weight matrix; got \(1.0, 1.0\)"):
        checked_rates(2, [1.0, 1.0])
    for rate in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(UserError, match="1 layers need 2 positive rates"):
            checked_rates(1, [1.0, rate])


@pytest.mark.parametrize(("b", "a"), [(1.1, 1.2), (0.5, 0.9)])
def test_constants_that_no_activation_has_are_refused(b, a):
    with pytest.raises(UserError, match=r"b_sigma\^2 <= 1 <= a_sigma"):
        tangent_coefficients(2, b, a)
