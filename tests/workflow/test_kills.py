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


HEAD, STOP, FAULT = "Traceback (most recent call last):", "KeyboardInterrupt", "ValueError: no such array"
FRAME = '  File "/a/workflow/lib/deepspectra/store.py", line 11, in <module>'
AT_WORK = '  File "/a/workflow/lib/deepspectra/training.py", line 11, in train'
OTHER = '  File "/a/site-packages/torch/__init__.py", line 2821, in find'


@pytest.mark.parametrize(
    ("lines", "faults"),
    [
        ([HEAD, FRAME, OTHER, STOP], 0),
        ([HEAD, FRAME, OTHER, "    import x", f"{STOP}: "], 0),
        ([HEAD, FRAME, FAULT], 1),
        ([HEAD, FRAME, "zlib.error: x", "", HEAD, OTHER, STOP], 1),
        ([HEAD, FRAME, AT_WORK, STOP], 1),
        ([HEAD, OTHER, FAULT], 0),
        ([f"training:  20%|##{HEAD}", FRAME, FAULT], 1),
        # Two jobs at once, and a word of Snakemake's between them.
        ([HEAD, HEAD, FRAME, OTHER, "    import torch", "Terminating processes on user request", STOP, OTHER, STOP], 0),
        ([HEAD, HEAD, FRAME, OTHER, STOP, "RuleException:", "CalledProcessError in file x:", OTHER, FAULT], 1),
        ([HEAD, HEAD, FRAME, FAULT, STOP], 1),
        ([HEAD, HEAD, FRAME, "zipfile.BadZipFile: x", STOP], 1),
        # What ended before is not held against what comes after.
        ([HEAD, OTHER, "subprocess.TimeoutExpired: x", "", HEAD, FRAME, STOP], 0),
        ([HEAD, FRAME, STOP, "", HEAD, FRAME, FAULT, "", HEAD, OTHER, STOP], 1),
        ([HEAD, FRAME], 1),
        (["Fatal Python error: Segmentation fault"], 1),
        (["Command 'python x.py' died with <Signals.SIGSEGV: 11>."], 1),
        (["error: no space left", "RuleException:", "CalledProcessError in file x:"], 0),
    ],
)
def test_an_interruption_while_jobs_import_is_told_from_a_fault(lines, faults):
    assert len(project_tracebacks("\n".join(lines))) == faults
