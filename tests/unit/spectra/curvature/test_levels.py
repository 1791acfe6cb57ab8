"""Eigenvalues of F F' with their errors: against 50 digits, against extended precision, and where each step is needed.

The oracle's own check is against 50 digits; elsewhere it is one-sided Jacobi in NumPy's longdouble, 2000 times as
precise as float64.
"""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import torch

from deepspectra.nn.losses import curvature_factor
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature import levels
from deepspectra.spectra.curvature.gauss_newton import gauss_newton_gram, gauss_newton_parts
from deepspectra.spectra.curvature.levels import Levels, gram_levels, levels_of_parts, matrix_levels, rounding
from deepspectra.spectra.curvature.spectra import resolved_spectrum

from .conftest import network
from .exact import singular_values

pytestmark = pytest.mark.skipif(np.finfo(np.longdouble).eps > 2e-19, reason="no extended precision on this machine")
NOTHING = torch.zeros(0, dtype=torch.float64)


def graded(rows, columns, decades, seed=1):
    """A factor of random directions whose columns have lengths down to 10 ** -decades, in no order."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((rows, columns)) * 10 ** rng.uniform(-decades, 0, columns)


def exact(factor):
    return singular_values(factor.astype(np.longdouble)) ** 2


def gram_of(factor):
    return torch.from_numpy(factor.T @ factor)


def assert_within_errors(found, true, looseness):
    """Every level is within its error, and among ten neighbours one error at least is not ``looseness`` times as wide.

    A single level may be off by nothing, by chance, and processors round differently: twice ``looseness`` is allowed.
    """
    used = np.abs(found.values - true).astype(float) / found.errors
    assert (used <= 1).all()
    assert min(used[start : start + 10].max() for start in range(0, len(used), 10)) > 0.5 / looseness


def test_the_oracle_against_50_digits():
    factor = graded(30, 12, 25)
    with mpmath.workdps(50):
        whole = mpmath.matrix(factor.tolist())
        true = np.sort([float(value) for value in mpmath.eigsy(whole.T * whole, eigvals_only=True)])
    np.testing.assert_allclose(exact(factor).astype(float), true, rtol=1e-15, atol=0)
    assert true[0] / true[-1] < 1e-40


@pytest.mark.parametrize(("decades", "method"), [(1, "matrix"), (9, "svd"), (40, "jacobi")])
def test_levels_over_many_decades_are_resolved_by_the_first_method_that_can(decades, method, monkeypatch):
    """Of eigenvalues over 2, 18 and 80 decades none is lost, and each is within its own error."""
    taken = []
    jacobi, triangle = levels._jacobi, levels._triangle_levels
    monkeypatch.setattr(levels, "_jacobi", lambda *given: (taken.append("jacobi"), jacobi(*given))[1])
    monkeypatch.setattr(
        levels, "_triangle_levels", lambda *given, **named: (taken.append("svd"), triangle(*given, **named))[1]
    )
    factor = graded(60, 40, decades)
    found = gram_levels(gram_of(factor), rounding(NOTHING))
    assert taken == {"matrix": [], "svd": ["svd"], "jacobi": ["svd", "jacobi"]}[method]
    assert found.enough
    # Found: 172, 217 and 10. The first has one error for all, too wide for small levels; the second adds up rounding of
    # products as if it never cancelled.
    assert_within_errors(found, exact(factor), {"matrix": 344, "svd": 435, "jacobi": 21}[method])
    if method != "matrix":
        # The standard solver, as before, loses what is below its error.
        assert not matrix_levels(gram_of(factor), rounding(NOTHING)).known.all()


def test_large_matrices_take_their_small_levels_from_the_inverse(monkeypatch):
    """At 20 decades the standard solver loses half of them; together none is lost."""
    factor = graded(60, 40, 10)
    true, error = exact(factor), rounding(NOTHING)
    lost = matrix_levels(gram_of(factor), error)
    assert lost.lost > 0.2
    monkeypatch.setattr(levels, "_SMALL", 10)
    found = gram_levels(gram_of(factor), error)
    assert found.lost == 0
    assert (np.diff(found.values) > 0).all()
    assert (np.abs(found.values - true) <= found.errors).all()
    # Large ones by the matrix, small ones by its inverse.
    assert (found.errors[-5:] == lost.errors[-5:]).all()
    assert found.errors[0] < 1e-8 * found.values[0]


def test_directions_that_nearly_agree_need_the_factor_itself():
    """Pairs of columns that differ by 1e-9 of their length: their Gram matrix in float64 is singular, F is not."""
    factor = graded(200, 40, 6)
    factor[:, 20:] = factor[:, :20] + 1e-9 * np.linalg.norm(factor[:, :20], axis=0) * graded(200, 20, 0, 2) / 200**0.5
    true, error = exact(factor), rounding(NOTHING)
    without = gram_levels(gram_of(factor), error)
    assert not without.enough
    parts = torch.from_numpy(factor.T.copy()).split(7, dim=1)
    found = gram_levels(gram_of(factor), error, lambda: parts)
    assert found.enough
    # Found: 69, and 139 where the factor comes whole. Bounds add up, errors of many steps mostly cancel.
    assert_within_errors(found, true, 138)
    streamed = levels_of_parts(parts, error)
    np.testing.assert_array_equal(found.values, streamed.values)
    assert_within_errors(levels_of_parts([torch.from_numpy(factor.T.copy())], error), true, 278)


def test_what_is_exactly_zero_and_what_may_be():
    """Columns of zeros stop nothing; those that depend on others exactly are left out, and the rest stays."""
    factor = graded(50, 12, 2)
    factor[:, 3] = 0
    found = gram_levels(gram_of(factor), rounding(NOTHING))
    assert found.known.tolist() == [False] + [True] * 11
    assert found.unresolved_spacings == 0
    factor[:, 5] = factor[:, 4]
    parts = [torch.from_numpy(factor.T.copy())]
    for parted in (None, lambda: parts):
        found = gram_levels(gram_of(factor), rounding(NOTHING), parted)
        assert (len(found.values), int(found.known.sum())) == (12, 10)
        assert not found.enough
        assert found.unresolved_spacings == 0
        assert (np.abs(found.values - exact(factor)) <= found.errors).all()
    nothing = gram_levels(torch.zeros(4, 4, dtype=torch.float64), 1e-15)
    assert nothing.values.tolist() == [0] * 4
    assert not nothing.known.any()


def test_spacings_are_compared_with_the_errors_of_their_two_levels():
    found = Levels(np.array([1e-9, 1.0, 1.001, 2.0, 3.0]), np.array([1e-8, 1e-9, 1e-9, 0.6, 0.5]))
    assert found.known.tolist() == [False, True, True, True, True]
    assert found.unresolved_spacings == pytest.approx(1 / 3)
    assert not found.enough
    assert Levels(np.ones(1), np.zeros(1)).unresolved_spacings == 0


def test_a_factor_that_is_not_finite_is_refused():
    factor = torch.ones(3, 5, dtype=torch.float64)
    factor[1, 2] = torch.inf
    with pytest.raises(UserError, match="not finite"):
        levels_of_parts([factor], 1e-15)
    with pytest.raises(UserError, match="not finite"):
        gram_levels(factor @ factor.T, 1e-15)


def test_jacobi_that_does_not_converge_says_so(monkeypatch):
    monkeypatch.setattr(levels.lapack, "dgejsv", lambda *given, **named: (*[np.ones(2)] * 5, 7))
    with pytest.raises(UserError, match=r"did not converge for a matrix of 2 rows \(gejsv: 7\)"):
        levels._jacobi(torch.eye(2))


def extended_softmax_factor(model, inputs):
    """F of softmax regression in longdouble from float64 weights and inputs; (weights by input and class, columns)."""
    weight, bias = (parameter.detach().numpy().astype(np.longdouble) for parameter in model.parameters())
    inputs = inputs.numpy().astype(np.longdouble)
    outputs = inputs @ weight.T + bias
    exponentials = np.exp(outputs - outputs.max(1, keepdims=True))
    p = exponentials / exponentials.sum(1, keepdims=True)
    columns = []
    for x, own in zip(inputs, p, strict=True):
        likeliest = own.argmax()
        roots = np.sqrt(own)
        mirror = roots.copy()
        mirror[likeliest] += 1
        reflection = np.eye(len(own), dtype=own.dtype) - 2 * np.outer(mirror, mirror) / (mirror @ mirror)
        columns.append(np.kron(roots[:, None] * np.delete(reflection, likeliest, 1), np.append(x, 1)[:, None]))
    return np.concatenate(columns, axis=1)


# How many times too wide errors are: twice what was found (1138 and 163, 67 and 91, 18 and 14). They bound every
# rounding; at the first, one error of the standard solver holds for all levels, small ones too.
@pytest.mark.parametrize(("sureness", "whole", "parted"), [(1, 2276, 326), (6, 134, 182), (30, 36, 28)])
def test_a_sure_softmax_regression_keeps_all_its_levels(sureness, whole, parted):
    """A batch as of images (no input varies much about its mean) and outputs up to a few hundred: levels over 5 to 200
    decades, of which the standard solver loses most."""
    model = network([], 30, 10)
    inputs = torch.where(torch.rand(6, 30) < 0.7, -1.0, 2 * torch.rand(6, 30) - 1).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 8 * sureness
    targets = torch.randint(10, (6,))
    true = singular_values(extended_softmax_factor(model, inputs)) ** 2
    found = resolved_spectrum("hessian", model, inputs, targets, "cross_entropy")
    assert len(found.eigenvalues) == 6 * 9
    assert (found.left_out, found.unresolved_spacings) == (0, 0)
    assert_within_errors(Levels(found.eigenvalues, found.errors), true, whole)
    parts = levels_of_parts(gauss_newton_parts(model, inputs, "cross_entropy"), rounding(model(inputs).detach()))
    assert_within_errors(parts, true, parted)
    before = matrix_levels(gauss_newton_gram(model, inputs, "cross_entropy"), rounding(model(inputs).detach()))
    assert before.known.all() == (sureness == 1)
    assert curvature_factor("cross_entropy", model(inputs)).shape == (6, 10, 9)


def test_a_negative_eigenvalue_of_a_gram_matrix_widens_its_errors():
    """Rounded by more than was said: what is not there is not among the known levels."""
    factor = np.random.default_rng(1).standard_normal((40, 10))
    factor[:, 5:] = factor[:, :5]
    noise = np.random.default_rng(2).standard_normal((10, 10)) * 1e-9
    found = gram_levels(torch.from_numpy(factor.T @ factor + noise + noise.T), rounding(NOTHING))
    assert found.known.sum() == 5
    assert (np.abs(found.values - np.linalg.eigvalsh(factor.T @ factor)) <= found.errors).all()
