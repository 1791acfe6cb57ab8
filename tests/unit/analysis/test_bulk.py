"""A bulk is what random matrices have: other spectra within the same edges are none."""

import numpy as np
import pytest

from deepspectra.analysis.bulk import bulk_distance, has_bulk, without_outliers
from deepspectra.rmt.nulls import laguerre_singular_values
from deepspectra.rmt.outliers import count_outliers, null_extremes


def judged(values, rows, rank=None):
    null = null_extremes(rows, values.size, 199, np.random.default_rng(0))
    found = count_outliers(values, rows, null, floor=1e-9 * values[-1])
    return has_bulk(values, rows, found, rank or values.size), bulk_distance(*without_outliers(values, rows, found))


@pytest.mark.parametrize(("rows", "columns"), [(15, 15), (400, 15), (60, 30), (150, 150)])
def test_random_matrices_have_one(rows, columns):
    rng = np.random.default_rng(1)
    assert all(judged(laguerre_singular_values(rows, columns, rng), rows)[0] for _ in range(40))


def test_so_do_those_with_spikes_and_with_directions_without_weight():
    rng = np.random.default_rng(2)
    values = laguerre_singular_values(150, 100, rng)
    assert judged(np.append(values, values[-1] * np.linspace(1.3, 4, 40)), 190)[0]
    assert judged(np.append(np.zeros(20), laguerre_singular_values(130, 80, rng)), 150, rank=80)[0]


OTHERS = {
    "identity": np.ones(100),
    "two values": np.repeat([0.8, 1.2], 50),
    "orthogonal projections of a random matrix": 1 + 0.01 * np.sort(np.random.default_rng(3).standard_normal(100)),
    "product with large inner dimension": np.linspace(0.9, 1.1, 100),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_spectra_within_its_edges_are_no_bulk(name):
    found, distance = judged(OTHERS[name], 150)
    assert not found
    assert distance > 0.2


def test_the_distance_is_that_of_distribution_functions():
    """Of one value at the median of its law, half."""
    assert bulk_distance(np.ones(101), 101) == pytest.approx(0.5, abs=0.02)


def test_half_of_the_values_are_not_most():
    """39 and 40 spikes beside 40 values of a random matrix."""
    bulk = laguerre_singular_values(150, 40, np.random.default_rng(4))
    found = [judged(np.append(bulk, bulk[-1] * np.linspace(2, 9, spikes)), 150 + spikes)[0] for spikes in (39, 40)]
    assert found == [True, False]
