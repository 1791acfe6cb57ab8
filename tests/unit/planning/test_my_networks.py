"""Networks of the user's own: which files they are, what they share, and what they cost."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from deepspectra.analysis.layers import chosen_layers
from deepspectra.analysis.network import analyse
from deepspectra.analysis.null_files import FORMAT
from deepspectra.config import load_settings
from deepspectra.data.checkpoints import open_checkpoint
from deepspectra.planning import checks, my_networks
from deepspectra.planning.work import work_of
from deepspectra.runtime.errors import UserError
from tests import ROOT

LAYERS = "name,kind,outputs,inputs,left_out\na,dense,60,90,\nb,dense,90,60,\nc,dense,4000,3000,\nd,other,0,0,a vector\n"


def settings(**entries):
    return load_settings(ROOT / "config", {"my_networks": entries})["smoke"]


@pytest.fixture
def layers(tmp_path):
    path = tmp_path / "layers.csv"
    path.write_text(LAYERS)
    return path


def test_nulls_are_one_file_a_shape_and_one_a_dimension(layers):
    files = my_networks.own_nulls(settings(mine={"file": "a.npz"}), "smoke", "mine", layers)
    folder = "results/smoke/nulls/my_networks"
    # Both orientations of a matrix have one null, large ones fewer draws, and large dimensions that of 2048.
    matrices, vectors = ("4000x3000_199", "90x60_999"), (2048, 60, 90)
    assert files == [
        *(f"{folder}/levels_{shape}_7_1_{FORMAT}.h5" for shape in matrices),
        *(f"{folder}/vectors_{dimension}_4999_1_{FORMAT}.h5" for dimension in vectors),
    ]
    others = my_networks.own_nulls(settings(mine={"file": "a.npz", "draws": 500}), "smoke", "mine", layers)
    assert [name for name in others if "vectors" in name] == files[2:]
    assert set(others).isdisjoint(files[:2])


def test_the_analysis_reads_exactly_the_planned_nulls(tmp_path):
    """Planned from the table of layers, drawn where they are missing by :func:`analyse`: the same names."""
    rng = np.random.default_rng(1)
    shapes = {"a.weight": (40, 30), "b.weight": (30, 40), "c.weight": (20, 16, 3, 3), "bias": (40,)}
    np.savez(tmp_path / "mine.npz", **{name: rng.standard_normal(shape) for name, shape in shapes.items()})
    own = settings(mine={"file": str(tmp_path / "mine.npz"), "draws": 99, "seed": 3})
    choice = my_networks.layer_choice(own, "mine")
    found = chosen_layers(open_checkpoint(choice.pop("file")), **choice)
    rows = [f"{layer.name},{layer.kind},{layer.outputs},{layer.inputs},{layer.left_out[:1]}" for layer in found]
    (tmp_path / "layers.csv").write_text("\n".join(["name,kind,outputs,inputs,left_out", *rows]) + "\n")
    options = my_networks.analysis_options(own, "mine")
    analyse(options.pop("file"), cache=tmp_path / "nulls", **options)
    planned = my_networks.own_nulls(own, "smoke", "mine", tmp_path / "layers.csv")
    assert sorted(os.listdir(tmp_path / "nulls")) == [name.rpartition("/")[2] for name in planned]


def test_the_files_of_a_folder_are_those_that_are_read(tmp_path):
    (tmp_path / "model.npz").touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "config.json").write_text("{}")
    own = settings(mine={"file": str(tmp_path)})
    assert my_networks.network_files(own, "mine") == [str(tmp_path / name) for name in ("model.npz", "config.json")]
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}))
    for name in ("one", "two"):
        (tmp_path / f"{name}.safetensors").touch()
    names = ("model.safetensors.index.json", "one.safetensors", "two.safetensors")
    own = settings(mine={"file": str(index), "initial": str(tmp_path / "model.npz")})
    assert my_networks.network_files(own, "mine") == [str(tmp_path / name) for name in names]
    assert my_networks.initial_files(own, "mine") == [str(tmp_path / "model.npz")]


def test_files_that_are_not_there_are_named_before_anything_is_planned(tmp_path):
    (tmp_path / "empty").mkdir()
    here = tmp_path / "a.npz"
    here.touch()
    for entry, message in (
        (
            {"file": "/nowhere/a.pt"},
            r"my_networks\.mine\.file: expected a checkpoint, found nothing at '/nowhere/a\.pt'",
        ),
        ({"file": str(here), "initial": "b.pt"}, r"my_networks\.mine\.initial: expected .* nothing at 'b\.pt'"),
        ({"file": str(tmp_path / "empty")}, r"my_networks\.mine\.file: .*empty holds no checkpoint"),
    ):
        with pytest.raises(UserError, match=message):
            checks.check_files_of(settings(mine=entry))
    checks.check_files_of(settings(mine={"file": str(here)}, later={"file": "results/made.npz"}))
    assert my_networks.network_files(settings(later={"file": "results/made.npz"}), "later") == ["results/made.npz"]


def test_without_an_entry_the_target_says_what_to_add():
    with pytest.raises(UserError, match=r"my_networks: there are none; add an entry .* \{mine: \{file: "):
        my_networks.every_network(settings(), "smoke")
    with pytest.raises(UserError, match="there is no 'x' in the configuration; it has mine"):
        my_networks.network_files(settings(mine={"file": "a.npz"}), "x")


def test_the_size_of_heads_asks_for_heads():
    weights = open_checkpoint({"attention.query.weight": np.ones((40, 30))})
    assert [matrix.part for matrix in chosen_layers(weights, head_size=20)] == ["head 0", "head 1"]
    assert len(chosen_layers(weights)) == 1
    for size in (0, -1):
        with pytest.raises(UserError, match=f"at least one row, not {size}"):
            chosen_layers(weights, head_size=size)


def test_a_page_costs_by_its_pictures(layers):
    assert my_networks.page_minutes(layers) == pytest.approx(60.5)
    assert my_networks.page_memory(layers) == pytest.approx(1500 + 3 * 2 + 0.005 * (60 + 60 + 3000))


def test_costs_follow_from_the_largest_layer_and_the_files(layers, tmp_path):
    (tmp_path / "old.pt").write_bytes(bytes(3_000_000))
    own = settings(mine={"file": "a.npz"}, old={"file": str(tmp_path / "old.pt")})
    memory = my_networks.analysis_memory(own, "mine", layers, 1)
    # 4000 x 3000 in float64, by hand, in a process of its own.
    assert memory == pytest.approx(1200 + 500 + 8e-6 * (8 * 12e6 + 6 * 9e6))
    assert my_networks.analysis_memory(own, "mine", layers, 8) > memory
    # Torch's older format is read whole.
    assert my_networks.analysis_memory(own, "old", layers, 1) == pytest.approx(memory + 6)
    assert my_networks.listing_memory(own, "old") == pytest.approx(1206)
    assert my_networks.analysis_minutes(layers) == pytest.approx(20 + 3 / 6 + 1e-10 * (2 * 90 * 60**2 + 4000 * 3000**2))
    assert my_networks.level_minutes("2048", "999") == pytest.approx(84)
    by_scale = {"smoke": own}
    assert work_of("analyse_network", {"scale": "smoke", "model": "old"}, by_scale, {}) == ("", pytest.approx(4))
    assert work_of("draw_matrix_nulls", {"scale": "smoke", "columns": "30", "draws": "99"}, by_scale, {}) == ("", 89100)
