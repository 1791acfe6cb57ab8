"""Rules and configuration, without running a job: lint, format, dry runs, and what a user is told of mistakes."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from deepspectra.config import SCALES, load_settings
from deepspectra.papers.registry import PAPERS, items_of
from deepspectra.planning.recorded import read_kept

from .conftest import ROOT

ITEMS = {f"{paper}_{item}": entry for paper in PAPERS for item, entry in items_of(paper).items()}
FIGURES = [name for name, entry in ITEMS.items() if entry.drawing]
TABLES = [name for name, entry in ITEMS.items() if not entry.drawing]
LAWS = [f"limit_{law}" for law in load_settings(ROOT / "config")["smoke"].limit_laws]
RECORDED_ITEMS = read_kept(ROOT / "resources" / "record" / "record").items
ALIASES = [*PAPERS, *ITEMS, "limit_laws", *LAWS, "claims", "report"]


def run_tool(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)


def test_snakemake_lint_is_clean(project):
    result = project.snakemake("--lint")
    assert result.returncode == 0
    assert "good condition" in result.stdout, result.stdout


def test_rules_are_formatted():
    result = run_tool("snakefmt", "--check", "Snakefile", "workflow/rules")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("command", [("check", "."), ("format", "--check", ".")])
def test_python_is_linted_and_formatted(command):
    result = run_tool("ruff", *command)
    assert result.returncode == 0, result.stdout


def test_types_of_the_library_are_checked():
    result = run_tool("mypy")
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("scale", SCALES)
def test_every_target_has_a_plan_at_every_scale(project, scale):
    jobs = project.jobs("--config", f"scale={scale}", "--", *ALIASES, "data", "all")
    assert jobs["make_numbers"] == len(FIGURES) > 30
    # Beside a run stands the record, but not at smoke scale, which tries the rules.
    recorded = [name for name in RECORDED_ITEMS if "/figure_" in name] if scale != "smoke" else []
    assert jobs["draw_figure"] == len(FIGURES) + len(recorded)
    assert jobs["fetch_dataset"] == jobs["fetch_weights"] == 3
    # Each target stands for itself; those of papers and items, and all and data, have no job of their own.
    once = [*ALIASES, *(f"make_{name}" for name in TABLES), "draw_claims", "write_report"]
    assert jobs["check_claims"] == (2 if recorded else 1)
    assert {name: count for name, count in jobs.items() if count == 1}.keys() >= {*once, "data", "all"}
    assert jobs["solve_limit_law"] == jobs["draw_limit_law"] == len(LAWS)


def test_listed_targets_are_those_of_the_registry(project):
    # Names begin their lines, descriptions are indented.
    listed = re.findall(r"^\w+", project.snakemake("--list-target-rules").stdout, re.MULTILINE)
    assert {name for name in listed if name != "Using" and not name.startswith("fetch_")} == {
        *ALIASES,
        *("my_networks", "compare", "record", "unpack_record", "data", "all"),
    }


def test_a_misspelt_target_is_told_the_nearest(project):
    result = project.snakemake("--dry-run", "fan2020_figure_22")
    assert result.returncode != 0
    assert "\nerror: no rule makes fan2020_figure_22. Did you mean fan2020_figure_2?" in result.stdout


@pytest.mark.parametrize("scale", SCALES)
def test_a_path_says_its_own_scale(project, scale):
    """Whatever the switch says: the scale is part of every path."""
    jobs = project.jobs(f"results/{scale}/figures/pennington2017/figure_3.pdf")
    assert jobs == {"make_numbers": 1, "draw_figure": 1}


def test_the_default_is_everything_at_preview_scale(project):
    result = project.snakemake("--dry-run")
    # What a kill left incomplete is made anew without being asked for.
    assert "Using workflow specific profile profiles/default" in result.stdout
    assert "results/preview/figures/fan2020/figure_2.pdf" in result.stdout
    assert "results/paper" not in result.stdout


def test_rules_that_compute_declare_what_they_need(project):
    """threads, memory and time of every job; a GPU where one helps; a log and a benchmark file."""
    result = project.snakemake("--dry-run", "--config", "scale=preview", "--", "all", "data")
    blocks = [block for block in re.split(r"^\[.+\]$", result.stdout, flags=re.MULTILINE) if "\n    output:" in block]
    assert len(blocks) > 20
    for block in blocks:
        for word in ("log:", "benchmark:", "mem_mb=", "runtime="):
            assert word in block, block
        name = block.partition("rule ")[2].partition(":")[0]
        wants_gpu = name in {
            *("simulate_data_covariance", "simulate_random_features", "compute_kernels"),
            *("compute_trained_kernels", "draw_kernels", "draw_controls"),
            *("train_network", "evaluate_linearised", "embed_images"),
            *("compute_curvature", "decompose_curvature", "resolve_curvature", "resolve_whole_set"),
        }
        assert ("gpu=1" in block) == wants_gpu, block


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("fan2020={figure_1: {sample: 10}}", ["fan2020.figure_1.sample", "unknown key", "did you mean samples?"]),
        ("fan2020={figure_1: {samples: many}}", ["fan2020.figure_1.samples", "expected an integer", "'many'"]),
        (
            "pennington2017={figure_1: {input_dimensions: [50]}}",
            ["pennington2017.figure_1", "whole number", "50 / 1.5 = 33.3333"],
        ),
        ("scale=huge", ["scale", "expected 'smoke', 'preview', 'record' or 'paper'", "'huge'"]),
        ("figure=1", ["figure: unknown key", "known here: scale"]),
    ],
)
def test_a_mistake_in_the_configuration_stops_before_the_plan(project, override, words):
    result = project.snakemake("--dry-run", "--config", override)
    assert result.returncode != 0
    # A scale that there is not is no name for a place.
    place = "" if override == "scale=huge" else " at preview scale"
    for word in [*words, f"\nerror: the configuration{place} has 1 mistake:", "config/README.md"]:
        assert word in result.stdout, result.stdout
    assert "Building DAG" not in result.stdout
    assert "Traceback" not in result.stdout


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            "thamm2024={pretrained: {alexnet: {file: /nowhere/weights}}}",
            "error: thamm2024.pretrained.alexnet.file: expected a file of weights, found nothing at '/nowhere/weights'",
        ),
        (
            "data={folder: /nowhere}",
            "error: data.folder: expected an existing folder with data files, found '/nowhere'",
        ),
    ],
)
def test_files_that_are_not_there_stop_before_the_plan(project, override, words):
    result = project.snakemake("--dry-run", "--config", override)
    assert result.returncode != 0
    assert f"\n{words}" in result.stdout, result.stdout
    assert "Building DAG" not in result.stdout
    assert "Traceback" not in result.stdout


def test_a_user_file_overrides_single_values(project, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("pennington2017: {figure_1: {alphas: [0, 1]}}\n")
    jobs = project.jobs("--configfile", str(mine), "--", "pennington2017_figure_1")
    assert jobs["simulate_data_covariance"] == 2


def test_a_network_of_ones_own_has_its_rows_and_its_figure(project):
    """With the note of its figure and table, in which the files' settings do not have it."""
    own = (
        "baskerville2022={networks: {mine: {data: mnist, hidden: [30], seed: 1, epochs: 2}}, figure_4: {network: mine}}"
    )
    jobs = project.jobs("--config", own, "--", "baskerville2022_table_networks", "baskerville2022_figure_4")
    assert jobs["make_baskerville2022_table_networks"] == jobs["draw_figure"] == 1
    result = project.snakemake("--dry-run", "--config", own, "--", "baskerville2022_figure_4")
    assert "results/preview/networks/mine.h5" in result.stdout
    assert "lenet" not in result.stdout


def test_claims_need_the_tables_of_all_papers_or_of_those_that_are_named(project):
    """Of all, what their figures and tables need; of pennington2017, neither data nor networks."""
    assert {"train_network", "make_numbers", *(f"make_{name}" for name in TABLES)} <= project.jobs("claims").keys()
    some = project.jobs("--config", "claims={papers: [pennington2017]}", "--", "claims")
    claims = {"check_claims": 1, "draw_claims": 1, "claims": 1}
    assert some == {"simulate_data_covariance": 7, "simulate_random_features": 2, "make_numbers": 3} | claims


def test_claims_have_no_network_of_their_own_trained(project):
    """Where figure 3 is without alpha = 5, there are no vectors of it for the claims."""
    fewer = "thamm2024={figure_3: {alphas: [0.5, 1]}, figure_4: {alphas: [1]}}"
    result = project.snakemake("--dry-run", "--config", "claims={papers: [thamm2024]}", fewer, "--", "claims")
    assert "mlp512_seed1_alpha0.5_vectors.csv" in result.stdout
    assert "alpha5" not in result.stdout
