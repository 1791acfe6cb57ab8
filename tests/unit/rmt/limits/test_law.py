from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.limits.law import LimitError, build_law, support


def semicircle(x):
    return np.sqrt(np.maximum(4 - np.asarray(x) ** 2, 0)) / (2 * np.pi)


def test_a_semicircle_is_found_and_integrated():
    law = build_law(semicircle, -3, 5)
    ((lower, upper),) = law.edges
    assert (lower, upper) == (pytest.approx(-2, abs=1e-7), pytest.approx(2, abs=1e-7))
    assert law.mass == pytest.approx(1, abs=1e-9)
    assert law.moment(2) == pytest.approx(1, abs=1e-9)
    assert law.moment(4) == pytest.approx(2, abs=1e-9)
    x = np.linspace(-3, 3, 50)
    np.testing.assert_allclose(law.cdf(x), stats.semicircular.cdf(x / 2), atol=1e-9)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.5])
def test_atoms_and_hard_edges(ratio):
    """At ratio 1 the density has a pole at zero, the lower end of the search."""
    exact = MarchenkoPastur(ratio)
    law = build_law(exact.density, 0, 10, exact.atoms)
    assert law.edges[0] == pytest.approx(exact.edges, abs=1e-6)
    assert law.mass == pytest.approx(1, abs=1e-8)
    x = np.linspace(-0.5, 9, 200)
    np.testing.assert_allclose(law.cdf(x), exact.cdf(x), atol=1e-8)
    for order in (1, 2, 3):
        assert law.moment(order) == pytest.approx(exact.moment(order), rel=1e-8)


def two_semicircles(x):
    return 0.3 * semicircle(x) + 0.7 * 100 * semicircle(100 * (x - 7))


def test_several_bulks():
    law = build_law(two_semicircles, -3, 9)
    assert np.ravel(law.edges) == pytest.approx([-2, 2, 6.98, 7.02], abs=1e-6)
    assert [bulk.mass for bulk in law.bulks] == pytest.approx([0.3, 0.7], abs=1e-8)
    assert law.cdf(np.array([-3.0, 4.0, 7.0, 8.0])) == pytest.approx([0, 0.3, 0.65, 1], abs=1e-8)


def test_the_grid_crowds_at_the_edges_of_every_bulk():
    law = build_law(two_semicircles, -3, 9)
    grid = law.grid(200)
    assert 190 <= grid.size <= 200
    assert (np.diff(grid) > 0).all()
    assert ((grid > 6.9) & (grid < 7.1)).sum() >= 32
    wide = grid[grid < 3]
    assert wide[1] - wide[0] < 0.05 * np.diff(wide).max()


def test_a_gap_far_narrower_than_the_scan_is_found():
    law = build_law(lambda x: 0.5 * semicircle(x + 2.0005) + 0.5 * semicircle(x - 2.0005), -10, 400)
    assert np.ravel(law.edges) == pytest.approx([-4.0005, -0.0005, 0.0005, 4.0005], abs=1e-5)
    assert law.mass == pytest.approx(1, abs=1e-6)


def test_mass_that_is_missing_is_an_error_and_never_made_up_for():
    with pytest.raises(LimitError, match=r"mass 0\.99"):
        build_law(lambda x: 0.99 * semicircle(x), -3, 3)
    assert build_law(lambda x: 0.9995 * semicircle(x), -3, 3).mass == pytest.approx(0.9995, abs=1e-8)


def test_a_density_without_values_is_an_error():
    with pytest.raises(LimitError, match=r"mass 0\.938"):
        build_law(lambda x: np.where(np.abs(x - 0.5) < 0.1, np.nan, semicircle(x)), -3, 3)
    with pytest.raises(LimitError, match="no density was found"):
        support(lambda x: np.zeros_like(x), 0, 1)
