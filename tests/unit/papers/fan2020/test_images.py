"""Inner products against a loop over pairs, and removed components against planted ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepspectra.data.samples import sphere_samples
from deepspectra.papers.fan2020.statistics.images import compare_inner_products, example_images, root_mean_square
from deepspectra.papers.rows import summary_table


def inner_products(x, bins=40):
    bars, summary = compare_inner_products("a", "raw", x, bins)
    rows = pd.DataFrame(bars, columns=["panel", "series", "x", "x_high", "y"])
    return rows, summary_table(summary, "reference").set_index("quantity")


def test_inner_products_are_those_of_a_loop_over_pairs():
    x = sphere_samples(7, 30, np.random.default_rng(0))
    rows, summary = inner_products(x)
    pairs = [float(sum(x[:, a] * x[:, b])) for a in range(30) for b in range(a)]
    assert summary.value["pairs"] == len(pairs) == 435
    assert summary.value["mean_inner_product"] == pytest.approx(np.mean(pairs), rel=1e-12)
    assert summary.value["root_mean_square_inner_product"] == pytest.approx(np.sqrt(np.mean(np.square(pairs))))
    assert root_mean_square(x) == pytest.approx(np.sqrt(np.mean(np.square(pairs))))
    assert summary.value["largest_inner_product"] == pytest.approx(max(map(abs, pairs)))
    assert summary.value["largest_eigenvalue"] == pytest.approx(np.linalg.svd(x)[1][0] ** 2)
    counts = [sum(low <= pair < high for pair in pairs) for low, high in zip(rows.x, rows.x_high, strict=True)]
    np.testing.assert_allclose(rows.y * 435 * (rows.x_high - rows.x), counts, atol=1e-9)
    assert (rows.x.min(), rows.x_high.max()) == (-1, 1)


def test_independent_directions_have_the_reference():
    """The mean square of an inner product of independent points of a sphere is 1/d_0."""
    _, summary = inner_products(sphere_samples(50, 400, np.random.default_rng(1)))
    line = summary.loc["root_mean_square_inner_product"]
    assert line.reference == pytest.approx(50**-0.5)
    assert line.value == pytest.approx(line.reference, rel=0.02)


def test_equal_samples_are_inside_the_histogram():
    """Rounding may bring an inner product beyond one."""
    x = np.repeat(sphere_samples(9, 1, np.random.default_rng(2)), 3, axis=1) * (1 + 1e-15)
    rows, _ = inner_products(x, 10)
    assert rows.y.iloc[-1] * 0.2 == pytest.approx(1)


def planted_images():
    """A mean, two strong directions and weak noise: pixels of 60 images of 4 x 5 x 3."""
    rng = np.random.default_rng(3)
    directions, _ = np.linalg.qr(rng.normal(size=(60, 2)))
    strength = 40 * rng.normal(size=(2, 60))
    return directions, np.clip(128 + directions @ strength + rng.normal(size=(60, 60)), 0, 255)


def test_images_before_are_the_pixels_and_after_have_no_planted_direction():
    directions, x = planted_images()
    pixels, left = example_images(x, (4, 5, 3), 2, 6)
    assert list(pixels.columns) == ["panel", "series", "x", "y", "red", "green", "blue"]
    assert len(pixels) == 6 * 2 * 20
    assert pixels[["red", "green", "blue"]].to_numpy().min() >= 0
    assert pixels[["red", "green", "blue"]].to_numpy().max() <= 1
    for index in range(6):
        image = pixels[pixels.panel == f"image_{index + 1}"]
        before, after = (image[image.series == series] for series in ("before", "after"))
        for _, pixel in before.iterrows():
            place = (5 * pixel.y + pixel.x) * 3
            np.testing.assert_allclose(pixel[["red", "green", "blue"]].astype(float), x[place : place + 3, index] / 255)
        values = after[["red", "green", "blue"]].to_numpy().ravel() - 0.5
        assert np.abs(values).max() == pytest.approx(0.5)
        # Nearly nothing is left along the planted directions, of which the images mainly consist.
        assert np.linalg.norm(directions.T @ values) < 0.25 * np.linalg.norm(values)
    centred = x - x.mean(axis=1, keepdims=True)
    along = np.linalg.svd(centred, full_matrices=False)[0][:, :2]
    rest = centred - along @ (along.T @ centred)
    np.testing.assert_allclose(left, (np.sum(rest**2, axis=0) / np.sum(centred**2, axis=0))[:6], rtol=1e-9)


def test_without_components_all_is_left():
    _, x = planted_images()
    _, left = example_images(x, (4, 5, 3), 0, 3)
    np.testing.assert_allclose(left, 1)
