"""A refusal of the plan is one message; other errors of a rule's functions keep what Snakemake says of them."""

from __future__ import annotations

import inspect

import pytest
from snakemake.exceptions import InputFunctionException

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.refusals import tell_refusals


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
