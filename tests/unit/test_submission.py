"""Why Slurm takes no jobs, told by a program that stands in for sbatch; ``tests/slurm`` asks the real one."""

from __future__ import annotations

import pytest

from deepspectra import submission

PROFILE = """
partitions:
  small: {max_gpu: 0, max_runtime: 60}
  plain:
  gpus: {max_gpu: 4}
default-resources:
  slurm_account: "ours"
"""


@pytest.fixture
def profile(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    path = tmp_path / "config.yaml"
    path.write_text(PROFILE)
    return path


def sbatch(profile, script):
    program = profile.parent / "bin" / "sbatch"
    program.write_text(f"#!/bin/sh\necho \"$@\" >> '{profile.parent}/calls'\n{script}\n")
    program.chmod(0o755)


def test_every_partition_is_asked_about_a_job_of_its_kind(profile):
    sbatch(profile, "exit 0")
    assert submission.refusals(profile) == []
    calls = (profile.parent / "calls").read_text().splitlines()
    assert all(call.startswith("--test-only ") and "--account=ours" in call for call in calls)
    asked = [[word for word in call.split() if word.startswith(("--part", "--gpus"))] for call in calls]
    assert asked == [["--partition=small"], ["--partition=plain"], ["--partition=gpus", "--gpus=1"]]


def test_without_gpus_their_partitions_are_left_out(profile):
    sbatch(profile, "exit 1")
    assert [words.split()[6] for words in submission.refusals(profile, gpu=False)] == ["small", "plain"]


def test_the_words_of_sbatch_are_told(profile):
    sbatch(profile, 'case "$*" in *plain*) echo "sbatch: error: Invalid account" >&2; exit 1;; esac')
    assert submission.refusals(profile) == [
        f"Slurm takes no job for partition plain of {profile} (error: Invalid account). `sinfo` lists partitions."
    ]


def test_no_sbatch_and_none_that_answers_are_said_once(profile, monkeypatch):
    [words] = submission.refusals(profile)
    assert "sbatch is not found here: start Snakemake where jobs are submitted" in words
    sbatch(profile, "while :; do :; done")
    monkeypatch.setattr(submission, "_PATIENCE_SECONDS", 0.2)
    [words] = submission.refusals(profile)
    assert "sbatch does not answer within 0.2 seconds" in words
