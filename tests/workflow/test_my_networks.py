"""Checkpoints of a user's own, from a file to the page, and what makes them anew."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from deepspectra.analysis.network import analyse
from deepspectra.analysis.null_files import FORMAT
from deepspectra.analysis.tables import read_tables
from deepspectra.runtime.store import file_hash

from .conftest import Project
from .counting import counted
from .prepared import LOADED

MINE = """
scale: smoke
my_networks:
  mine: {file: mine/after.npz, initial: mine/before.npz, draws: 99}
  other: {file: mine/before.npz, include: ['0*'], draws: 99}
"""
RUN = ("--configfile", "mine.yaml", "--")
FOLDER, NULLS = "results/smoke/my_networks", "results/smoke/nulls/my_networks"
#: Of 60 x 90 and 30 x 60; the last layer has too few outputs.
SHARED = (f"levels_90x60_99_7_1_{FORMAT}.h5", f"vectors_60_4999_1_{FORMAT}.h5", f"vectors_90_4999_1_{FORMAT}.h5")
ALONE = (f"levels_60x30_99_7_1_{FORMAT}.h5", f"vectors_30_4999_1_{FORMAT}.h5")


def write_networks(folder, seed=1):
    """A network before and after training, which gave one of its matrices a direction that stands out."""
    rng = np.random.default_rng(seed)
    shapes = {"0.weight": (60, 90), "2.weight": (30, 60), "4.weight": (10, 30)}
    before = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    left, right = rng.standard_normal(60), rng.standard_normal(90)
    planted = 4 * (60 * 90) ** 0.25 * np.outer(left, right) / np.linalg.norm(left) / np.linalg.norm(right)
    after = before | {"0.weight": (before["0.weight"] + planted).astype(np.float32)}
    np.savez(folder / "before.npz", **before)
    np.savez(folder / "after.npz", **after)


@pytest.fixture(scope="module")
def analysed(project) -> Project:
    (project.folder / "mine").mkdir()
    write_networks(project.folder / "mine")
    (project.folder / "mine.yaml").write_text(MINE)
    (project.folder / "loaded").mkdir()
    loaded = {LOADED: str(project.folder / "loaded")}
    result = project.snakemake("--cores", "2", *RUN, "my_networks", **loaded)
    assert result.returncode == 0, result.stdout[-6000:]
    return project


def test_every_job_counts_the_code_that_it_loads(analysed):
    """As in test_smoke.py: no edit leaves a stale result, and none of pictures makes numbers anew."""
    jobs = [json.loads(path.read_text()) for path in (analysed.folder / "loaded").iterdir()]
    rules = {"list_layers", "draw_matrix_nulls", "draw_vector_nulls", "analyse_network", "draw_network"}
    assert {job["rule"] for job in jobs} == rules
    for job in jobs:
        loaded = {name for name in job["modules"] if name.partition(".")[0] != "runtime"}
        assert loaded <= (found := counted(job["rule"], job["wildcards"])), job["rule"]
        assert ("analysis.figures" in found) == (job["rule"] == "draw_network")


def test_random_matrices_are_drawn_once_for_all_networks(analysed):
    assert {path.name for path in (analysed.folder / NULLS).iterdir()} == {*SHARED, *ALONE}
    made = {path.stem for path in (analysed.folder / "results/smoke/logs/draw_matrix_nulls").iterdir()}
    assert made == {"90x60_99_7_1", "60x30_99_7_1"}


def test_the_tables_are_those_of_the_library(analysed, monkeypatch):
    """Read in two processes, from the draws of the workflow; here in one, from draws of its own."""
    monkeypatch.chdir(analysed.folder)
    alone = analyse("mine/after.npz", initial="mine/before.npz", draws=99, cache=analysed.folder / "others")
    found = read_tables(analysed.folder / FOLDER / "mine")
    columns = [name for name in found.matrices if found.matrices[name].dtype.kind == "f"]
    np.testing.assert_allclose(found.matrices[columns], alone.matrices[columns].astype(float), rtol=1e-8)
    assert found.findings == alone.findings
    assert found.matrices.set_index("name").above.to_dict() == {"0": 1, "2": 0}
    assert found.left_out.name.tolist() == ["4"]


def test_every_network_has_its_page_picture_and_caption(analysed):
    for name in ("mine", "other"):
        folder = analysed.folder / FOLDER / name
        page = (folder / "index.html").read_text()
        assert page.count("data:image/png") == 1 + len(pd.read_csv(folder / "matrices.csv"))
        assert (folder / "overview.pdf").read_bytes().startswith(b"%PDF")
        assert (folder / "overview.png").stat().st_size > 10_000
        caption = (analysed.folder / f"results/smoke/captions/my_networks/{name}.txt").read_text().splitlines()
        assert caption[0] == f"{name}: every weight matrix beside random matrices of its shape"
        assert set(read_tables(folder).findings) <= set(caption)
    assert (analysed.folder / FOLDER / "other" / "summary.md").read_text().startswith("# Spectra of before.npz")


def test_analyse_finds_the_draws_of_the_workflow(analysed):
    """They are lent to the cache of the user's other runs, which draw nothing anew."""
    cache = analysed.folder.parent / "cache" / "deepspectra" / "nulls"
    names = {path.name for path in cache.iterdir()}
    # Other tests of this process have the same cache.
    assert names >= {*SHARED, *ALONE}
    before = {name: file_hash(cache / name) for name in names}
    analyse(str(analysed.folder / "mine" / "after.npz"), draws=99, cache=cache)
    assert {path.name: file_hash(path) for path in cache.iterdir()} == before


def test_only_what_changed_makes_a_network_anew(analysed):
    assert analysed.jobs(*RUN, "my_networks") == {}
    after = analysed.folder / "mine" / "after.npz"
    kept = after.read_bytes()
    shutil.copy(analysed.folder / "mine" / "before.npz", after)
    # Which shapes there are is known once the matrices are listed.
    one = {"list_layers": 1, "analyse_network": 1, "draw_network": 1}
    assert analysed.jobs(*RUN, "my_networks") == one | {"my_networks": 1}
    assert analysed.jobs(*RUN, "my_other") == {}
    after.write_bytes(kept)
    result = analysed.snakemake("--cores", "1", *RUN, "my_networks")
    assert result.returncode == 0, result.stdout[-6000:]
    assert "draw_matrix_nulls" not in result.stdout
    assert analysed.jobs(*RUN, "my_networks") == {}


@pytest.mark.parametrize(
    ("setting", "jobs"),
    [
        ("{other: {draws: 100}}", {"draw_matrix_nulls": 1, "analyse_network": 1, "draw_network": 1}),
        ("{other: {include: ['2*']}}", {"list_layers": 1, "analyse_network": 1, "draw_network": 1}),
        ("{other: {initial: mine/before.npz}}", {"analyse_network": 1, "draw_network": 1}),
        ("{third: {file: mine/after.npz, draws: 99}}", {"list_layers": 1, "analyse_network": 1, "draw_network": 1}),
        ("{other: null}", {}),
    ],
)
def test_a_setting_makes_anew_what_it_shapes(analysed, setting, jobs):
    found = analysed.jobs("--configfile", "mine.yaml", "--config", f"my_networks={setting}", "--", "my_networks")
    assert found == (jobs | {"my_networks": 1} if jobs else {})


def test_the_page_of_results_and_everything_have_the_networks(analysed):
    listed = analysed.snakemake("--dry-run", *RUN, "report", "all").stdout
    page = re.search(r"rule write_report:\n    input: (.*)\n", listed)[1]
    assert f"{FOLDER}/mine/index.html" in page
    assert f"{FOLDER}/other/overview.png" in page
    assert {"my_mine", "my_other"} <= set(analysed.snakemake("--list-target-rules", *RUN[:2]).stdout.split())


def test_a_file_that_is_no_checkpoint_is_one_message(analysed):
    (analysed.folder / "mine" / "bad.npz").write_bytes(b"no archive")
    entry = "my_networks={bad: {file: mine/bad.npz}}"
    result = analysed.snakemake("--cores", "1", "--configfile", "mine.yaml", "--config", entry, "--", "my_bad")
    assert result.returncode == 1
    assert "error: mine/bad.npz is no whole archive of NumPy arrays" in result.stdout
    assert not re.search(r'File ".*/(workflow/lib|scripts)/', result.stdout)


def test_without_an_entry_the_target_says_what_to_add(project):
    result = project.snakemake("--dry-run", "--config", "scale=smoke", "--", "my_networks")
    assert result.returncode == 1
    assert (
        "\nerror: my_networks: there are none; add an entry to your settings, as my_networks: {mine: {file:"
        in result.stdout
    )
    assert "Traceback" not in result.stdout
