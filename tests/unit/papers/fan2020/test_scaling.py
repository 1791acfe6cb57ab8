"""Distances of many draws: their exponents against planted ones, and each against the network it is of."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from deepspectra.data.samples import gaussian_samples, image_samples
from deepspectra.nn.activations import activation
from deepspectra.papers.fan2020.draws import draw_kernels
from deepspectra.papers.fan2020.statistics.scaling import (
    components_numbers,
    fitted_exponent,
    measure_size,
    scaling_numbers,
)
from deepspectra.rmt.limits.inputs import EmpiricalInput, MarchenkoPasturInput
from deepspectra.rmt.limits.layered import conjugate_kernel, tangent_kernel
from deepspectra.rmt.limits.solver import limit_law
from deepspectra.runtime import store
from deepspectra.runtime.seeds import stream_seed
from deepspectra.spectra.kernels.networks import random_network_kernels

SIGMA, DEPTH, SEED = activation("arctan"), 2, 4
COMMON = {"depth": DEPTH, "activation": "arctan", "dtype": "float32", "seed": SEED}
GAUSSIAN = COMMON | {
    "sizes": [{"samples": n, "draws": draws, "width": 2 * n, "input_dimension": n // 3}
              for n, draws in ((36, 24), (72, 12), (144, 8))]
}  # fmt: skip
IMAGES = np.random.default_rng(0).integers(0, 256, (200, 6, 6, 3), np.uint8)


def of_images(removed):
    sizes = [{"samples": n, "draws": 3, "width": 2 * n} for n in (30, 60, 90)]
    return COMMON | {"sizes": sizes, "removed_components": removed}


def written(path, entry, images=None):
    arrays, floors = draw_kernels(entry, images, lambda: None)
    store.write(path, arrays, parameters=entry, noise_floor=floors)
    return path


@pytest.fixture(scope="module")
def gaussian_file(tmp_path_factory):
    return written(tmp_path_factory.mktemp("draws") / "gaussian.h5", GAUSSIAN)


@pytest.mark.parametrize("spreads", [(0.6, 0.6, 0.6, 0.6), (0.6, 0.4, 0.3, 0.2), (0.2, 0.3, 0.4, 0.6)])
def test_a_power_of_n_is_found_and_its_error_covers_it(spreads):
    """Few draws at large sizes, as in the figure; a common variance would cover 80 % of rising spreads."""
    n, draws = np.array([100, 200, 400, 800]), [40, 20, 10, 5]
    spread, n = np.repeat(spreads, draws), np.repeat(n, draws)
    slope, error = fitted_exponent(n, 3 * n**-0.5)
    assert slope == pytest.approx(-0.5)
    assert error == pytest.approx(0, abs=1e-9)
    rng, inside = np.random.default_rng(1), 0
    for _ in range(2000):
        distances = n**-0.7 * np.exp(spread * rng.normal(size=n.size))
        slope, error = fitted_exponent(n, distances)
        inside += abs(slope + 0.7) < stats.t.ppf(0.975, n.size - 2) * error
    assert slope == pytest.approx(stats.linregress(np.log(n), np.log(distances)).slope)
    assert 0.925 * 2000 <= inside <= 0.965 * 2000


def test_draws_are_the_networks_of_their_seeds(gaussian_file):
    """New weights and new inputs in each; and their distances are SciPy's."""
    size = GAUSSIAN["sizes"][1]
    n, found = size["samples"], measure_size(gaussian_file, GAUSSIAN, size)
    start, ratios = MarchenkoPasturInput(3.0), [0.5] * DEPTH
    laws = {
        "conjugate": limit_law(conjugate_kernel(start, ratios, SIGMA.b_sigma)),
        "tangent": limit_law(tangent_kernel(start, ratios, SIGMA.b_sigma, SIGMA.a_sigma)),
    }
    contents = store.read(gaussian_file, {f"{n}/{name}": (12, n) for name in ("conjugate", "tangent", "lemma")})
    for draw in (0, 7):
        own = stream_seed(SEED, n, draw)
        x = gaussian_samples(n // 3, n, own)
        network = random_network_kernels(x, [2 * n] * DEPTH, SIGMA, own)
        for kernel, matrix in (("conjugate", network.grams[-1]), ("tangent", network.tangent)):
            values = np.linalg.eigvalsh(matrix.double().numpy())
            np.testing.assert_allclose(contents[f"{n}/{kernel}"][draw], values, atol=1e-10)
            assert not laws[kernel].atoms
            expected = stats.kstest(values, laws[kernel].cdf).statistic
            assert found.values[kernel, "ks_distance"][draw] == pytest.approx(expected, abs=1e-9)
        # r_+ of equation (7) by its sum: a_sigma^L times 1 less the squares of b_sigma^l.
        rest = sum(SIGMA.a_sigma**k - SIGMA.b_sigma ** (2 * k) for k in range(DEPTH + 1))
        smallest = np.linalg.eigvalsh(network.tangent.double().numpy())[0]
        assert found.values["tangent", "smallest_over_r_plus"][draw] == pytest.approx(smallest / rest)
        pair = contents[f"{n}/tangent"][draw], contents[f"{n}/lemma"][draw]
        expected = stats.ks_2samp(*pair).statistic
        assert found.values["tangent", "ks_distance_to_lemma"][draw] == pytest.approx(expected)
    assert {name: values.shape for name, values in found.inputs.items()} == dict.fromkeys(found.inputs, (12,))
    for draw in (0, 7):
        x = gaussian_samples(n // 3, n, stream_seed(SEED, n, draw))
        products = [float(x[:, a] @ x[:, b]) for a in range(n) for b in range(a)]
        told = {name: values[draw] for name, values in found.inputs.items()}
        assert told["root_mean_square_inner_product"] == pytest.approx(np.sqrt(np.mean(np.square(products))))
        assert told["largest_inner_product"] == pytest.approx(np.max(np.abs(products)))
        assert told["largest_input_eigenvalue"] == pytest.approx(np.linalg.svd(x)[1][0] ** 2)


def test_the_largest_inner_product_of_many_gaussian_inputs_has_an_exponent(gaussian_file):
    """By hand: all draws of all sizes on one line, and the mean of each size with its error."""
    numbers = scaling_numbers({"spectra": [gaussian_file] * 3}, dict.fromkeys("xyz", GAUSSIAN))
    rows = numbers.summary[numbers.summary.panel == "a"].set_index("quantity")
    largest = {}
    for size in GAUSSIAN["sizes"]:
        n = size["samples"]
        inputs = [gaussian_samples(n // 3, n, stream_seed(SEED, n, draw)) for draw in range(size["draws"])]
        largest[n] = [np.abs(np.triu(x.T @ x, 1)).max() for x in inputs]
    points = [(np.log(n), np.log(value)) for n, values in largest.items() for value in values]
    found = rows.loc["largest_inner_product_exponent"]
    assert found.value == pytest.approx(stats.linregress(*zip(*points, strict=True)).slope)
    assert 0.2 < -found.value < 0.5
    assert found.error > 0
    told = rows.loc["largest_inner_product"]
    assert told.value.tolist() == pytest.approx([np.mean(values) for values in largest.values()])
    assert told.error.tolist() == pytest.approx([stats.sem(values) for values in largest.values()])
    assert rows.loc["largest_inner_product_draws"].value.tolist() == [24, 12, 8]


def test_distances_fall_as_the_theorems_say(gaussian_file):
    """The conjugate kernel's like the limit's own model, about 1/n; the tangent kernel's like the root of it."""
    numbers = scaling_numbers({"spectra": [gaussian_file] * 3}, dict.fromkeys("xyz", GAUSSIAN))
    rows = numbers.summary[numbers.summary.panel == "a"]
    exponents = rows[rows.quantity == "ks_distance_exponent"].set_index("series")
    assert -1.3 < exponents.value["conjugate"] < -0.7
    assert -0.5 - 3 * exponents.error["tangent"] < exponents.value["tangent"] < -0.2
    (lemma,) = rows[rows.quantity == "lemma_error_exponent"].value
    assert lemma < -0.3
    told = rows[(rows.quantity == "ks_distance") & (rows.series == "tangent")]
    points = numbers.curves[(numbers.curves.panel == "a") & (numbers.curves.series == "tangent ks_distance")]
    assert told["at"].tolist() == [36, 72, 144]
    assert points.groupby("x").size().tolist() == [24, 12, 8]
    for line in told.itertuples():
        values = points[points.x == line.at].y
        assert line.value == pytest.approx(values.mean())
        assert line.error == pytest.approx(stats.sem(values))
        for name, expected in (("lowest", values.min()), ("median", values.median()), ("highest", values.max())):
            (row,) = rows[(rows.quantity == f"ks_distance_{name}") & (rows["at"] == line.at)
                          & (rows.series == "tangent")].value  # fmt: skip
            assert row == pytest.approx(expected)
    # The common factor takes part of a distance away, never adds to it.
    after = rows[(rows.quantity == "ks_distance_after_common_factor") & (rows.series == "tangent")]
    assert (after.value.to_numpy() < told.value.to_numpy()).all()


def test_images_and_weights_do_not_depend_on_the_components(tmp_path):
    """So that a sweep compares the same networks; limits start from the images' own spectrum."""
    files = {removed: written(tmp_path / f"{removed}.h5", of_images(removed), IMAGES) for removed in (0, 5)}
    for removed, path in files.items():
        size = of_images(removed)["sizes"][1]
        n, found = size["samples"], measure_size(path, of_images(removed), size)
        x = image_samples(IMAGES, n, removed, stream_seed(SEED, n))
        contents = store.read(path, {f"{n}/conjugate": (3, n), f"{n}/input": (n,)})
        np.testing.assert_allclose(contents[f"{n}/input"], np.linalg.eigvalsh(x.T @ x), atol=1e-10)
        network = random_network_kernels(x, [2 * n] * DEPTH, SIGMA, stream_seed(SEED, n, 2))
        values = np.linalg.eigvalsh(network.grams[-1].double().numpy())
        np.testing.assert_allclose(contents[f"{n}/conjugate"][2], values, atol=1e-10)
        start = EmpiricalInput(np.clip(np.linalg.eigvalsh(x.T @ x), 0, None))
        law = limit_law(conjugate_kernel(start, [0.5] * DEPTH, SIGMA.b_sigma))
        expected = stats.kstest(values, law.cdf).statistic
        assert found.values["conjugate", "ks_distance"][2] == pytest.approx(expected, abs=1e-6)
    numbers = components_numbers(
        {"spectra": list(files.values())}, {f"images_{removed}": of_images(removed) for removed in files}
    )
    exponents = numbers.summary[numbers.summary.quantity == "ks_distance_exponent"]
    assert exponents["at"].tolist() == [0, 0, 5, 5]
    shown = numbers.curves[numbers.curves.panel == "d"]
    assert shown[["x", "y"]].to_numpy().tolist() == exponents[["at", "value"]].to_numpy().tolist()
    spread = numbers.summary[numbers.summary.quantity == "root_mean_square_inner_product"]
    for line in spread.itertuples():
        (point,) = numbers.curves[
            (numbers.curves.series == f"root_mean_square_inner_product, n = {line.at:.0f}")
            & (numbers.curves.x == float(line.panel.removeprefix("images_")))
        ].y
        assert point == line.value
