"""A refusal of the plan is one message, and a misspelt target has advice; other errors keep Snakemake's words."""

from __future__ import annotations

import inspect

import pytest
from snakemake.exceptions import InputFunctionException, MissingRuleException

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.refusals import suggest_targets, tell_refusals


class WorkflowError(Exception):
    """As much of Snakemake's classes as is used."""

    def __init__(self, message, rule=None):
        super().__init__(f"{message} ({rule})")


@pytest.fixture
def kind():
    def plain(self, msg, wildcards=None, rule=None):
        WorkflowError.__init__(self, f"{msg}, {wildcards}\nTraceback:", rule=rule)

    kind = type("InputFunctionException", (WorkflowError,), {"__init__": plain})
    tell_refusals(kind)
    # Once is enough, however often a Snakefile is read.
    tell_refusals(kind)
    return kind


def test_a_refusal_is_its_message_and_a_bug_keeps_its_traceback(kind):
    assert str(kind(UserError("no such law"), wildcards="law=x", rule="solve")) == "error: no such law (solve)"
    assert str(kind(KeyError("law"), wildcards="law=x", rule="solve")) == "'law', law=x\nTraceback: (solve)"
    assert str(kind("no text", wildcards="law=x", rule="solve")) == "no text, law=x\nTraceback: (solve)"


def test_snakemake_s_class_is_still_as_this_takes_it_to_be():
    """When it adds no traceback, this module can go."""
    assert "format_traceback(" in inspect.getsource(InputFunctionException)
    assert list(inspect.signature(InputFunctionException).parameters)[:2] == ["msg", "wildcards"]


@pytest.fixture
def missing():
    def plain(self, file, lineno=None):
        WorkflowError.__init__(self, f"No rule to produce {file}", rule=lineno)

    kind = type("MissingRuleException", (WorkflowError,), {"__init__": plain})
    known = iter([["fan2020", "fan2020_figure_2", "results/preview/figures/fan2020/figure_2.pdf"]] * 9)
    suggest_targets(kind, lambda name: next(known))
    suggest_targets(kind, lambda name: [])
    return kind


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("fan2020_figure_22", " Did you mean fan2020_figure_2?"),
        ("results/preview/figures/fan2020/figure2.pdf", " Did you mean results/preview/figures/fan2020/figure_2.pdf?"),
        ("something else", ""),
    ],
)
def test_a_misspelt_target_is_told_the_nearest(missing, name, advice):
    told = str(missing(name))
    assert told.startswith(f"error: no rule makes {name}.{advice} `uv run deepspectra targets`")


def test_files_that_need_no_rule_stay_with_snakemake(missing, tmp_path):
    (tmp_path / "fan2020_figure_22").touch()
    file = tmp_path / "fan2020_figure_22"
    assert str(missing(file, lineno=3)) == f"No rule to produce {file} (3)"


def test_snakemake_s_missing_rule_is_still_as_this_takes_it_to_be():
    """When it names the nearest target by itself, this can go."""
    assert list(inspect.signature(MissingRuleException).parameters) == ["file", "lineno", "snakefile"]
    assert "Did you mean" not in inspect.getsource(MissingRuleException)
