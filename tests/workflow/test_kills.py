"""Killed, interrupted and out of disk: the same command again makes what an undisturbed run makes, to the byte.

Many more rounds by hand: uv run python -m tests.workflow.disturbances --rounds 50
"""

from __future__ import annotations

import pytest

from .conftest import Project
from .disturbances import KINDS, can_mount, errors_told, forget, play, prepare, undisturbed

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


SCRIPT = '  File "/a/.snakemake/scripts/tmp1.draw_figure.py", line 9, in <module>'
LIBRARY = '  File "/a/workflow/lib/deepspectra/runtime/store.py", line 11, in write'


@pytest.mark.parametrize(
    ("kind", "output", "log", "faults"),
    [
        (
            "interrupted",
            f"Traceback:\n{SCRIPT}\n{LIBRARY}\nKeyboardInterrupt",
            "ERROR deepspectra.runtime.job: interrupted",
            0,
        ),
        ("interrupted", "", "ERROR deepspectra.runtime.job: interrupted\nTraceback:\nSystemError: x", 1),
        ("interrupted", "", "ERROR deepspectra.runtime.job: the job failed\nTraceback", 1),
        ("interrupted", "Command 'python x.py' died with <Signals.SIGSEGV: 11>.", "", 1),
        ("interrupted", "Fatal Python error: init_import_site: Failed to import the site module", "", 0),
        ("interrupted", "Fatal Python error: Segmentation fault", "", 1),
        ("interrupted", "error: a.h5 is not a whole HDF5 file", "", 1),
        ("terminated", f"Traceback:\n{SCRIPT}\nValueError", "", 1),
        ("terminated", f"training: 20%|##Traceback:\n{LIBRARY}\nzlib.error: x", "", 1),
        ("terminated", "", "ERROR deepspectra.runtime.job: cancelled", 0),
        ("job killed", 'File "/home/deepspectra/.venv/lib/snakemake/x.py", line 1, in x', "", 0),
        ("disk full", "error: no space left", "ERROR deepspectra.runtime.job: no space left", 0),
    ],
)
def test_errors_are_told_from_disturbances(tmp_path, kind, output, log, faults):
    logs = tmp_path / "results" / "smoke" / "logs" / "draw_figure"
    logs.mkdir(parents=True)
    (logs / "figure_1.log").write_text(log)
    assert len(errors_told(Project(tmp_path), kind, output)) == faults
