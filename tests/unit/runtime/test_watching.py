"""Jobs end with their run, and unfinished files of dead processes are removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from deepspectra.runtime import watching

LIBRARY = str(Path(watching.__file__).parents[2])
#: A run that starts a job through a shell, as Snakemake does; the job says that it is there and then waits.
RUN = """
    import subprocess, sys, time
    from deepspectra.runtime import watching
    watching.announce()
    subprocess.Popen(f"set -e; {sys.executable} -c '{sys.argv[1]}' {sys.argv[2]}", shell=True, executable="/bin/bash",
                     start_new_session=len(sys.argv) > 3)
    time.sleep(60)
"""
JOB = """
import os, sys, time
from pathlib import Path
from deepspectra.runtime.job import job
folder = Path(sys.argv[1])
with job(folder / "log"):
    (folder / "pid.new").write_text(str(os.getpid()))
    (folder / "pid.new").rename(folder / "pid")
    try:
        {work}
    finally:
        (folder / "cleaned").touch()
"""


def start(code: str, *arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    environment = {name: value for name, value in os.environ.items() if name != watching.VARIABLE}
    return subprocess.Popen(command, env=environment | {"PYTHONPATH": LIBRARY}, stdout=subprocess.PIPE, text=True)


def wait_for(condition, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_alive(process: int) -> bool:
    """Whether a process that may be nobody's child runs."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc")


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_job_ends_with_its_run_and_cleans_up(tmp_path, end):
    run = start(RUN, JOB.format(work="time.sleep(60)"), tmp_path)
    assert wait_for((tmp_path / "pid").exists)
    job = int((tmp_path / "pid").read_text())
    time.sleep(0.2)
    assert is_alive(job)
    run.send_signal(end)
    assert wait_for(lambda: not is_alive(job), 5)
    assert (tmp_path / "cleaned").exists()
    run.communicate()


def test_a_job_that_does_not_come_back_to_python_ends_too(tmp_path):
    """A long call of a library is not waited for."""
    work = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]); time.sleep(60)"
    run = start(RUN, JOB.format(work=work), tmp_path)
    assert wait_for((tmp_path / "pid").exists)
    job = int((tmp_path / "pid").read_text())
    time.sleep(0.2)
    run.kill()
    assert wait_for(lambda: not is_alive(job), 10)
    assert not (tmp_path / "cleaned").exists()
    run.communicate()


def test_a_job_that_starts_when_its_run_is_gone_ends_soon(tmp_path, monkeypatch):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    monkeypatch.setenv(watching.VARIABLE, f"{gone.pid} {os.getsid(0)} {watching._MACHINE}")
    command = [sys.executable, "-c", JOB.format(work="time.sleep(60)"), str(tmp_path)]
    result = subprocess.run(command, env=os.environ | {"PYTHONPATH": LIBRARY}, timeout=10)
    assert result.returncode == 128 + signal.SIGTERM
    assert (tmp_path / "cleaned").exists() or not (tmp_path / "pid").exists()


@pytest.mark.parametrize("who", ["another machine", "a batch system"])
def test_a_job_of_another_machine_or_of_a_batch_system_goes_on(tmp_path, who):
    """Its run's process number means nothing there, or is not its own session's."""
    with_session = ("session",) if who == "a batch system" else ()
    elsewhere = 'import os; os.environ[watching.VARIABLE] = f"{os.getpid()} {os.getsid(0)} elsewhere"'
    code = RUN if with_session else RUN.replace("watching.announce()", elsewhere)
    run = start(code, JOB.format(work="time.sleep(2)"), tmp_path, *with_session)
    assert wait_for((tmp_path / "pid").exists)
    job = int((tmp_path / "pid").read_text())
    run.kill()
    run.wait()
    time.sleep(1)
    assert is_alive(job)
    assert wait_for(lambda: not is_alive(job))
    run.communicate()


def test_a_batch_system_s_job_that_starts_when_the_run_is_gone_goes_on(tmp_path):
    """On the machine of the run, in a session of its own."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    variable = {watching.VARIABLE: f"{gone.pid} {os.getsid(0)} {watching._MACHINE}"}
    command = [sys.executable, "-c", JOB.format(work="time.sleep(0.5)"), str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": LIBRARY} | variable
    assert subprocess.run(command, env=environment, start_new_session=True, timeout=20).returncode == 0
    assert (tmp_path / "pid").exists()


def test_parts_of_dead_processes_of_this_machine_are_removed_and_nothing_else(tmp_path):
    gone, zombie = (subprocess.Popen([sys.executable, "-c", ""]) for _ in range(2))
    gone.wait()
    # Dead, but its parent has not collected it: still in the list of processes.
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    ours, theirs = watching._MACHINE, "00000000"
    kept = [watching.part_name("y.h5"), f".x.h5.{theirs}-{gone.pid}.abc.part", "x.h5", ".hidden", "b.part"]
    removed = [f".x.h5.{ours}-{gone.pid}.abc.part", f".z.h5.{ours}-{zombie.pid}.abc.part"]
    for name in [*kept, *removed]:
        (tmp_path / name).touch()
    watching.remove_parts(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(kept)
    watching.remove_parts(tmp_path / "absent")
    zombie.wait()
