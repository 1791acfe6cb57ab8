"""The configuration: the three files themselves, what wins over what, and what is said of each mistake."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from deepspectra.configuration import (
    SCALES,
    describe_keys,
    describe_scale,
    differences,
    json_schema,
    load_settings,
    whole_quotient,
)
from deepspectra.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "config"
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.json"
ITEMS = [f"pennington2017.figure_{i}" for i in (1, 2, 3)] + [f"fan2020.figure_{i}" for i in (1, 2)]


def read(name):
    return yaml.safe_load((FOLDER / name).read_text())


def leaves(tree, prefix=()):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*prefix, key))
        else:
            yield (*prefix, key), value


def nested(path, value):
    """{"a": {"b": value}} for "a.b"."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def at(settings, path):
    for key in path.split("."):
        settings = getattr(settings, key)
    return settings


def complaint(overrides, folder=FOLDER):
    with pytest.raises(UserError) as caught:
        load_settings(folder, overrides)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path):
    """A copy of the real files, to be damaged."""
    for scale in ("config", "preview", "smoke"):
        shutil.copy(FOLDER / f"{scale}.yaml", tmp_path)
    return tmp_path


# The real files


def test_every_scale_loads_and_paper_scale_is_the_file_itself():
    settings = load_settings(FOLDER)
    assert tuple(settings) == SCALES
    published = dict(leaves(read("config.yaml")))
    assert dict(leaves(settings["paper"].model_dump())) == published


@pytest.mark.parametrize("scale", ["preview", "smoke"])
def test_reduced_scales_only_shrink(scale):
    published = dict(leaves(read("config.yaml")))
    reduced = dict(leaves(read(f"{scale}.yaml")))
    assert reduced
    for path, value in reduced.items():
        full = published[path]
        assert type(value) is type(full), path
        if isinstance(value, list):
            assert value[-1] < full[-1] or set(value) < set(full), path
            assert len(value) <= len(full), path
        else:
            assert isinstance(value, int), path
            assert 0 < value < full, path


def test_smoke_is_never_larger_than_preview():
    settings = load_settings(FOLDER)
    small, middle = (dict(leaves(settings[scale].model_dump())) for scale in ("smoke", "preview"))
    for path, value in small.items():
        if isinstance(value, list):
            assert len(value) <= len(middle[path]), path
            assert value[-1] <= middle[path][-1], path
        elif isinstance(value, int):
            assert value <= middle[path], path


def test_the_published_values_are_those_of_the_papers():
    """Typed here a second time, from pennington2017 (figure 1) and fan2020 (sections 4.1 and 4.2)."""
    paper = load_settings(FOLDER)["paper"]
    covariance, gaussian, images = paper.pennington2017.figure_1, paper.fan2020.figure_1, paper.fan2020.figure_2
    assert (covariance.phi, covariance.psi, covariance.layers) == (1, 1.5, 10)
    assert (gaussian.samples, gaussian.input_dimension, gaussian.width, gaussian.depth) == (3000, 1000, 6000, 5)
    assert (images.samples, images.width, images.depth, images.removed_components) == (5000, 10_000, 5, 10)
    assert {gaussian.activation, images.activation} == {"arctan"}


def test_preview_keeps_the_aspect_ratios_of_figures_with_gaussian_inputs():
    settings = load_settings(FOLDER)

    def ratios(scale):
        figure = settings[scale].fan2020.figure_1
        return figure.samples / figure.width, figure.samples / figure.input_dimension

    assert ratios("preview") == ratios("smoke") == ratios("paper")


# What wins over what


@pytest.mark.parametrize("scale", SCALES)
def test_the_user_wins_at_every_scale_and_key_by_key(scale):
    """Over config.yaml and over what the scale makes smaller; the keys beside stay what they were."""
    overrides = {"fan2020": {"figure_1": {"samples": 77}}, "pennington2017": {"figure_2": {"betas": [-1]}}}
    before, after = load_settings(FOLDER)[scale], load_settings(FOLDER, overrides)[scale]
    assert after.fan2020.figure_1.samples == 77
    assert after.pennington2017.figure_2.betas == [-1]
    changed = {
        path
        for path, value in leaves(after.model_dump())
        if value != dict(leaves(before.model_dump())).get(path, "absent")
    }
    assert changed == {("fan2020", "figure_1", "samples"), ("pennington2017", "figure_2", "betas")}


def test_a_scale_wins_over_the_published_values(folder):
    (folder / "smoke.yaml").write_text("fan2020: {figure_1: {samples: 33}}")
    settings = load_settings(folder)
    assert settings["smoke"].fan2020.figure_1.samples == 33
    assert settings["smoke"].fan2020.figure_1.width == settings["paper"].fan2020.figure_1.width
    assert settings["paper"].fan2020.figure_1.samples == 3000


def test_a_panel_can_be_changed_alone():
    settings = load_settings(FOLDER, nested("pennington2017.figure_2.panels.a.psi", 0.5))
    panels = settings["paper"].pennington2017.figure_2.panels
    assert (panels["a"].phi, panels["a"].psi, panels["b"].psi) == (0.5, 0.5, 0.75)


@pytest.mark.parametrize("text", ["1e-12", "1E-12", "0.000000000001"])
def test_numbers_that_yaml_takes_for_text_are_numbers(text):
    """YAML 1.1 wants a decimal point and a sign in the exponent."""
    assert isinstance(yaml.safe_load("1e-12"), str)
    settings = load_settings(FOLDER, nested("pennington2017.figure_2.smallest_gamma", text))
    assert settings["paper"].pennington2017.figure_2.smallest_gamma == 1e-12


def test_values_inside_mappings_of_the_command_line_are_not_text():
    """Snakemake leaves them as text in --config 'fan2020={figure_1: {width: 77}}'; names stay names."""
    overrides = {
        "keep_matrices": "true",
        "data": {"folder": "null", "retries": "3"},
        "pennington2017": {"figure_2": {"betas": ["-.inf", "-2", "0.5"]}},
        "fan2020": {"figure_1": {"width": "77", "activation": "cosine"}},
    }
    settings = load_settings(FOLDER, overrides)["paper"]
    assert (settings.keep_matrices, settings.data.folder, settings.data.retries) == (True, None, 3)
    assert settings.pennington2017.figure_2.betas == [-math.inf, -2, 0.5]
    assert (settings.fan2020.figure_1.width, settings.fan2020.figure_1.activation) == (77, "cosine")


@pytest.mark.parametrize(("path", "text"), [("fan2020.figure_1.width", "600"), ("keep_matrices", "yes")])
def test_text_in_the_files_is_text(folder, path, text):
    """There quotation marks are somebody's own, and a mistake."""
    (folder / "smoke.yaml").write_text(yaml.safe_dump(nested(path, text)))
    assert f"  - {path}: expected a" in complaint({}, folder)
    assert f"found {text!r}" in complaint({}, folder)


def test_whole_numbers_do_for_real_ones():
    assert load_settings(FOLDER, nested("pennington2017.figure_3.largest_argument", 5))


# Mistakes

F1, F2, F3 = (f"pennington2017.figure_{i}" for i in (1, 2, 3))


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("fan2020.figure_1.sample", 3, "unknown key; did you mean samples? known here: samples, depth, width"),
        ("fan2021", {}, "unknown key; did you mean fan2020?"),
        ("qqqq", 1, "unknown key; known here: scale, device"),
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
        (f"{F2}.betas", [], "at least 1 item"),
        (f"{F1}.alphas", [], "at least 1 item"),
        (f"{F1}.input_dimensions", [], "at least 1 item"),
        (f"{F2}.panels", [], "expected a dictionary, found []"),
        ("fan2020", 3, "expected a dictionary"),
        ("keep_matrices", "perhaps", "expected a boolean, found 'perhaps'"),
        ("data.folder", [1], "expected a string, found [1]"),
        ("data.retries", -1, "expected greater than or equal to 0, found -1"),
        ("device", "gpu", "expected 'auto', 'cpu' or 'cuda', found 'gpu'"),
        ("scale", "large", "expected 'smoke', 'preview' or 'paper', found 'large'"),
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
    assert lines[0] == "the configuration at smoke scale has 1 mistake:"
    assert lines[1].startswith(f"  - {path}: "), lines[1]
    assert expected in lines[1]
    assert lines[2:] == ["Every key is explained in config/README.md."]


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
    overrides = {"fan2020": {"figure_2": {"samples": 50_000, "removed_components": 3071}}}
    assert load_settings(FOLDER, overrides)["paper"].fan2020.figure_2.removed_components == 3071


def test_a_missing_key_is_named(folder):
    content = read("config.yaml")
    del content["fan2020"]["figure_1"]["width"], content["data"]
    (folder / "config.yaml").write_text(yaml.safe_dump(content))
    for scale in ("preview", "smoke"):
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
    """Here only preview is wrong; at paper and smoke scale the same key is sound."""
    (folder / "preview.yaml").write_text("fan2020: {figure_1: {width: 1}}")
    assert complaint({}, folder).startswith("the configuration at preview scale has 1 mistake:\n")


@pytest.mark.parametrize("name", ["config.yaml", "preview.yaml", "smoke.yaml"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "is missing; restore it"),
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


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(ValueError, match="frozen"):
        load_settings(FOLDER)["paper"].fan2020.figure_1.samples = 3


# What is made from the settings


@pytest.mark.parametrize("item", ITEMS)
def test_nothing_is_reduced_at_paper_scale(item):
    settings = load_settings(FOLDER)
    assert differences(settings["paper"], settings["paper"], item) == ""


def test_reductions_name_exactly_what_is_smaller():
    settings = load_settings(FOLDER)
    paper, smoke = settings["paper"], settings["smoke"]
    changes = differences(paper, smoke, "fan2020.figure_1")
    full, small = paper.fan2020.figure_1, smoke.fan2020.figure_1
    assert f"n {small.samples} instead of {full.samples}" in changes
    assert f"d0 {small.input_dimension} instead of {full.input_dimension}" in changes
    assert f"L {small.depth} instead of {full.depth}" in changes
    smaller = {path for path, _ in leaves(read("smoke.yaml")) if path[:2] == ("fan2020", "figure_1")}
    assert changes.count("instead of") == len(smaller)


def test_reductions_of_lists_tell_a_lower_end_from_fewer_values(folder):
    text = f"pennington2017: {{figure_1: {{alphas: [-1, 1], input_dimensions: [24, 48]}}, figure_2: {{seed: {10**6}}}}}"
    (folder / "smoke.yaml").write_text(text)
    settings = load_settings(folder)
    changes = differences(settings["paper"], settings["smoke"], "pennington2017.figure_1")
    assert changes == "alphas 2 instead of 7, n0 up to 48 instead of 3072"
    # Another seed is another figure.
    assert differences(settings["paper"], settings["smoke"], "pennington2017.figure_2") == "seed 1000000 instead of 2"


@pytest.mark.parametrize(
    ("size", "ratio", "expected"),
    [(3, 1.5, 2), (48, 1, 48), (3072, 1.5, 2048), (768, 0.75, 1024), (3, 0.1, 30), (7, 0.07, 100), (14, 0.14, 100)],
)
def test_whole_quotients_have_no_rounding_errors(size, ratio, expected):
    """The floating-point quotient 7 / 0.07, for one, is just below 100."""
    assert whole_quotient(size, ratio) == expected


def test_the_schema_is_in_step_with_the_models():
    assert SCHEMA.read_text(encoding="utf-8") == json_schema(), "run: python config/update_docs.py"


def test_the_schema_takes_the_real_file_and_refuses_mistakes():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    content = read("config.yaml")
    validator.validate(content)
    for path, value in [
        ("qqqq", 1),
        ("device", "gpu"),
        ("fan2020.figure_1.width", "600"),
        (f"{F1}.psi", -1),
        (f"{F1}.alphas", [2]),
        (f"{F2}.smallest_gamma", 0),
        (f"{F3}.largest_argument", -4),
    ]:
        *parents, key = path.split(".")
        node = changed = json.loads(json.dumps(content))
        for parent in parents:
            node = node[parent]
        node[key] = value
        assert not validator.is_valid(changed), path


def test_the_table_of_keys_is_in_step_with_models_and_files():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    table = text.partition("<!-- keys: begin -->\n")[2].partition("<!-- keys: end -->")[0]
    assert table == describe_keys(load_settings(FOLDER)), "run: python config/update_docs.py"


def test_the_table_has_a_row_of_five_cells_for_every_key():
    """Columns are told apart by bars that are not escaped; panels are shown as a whole."""
    rows = describe_keys(load_settings(FOLDER)).splitlines()
    assert rows[1] == "|---|---|---|---|---|"
    cells = [row.replace(r"\|", "").strip("|").split("|") for row in rows]
    assert {len(row) for row in cells} == {5}
    named = {row[0].strip().strip("`") for row in cells[2:]}
    panels = (*F2.split("."), "panels")
    keys = {".".join(path[:3] if path[:3] == panels else path) for path, _ in leaves(read("config.yaml"))}
    assert named == keys
    for row in cells[2:]:
        assert row[1].strip(), f"{row[0]} has no explanation"


def test_values_of_the_table_are_those_of_the_scales():
    rows = describe_keys(load_settings(FOLDER)).splitlines()
    (samples,) = (row for row in rows if row.startswith("| `fan2020.figure_1.samples`"))
    scales = [read(f"{name}.yaml")["fan2020"]["figure_1"]["samples"] for name in ("config", "preview", "smoke")]
    assert samples.endswith(" | `{}` | `{}` | `{}` |".format(*scales))
    (activation,) = (row for row in rows if row.startswith("| `fan2020.figure_1.activation`"))
    assert activation.endswith(" | `arctan` |  |  |")


def test_the_documented_command_mends_table_and_schema(tmp_path):
    """On a copy of the files that it reads and writes, with the table lost and the schema gone."""
    for name in ("config", "workflow/lib/deepspectra"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "workflow" / "schemas").mkdir()
    readme = tmp_path / "config" / "README.md"
    whole = readme.read_text(encoding="utf-8")
    head, _, tail = whole.partition("<!-- keys: begin -->\n")
    readme.write_text(head + "<!-- keys: begin -->\n" + tail[tail.index("<!-- keys: end -->") :], encoding="utf-8")
    command = [sys.executable, str(tmp_path / "config" / "update_docs.py")]
    subprocess.run(command, check=True)
    assert readme.read_text(encoding="utf-8") == whole
    assert (tmp_path / "workflow" / "schemas" / SCHEMA.name).read_bytes() == SCHEMA.read_bytes()
    readme.write_text(head, encoding="utf-8")
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert "must hold the markers" in result.stderr


@pytest.mark.parametrize("shape", [{"phi": 2, "psi": 1.5}, {"phi": 0.5, "psi": 0.75}])
def test_a_limit_with_an_atom_at_zero_is_refused_for_the_covariance_distance(shape):
    """Its bins would have to share the zeros of a rank-deficient matrix, which come out as rounding noise."""
    with pytest.raises(UserError, match="exactly zero"):
        load_settings(FOLDER, {"pennington2017": {"figure_1": shape}})


def test_a_folder_may_be_called_like_a_number_and_a_time_of_day_is_no_number():
    """YAML 1.1 reads 1:30 as ninety."""
    assert load_settings(FOLDER, {"data": {"folder": "2024"}})["paper"].data.folder == "2024"
    assert "found '1:30'" in complaint({"data": {"retries": "1:30"}})


def test_a_caption_tells_the_users_own_settings():
    """A figure with values of one's own must not pass for the published one, at paper scale least of all."""
    filed = load_settings(FOLDER)
    own = load_settings(FOLDER, {"fan2020": {"figure_1": {"samples": 1200, "width": 2400}}})
    item = "fan2020.figure_1"
    assert describe_scale(filed, filed, "paper", item) == "Paper scale."
    assert describe_scale(filed, own, "paper", item) == (
        "Paper scale. Own settings: n 1200 instead of 3000, width 2400 instead of 6000."
    )
    preview = describe_scale(filed, own, "preview", item)
    assert preview.startswith("Preview scale: n 900 instead of 3000, ")
    assert preview.endswith(" Own settings: n 1200 instead of 900, width 2400 instead of 1800.")
