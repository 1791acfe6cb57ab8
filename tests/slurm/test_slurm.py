"""Figures at smoke scale on a real Slurm, through the shipped profile: GPUs, groups, scancel, and a time limit.

One story, told once: all jobs are cancelled while a network is trained; a second run takes up what is left, a training
job hangs until its time is over and is tried again with more; and all files are those of an undisturbed run without
Slurm, to the byte. ``-rP`` prints the jobs of the story.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from deepspectra.runtime.store import file_hash
from tests.workflow.conftest import Project, copy_project

from .cluster import Cluster, Impossible, check

TARGETS = ["pennington2017_figure_2", "limit_laws", "fan2020_figure_s5"]
#: A second limit law, which shares a group with the first.
LAW = "limit_laws={two: {kernel: conjugate, ratios: [0.5, 0.5], activation: tanh, input: {atoms: [[1.0, 1.0]]}}}"
#: Training is long enough to be interrupted after its first checkpoint, twice.
SETTINGS = ["scale=smoke", "fan2020={training: {epochs: 600}}", "checkpoint_epochs=50", LAW]
RUN = ["--config", *SETTINGS, "--", *TARGETS]
#: As users type it, but for the first look at jobs, which need not wait so long here.
SLURM = ["--profile", "workflow/profiles/slurm", "--slurm-init-seconds-before-status-checks", "1"]
GPU_RULES = {"simulate_random_features", "train_network", "compute_trained_kernels"}
#: As the executor names groups: group and rules.
LAWS = "limit_laws_draw_limit_law_solve_limit_law"
LAST_STEPS = "last_steps_draw_figure_make_numbers"
CPU_JOBS = {
    "decompose_trained_kernels",
    LAWS,
    LAST_STEPS,
}
#: Jobs without disturbance: the two panels of figure 2 are two.
SUBMISSIONS = 8
PATIENCE = 600


@dataclass(frozen=True)
class Story:
    """What happened, and what is left."""

    cancelled: subprocess.CompletedProcess[str]
    rerun: subprocess.CompletedProcess[str]
    undisturbed: subprocess.CompletedProcess[str]
    #: Slurm's records after the first run and after the second.
    first_jobs: list[dict[str, str]]
    all_jobs: list[dict[str, str]]
    #: The training job that ran out of time, as it was submitted.
    submitted: dict[str, str]
    visible_gpus: dict[str, set[str]]
    training_log: str
    on_slurm: dict[str, str]
    alone: dict[str, str]

    @property
    def rerun_jobs(self) -> list[dict[str, str]]:
        known = {job["JobId"] for job in self.first_jobs}
        return [job for job in self.all_jobs if job["JobId"] not in known]


@pytest.fixture(scope="module")
def cluster():
    # Not in pytest's folder, whose name can be too long for a socket.
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder:
        cluster = Cluster(Path(folder))
        try:
            check()
            cluster.start()
        except Impossible as error:
            cluster.stop()
            pytest.skip(f"no Slurm here: {error}")
        try:
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(scope="module")
def story(cluster, tmp_path_factory) -> Story:
    project = copy_project(tmp_path_factory.mktemp("a project"))
    checkpoint = project.folder / "results/smoke/checkpoints/single_neuron.h5"

    process = project.start(*SLURM, "--retries", "0", *RUN, **cluster.environment)
    wait_until(checkpoint.exists, process, "a first checkpoint")
    cancel_all(cluster)
    cancelled = end_of(process)
    first_jobs = cluster.jobs()

    before = checkpoint.stat().st_mtime_ns
    process = project.start(*SLURM, *RUN, **cluster.environment)
    wait_until(lambda: checkpoint.exists() and checkpoint.stat().st_mtime_ns != before, process, "a second checkpoint")
    submitted = next(job for job in cluster.jobs() if rule_of(job) == "train_network" and job["JobState"] == "RUNNING")
    # It hangs, as on a file system that does not answer; and its time is over soon: one minute is the least.
    cluster.ask("scancel", "--signal=STOP", submitted["JobId"])
    cluster.ask("scontrol", "update", f"JobId={submitted['JobId']}", "TimeLimit=1")
    local = copy_project(tmp_path_factory.mktemp("alone"))
    undisturbed = local.snakemake("--cores", "1", *RUN)
    rerun = end_of(process)
    all_jobs = cluster.jobs()
    print(short_log(all_jobs, len(first_jobs)))
    return Story(
        cancelled=cancelled,
        rerun=rerun,
        undisturbed=undisturbed,
        first_jobs=first_jobs,
        all_jobs=all_jobs,
        submitted=submitted,
        visible_gpus=cluster.visible_gpus(),
        training_log=(project.folder / "results/smoke/logs/train_network/single_neuron.log").read_text(),
        on_slurm=results(project),
        alone=results(local),
    )


def wait_until(condition, process: subprocess.Popen[str], what: str) -> None:
    """Wait for something that a run does; the run itself has to live on."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            pytest.fail(f"no {what}:\n{process.communicate()[0][-6000:]}")
        time.sleep(0.1)


def end_of(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    try:
        output, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"the run does not end:\n{process.communicate()[0][-6000:]}")
    return subprocess.CompletedProcess(process.args, process.returncode, output)


def cancel_all(cluster: Cluster) -> None:
    """``scancel`` of all that waits or runs, also of what is submitted meanwhile."""
    while cluster.ask("squeue", "--noheader"):
        cluster.ask("scancel", f"--user={os.geteuid()}")
        time.sleep(0.2)


def rule_of(job: dict[str, str]) -> str:
    """Rule, or group and its rules, from the comment that the executor gives."""
    return job.get("Comment", "").removeprefix("rule_").partition("_wildcards_")[0]


def short_log(jobs: list[dict[str, str]], first: int) -> str:
    """What Slurm tells of the jobs, a line for each; so many are of the first run."""
    heading = ("job", "run", "partition", "GPU", "minutes", "MB", "state", "rule, or group and rules")
    rows = [
        (
            *(job["JobId"], "first" if number < first else "second", job["Partition"]),
            *(job.get("TresPerJob", "").removeprefix("gres:gpu:") or "0", minutes(job), memory(job)),
            *(job["JobState"], rule_of(job)),
        )
        for number, job in enumerate(sorted(jobs, key=lambda job: int(job["JobId"])))
    ]
    return "\n".join("{:<5}{:<8}{:<11}{:<5}{:<9}{:<7}{:<11}{}".format(*row) for row in (heading, *rows))


def results(project: Project) -> dict[str, str]:
    """Hash of every file that a target is or is made from; times are in the benchmarks alone."""
    folder = project.folder / "results" / "smoke"
    paths = (path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder): path for path in paths}
    return {str(name): file_hash(path) for name, path in named.items() if name.parts[0] not in {"benchmarks", "logs"}}


def test_every_job_went_through_sbatch(story):
    assert story.rerun.returncode == 0, story.rerun.stdout[-6000:]
    assert {rule_of(job) for job in story.all_jobs} == GPU_RULES | CPU_JOBS
    # What one run did not end the other did, once; and one job was tried twice.
    ended = [job for job in story.all_jobs if job["JobState"] == "COMPLETED"]
    assert len(ended) == SUBMISSIONS
    assert len(story.rerun_jobs) <= SUBMISSIONS + 1
    # The main process itself took care of the targets' names alone.
    for run in (story.cancelled, story.rerun):
        assert set(re.findall(r"^localrule (\w+):", run.stdout, flags=re.MULTILINE)) <= set(TARGETS)
    assert all(job["BatchFlag"] == "1" for job in story.all_jobs)


def test_gpus_are_granted_to_the_rules_that_ask_for_one(story):
    for job in story.all_jobs:
        wants = rule_of(job) in GPU_RULES
        assert job["Partition"] == ("gpu" if wants else "cpu"), job
        assert job.get("TresPerJob", "") == ("gres:gpu:1" if wants else ""), job
        if job["JobId"] in story.visible_gpus:
            # One of the two, and the same in all processes of the job.
            assert story.visible_gpus[job["JobId"]] in ([{"0"}, {"1"}] if wants else [{""}]), job
    assert {job["JobId"] for job in story.all_jobs if job["JobState"] == "COMPLETED"} <= story.visible_gpus.keys()


def test_a_job_has_one_core_and_the_memory_of_its_rule(story):
    for job in story.all_jobs:
        assert job["NumCPUs"] == "1", job
        assert "mem=" in job["TRES"], job
        assert job["JobName"].startswith("deepspectra"), job


def test_jobs_of_a_group_take_turns(story):
    """Two laws, solved and drawn, are one submission: the time of all four jobs, memory and core of one."""
    job = next(job for job in story.all_jobs if rule_of(job) == LAWS)
    assert (minutes(job), memory(job), job["NumCPUs"]) == (2 * (30 + 15), 1000, "1")


def test_cancelled_jobs_end_the_run_with_an_error(story):
    assert story.cancelled.returncode != 0
    assert "CANCELLED" in story.cancelled.stdout
    assert "Traceback" not in story.cancelled.stdout
    states = {rule_of(job): job["JobState"] for job in story.first_jobs}
    assert states["train_network"] == "CANCELLED"


def test_a_job_over_its_time_limit_is_tried_again_with_more(story):
    jobs = [job for job in story.rerun_jobs if rule_of(job) == "train_network"]
    assert [job["JobState"] for job in jobs] == ["TIMEOUT", "COMPLETED"]
    assert jobs[0]["JobId"] == story.submitted["JobId"]
    assert minutes(jobs[1]) == 2 * minutes(story.submitted) > minutes(jobs[0]) == 1
    assert memory(jobs[1]) == 2 * memory(story.submitted)
    assert "SLURM status is: 'TIMEOUT'" in story.rerun.stdout
    # Not from its beginning.
    assert "going on from the checkpoint after epoch" in story.training_log


def minutes(job: dict[str, str]) -> int:
    hours, minutes, _ = job["TimeLimit"].split(":")
    return 60 * int(hours) + int(minutes)


def memory(job: dict[str, str]) -> int:
    number, unit = re.search(r"mem=(\d+)([MG])", job["TRES"]).groups()
    return int(number) * {"M": 1, "G": 1024}[unit]


def test_results_are_those_of_an_undisturbed_run_without_slurm(story):
    assert story.undisturbed.returncode == 0, story.undisturbed.stdout[-6000:]
    figures = {f"figures/{name}.pdf" for name in ("pennington2017/figure_2", "fan2020/figure_s5")}
    assert figures | {"networks/single_neuron.h5", "limits/two.png"} <= story.alone.keys()
    assert story.on_slurm == story.alone


@dataclass(frozen=True)
class Mistake:
    """What a user may have written in the place of an entry of the profile, and what is then said."""

    entry: str
    mistaken: str
    words: str


@pytest.mark.parametrize(
    "mistake",
    [
        Mistake("  cpu: {max_gpu: 0}", "  nowhere: {max_gpu: 0}", "invalid partition"),
        Mistake('slurm_account: ""', "slurm_account: theirs", "account theirs appears to be invalid"),
        Mistake("turn: 1\n# 5.", "turn: 1\n  slurm_extra: \"'--constraint=none'\"\n# 5.", "constraint"),
    ],
    ids=["partition", "account", "constraint"],
)
def test_a_group_that_slurm_refuses_says_why(cluster, tmp_path, mistake):
    """Snakemake itself says "message: None", or waits for ever."""
    project = copy_project(tmp_path / "project")
    profile = project.folder / "workflow/profiles/slurm/config.yaml"
    text = profile.read_text()
    assert text.count(mistake.entry) == 1
    profile.write_text(text.replace(mistake.entry, mistake.mistaken))
    # There is no accounting here to ask for accounts.
    accounts = tmp_path / "bin" / "sacctmgr"
    accounts.parent.mkdir()
    accounts.write_text("#!/bin/sh\necho ours\n")
    accounts.chmod(0o755)
    environment = cluster.environment | {"PATH": f"{accounts.parent}:{cluster.environment['PATH']}"}
    run = project.start(
        *(*SLURM, "--retries", "0", "--config", "scale=smoke", "--", "pennington2017_figure_3"), **environment
    )
    result = end_of(run)
    assert result.returncode == 1
    [told] = re.findall(r"^error: .*", result.stdout, flags=re.MULTILINE)
    assert told.startswith(f"error: group {LAST_STEPS}: ")
    assert mistake.words in told.lower(), told
    assert "message: None" in result.stdout
    assert not results(project)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux")
def test_what_jobs_left_ends_with_the_cluster_and_nothing_else(tmp_path):
    cluster = Cluster(tmp_path)
    conf, job = {"SLURM_CONF": str(tmp_path / "slurm.conf")}, {"SLURM_JOB_ID": "6"}
    environments = [conf | job, conf, job, {"SLURM_CONF": "/etc/slurm/slurm.conf"} | job]
    processes = [subprocess.Popen(["sleep", "60"], env={"PATH": os.environ["PATH"]} | more) for more in environments]
    try:
        cluster.stop()
        assert processes[0].wait(10) == -signal.SIGKILL
        assert [process.poll() for process in processes[1:]] == [None] * 3
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_network_of_ones_own_goes_through_slurm(cluster, tmp_path_factory):
    """Which random matrices there are is known once a job has listed the layers."""
    project = copy_project(tmp_path_factory.mktemp("own network"))
    matrices = np.random.default_rng(1).standard_normal((2, 40, 30))
    np.savez(project.folder / "mine.npz", **{"0.weight": matrices[0], "2.weight": matrices[1]})
    known = {job["JobId"] for job in cluster.jobs()}
    entry = ("--config", "scale=smoke", "my_networks={mine: {file: mine.npz, draws: 99}}", "--", "my_mine")
    result = end_of(project.start(*SLURM, *entry, **cluster.environment))
    assert result.returncode == 0, result.stdout[-6000:]
    assert (project.folder / "results/smoke/my_networks/mine/index.html").is_file()
    jobs = {rule_of(job): job for job in cluster.jobs() if job["JobId"] not in known}
    rules = {"list_layers", "draw_matrix_nulls", "null_vectors_draw_vector_nulls", "analyse_network"}
    assert jobs.keys() == rules | {"my_pages_draw_network"}
    assert all(job["JobState"] == "COMPLETED" and job["Partition"] == "cpu" for job in jobs.values())
