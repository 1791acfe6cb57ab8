"""The workflow away from its checkout: with ``--directory``, and as a module of another workflow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Project, copy_project

FIGURE = "results/smoke/figures/pennington2017/figure_3"
#: Of everything, all that no rule makes: these come with the workflow, wherever Snakemake runs.
EVERYTHING = {"make_thamm2024_table_1", "make_thamm2024_table_2", "check_claims", "write_report"}
IMPORTER = """
configfile: "config.yaml"


module deepspectra:
    snakefile:
        "{root}/workflow/Snakefile"
    prefix:
        "rmt"
    config:
        config["rmt"]


use rule * from deepspectra as rmt_*


rule size:
    default_target: True
    input:
        "rmt/{figure}.pdf",
    output:
        "size.txt",
    shell:
        "wc -c < {{input:q}} > {{output}}"
"""


def made(folder: Path) -> set[str]:
    """Files below a folder, those of Snakemake itself apart."""
    names = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {name.as_posix() for name in names if not {".snakemake", "__pycache__"} & set(name.parts)}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Project:
    return copy_project(tmp_path_factory.mktemp("a checkout"))


@pytest.fixture
def importer(checkout, tmp_path) -> Project:
    """Another workflow, in a folder of its own, that has this one as a module with settings of its own."""
    (tmp_path / "workflow").mkdir()
    (tmp_path / "workflow" / "Snakefile").write_text(IMPORTER.format(root=checkout.folder, figure=FIGURE))
    (tmp_path / "config.yaml").write_text("rmt: {scale: smoke, pennington2017: {figure_3: {points: 51}}}\n")
    return Project(tmp_path)


def test_a_figure_is_made_in_another_directory(checkout, tmp_path):
    before = made(checkout.folder)
    where = ("--directory", str(tmp_path), "--config", "scale=smoke", "--")
    result = checkout.snakemake("--cores", "1", *where, "pennington2017_figure_3")
    assert result.returncode == 0, result.stdout[-6000:]
    assert {f"{FIGURE}.{suffix}" for suffix in ("pdf", "png", "csv")} <= made(tmp_path)
    assert made(checkout.folder) == before
    assert checkout.jobs(*where, "pennington2017_figure_3") == {}
    assert checkout.jobs(*where, "all").keys() >= EVERYTHING


def test_another_workflow_makes_a_figure_with_settings_of_its_own(importer):
    result = importer.snakemake("--cores", "1")
    assert result.returncode == 0, result.stdout[-6000:]
    assert {f"rmt/{FIGURE}.{suffix}" for suffix in ("pdf", "png", "csv")} | {"size.txt"} <= made(importer.folder)
    assert {name.partition("/")[0] for name in made(importer.folder)} == {"workflow", "config.yaml", "rmt", "size.txt"}
    assert importer.jobs() == {}
    assert {f"rmt_{rule}" for rule in EVERYTHING} <= importer.jobs("--", "rmt_all").keys()


def test_the_two_places_of_the_snakefile_are_one_workflow(checkout):
    target = ("--config", "scale=smoke", "--", "all")
    assert checkout.jobs("--snakefile", "workflow/Snakefile", *target) == checkout.jobs(*target)


def test_a_named_run_leaves_the_results_of_its_scale_alone(checkout, tmp_path):
    where = ("--directory", str(tmp_path), "--config", "scale=smoke")
    target = ("--", "pennington2017_figure_3")
    named = (*where, "run=coarse", "pennington2017={figure_3: {points: 51}}")
    assert checkout.snakemake("--cores", "1", *where, *target).returncode == 0
    before = {path: path.read_bytes() for path in (tmp_path / "results" / "smoke").rglob("*.csv")}
    result = checkout.snakemake("--cores", "1", *named, *target)
    assert result.returncode == 0, result.stdout[-6000:]
    assert before == {path: path.read_bytes() for path in (tmp_path / "results" / "smoke").rglob("*.csv")}
    curves = [
        tmp_path / f"results/{name}/statistics/pennington2017/figure_3_curves.csv" for name in ("smoke", "coarse")
    ]
    lengths = [len(path.read_text().splitlines()) for path in curves]
    assert lengths[0] != lengths[1]
    said = (tmp_path / "results/coarse/captions/pennington2017/figure_3.txt").read_text()
    assert "Run coarse at smoke scale" in said
    assert "Own settings: points 51" in said
    assert checkout.jobs(*where, *target) == checkout.jobs(*named, *target) == {}
    assert checkout.jobs(*named, "--", "all").keys() >= EVERYTHING
    # The pages of its scale have the limit laws of the files.
    page = "results/smoke/items/limit_laws/three_layers.html"
    assert checkout.jobs(*named, "limit_laws=null", "--", page)["write_report_of_scale"] == 1


def test_an_interpreter_whose_path_has_a_space_runs_jobs_and_groups(checkout, tmp_path):
    (tmp_path / "an environment").symlink_to(sys.prefix, target_is_directory=True)
    interpreter = tmp_path / "an environment" / Path(sys.executable).relative_to(sys.prefix)
    # A group starts Snakemake again.
    groups = ("--groups", "make_numbers=both", "draw_figure=both")
    where = ("--directory", str(tmp_path), "--config", "scale=smoke", "--", "pennington2017_figure_3")
    command = [str(interpreter), "-m", "snakemake", "--cores", "1", *groups, *where]
    result = subprocess.run(command, cwd=checkout.folder, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr[-3000:]
    assert (tmp_path / f"{FIGURE}.png").exists()
