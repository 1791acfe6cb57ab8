"""Groups that fail say why. On a real Slurm: ``tests/slurm``."""

from __future__ import annotations

import inspect

import pytest
from snakemake.jobs import GroupJob

from deepspectra.runtime.group_jobs import tell_reasons


class Group:
    """As much of Snakemake's class as is used."""

    name = "last_steps_draw_figure"

    def __init__(self) -> None:
        self.logged = []

    def log_error(self, msg=None, aux_logs=None, **kwargs):
        self.logged.append((msg, aux_logs, kwargs))


@pytest.fixture
def group():
    kind = type("GroupJob", (Group,), {"log_error": Group.log_error})
    tell_reasons(kind)
    # Once is enough, however often a Snakefile is read.
    tell_reasons(kind)
    return kind()


def test_the_reason_is_printed_once_beside_snakemake_s_own_words(group, capsys):
    group.log_error("SLURM sbatch failed. The error message was 'no'.\n    sbatch call:\n        sbatch -p x", a=1)
    assert group.logged == [
        ("SLURM sbatch failed. The error message was 'no'.\n    sbatch call:\n        sbatch -p x", None, {"a": 1})
    ]
    assert capsys.readouterr().err == (
        "\nerror: group last_steps_draw_figure: SLURM sbatch failed. The error message was 'no'.\n\n"
    )


def test_a_reason_of_several_lines_is_one_and_ends_where_logs_are_named(group, capsys):
    group.log_error("No such account. Available:\noursFor further error details see the cluster/cloud log and so on.")
    assert capsys.readouterr().err == "\nerror: group last_steps_draw_figure: No such account. Available: ours\n\n"


def test_without_a_reason_nothing_is_added(group, capsys):
    group.log_error()
    assert group.logged == [(None, None, {})]
    assert capsys.readouterr().err == ""


def test_a_group_has_the_name_of_a_rule(group):
    assert group.rule.name == group.name


def test_snakemake_s_class_is_still_as_this_takes_it_to_be():
    """When it has a rule, or prints reasons, this module can go."""
    assert not hasattr(GroupJob, "rule")
    assert list(inspect.signature(GroupJob.log_error).parameters) == ["self", "msg", "aux_logs", "kwargs"]
    assert "msg" not in inspect.getsource(GroupJob.log_error).partition("):")[2]
    assert isinstance(GroupJob.name, property)
