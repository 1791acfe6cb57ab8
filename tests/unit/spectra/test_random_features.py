"""Random matrices: the same draws worked out by hand, exact ranks, and the law that they approach."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import torch

from deepspectra.nn.activations import activation
from deepspectra.nn.activations.families.rectifier import rectifier, rectifier_zeta
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.limits.quartic import NonlinearLaw
from deepspectra.runtime.seeds import generator
from deepspectra.spectra import random_features
from deepspectra.spectra.random_features import (
    data_covariance_eigenvalues,
    gaussian_equivalent,
    random_feature_eigenvalues,
)


def identity(x):
    return x


def normal(rng, *shape, dtype=torch.float32):
    return torch.randn(*shape, generator=rng, dtype=dtype).double().numpy()


def test_drawing_does_not_touch_the_global_generator():
    before = torch.get_rng_state()
    random_feature_eigenvalues(identity, (3, 4, 5), generator(0))
    data_covariance_eigenvalues(identity, 1.0, (3, 4, 5), 2, generator(0))
    assert torch.equal(torch.get_rng_state(), before)


def test_numbers_are_drawn_on_the_cpu_whatever_the_device():
    """A device without memory of its own stands for a GPU: the CPU's generator moves on all the same."""
    here, there = generator(1), generator(1)
    random_features._gaussian(4, 5, rng=here, dtype=torch.float32, device="cpu")
    moved = random_features._gaussian(4, 5, rng=there, dtype=torch.float32, device="meta")
    assert moved.device.type == "meta"
    assert torch.equal(here.get_state(), there.get_state())


@pytest.mark.parametrize("sizes", [(4, 3, 5), (6, 8, 5), (3, 7, 9)])
@pytest.mark.parametrize(("sigma", "zeta"), [(rectifier(0.3), rectifier_zeta(0.3)), (activation("identity"), 1.0)])
def test_data_covariance_from_the_same_draws_by_hand(sizes, sigma, zeta):
    """Eq. 15 in float64 with eigenvalues of the covariance matrix, layer by layer.

    Also for an activation that returns its very argument: memory that is used again must not be the one it is read
    from.
    """
    n0, n1, m = sizes
    rng = generator(2, 3)
    z = normal(rng, n1, n0) / np.sqrt(n0) @ normal(rng, n0, m)
    expected = {"equivalent": np.sqrt(zeta) * z + np.sqrt(1 - zeta) * normal(rng, n1, m)}
    y = expected["first"] = sigma.function(z)
    for _ in range(2):
        y = sigma.function(normal(rng, n1, n1) / np.sqrt(n1) @ y)
    expected["last"] = y
    found = data_covariance_eigenvalues(sigma, zeta, sizes, 3, generator(2, 3))
    assert found.keys() == expected.keys()
    for name, features in expected.items():
        values = np.linalg.eigvalsh(features @ features.T / m)
        np.testing.assert_allclose(found[name], values, atol=3e-6 * values.max(), err_msg=name)


def test_data_covariance_spectra_are_ascending_and_not_negative():
    """More features than samples: rounding makes some of the zeros negative, which no eigenvalue of Y Y' is."""
    spectra = data_covariance_eigenvalues(rectifier(0), rectifier_zeta(0), (30, 60, 20), 2, generator(0))
    for values in spectra.values():
        assert values.shape == (60,)
        assert values.dtype == np.float64
        assert (np.diff(values) >= 0).all()
        assert values[0] >= 0
        assert np.sum(values > 1e-4) == 20


def test_eigenvalues_of_a_matrix_of_several_blocks():
    """Beyond the rows that are multiplied at a time; with as many columns, so that every eigenvalue counts."""
    features = np.random.default_rng(0).normal(size=(1100, 1200))
    found = random_features._gram_eigenvalues(torch.from_numpy(features))
    np.testing.assert_allclose(found, np.linalg.eigvalsh(features @ features.T / 1200), atol=1e-12)


def test_seeds_decide_the_matrices():
    def first(*stream):
        return data_covariance_eigenvalues(identity, 1.0, (6, 4, 8), 2, generator(*stream))["first"]

    np.testing.assert_array_equal(first(1, 2), first(1, 2))
    assert np.abs(first(1, 2) - first(1, 3)).max() > 0.01
    assert np.abs(first(1, 2) - first(2, 2)).max() > 0.01


@pytest.mark.parametrize("sizes", [(4, 3, 5), (5, 8, 6), (3, 7, 9), (6, 6, 6)])
def test_random_features_from_the_same_draws_by_hand(sizes):
    n0, n1, m = sizes
    sigma, rng = rectifier(0.3), generator(4)
    z = normal(rng, n1, n0, dtype=torch.float64) / np.sqrt(n0) @ normal(rng, n0, m, dtype=torch.float64)
    y = sigma.function(z)
    values = random_feature_eigenvalues(sigma, sizes, generator(4))
    assert values.shape == (m,)
    assert values.dtype == np.float64
    np.testing.assert_allclose(values, np.linalg.eigvalsh(y.T @ y / m), atol=1e-13)


def test_eigenvalues_beyond_the_number_of_features_are_exactly_zero():
    values = random_feature_eigenvalues(rectifier(0), (10, 12, 20), generator(0))
    assert np.count_nonzero(values == 0) == 20 - 12
    assert (np.diff(values) >= 0).all()
    assert values[8] > 1e-6


def test_linear_features_have_the_rank_of_the_input():
    """More features and samples than input dimensions: what lies beyond n0 is rounding of squares, far below 1e-20."""
    values = random_feature_eigenvalues(identity, (5, 30, 40), generator(0))
    assert np.sum(values > 1e-25) == 5
    assert values[-5] > 1e-3


def test_tiny_eigenvalues_are_known():
    """A small nonlinear part, with eigenvalues of 1e-19 beside 1: an eigensolver of Y'Y would give 1e-16.

    The reference is the same matrix in arithmetic of 60 digits.
    """

    def almost_linear(x):
        return x + 1e-9 * x**3

    n0, n1, m = 2, 5, 6
    rng = generator(9)
    z = (torch.randn(n1, n0, generator=rng, dtype=torch.float64) / n0**0.5) @ torch.randn(
        n0, m, generator=rng, dtype=torch.float64
    )
    y = almost_linear(z).numpy()
    with mpmath.workdps(60):
        exact = mpmath.matrix(y.tolist())
        reference = sorted(float(value) for value in mpmath.eigsy(exact * exact.T / m, eigvals_only=True))
    found = random_feature_eigenvalues(almost_linear, (n0, n1, m), generator(9))
    assert reference[1] < 1e-17
    np.testing.assert_allclose(found[3:], reference[2:], rtol=1e-4)
    # The square root of the smallest is known to 1e-16 of the largest, whatever its own size.
    np.testing.assert_allclose(np.sqrt(found[1:]), np.sqrt(reference), atol=2e-15 * np.sqrt(reference[-1]))


@pytest.mark.parametrize("zeta", [0.0, 0.3, 1.0])
def test_the_gaussian_equivalent_keeps_the_linear_part_and_the_variance(zeta):
    z = torch.randn(300, 400, generator=generator(1), dtype=torch.float64)
    y = gaussian_equivalent(zeta, generator(2))(z)
    bound = 5 / z.numel() ** 0.5
    assert torch.mean(y * z).item() == pytest.approx(zeta**0.5, abs=2 * bound)
    assert torch.mean(y**2).item() == pytest.approx(1, abs=2 * bound)
    noise = y - zeta**0.5 * z
    assert noise.var().item() == pytest.approx(1 - zeta, abs=2 * bound)
    assert torch.mean(noise * z**2).item() == pytest.approx(0, abs=4 * bound)


def test_the_gaussian_equivalent_of_a_linear_function_is_the_line():
    """Also when rounding puts zeta above one, as it does for alpha = -1."""
    z = torch.randn(20, 30, generator=generator(1))
    for zeta in (1.0, 1 + 2e-16):
        torch.testing.assert_close(gaussian_equivalent(zeta, generator(2))(z), z)


@pytest.mark.parametrize("alpha", [-1, 0, 1])
def test_spectra_approach_the_limit_law(alpha):
    """First layer and Gaussian equivalent, at ten times the width; as many eigenvalues are pooled at both."""
    zeta = min(rectifier_zeta(alpha), 1.0)
    law = NonlinearLaw(1.0, zeta, 1.0, 1.5)
    distances = {}
    for n0, repeats in ((48, 10), (480, 1)):
        drawn = [
            data_covariance_eigenvalues(rectifier(alpha), zeta, (n0, n0 * 2 // 3, n0), 2, generator(1, repeat))
            for repeat in range(repeats)
        ]
        for name in ("first", "equivalent"):
            distances[name, n0] = ks_distance(np.concatenate([spectra[name] for spectra in drawn]), law.cdf)
    for name in ("first", "equivalent"):
        assert distances[name, 480] < 0.012, name
        assert distances[name, 480] < 0.7 * distances[name, 48], name


def test_only_functions_with_zeta_zero_keep_the_spectrum_through_the_layers():
    """The paper's section 3.4: alpha = 1 is even and keeps the law of the first layer, a linear network does not."""
    distances = {}
    for alpha in (-1, 1):
        zeta = min(rectifier_zeta(alpha), 1.0)
        spectra = data_covariance_eigenvalues(rectifier(alpha), zeta, (480, 320, 480), 4, generator(3))
        distances[alpha] = ks_distance(spectra["last"], NonlinearLaw(1.0, zeta, 1.0, 1.5).cdf)
    assert distances[1] < 0.02
    assert distances[-1] > 0.1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_same_spectra():
    sigma, sizes = rectifier(0.3), (60, 40, 50)
    here = random_feature_eigenvalues(sigma, sizes, generator(1))
    there = random_feature_eigenvalues(sigma, sizes, generator(1), "cuda")
    np.testing.assert_allclose(there, here, atol=1e-13)
    here = data_covariance_eigenvalues(sigma, 0.9, sizes, 3, generator(1))
    there = data_covariance_eigenvalues(sigma, 0.9, sizes, 3, generator(1), "cuda")
    for name, values in here.items():
        np.testing.assert_allclose(there[name], values, atol=1e-4)
