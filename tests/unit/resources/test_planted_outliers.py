"""Stand-ins of trained layers: a random bulk with a layer's own outliers."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ks_2samp

PATH = Path(__file__).resolve().parents[3] / "resources" / "planted_outliers.py"
SPEC = importlib.util.spec_from_file_location("planted_outliers", PATH)
assert SPEC
assert SPEC.loader
MODULE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(MODULE)


@pytest.mark.parametrize("rows", [200, 400])
def test_outliers_stay_and_the_bulk_becomes_a_random_matrix_of_the_same_scale(rows):
    rng = np.random.default_rng(3)
    bulk = 0.1 * np.linalg.svd(rng.standard_normal((190, rows - 10)), compute_uv=False)
    outliers = 0.1 * (np.sqrt(rows) + np.sqrt(200)) * np.linspace(1.3, 2, 10)
    values = np.sort(np.concatenate([bulk, outliers]))
    found = MODULE.stand_in(values, rows, rng)
    assert found.size == 200
    np.testing.assert_array_equal(found[-10:], outliers)
    assert not np.isin(found[:-10], values).any()
    np.testing.assert_allclose(np.mean(found[:-10] ** 2), np.mean(bulk**2), rtol=0.05)
    assert ks_2samp(found[:-10], bulk).statistic < 0.05
