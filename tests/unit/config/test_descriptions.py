"""Settings in words: for captions, for the command line, and as a JSON schema."""

from __future__ import annotations

import json

import jsonschema
import pytest

from deepspectra.config import Settings, describe_scale, differences, explain_keys, load_settings

from .conftest import F1, F2, F3, FOLDER, leaves, read

ITEMS = [f"pennington2017.figure_{i}" for i in (1, 2, 3)] + [f"fan2020.figure_{i}" for i in (1, 2, 3)]
ITEMS += [f"fan2020.{part}" for part in ("training", "networks", *(f"figure_s{i}" for i in (1, 2, 3, 5, 6)))]
ITEMS += [f"thamm2024.{part}" for part in ("training", "unfolding", "nulls", *(f"figure_{i}" for i in (1, 2, 3, 4)))]


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


def test_reductions_inside_a_nested_node_are_told_one_by_one():
    settings = load_settings(FOLDER)
    changes = differences(settings["paper"], settings["smoke"], "baskerville2022.figure_2")
    assert changes == "dimension 100 instead of 1000, matrices 5 instead of 50"


def test_switches_are_told_in_words():
    settings = load_settings(FOLDER)
    changes = differences(settings["paper"], settings["preview"], "baskerville2022.curvature")
    assert "no instead of yes" in changes
    assert not {"True", "False"} & set(changes.split())


def test_reductions_of_lists_tell_a_lower_end_from_fewer_values(folder):
    text = f"pennington2017: {{figure_1: {{alphas: [-1, 1], input_dimensions: [24, 48]}}, figure_2: {{seed: {10**6}}}}}"
    (folder / "smoke.yaml").write_text(text)
    settings = load_settings(folder)
    changes = differences(settings["paper"], settings["smoke"], "pennington2017.figure_1")
    assert changes == "alphas 2 instead of 7, n0 24 to 48 (2) instead of 48 to 3072 (7)"
    # Another seed is another figure.
    assert differences(settings["paper"], settings["smoke"], "pennington2017.figure_2") == "seed 1000000 instead of 2"


def test_the_schema_takes_the_real_file_and_refuses_mistakes():
    schema = Settings.model_json_schema()
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


def test_every_key_is_explained():
    """Entries of mappings and lists are shown as a whole."""
    rows = explain_keys(load_settings(FOLDER))
    named = {row.key for row in rows}
    panels = (*F2.split("."), "panels")
    entries = {panels, ("thamm2024", "networks"), ("thamm2024", "pretrained"), ("thamm2024", "figure_2", "panels")}
    process = ("baskerville2022", "gaussian_process")
    entries |= {
        ("limit_laws",),
        ("baskerville2022", "networks"),
        ("fan2020", "networks"),
        (*process, "second_derivatives"),
        (*process, "outlier_scales"),
    }
    keys = {"my_networks"}  # which has no entries
    for path, _ in leaves(read("config.yaml")):
        (whole,) = [entry for entry in entries if path[: len(entry)] == entry] or [path]
        keys.add(".".join(whole))
    assert {name for name in named if "NAME" not in name and "[]" not in name} == keys
    assert {"thamm2024.networks.NAME.alpha", "thamm2024.figure_1.panels[].layer", f"{F2}.panels.NAME.phi"} <= named
    for row in rows:
        assert row.meaning.strip(), f"{row.key} has no explanation"
        assert bool(row.values) == ("NAME" not in row.key and "[]" not in row.key)


def test_values_are_those_of_the_scales():
    values = {row.key: row.values for row in explain_keys(load_settings(FOLDER))}
    scales = {
        name: str(read(f"{file}.yaml")["fan2020"]["figure_1"]["samples"])
        for name, file in (("paper", "config"), ("preview", "preview"), ("smoke", "smoke"))
    }
    assert values["fan2020.figure_1.samples"] == scales
    assert values["fan2020.figure_1.activation"] == {"paper": "arctan"}
    # Of a mapping only those entries that a scale changes.
    assert values["thamm2024.networks"]["smoke"] == "{minialexnet: {images: 20, test_images: 20}}"


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


def test_a_network_of_ones_own_is_told_with_its_settings_where_the_files_have_none():
    """By its path, as figures of one network ask for it, beside the files of both scales."""
    filed = load_settings(FOLDER)
    entry = {"data": "mnist", "hidden": [30], "seed": 1, "epochs": 2}
    own = load_settings(FOLDER, {"baskerville2022": {"networks": {"mine": entry}}})
    items = ("baskerville2022.networks.mine", "baskerville2022.curvature.batch_size")
    told = "Preview scale. Own settings: with mine (data mnist, hidden [30], seed 1, epochs 2)."
    assert describe_scale(filed, own, "preview", *items) == told
    note = describe_scale(filed, filed, "preview", "baskerville2022.networks.mlp_bike")
    assert note.startswith("Preview scale: mlp_bike with epochs 30 and batches of Hessians 1 instead of 217")
