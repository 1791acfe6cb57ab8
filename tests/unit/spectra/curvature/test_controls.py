"""Controls of curvature spectra, against dense matrices, closed forms and the laws that are drawn from."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import torch
from torch import nn

from deepspectra.nn.losses import curvature_factor
from deepspectra.rmt.distances import ks_distance
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.seeds import generator
from deepspectra.spectra.curvature.controls import (
    GaussianInputs,
    draw_by_class,
    drawn_targets,
    equal_traces,
    factor_levels,
    levels_over_samples,
    softmax_factor,
    uniform_outputs,
)
from deepspectra.spectra.curvature.dense import hessian

from .conftest import nonzero_eigenvalues

SAMPLES, FEATURES, CLASSES = 12, 30, 5


def factors(outputs):
    return curvature_factor("cross_entropy", outputs)


@pytest.mark.parametrize("count", [8, 500])
def test_gaussian_inputs_have_the_mean_and_covariance_of_samples_of_any_rank(count):
    """With a dark pixel, one that is twice another, and fewer samples than pixels."""
    images = torch.randn(count, 1, 4, 5, dtype=torch.float64).exp()
    images[:, 0, 1, 1], images[:, 0, 3, 4] = 0, 2 * images[:, 0, 2, 2]
    law, flat = GaussianInputs.like(images), images.flatten(1).numpy()
    covariance = (law.root.T @ law.root).numpy()
    np.testing.assert_allclose(law.mean, flat.mean(0), atol=1e-12)
    np.testing.assert_allclose(covariance, np.cov(flat.T, bias=True), atol=1e-11)
    drawn = law.draw(20_000, generator(1))
    assert drawn.shape == (20_000, 1, 4, 5)
    found = np.cov(drawn.flatten(1).numpy().T)
    spread = np.sqrt((np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2) / 20_000)
    assert (np.abs(found - covariance) <= 5 * spread + 1e-12).all()
    torch.testing.assert_close(drawn, law.draw(20_000, generator(1)), rtol=0, atol=0)


def test_one_sample_has_no_covariance():
    with pytest.raises(UserError, match="at least two samples; there are 1"):
        GaussianInputs.like(torch.ones(1, 3, dtype=torch.float64))


def test_classes_are_drawn_from_their_own_laws():
    means = {3: 0.0, 8: 100.0}
    laws = {label: GaussianInputs.like(mean + torch.randn(50, 4, dtype=torch.float64)) for label, mean in means.items()}
    drawn = draw_by_class(laws, torch.tensor([8, 3, 8]), generator(1))
    assert ((drawn.mean(1) > 50) == torch.tensor([True, False, True])).all()
    assert not torch.equal(drawn[0], drawn[2])


def test_inputs_and_factors_of_different_samples_give_the_hessian_of_their_products():
    """Sum of S_n (x) x_n x_n', where S_n does not come from x_n: by Kronecker products."""
    inputs, outputs = (torch.randn(SAMPLES, size, dtype=torch.float64) for size in (FEATURES, CLASSES))
    dense = 0
    for x, p in zip(inputs, torch.softmax(3 * outputs, 1), strict=True):
        extended = torch.cat([x, torch.ones(1, dtype=torch.float64)])
        dense = dense + torch.kron(torch.diag(p) - torch.outer(p, p), torch.outer(extended, extended))
    factor = softmax_factor(inputs, factors(3 * outputs))
    assert factor.shape == (CLASSES * SAMPLES, (CLASSES - 1) * SAMPLES)
    levels, expected = factor_levels(factor), torch.linalg.eigvalsh(dense).numpy()[-factor.shape[1] :]
    np.testing.assert_allclose(levels, expected, rtol=1e-9, atol=1e-12 * expected[-1])


def test_a_batchs_own_inputs_give_its_hessian():
    model = nn.Sequential(nn.Linear(FEATURES, CLASSES)).double().eval()
    inputs, labels = torch.randn(SAMPLES, FEATURES, dtype=torch.float64), torch.randint(CLASSES, (SAMPLES,))
    levels = factor_levels(softmax_factor(inputs, factors(model(inputs).detach())))
    expected = nonzero_eigenvalues(hessian(model, inputs, labels, "cross_entropy"))
    np.testing.assert_allclose(levels / levels[-1], expected, rtol=1e-9)


def test_levels_far_below_the_largest_are_exact():
    """Strengths over ten decades, against 60 digits: the eigenvalues of F' F by a solver lose the small ones."""
    strengths = 10.0 ** torch.tensor([-4.0, 0, -10, -2, -8, -6], dtype=torch.float64)
    outputs, inputs = (torch.randn(6, size, dtype=torch.float64) for size in (3, 8))
    factor = softmax_factor(inputs, factors(outputs) * strengths[:, None, None])
    with mpmath.workdps(60):
        exact = mpmath.matrix(factor.tolist())
        expected = np.sort([float(value) for value in mpmath.eigsy(exact.T * exact, eigvals_only=True)])
    found, over = levels_over_samples(factor, 6)
    assert expected[0] < 1e-18 * expected[-1]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    np.testing.assert_allclose(found, factor_levels(factor), rtol=1e-4)
    assert not np.allclose(np.linalg.eigvalsh((factor.T @ factor).numpy()), expected, rtol=0.1, atol=0)
    # Each sample has levels of its own size, two for three classes.
    np.testing.assert_allclose(over, 1, atol=0.01)


def test_equal_samples_share_their_eigenvectors():
    """All levels but one sample's worth are zero, and these extend over the whole batch."""
    inputs, outputs = torch.ones(7, 3, dtype=torch.float64), torch.ones(7, 4, dtype=torch.float64)
    levels, over = levels_over_samples(softmax_factor(inputs, factors(outputs)), 7)
    np.testing.assert_allclose(levels, 7 * 4 * np.array([0.25] * 3))
    np.testing.assert_allclose(over, 7)


def test_random_vectors_extend_over_most_of_a_batch():
    """The mean of sum w_n^2 for vectors uniform on the sphere, whose squared entries have a beta law."""
    samples, rank = 16, 9
    _, over = levels_over_samples(torch.randn(400, samples * rank, dtype=torch.float64), samples)
    assert len(over) == samples * rank
    assert (1 / over).mean() == pytest.approx((rank + 2) / (samples * rank + 2), rel=0.03)


def test_levels_that_are_zero_are_left_out():
    inputs = torch.randn(SAMPLES, 3, dtype=torch.float64)
    levels = factor_levels(softmax_factor(inputs, factors(torch.randn(SAMPLES, CLASSES, dtype=torch.float64))))
    assert len(levels) == (CLASSES - 1) * 4


def test_equal_traces_keep_how_classes_compare():
    factor = factors(5 * torch.randn(SAMPLES, CLASSES, dtype=torch.float64))
    equal = equal_traces(factor)
    before, after = (part @ part.transpose(1, 2) for part in (factor, equal))
    traces = before.diagonal(dim1=1, dim2=2).sum(1)
    assert traces.max() / traces.min() > 5
    torch.testing.assert_close(after * traces[:, None, None], before)
    torch.testing.assert_close(after.diagonal(dim1=1, dim2=2).sum(1), torch.ones(SAMPLES, dtype=torch.float64))


def test_targets_are_as_the_network_expects_them():
    p = torch.tensor([0.7, 0.2, 0.1], dtype=torch.float64)
    outputs, labels = p.log().expand(30_000, 3), torch.zeros(30_000, dtype=torch.int64)
    drawn = drawn_targets("cross_entropy", outputs, outputs, labels, generator(1))
    assert drawn.dtype == torch.int64
    np.testing.assert_allclose(np.bincount(drawn) / 30_000, p, atol=0.012)
    outputs, own, targets = torch.tensor([[[5.0]], [[2.0]], [[2.5]]])
    assert drawn_targets("squared", outputs, own, targets, generator(1)).tolist() == [[5.5]]


def test_probabilities_uniform_on_the_simplex():
    """Each has the law beta(1, classes - 1), whose distribution function is 1 - (1 - p)^(classes - 1)."""
    p = torch.softmax(uniform_outputs(20_000, 4, generator(1)), 1).numpy()
    for column in p.T:
        assert ks_distance(column, lambda x: 1 - (1 - x) ** 3) < 1.6 / 20_000**0.5
    assert np.corrcoef(p.T)[0, 1] == pytest.approx(-1 / 3, abs=0.02)
