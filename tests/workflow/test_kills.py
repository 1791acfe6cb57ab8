"""Killed, interrupted or out of disk: the same command then makes what an undisturbed run makes, to the byte.

Many more rounds by hand: uv run python -m tests.workflow.disturbances --rounds 50
"""

from __future__ import annotations

import pytest

from .disturbances import KINDS, can_mount, forget, play, prepare, undisturbed

CASE = "mixture"


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory):
    """A project, and what it makes if nothing happens."""
    project = prepare(tmp_path_factory.mktemp("a project"))
    yield project, undisturbed(project, CASE)
    forget(project)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_command_finishes_a_disturbed_run(disturbed, kind):
    if kind == "disk full" and not can_mount():
        pytest.skip("only the superuser can make a small disk")
    # One seed for each kind; the same round can be played by hand.
    outcome = play(disturbed[0], list(KINDS).index(kind), kind, CASE, disturbed[1])
    print(outcome)
    assert not outcome.faults, str(outcome)
