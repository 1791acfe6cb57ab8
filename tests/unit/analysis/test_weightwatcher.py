"""The exponent that WeightWatcher prints, beside its rules written out one tail at a time."""

import math

import numpy as np
import pytest

from deepspectra.analysis.network import analyse
from deepspectra.analysis.weightwatcher import printed_exponent


def by_hand(values):
    """Of eigenvalues, ascending."""
    values = [value for value in values if value > 1e-5]
    best = math.inf, math.nan
    for start in range(len(values) - 1):
        tail = values[start:]
        n = len(tail)
        if len(values) < 20 and n < 8:
            break
        alpha = 1 + (n - (len(values) < 20)) / sum(math.log(value / tail[0]) for value in tail)
        distance = max(abs(1 - (x / tail[0]) ** (1 - alpha) - i / n) for i, x in enumerate(tail))
        best = min(best, (distance, alpha))
    return best[1]


def singular_values(matrix):
    return np.linalg.svd(matrix, compute_uv=False)[::-1]


@pytest.mark.parametrize("shape", [(60, 40), (25, 20), (30, 19), (100, 9)])
def test_dense_layers(shape):
    matrix = np.random.default_rng(1).standard_normal(shape)
    values = singular_values(matrix)
    assert printed_exponent(matrix, (), values) == pytest.approx(by_hand(values**2), rel=1e-12)


def test_small_eigenvalues_are_left_out_whatever_the_scale():
    """A fifth of the weights have another exponent: their spectrum is cut at another place."""
    matrix = 3e-3 * np.random.default_rng(2).standard_normal((40, 40))
    own, fifth = (printed_exponent(scale * matrix, (), singular_values(scale * matrix)) for scale in (1, 0.2))
    assert own == pytest.approx(by_hand(singular_values(matrix) ** 2), rel=1e-12)
    assert fifth == pytest.approx(by_hand(singular_values(0.2 * matrix) ** 2), rel=1e-12)
    assert abs(own - fifth) > 0.01


def test_kernels_are_pooled_place_by_place():
    kernel = 0.01 * np.random.default_rng(3).standard_normal((30, 20, 3, 2))
    slices = [singular_values(kernel[:, :, i, j]) for i in range(3) for j in range(2)]
    expected = by_hand(sorted(np.concatenate(slices) ** 2 / 2))
    matrix = kernel.reshape(30, -1)
    assert printed_exponent(matrix, (3, 2), singular_values(matrix)) == pytest.approx(expected, rel=1e-12)


def test_what_it_passes_over():
    matrix = np.random.default_rng(4).standard_normal((30, 7))
    assert math.isnan(printed_exponent(matrix, (), singular_values(matrix)))
    assert math.isnan(printed_exponent(np.ones((40, 60)), (3,), np.ones(40)))
    assert math.isnan(printed_exponent(np.ones((50_001, 1)), (), np.ones(1)))
    assert math.isnan(printed_exponent(np.eye(30), (), np.ones(30)))


def test_a_network_has_it_for_whole_layers(tmp_path):
    rng = np.random.default_rng(5)
    weights = {
        "dense.weight": rng.standard_normal((40, 30)),
        "convolution.weight": rng.standard_normal((20, 16, 3, 3)),
        "attention.qkv.weight": rng.standard_normal((60, 20)),
    }
    weights["dense.weight"][3] = 0
    table = analyse(weights, draws=99, vector_draws=199, cache=tmp_path).matrices.set_index("name")
    found = table.alpha_weightwatcher
    assert found["dense"] == pytest.approx(by_hand(singular_values(weights["dense.weight"]) ** 2), rel=1e-9)
    slices = np.moveaxis(weights["convolution.weight"], (0, 1), (-2, -1)).reshape(-1, 20, 16)
    pooled = np.sort(np.linalg.svd(slices, compute_uv=False).ravel() ** 2 / 2)
    assert found["convolution"] == pytest.approx(by_hand(pooled), rel=1e-9)
    assert found[[f"attention.qkv ({part})" for part in ("query", "key", "value")]].isna().all()
