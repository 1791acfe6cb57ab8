"""The truths that comparisons judge results by, against closed forms that they do not use."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.comparisons import limit_laws, number_variance, planted_spikes, tangent_kernels, weight_matrices
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur


@pytest.mark.parametrize("ratio", [0.3, 2.0])
def test_density_of_one_mass_is_marchenko_pasturs(ratio):
    """Here the ratio is that of the law, and the mass at 1.7 its scale."""
    law = MarchenkoPastur(ratio, scale=1.7)
    x = np.linspace(*law.edges, 102)[1:-1]
    found = limit_laws._density(np.array([1.7]), np.array([1.0]), ratio, x)
    np.testing.assert_allclose(found, law.density(x), rtol=1e-9)


def test_density_of_two_masses_has_mass_one():
    arrays = limit_laws.inputs(atoms=((0.5, 0.75), (2.5, 0.25)), ratio=0.02, points=20001)
    values = limit_laws._density(arrays["locations"], arrays["masses"], 0.02, arrays["x"])
    # The narrow bulks of a small ratio are apart, so that the mass in each is known.
    first = arrays["x"] < 1.2
    for bulk, mass in ((first, 0.75), (~first, 0.25)):
        assert np.trapezoid(values[bulk], arrays["x"][bulk]) == pytest.approx(mass, abs=1e-4)


def test_our_density_is_judged_as_right_and_a_wrong_one_by_its_error():
    arrays = limit_laws.inputs(atoms=((0.5, 0.75), (2.5, 0.25)), ratio=0.5, points=50)
    found = limit_laws.ours(arrays)()
    assert limit_laws.error(arrays, {"result": found}) < 1e-9
    assert limit_laws.error(arrays, {"result": found + 0.01 * found.max()}) == pytest.approx(0.01, rel=1e-6)


def test_number_variance_of_the_orthogonal_ensemble():
    """Its limits (Mehta, equation 16.1.5): l for short lengths, the logarithm for long ones."""
    short, long = np.array([1e-3]), np.array([200.0])
    assert number_variance.exact(short)[0] == pytest.approx(1e-3, rel=2e-3)
    logarithm = 2 / np.pi**2 * (np.log(2 * np.pi * long) + np.euler_gamma + 1 - np.pi**2 / 8)
    np.testing.assert_allclose(number_variance.exact(long), logarithm, rtol=1e-3)


def test_our_number_variance_comes_near_the_exact_one():
    arrays = number_variance.inputs(levels=1000, matrices=4)
    assert number_variance.error(arrays, {"result": number_variance.ours(arrays)()}) < 0.15


def test_strong_spikes_are_counted_and_the_true_edge_tells_their_number():
    arrays = planted_spikes.inputs(shapes=((300, 150), (200, 200)))
    strong = np.tile(np.repeat(planted_spikes.STRENGTHS, len(planted_spikes.COUNTS)) >= 2, 2)
    for count in (planted_spikes.ours, planted_spikes.true_edge):
        found = count(arrays)()
        assert np.abs(found - arrays["planted"])[strong].max() <= 1
        assert planted_spikes.error(arrays, {"result": found + 2}) > 0.5


def test_plain_lines_and_ours_give_the_same_kernel():
    arrays = tangent_kernels.inputs(samples=20)
    np.testing.assert_allclose(tangent_kernels.plain(arrays)(), tangent_kernels.ours(arrays)(), rtol=1e-4)


def test_norms_of_a_matrix():
    found = weight_matrices.ours({"weight": np.diag([*np.full(99, 1.0), 3.0])[:, :100].astype(np.float32) * 2})
    with pytest.raises(Exception, match="half of the singular values are equal"):
        found()
    arrays = weight_matrices.inputs(package="")
    largest, total, rank = weight_matrices.ours(arrays)()["norms"][0]
    assert largest == pytest.approx(np.linalg.norm(arrays["weight"], 2), rel=1e-5)
    assert total == pytest.approx(np.sum(arrays["weight"].astype(float) ** 2))
    assert rank == pytest.approx(total / largest**2)
