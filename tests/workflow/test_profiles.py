"""The shipped profiles, without a cluster: that Snakemake takes them, and that they say what is meant.

The executor's own reading of the partitions is asked; `tests/slurm` runs the profile on a real Slurm.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import yaml
from snakemake_executor_plugin_slurm.partitions import get_best_partition, read_partition_file

from .conftest import ROOT

PROFILES = ROOT / "workflow" / "profiles"
SLURM, GPU = (("--profile", f"workflow/profiles/{name}") for name in ("slurm", "gpu"))
#: One that every scale has a job of: with a group, or with a GPU.
ALL = ("--", "all", "data")


@dataclass(frozen=True)
class Job:
    """One job of a dry run."""

    rule: str
    output: str
    group: str | None
    resources: dict[str, str]


def planned(project, *arguments) -> list[Job]:
    """Every job with a file to write that a dry run lists."""
    result = project.snakemake("--dry-run", *arguments)
    assert result.returncode == 0, result.stdout[-3000:]
    jobs, group = [], None
    for block in re.split(r"^ *\[[A-Z][a-z]{2} .+?\]", result.stdout, flags=re.MULTILINE):
        if heading := re.match(r" Group job (\w+)", block):
            group = heading[1]
        found = re.match(r"\n( *)rule (\w+):", block)
        output = re.search(r"output: (.+)", block)
        if not found or not output:
            continue
        # Jobs of a group are indented below its heading.
        group = group if found[1] else None
        words = re.search(r"resources: (.+)", block)[1].split(", ")
        jobs.append(Job(found[2], output[1], group, dict(word.split("=", 1) for word in words)))
    return jobs


@pytest.fixture(scope="module")
def on_slurm(project) -> list[Job]:
    """All jobs that there are; at preview scale, which has every rule and few jobs of each."""
    return planned(project, *SLURM, *ALL)


def partition_of(job: Job) -> str:
    """Where the executor submits a job to."""
    numbers = {name: int(value) for name, value in job.resources.items() if value.isdigit()}
    asked = SimpleNamespace(name=job.rule, threads=1, resources=numbers)
    partitions = read_partition_file(PROFILES / "slurm" / "config.yaml")
    return get_best_partition(partitions, asked, logging.getLogger(__name__))


def rules_of(project) -> set[str]:
    return set(project.snakemake("--list-rules").stdout.split())


def test_both_profiles_are_used_beside_the_default_one(project):
    for profile in (SLURM, GPU):
        result = project.snakemake("--dry-run", *profile, "--", "pennington2017_figure_3")
        assert result.returncode == 0
        used = f"Using profile {profile[1]} and workflow specific profile profiles/default"
        assert used in result.stdout.replace("profiles ", "profile ", 1), result.stdout


@pytest.mark.parametrize("name", ["default", "gpu", "slurm"])
def test_every_entry_has_its_reason_above(name):
    """A comment on the line before, except between an entry and its first entry below."""
    lines = (PROFILES / name / "config.yaml").read_text().splitlines()
    entries = [number for number, line in enumerate(lines) if re.match(r" *[\w-]+:", line)]
    assert entries
    for number in entries:
        opens = re.fullmatch(r" *[\w-]+:", lines[number])
        assert lines[number - 1].lstrip().startswith("# ") or opens, lines[number]
        if opens:
            assert lines[number + 1].lstrip().startswith("# ") or not lines[number + 1], lines[number]
        assert len(lines[number]) <= 120


def test_what_a_user_edits_are_five_numbered_lines_at_the_top():
    text = (PROFILES / "slurm" / "config.yaml").read_text()
    mine, _, _ = text.partition("# ---- Why the rest")
    assert re.findall(r"# (\d)\. ", mine) == list("12345")
    assert {"partitions", "default-resources", "jobs"} == yaml.safe_load(mine).keys()


def test_every_job_has_the_partition_that_is_meant(on_slurm):
    for job in on_slurm:
        assert partition_of(job) == ("gpu" if job.resources.get("gpu") == "1" else "cpu"), job
    assert {partition_of(job) for job in on_slurm} == {"cpu", "gpu"}


def test_without_gpus_no_job_asks_for_one_and_all_go_to_the_other_partition(project):
    for profile in (SLURM, GPU):
        jobs = planned(project, *profile, "--config", "device=cpu", *ALL)
        assert len(jobs) > 100
        for job in jobs:
            assert job.resources.get("gpu", "0") == "0", job
            assert partition_of(job) == "cpu"


def test_groups_are_of_rules_that_exist_and_hold_them(project, on_slurm):
    profile = yaml.safe_load((PROFILES / "slurm" / "config.yaml").read_text())
    groups = profile["groups"]
    assert groups.keys() <= rules_of(project)
    assert profile["group-components"].keys() == set(groups.values())
    for job in on_slurm:
        assert job.group == groups.get(job.rule), job
        # They take turns, so that a group asks for one job's memory and GPU.
        assert job.resources["turn"] == "1"
    assert profile["resources"] == {"turn": 1}


def test_the_last_steps_of_every_figure_and_table_are_grouped(on_slurm):
    """The rule of a new table has to be named in the profile."""
    last = {job.rule for job in on_slurm if job.rule.startswith("make_")} | {"draw_figure"}
    assert len(last) > 3
    assert {job.group for job in on_slurm if job.rule in last} == {"last_steps"}


def test_no_group_mixes_jobs_with_and_without_a_gpu(on_slurm):
    """A GPU would be held while nobody uses it."""
    wanted = {}
    for job in on_slurm:
        if job.group:
            wanted.setdefault(job.group, set()).add(job.resources.get("gpu", "0"))
    others = {group: {"0"} for group in ("null_vectors", "limit_laws", "last_steps", "claims")}
    assert wanted == {"matrices": {"1"}} | others


def test_what_stands_on_all_papers_does_not_tie_their_last_steps_together(on_slurm):
    """Jobs of a group that depend on each other, by way of one more too, are one Slurm job, which starts at the end."""
    groups = {job.rule: job.group for job in on_slurm}
    assert groups["check_claims"] == groups["draw_claims"]
    assert [rule for rule, group in groups.items() if group == groups["check_claims"]] == [
        "check_claims",
        "draw_claims",
    ]


def test_a_second_attempt_asks_for_twice_as_much(project):
    """Of memory and of time, whatever the rule; the number of the attempt is an option of Snakemake itself."""
    first, second = (
        {job.output: job.resources for job in planned(project, "--attempt", attempt, *ALL)} for attempt in "12"
    )
    assert first.keys() == second.keys()
    for output, once in first.items():
        for name in ("mem_mb", "runtime"):
            # Amounts are rounded down after they were doubled.
            assert int(second[output][name]) - 2 * int(once[name]) in {0, 1}, output


#: Some size of every rule whose jobs can become large, several times what it is at preview scale.
LARGER = """
thamm2024:
  training: {epochs: 4}
  networks:
    mlp512_seed1: {hidden: [4096, 4096, 4096]}
  nulls: {matrices: 1999, vectors: 39999}
  table_2: {matrices: 9999}
pennington2017:
  figure_1: {input_dimensions: [48, 96, 192, 384, 1536]}
  figure_2: {input_dimension: 384}
fan2020:
  training: {samples: 4000}
  figure_1: {samples: 3600, width: 7200}
  figure_scaling: {gaussian: {samples: [900, 1800, 3600], draws: [20, 10, 5]}}
baskerville2022:
  networks:
    mlp_mnist: {hidden: [20, 100]}
    logistic_mnist: {control_batches: 1560}
    mlp_deep_mnist: {hidden: [20, 100, 100]}
  gaussian_process: {dimension: 900}
  features: {images: 12800, test_images: 6400}
  figure_resnet34: {batch_size: 128}
  curvature: {whole_samples: 60000}
  controls: {draws: 10}
"""
#: Rule -> part of the name of the file of one of its jobs.
CAN_BE_LARGE = {
    **{"train_network": "mlp512_seed1.h5", "decompose_weights": "mlp512_seed1.h5"},
    **{"evaluate_linearised": "mlp512_seed1_linear", "draw_null_levels": "1024x512", "draw_null_vectors": "25088"},
    **{"simulate_data_covariance": "figure_1", "simulate_random_features": "figure_2"},
    **{"compute_kernels": "figure_1", "decompose_kernels": "figure_1"},
    **{"compute_trained_kernels": "single_neuron", "decompose_trained_kernels": "single_neuron"},
    **{"compute_curvature": "mlp_mnist", "decompose_curvature": "mlp_mnist", "resolve_curvature": "mlp_deep"},
    **{"resolve_whole_set": "logistic_mnist/final_train", "draw_process_hessians": "gaussian"},
    **{"embed_images": "cifar10", "resolve_resnet34": "resnet34"},
    **{"draw_kernels": "gaussian", "average_gram": "figure_1", "simulate_level_tests": "level_tests"},
    **{"draw_controls": "logistic_mnist/final_test"},
}


def test_time_grows_with_the_sizes_of_the_configuration(project, on_slurm):
    """Of every rule that declares a function of its wildcards; the others never see anything large."""
    file = project.folder / "larger.yaml"
    file.write_text(LARGER, encoding="utf-8")
    larger = planned(project, "--configfile", str(file), *SLURM, *ALL)

    def minutes(jobs, rule, part):
        return max(int(job.resources["runtime"]) for job in jobs if job.rule == rule and part in job.output)

    texts = "".join(file.read_text() for file in (ROOT / "workflow" / "rules").glob("*.smk"))
    rules = re.findall(r"^rule (\w+):(?:\n(?!rule ).*)*?runtime=plan\.grow\(costs\.", texts, re.MULTILINE)
    assert set(rules) == set(CAN_BE_LARGE)
    for rule, part in CAN_BE_LARGE.items():
        assert minutes(larger, rule, part) > minutes(on_slurm, rule, part), rule


def test_on_a_workstation_gpu_rules_take_turns(project):
    """Two of them and a rule without: the second starts when the first has ended."""
    targets = ("pennington2017_figure_2", "pennington2017_figure_3")
    result = project.snakemake(*GPU, "--cores", "2", "--config", "scale=smoke", "--", *targets)
    assert result.returncode == 0, result.stdout[-3000:]
    lines = [line for line in result.stdout.splitlines() if "simulate_random_features" in line]
    told = [line.split()[0] for line in lines if line.startswith(("rule", "localrule", "Finished"))]
    assert told == ["localrule", "Finished", "localrule", "Finished"]
