"""Values at the edge of what makes sense: refused when the settings are read, not after hours."""

from __future__ import annotations

import pytest

from deepspectra.config import load_settings

from .conftest import F1, F2, FOLDER, complaint, nested

T, B = "thamm2024", "baskerville2022"
D1, D3 = {"network": "mlp1024", "layer": "dense1"}, {"network": "alexnet", "layer": "dense3"}


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (f"{B}.curvature.batch_size", 1, "batch_size: expected greater than or equal to 3, found 1"),
        (f"{B}.curvature.batch_size", 2, "batch_size: expected greater than or equal to 3, found 2"),
        (f"{T}.training.decay", 1.1, "decay: expected less than or equal to 1, found 1.1"),
        (f"{T}.nulls.longest_interval", 1e300, "longest_interval: expected less than or equal to 1000, found 1e+300"),
        (f"{T}.unfolding.half_window", 500, "half_window: expected less than or equal to 499, found 500"),
        (f"{T}.figure_3.window", 513, "dense2 of mlp512_seed1 has 512 singular vectors, fewer than the window of 513"),
        (f"{T}.figure_2.window", 151, "conv2 of minialexnet has 150 singular vectors, fewer than the window of 151"),
        (f"{T}.figure_2.window", 149, None),
        (f"{T}.figure_3.window", 511, None),
        (f"{T}.figure_2.panels.b", [D1, D1], "figure_2.panels.b names dense1 of mlp1024 twice"),
        (f"{T}.figure_2.panels.c", [D3, D3], "figure_2.panels.c names dense3 of alexnet twice"),
        (f"{T}.figure_4.networks", ["mlp512_seed1"] * 2, "networks of figure 4 differ in their seeds"),
        (f"{T}.networks.mlp512_seed2.seed", 1, None),
        (f"{F2}.betas", [0, -4, 0], "betas must differ, found [0.0, -4.0, 0.0]"),
        ("fan2020.figure_s3.images", 20, None),
    ],
)
def test_an_edge_is_named(path, value, expected):
    if expected is None:
        load_settings(FOLDER, {"scale": "smoke", **nested(path, value)})
    else:
        assert expected in complaint(nested(path, value))


def test_a_figure_shows_no_more_images_than_there_are():
    small = {"fan2020": {"figure_2": {"samples": 15, "removed_components": 5}, "figure_s3": {"images": 16}}}
    assert "figure_s3.images must not be more than there are: figure_2 has 15 samples, found 16" in complaint(small)
    small["fan2020"]["figure_s3"]["images"] = 15
    load_settings(FOLDER, {"scale": "smoke", **small})


def test_seeds_that_make_error_bars_differ():
    twice = {"networks": {"mlp512_seed2": {"seed": 1}}, "figure_4": {"networks": ["mlp512_seed1", "mlp512_seed2"]}}
    assert "networks of figure 4 differ in their seeds, or errors would be too small; found [1, 1]" in complaint(
        {T: twice}
    )


@pytest.mark.parametrize("name", ["nan", "null", "inf", "infinity", "true", "false"])
@pytest.mark.parametrize(
    ("path", "entry"),
    [
        (f"{T}.networks", {"hidden": [20], "seed": 1}),
        (f"{B}.networks", {"data": "mnist", "seed": 1}),
        (
            "fan2020.networks",
            {"data": "sphere", "input_dimension": 5, "hidden": [10], "activation": "arctan", "seed": 1},
        ),
        (
            "limit_laws",
            {"kernel": "conjugate", "ratios": [1], "activation": "tanh", "input": {"marchenko_pastur": 1}},
        ),
    ],
)
def test_a_name_that_tables_would_hold_as_something_else_is_refused(path, entry, name):
    expected = f"{name!r} cannot be a name: tables would hold it as a number, a truth value or nothing"
    assert expected in complaint(nested(path, {name: entry}))


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (f"{T}.training.epochs", 10**9 + 1, "expected at most 1000000000, found 1000000001"),
        (f"{T}.training.batch_size", 10**30, "expected at most 1000000000"),
        (f"{T}.networks.mlp512_seed2.hidden", [20, 2**63], "expected at most 1000000000"),
        (f"{F1}.bins", 2**63, "expected at most 1000000000"),
        ("checkpoint_epochs", 2**63, "expected at most 1000000000"),
        (f"{F2}.smallest_gamma", 1e-300, "expected at least 1e-15, found 1e-300"),
        (f"{F2}.largest_gamma", 1e300, "expected less than or equal to 1000000000000, found 1e+300"),
        ("fan2020.training.learning_rate", 1e300, "expected less than or equal to 1000000000000, found 1e+300"),
        (f"{B}.training.final_learning_rate", 1e-300, "expected at least 1e-15, found 1e-300"),
        (f"{B}.gaussian_process.second_derivatives.c", 1e300, "expected less than or equal to 1000000, found 1e+300"),
        (
            f"{B}.gaussian_process.second_derivatives.a",
            1e-30,
            "expected greater than or equal to 0.0000000001, found 1e-30",
        ),
        (f"{B}.gaussian_process.first_derivative", 1e-300, "expected greater than or equal to 0.001, found 1e-300"),
        (f"{B}.gaussian_process.outlier_scales.e", 1e300, "expected less than or equal to 1000000, found 1e+300"),
    ],
)
def test_numbers_beyond_all_use_are_named(path, value, expected):
    message = complaint(nested(path, value))
    assert f"  - {path}: {expected}" in message


def test_a_semicircle_is_not_too_wide_for_the_shift_that_blurs_it():
    wide = {"gaussian_process": {"first_derivative": 0.01, "second_derivatives": {"c": 1000}}}
    rule = "sqrt(dimension x second_derivative) must not exceed 10000 times first_derivative; found 60, 1000 and 0.01"
    assert rule in complaint({B: wide})


def test_seeds_are_as_large_as_a_generator_takes():
    load_settings(FOLDER, {"scale": "smoke", **nested(f"{F1}.seed", 2**63 - 1)})


def test_a_matrix_has_levels_for_a_number_variance_however_narrow_the_window():
    small = {"unfolding": {"half_window": 1, "polynomial_degree": 1}, "networks": {"mine": {"hidden": [14], "seed": 1}}}
    assert "dense1 of mine is 14 x 3072: unfolding needs more than 14 singular values" in complaint({T: small})
    small["networks"]["mine"]["hidden"] = [15]
    load_settings(FOLDER, {"scale": "smoke", T: small})
