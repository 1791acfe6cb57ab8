"""What is said of each mistake in the configuration."""

from __future__ import annotations

import math

import pytest
import yaml

from deepspectra.config import load_settings
from deepspectra.runtime.errors import UserError

from .conftest import F1, F2, F3, FOLDER, complaint, nested, read


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("fan2020.figure_1.sample", 3, "unknown key; did you mean samples? known here: samples, depth, width"),
        ("fan2021", {}, "unknown key; did you mean fan2020?"),
        ("qqqq", 1, "unknown key; known here: scale, run, device"),
        (f"{F2}.panels.a.phy", 1, "unknown key; did you mean phi? known here: phi, psi"),
        (f"{F2}.panels.c", {"phi": 1, "psi": 1}, "expected 'a' or 'b', found 'c'"),
        ("fan2020.figure_1.width", "wide", "expected an integer, found 'wide'"),
        ("fan2020.figure_1.width", 600.0, "expected an integer, found 600.0"),
        ("fan2020.figure_1.width", True, "expected an integer, found True"),
        ("fan2020.figure_1.width", None, "expected an integer, found None"),
        ("fan2020.figure_1.width", [600], "expected an integer, found [600]"),
        (f"{F2}.largest_gamma", "large", "expected a number, found 'large'"),
        (f"{F2}.largest_gamma", True, "expected a number, found True"),
        (f"{F2}.largest_gamma", math.inf, "expected a finite number, found inf"),
        (f"{F2}.betas", 3, "expected a list, found 3"),
        (f"{F2}.betas", [], "expected at least 1 entry, found 0"),
        (f"{F1}.alphas", [], "expected at least 1 entry, found 0"),
        (f"{F1}.input_dimensions", [], "expected at least 1 entry, found 0"),
        (f"{F2}.panels", [], "expected a mapping of keys to values, found []"),
        (
            "fan2020",
            3,
            "expected a mapping with the keys training, networks, figure_1, figure_2, figure_3, figure_s1, figure_s2, "
            "figure_s3, figure_s5, figure_s6, figure_scaling, figure_components; found 3",
        ),
        (f"{F2}.largest_gamma", math.nan, "expected a number, found nan"),
        ("keep_matrices", "perhaps", "expected a boolean, found 'perhaps'"),
        ("data.folder", [1], "expected a string, found [1]"),
        ("data.retries", -1, "expected greater than or equal to 0, found -1"),
        ("device", "gpu", "expected 'auto', 'cpu' or 'cuda', found 'gpu'"),
        ("scale", "large", "expected 'smoke', 'preview', 'record' or 'paper', found 'large'"),
        ("fan2020.figure_1.activation", "tanh", "expected 'arctan' or 'cosine', found 'tanh'"),
        ("fan2020.figure_1.dtype", "float16", "expected 'float32' or 'float64', found 'float16'"),
        (f"{F1}.seed", -1, "expected greater than or equal to 0, found -1"),
        (f"{F1}.seed", 2**63, "expected less than"),
        (f"{F1}.phi", 0, "expected greater than or equal to 0.0001, found 0"),
        (f"{F1}.phi", -1, "expected greater than or equal to 0.0001, found -1"),
        (f"{F1}.phi", 1e-9, "expected greater than or equal to 0.0001, found 1e-09"),
        (f"{F1}.psi", math.inf, "expected a finite number, found inf"),
        (f"{F2}.smallest_gamma", 0, "expected greater than 0, found 0"),
        (f"{F3}.largest_argument", -4, "expected greater than 0, found -4"),
    ],
)
def test_a_mistake_is_named_with_its_path_and_what_was_expected(path, value, expected):
    lines = complaint(nested(path, value)).splitlines()
    # Where the scale is the mistake there is none to name.
    assert lines[0] == f"the configuration{'' if path == 'scale' else ' at smoke scale'} has 1 mistake:"
    assert lines[1].startswith(f"  - {path}: "), lines[1]
    assert expected in lines[1]
    assert lines[2:] == ["`uv run deepspectra settings` explains every key (see config/README.md)."]


@pytest.mark.parametrize(
    ("path", "index", "values"),
    [
        (f"{F1}.alphas", 1, [0, 1.5]),
        (f"{F1}.alphas", 0, [-1.5, 0]),
        (f"{F1}.alphas", 1, [0, math.nan]),
        (f"{F2}.betas", 2, [0, 1, math.nan]),
        (f"{F2}.betas", 1, [0, math.inf]),
        (f"{F1}.input_dimensions", 0, [1, 6]),
    ],
)
def test_a_mistake_in_a_list_is_named_with_its_place(path, index, values):
    message = complaint(nested(path, values))
    assert f"  - {path}.{index}: expected " in message
    assert f"found {values[index]}" in message


@pytest.mark.parametrize(
    ("path", "value", "where", "expected"),
    [
        (f"{F1}.psi", 0.7, F1, "n0 / psi (width n1) must be a whole number, found 24 / 0.7 = 34.2857"),
        (f"{F1}.phi", 0.7, F1, "n0 / phi (samples m) must be a whole number, found 24 / 0.7 = 34.2857"),
        (f"{F1}.input_dimensions", [24, 25], F1, "n0 / psi (width n1) must be a whole number, found 25 / 1.5"),
        (f"{F1}.input_dimensions", [48, 24], F1, "must ascend without repetition, found [48, 24]"),
        (f"{F1}.input_dimensions", [24, 24], F1, "must ascend without repetition, found [24, 24]"),
        (f"{F2}.input_dimension", 49, F2, "input_dimension / psi of panel b must be a whole number"),
        (f"{F2}.panels.a.phi", 0.7, F2, "input_dimension / phi of panel a must be a whole number"),
        (f"{F2}.smallest_gamma", 11, F2, "smallest_gamma 11.0 must be below largest_gamma 10.0"),
        (f"{F2}.smallest_gamma", 10, F2, "smallest_gamma 10.0 must be below largest_gamma 10.0"),
        ("fan2020.figure_2.samples", 50_001, "fan2020.figure_2", "at most the 50000 training images"),
        ("fan2020.figure_2.removed_components", 200, "fan2020.figure_2", "must be fewer than samples"),
        ("fan2020.figure_2.removed_components", 3072, "fan2020.figure_2", "than the 3072 pixels"),
    ],
)
def test_values_that_do_not_go_together_are_named(path, value, where, expected):
    message = complaint(nested(path, value))
    assert f"  - {where}: " in message
    assert expected in message


def test_the_largest_possible_values_are_taken():
    # The images of the scaling figure lose as many components.
    drawn = {"samples": [4000, 5000, 6000], "draws": [3, 3, 3]}
    own = {"figure_2": {"samples": 50_000, "removed_components": 3071}, "figure_scaling": {"images": drawn}}
    overrides = {"fan2020": own}
    assert load_settings(FOLDER, overrides)["paper"].fan2020.figure_2.removed_components == 3071


def test_a_missing_key_is_named(folder):
    content = read("config.yaml")
    del content["fan2020"]["figure_1"]["width"], content["data"]
    (folder / "config.yaml").write_text(yaml.safe_dump(content))
    for scale in ("record", "preview", "smoke"):
        (folder / f"{scale}.yaml").write_text("{}")
    message = complaint({}, folder)
    assert "  - fan2020.figure_1.width: this key is missing\n" in message
    assert "  - data: this key is missing\n" in message


def test_all_mistakes_are_listed_at_once():
    message = complaint(
        {"device": "gpu", "qqqq": 1, "fan2020": {"figure_1": {"width": 1.5}}, "data": {"retries": -1, "folders": "x"}}
    )
    assert "has 5 mistakes:\n" in message
    for path in ("device", "qqqq", "fan2020.figure_1.width", "data.retries", "data.folders"):
        assert f"  - {path}: " in message


def test_the_scale_of_a_mistake_is_named(folder):
    """Here only preview is wrong; at smoke scale, which is asked for first, the same key is sound."""
    (folder / "preview.yaml").write_text("fan2020: {figure_1: {width: 1}}")
    load_settings(folder, {"scale": "smoke"})
    assert complaint({"scale": "preview"}, folder).startswith("the configuration at preview scale has 1 mistake:\n")


@pytest.mark.parametrize("name", ["config.yaml", "record.yaml", "preview.yaml", "smoke.yaml"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "is missing: restore it"),
        ("a: [1, 2", "is not valid YAML"),
        ("- 1\n- 2\n", "must hold a mapping"),
        ("", "must hold a mapping"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(folder, name, text, expected):
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text)
    message = complaint({}, folder)
    assert str(folder / name) in message
    assert expected in message


@pytest.mark.parametrize("shape", [{"phi": 2, "psi": 1.5}, {"phi": 0.5, "psi": 0.75}])
def test_a_limit_with_an_atom_at_zero_is_refused_for_the_covariance_distance(shape):
    """Its bins would have to share the zeros of a rank-deficient matrix, which come out as rounding noise."""
    with pytest.raises(UserError, match="exactly zero"):
        load_settings(FOLDER, {"pennington2017": {"figure_1": shape}})


def test_a_folder_may_be_called_like_a_number_and_a_time_of_day_is_no_number():
    """YAML 1.1 reads 1:30 as ninety."""
    assert load_settings(FOLDER, {"data": {"folder": "2024"}})["paper"].data.folder == "2024"
    assert "found '1:30'" in complaint({"data": {"retries": "1:30"}})
