"""Jobs end with their run, and a lock tells whether its run is alive."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from deepspectra.runtime import watching as presence

LIBRARY = str(Path(presence.__file__).parent.parent)
#: A run that starts a job through a shell, as Snakemake does; the job says that it is there and then waits.
RUN = """
    import subprocess, sys, time
    from deepspectra.runtime import watching as presence
    presence.announce()
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
    environment = {name: value for name, value in os.environ.items() if name != presence.VARIABLE}
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


def test_where_processes_cannot_be_waited_for_they_are_looked_up(tmp_path):
    """As on macOS and on Linux of before 2019; the run is collected here: its entry would still be found."""
    job_code = JOB.replace("import os, sys", "import os; del os.pidfd_open; import sys")
    run = start(RUN, job_code.format(work="time.sleep(60)"), tmp_path)
    assert wait_for((tmp_path / "pid").exists)
    job = int((tmp_path / "pid").read_text())
    time.sleep(1.5)
    assert is_alive(job)
    run.kill()
    run.wait()
    assert wait_for(lambda: not is_alive(job), 10)
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


def test_a_job_that_starts_when_its_run_is_gone_ends_at_once(tmp_path, monkeypatch):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    monkeypatch.setenv(presence.VARIABLE, f"{gone.pid} {os.getsid(0)} {presence._machine()}")
    command = [sys.executable, "-c", JOB.format(work="time.sleep(60)"), str(tmp_path)]
    result = subprocess.run(command, env=os.environ | {"PYTHONPATH": LIBRARY}, timeout=20)
    assert result.returncode == 128 + signal.SIGTERM
    assert not (tmp_path / "pid").exists()


@pytest.mark.parametrize("who", ["another machine", "a batch system"])
def test_a_job_of_another_machine_or_of_a_batch_system_goes_on(tmp_path, who):
    """Its run's process number means nothing there, or is not its own session's."""
    with_session = ("session",) if who == "a batch system" else ()
    elsewhere = 'import os; os.environ[presence.VARIABLE] = f"{os.getpid()} {os.getsid(0)} elsewhere"'
    code = RUN if with_session else RUN.replace("presence.announce()", elsewhere)
    run = start(code, JOB.format(work="time.sleep(2)"), tmp_path, *with_session)
    assert wait_for((tmp_path / "pid").exists)
    job = int((tmp_path / "pid").read_text())
    run.kill()
    run.wait()
    time.sleep(1)
    assert is_alive(job)
    assert wait_for(lambda: not is_alive(job))
    run.communicate()


#: A run: it enters, writes a lock unless there is one, says what it was told, and ends at the end of its input,
#: removing all locks as Snakemake does.
SNAKEMAKE = """
    import shutil, sys
    from pathlib import Path
    from deepspectra.runtime import watching as presence
    folder = Path(sys.argv[1])
    print(repr(presence.enter(folder)), flush=True)
    if "lock" in sys.argv:
        (folder / "locks").mkdir(exist_ok=True)
        (folder / "locks" / "0.input.lock").write_text("a file")
    print("ready", flush=True)
    sys.stdin.read()
    shutil.rmtree(folder / "locks", ignore_errors=True)
"""


class Run:
    """A process that behaves as Snakemake does, with a lock or none."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [sys.executable, "-c", textwrap.dedent(SNAKEMAKE), str(folder), *options]
        self.process = subprocess.Popen(
            command,
            env=os.environ | {"PYTHONPATH": LIBRARY},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.told = self.process.stdout.readline()
        assert self.process.stdout.readline() == "ready\n"

    def end(self) -> str:
        """What it says on standard error."""
        return self.process.communicate("")[1]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def test_a_run_that_is_alone_is_told_nothing_and_leaves_nothing(tmp_path):
    run = Run(tmp_path, "lock")
    assert run.told == "''\n"
    assert run.end() == ""
    assert not (tmp_path / "locks").exists()


def test_a_lock_of_a_run_that_was_killed_is_told_with_what_to_type(tmp_path):
    killed = Run(tmp_path, "lock")
    killed.kill()
    after = Run(tmp_path)
    for words in (f"process {killed.process.pid} on {platform.node()}", "snakemake --unlock", "same command again"):
        assert words in after.told
    # Nothing is unlocked without being asked for.
    assert (tmp_path / "locks" / "0.input.lock").exists()
    after.kill()


def test_a_dry_run_is_told_the_same_and_leaves_the_folder_as_it_is(tmp_path):
    assert presence.look(tmp_path / "nothing") == ""
    first = Run(tmp_path, "lock")
    known = (tmp_path / "run").read_text()
    assert f"another run is alive in this folder (process {first.process.pid} on" in presence.look(tmp_path)
    first.kill()
    told = presence.look(tmp_path)
    assert "snakemake --unlock" in told
    assert "alive" not in told
    assert (tmp_path / "run").read_text() == known
    assert sorted(path.name for path in tmp_path.iterdir()) == ["locks", "run"]
    # Nobody is told of a dry run, and it is in nobody's way.
    after = Run(tmp_path)
    assert after.told == repr(told) + "\n"
    after.end()
    assert presence.look(tmp_path) == ""


def test_the_lock_of_a_run_that_is_alive_is_put_back(tmp_path):
    """By a second one that ends, or is started to unlock; the message does not tell to do that."""
    first = Run(tmp_path, "lock")
    second = Run(tmp_path)
    assert f"another run is alive in this folder (process {first.process.pid} on" in second.told
    assert "was put back" in second.end()
    assert (tmp_path / "locks" / "0.input.lock").read_text() == "a file"
    first.end()
    assert not (tmp_path / "locks").exists()


def test_a_lock_is_not_put_back_for_a_run_that_has_ended(tmp_path):
    first = Run(tmp_path, "lock")
    second = Run(tmp_path)
    first.end()
    assert second.end() == ""
    assert not (tmp_path / "locks").exists()


def test_a_folder_that_cannot_be_held_is_no_trouble(tmp_path):
    (tmp_path / "file").touch()
    assert presence.enter(tmp_path / "file") == ""


def test_a_third_run_is_told_of_the_second_when_the_first_has_ended(tmp_path):
    """The first took all locks away, as Snakemake does, those of the second too."""
    first = Run(tmp_path, "lock")
    second = Run(tmp_path)
    first.end()
    third = Run(tmp_path)
    assert "another run is alive in this folder" in third.told
    assert f"process {second.process.pid} on" in third.told
    assert "took its lock away" in third.told
    third.end()
    second.end()
    assert Run(tmp_path).told == "''\n"


def test_a_lock_of_another_machine_is_not_said_to_be_of_a_run_that_has_ended(tmp_path):
    """Its file system's locks may be its own alone."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "0.input.lock").write_text("a file")
    (tmp_path / "run").write_text("process 17 on elsewhere\n")
    run = Run(tmp_path)
    assert "process 17 on elsewhere, which this machine cannot see" in run.told
    assert "has ended" not in run.told
    run.kill()


def test_a_batch_system_s_job_that_starts_when_the_run_is_gone_goes_on(tmp_path):
    """On the machine of the run, in a session of its own."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    variable = {presence.VARIABLE: f"{gone.pid} {os.getsid(0)} {presence._machine()}"}
    command = [sys.executable, "-c", JOB.format(work="time.sleep(0.5)"), str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": LIBRARY} | variable
    assert subprocess.run(command, env=environment, start_new_session=True, timeout=20).returncode == 0
    assert (tmp_path / "pid").exists()


def test_parts_of_ended_processes_of_this_machine_are_removed_and_nothing_else(tmp_path):
    gone, uncollected = (subprocess.Popen([sys.executable, "-c", ""]) for _ in range(2))
    gone.wait()
    # Ended, and its parent does not ask: still in the list of processes.
    os.waitid(os.P_PID, uncollected.pid, os.WEXITED | os.WNOWAIT)
    mark = presence.part_mark().partition("-")[0]
    (tmp_path / f".z.h5.{mark}-{uncollected.pid}.abc.part").touch()
    left = [
        *(f".x.h5.{mark}-{gone.pid}.abc.part", f".y.h5.{presence.part_mark()}.abc.part"),
        *(f".x.h5.00000000-{gone.pid}.abc.part", "x.h5", ".hidden", "b.part"),
    ]
    for name in left:
        (tmp_path / name).touch()
    presence.remove_parts(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(left[1:])
    presence.remove_parts(tmp_path / "absent")
    uncollected.wait()
