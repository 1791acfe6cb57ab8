"""Input samples: drawn ones by their law, images by a brute-force singular value decomposition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from deepspectra.data.samples import (
    choose_images,
    columns_of,
    gaussian_samples,
    image_samples,
    principal_components,
    sphere_samples,
)
from deepspectra.runtime.errors import UserError

# More coordinates than samples, and fewer: the two ways to find the principal components.
SHAPES = [((4, 5, 3), 40), ((2, 3, 2), 40)]


def random_images(shape, total=60, seed=0):
    """Images with a few strong common patterns and a mean, as real ones have."""
    rng = np.random.default_rng(seed)
    patterns = rng.normal(size=(3, *shape))
    images = 120 + np.tensordot(rng.normal(size=(total, 3)) * (40, 25, 10), patterns, 1)
    return np.clip(images + rng.normal(0, 6, (total, *shape)), 0, 255).astype(np.uint8)


def by_singular_values(chosen, removed):
    """What image_samples must give for these images: centred, without ``removed`` components, of unit norm."""
    x = chosen.reshape(len(chosen), -1).T.astype(float)
    x = x - x.mean(axis=1)[:, None]
    left, singular, right = np.linalg.svd(x, full_matrices=False)
    singular[:removed] = 0
    x = left * singular @ right
    return x / np.sqrt((x**2).sum(axis=0))


def test_gaussian_samples_are_standard_after_scaling():
    x = gaussian_samples(400, 300, seed=3)
    assert x.shape == (400, 300)
    assert x.dtype == np.float64
    entries = x.ravel() * np.sqrt(400)
    bound = 4 / np.sqrt(entries.size)
    assert abs(entries.mean()) < bound
    assert abs(np.mean(entries**2) - 1) < bound * np.sqrt(2)
    assert abs(np.mean(entries**4) - 3) < bound * np.sqrt(96)
    # Squared norms concentrate at one, which the kernels rely on.
    assert (x**2).sum(axis=0) == pytest.approx(1, abs=5 * np.sqrt(2 / 400))


def test_gaussian_samples_follow_the_seed():
    np.testing.assert_array_equal(gaussian_samples(5, 7, seed=1), gaussian_samples(5, 7, seed=1))
    assert np.abs(gaussian_samples(5, 7, seed=1) - gaussian_samples(5, 7, seed=2)).min() > 0


def test_points_of_the_sphere_are_uniform():
    """In three dimensions a coordinate, along any direction, is uniform on [-1, 1] (Archimedes), and so is the inner
    product of two independent points. An empirical CDF is off by 2.2 / sqrt(n) once in eight thousand times."""
    x = sphere_samples(3, 20_000, np.random.default_rng(0))
    assert x.shape == (3, 20_000)
    assert x.dtype == np.float64
    assert np.linalg.norm(x, axis=0) == pytest.approx(1, rel=1e-14)
    diagonal = np.ones(3) / np.sqrt(3)
    for values in (*x, diagonal @ x, np.sum(x[:, ::2] * x[:, 1::2], axis=0)):
        assert stats.kstest(values, stats.uniform(-1, 2).cdf).statistic < 2.2 / np.sqrt(values.size)


def test_points_of_the_sphere_are_isotropic():
    """Moments on the sphere: E x_i^2 = 1/d, E x_i^2 x_j^2 = 1/(d (d + 2)), E x_i^4 three times that."""
    d, n = 20, 20_000
    x = sphere_samples(d, n, np.random.default_rng(1))
    covariance = x @ x.T / n
    pairs = 1 / (d * (d + 2))
    deviations = np.where(np.eye(d) == 1, np.sqrt((3 * pairs - 1 / d**2) / n), np.sqrt(pairs / n))
    assert np.abs((covariance - np.eye(d) / d) / deviations).max() < 5
    assert np.abs(x.mean(axis=1)).max() < 5 / np.sqrt(d * n)


def test_draws_of_points_of_the_sphere_are_independent():
    """Two draws of one generator: inner products of any point of the one with any of the other have variance 1/d."""
    d, n = 50, 400
    source = np.random.default_rng(2)
    first, second = sphere_samples(d, n, source), sphere_samples(d, n, source)
    np.testing.assert_array_equal(first, sphere_samples(d, n, np.random.default_rng(2)))
    products = first.T @ second
    # Those of a pair of places, as of two points that came from the same numbers, and all of them.
    for values in (np.diag(products), products):
        assert abs(values.mean()) < 5 / np.sqrt(d * values.size)
        deviation = np.sqrt((3 / (d * (d + 2)) - 1 / d**2) / values.size)
        assert abs(np.mean(values**2) - 1 / d) < 5 * deviation


def test_every_image_is_as_likely_to_be_chosen():
    """Five of twelve: each is there with probability 5/12, within five standard deviations of a binomial."""
    times = np.zeros(12)
    for seed in range(2000):
        chosen = choose_images(5, 12, seed)
        assert chosen.dtype == np.int64
        assert np.all(np.diff(chosen) > 0)
        times[chosen] += 1
    assert np.abs(times - 2000 * 5 / 12).max() < 5 * np.sqrt(2000 * 5 / 12 * 7 / 12)
    np.testing.assert_array_equal(choose_images(12, 12, 3), np.arange(12))
    np.testing.assert_array_equal(choose_images(5, 12, 3), choose_images(5, 12, 3))


def test_an_image_is_a_column():
    images = random_images((4, 5, 3), 7)
    x = columns_of(images)
    assert x.dtype == np.float64
    assert x.shape == (60, 7)
    for index, image in enumerate(images):
        np.testing.assert_array_equal(x[:, index], image.ravel())


@pytest.mark.parametrize(("shape", "count"), [*SHAPES, ((2, 5, 2), 20)])
@pytest.mark.parametrize("removed", [0, 1, 3, 10])
def test_components_of_some_samples_are_removed_from_others(shape, count, removed):
    """From the others as well as from these: less the mean of these, and less the projection on singular vectors."""
    everything = columns_of(random_images(shape, count + 15))
    these, others = everything[:, :count].copy(), everything[:, count:].copy()
    components = principal_components(these, removed)
    mean = these.mean(axis=1)[:, None]
    left = np.linalg.svd(these - mean)[0][:, :removed]
    assert components.directions.shape == (len(these), removed)
    np.testing.assert_allclose(components.directions.T @ components.directions, np.eye(removed), atol=1e-13)
    for x in (these, others):
        expected = (x - mean) - left @ (left.T @ (x - mean))
        np.testing.assert_allclose(components.remove(x), expected, atol=1e-9)
    # What went in stands as it was.
    np.testing.assert_array_equal(np.hstack([these, others]), everything)


@pytest.mark.parametrize(("shape", "count"), SHAPES)
@pytest.mark.parametrize("removed", [0, 1, 3, 10])
def test_images_are_those_of_a_singular_value_decomposition(shape, count, removed):
    """All images are taken here, in their own order, so that the random choice plays no part."""
    images = random_images(shape, count)
    x = image_samples(images, count, removed, seed=0)
    assert x.shape == (np.prod(shape), count)
    assert x.dtype == np.float64
    np.testing.assert_allclose(x, by_singular_values(images, removed), atol=1e-9)


@pytest.mark.parametrize(("shape", "count"), SHAPES)
def test_leading_components_are_gone_and_all_others_left(shape, count):
    """Directions of the removed components, computed apart, are orthogonal to every sample; the rank tells the rest."""
    images = random_images(shape, count)
    centred = images.reshape(count, -1).T - images.reshape(count, -1).mean(axis=0)[:, None]
    directions = np.linalg.svd(centred)[0][:, :4]
    x = image_samples(images, count, 4, seed=0)
    assert np.abs(directions.T @ x).max() < 1e-12
    assert np.linalg.matrix_rank(x) == min(np.linalg.matrix_rank(centred), count - 1) - 4


def test_norms_are_one():
    x = image_samples(random_images((4, 5, 3)), 30, 5, seed=1)
    assert np.linalg.norm(x, axis=0) == pytest.approx(1, rel=1e-14)


def test_images_are_chosen_by_the_seed_without_repetition_and_in_order():
    """Every image has a pixel of its own, which tells which images were taken."""
    images = np.zeros((30, 5, 6), dtype=np.uint8)
    images.reshape(30, 30)[np.arange(30), np.arange(30)] = 200
    chosen = {}
    for seed in range(5):
        x = image_samples(images, 12, 0, seed)
        chosen[seed] = x.argmax(axis=0).tolist()
        assert chosen[seed] == sorted(set(chosen[seed]))
        np.testing.assert_array_equal(x, image_samples(images, 12, 0, seed))
        np.testing.assert_allclose(x, by_singular_values(images[chosen[seed]], 0), atol=1e-12)
    assert len(set(map(tuple, chosen.values()))) == 5


def test_the_order_of_steps_is_centring_first():
    """With a strong mean image, which would otherwise be the first component."""
    images = random_images((4, 5, 3), 40) // 4 + 150
    x = image_samples(images, 40, 0, seed=0)
    wrong = images.reshape(40, -1).T / np.linalg.norm(images.reshape(40, -1), axis=1)
    assert np.linalg.norm(wrong.mean(axis=1)) > 0.9
    assert np.linalg.norm(x.mean(axis=1)) < 0.2


def test_a_uniform_image_among_others_is_an_image_like_any_other():
    images = random_images((4, 5, 3), 20)
    images[7] = 93
    np.testing.assert_allclose(image_samples(images, 20, 2, seed=0), by_singular_values(images, 2), atol=1e-9)


@pytest.mark.parametrize(
    ("count", "removed"), [(61, 0), (10, 10), (10, 11), (0, 0), (30, -1), (40, 60)], ids=lambda value: str(value)
)
def test_impossible_numbers_are_refused(count, removed):
    with pytest.raises(UserError, match=f"cannot take {count} of 60 images and remove {removed} components"):
        image_samples(random_images((4, 5, 3)), count, removed, seed=0)


def test_more_components_than_coordinates_are_refused():
    with pytest.raises(UserError, match="cannot take 40 of 60 images and remove 12 components"):
        image_samples(random_images((2, 3, 2)), 40, 12, seed=0)


def test_an_image_that_is_the_mean_image_is_named():
    images = np.full((3, 2, 2), 100, dtype=np.uint8)
    images[0] += 50
    images[2] -= 50
    with pytest.raises(UserError, match="nothing is left of image 1 without the mean and 0 components"):
        image_samples(images, 3, 0, seed=0)


@pytest.mark.parametrize("grey", [0, 77])
def test_equal_images_are_refused(grey):
    with pytest.raises(UserError, match="nothing is left of image"):
        image_samples(np.full((9, 3, 3), grey, dtype=np.uint8), 9, 0, seed=0)


@pytest.mark.parametrize(("shape", "count"), [((4, 5, 3), 20), ((3, 3, 2), 20)])
def test_rounding_noise_is_not_taken_for_images(shape, count):
    """Centred images span one dimension less than there are: with that many components gone, nothing is left."""
    images = random_images(shape, count)
    rank = min(count - 1, int(np.prod(shape)))
    if rank == np.prod(shape):
        # One coordinate is the same in all images, so that the rank is less than there are coordinates.
        images[:, 0, 0, 0] = 5
        rank -= 1
    with pytest.raises(UserError, match="nothing is left of image"):
        image_samples(images, count, rank, seed=0)
