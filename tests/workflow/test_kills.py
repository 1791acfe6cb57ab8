"""Killed, interrupted and out of disk: the same command again makes what an undisturbed run makes, to the byte.

Many more rounds by hand: uv run python -m tests.workflow.disturbances --rounds 50
"""

from __future__ import annotations

import pytest

from .disturbances import KINDS, can_mount, forget, play, prepare, project_tracebacks, undisturbed

CASE = "mixture"


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory):
    """A project, and what it makes if nothing happens."""
    project = prepare(tmp_path_factory.mktemp("a project"))
    yield project, undisturbed(project, CASE)
    forget(project)


@pytest.mark.parametrize("kind", KINDS)
def test_a_disturbed_run_is_finished_by_the_same_command(disturbed, kind, request):
    if kind == "disk full" and not can_mount():
        pytest.skip("a small disk can be made by the superuser alone")
    # One seed for each kind, that can be played again by hand.
    outcome = play(disturbed[0], list(KINDS).index(kind), kind, CASE, disturbed[1])
    print(outcome)
    assert not outcome.faults, str(outcome)


HEAD, FRAME = "Traceback (most recent call last):", '  File "workflow/lib/deepspectra/store.py", line 11, in <module>'
OTHER = '  File "site-packages/torch/__init__.py", line 2821, in <module>'
STOP, FAULT = "KeyboardInterrupt", "ValueError: no such array"


@pytest.mark.parametrize(
    ("lines", "faults"),
    [
        ([HEAD, FRAME, STOP], 0),
        ([HEAD, FRAME, FAULT], 1),
        ([HEAD, OTHER, FAULT], 0),
        # Two jobs at once, and a word of Snakemake's between them.
        ([HEAD, HEAD, FRAME, OTHER, "    import torch", "Terminating processes on user request", STOP, OTHER, STOP], 0),
        ([HEAD, HEAD, FRAME, OTHER, STOP, "RuleException:", "CalledProcessError in file x:", OTHER, FAULT], 1),
        ([HEAD, HEAD, FRAME, FAULT, STOP], 1),
        ([HEAD, FRAME, STOP, "", HEAD, FRAME, FAULT, "", HEAD, OTHER, STOP], 1),
        ([HEAD, FRAME], 1),
    ],
)
def test_an_interruption_while_jobs_import_is_told_from_a_fault(lines, faults):
    assert len(project_tracebacks("\n".join(lines))) == faults
