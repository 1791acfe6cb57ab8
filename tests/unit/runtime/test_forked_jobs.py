"""Scripts in forks: they are told and tell what scripts of their own process do. Whole runs: ``tests/workflow``."""

from __future__ import annotations

import inspect
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest
from snakemake.benchmark import BenchmarkRecord
from snakemake.script import PythonScript, ScriptBase

from deepspectra.runtime.forked_jobs import VARIABLE, fork_scripts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere jobs start by themselves")


class Script:
    """As much of Snakemake's class as is used."""

    def __init__(self, **given) -> None:
        self.conda_env = self.container_img = self.env_modules = self.shadow_dir = self.bench_record = None
        self.threads, self.resources = 1, {}
        self.__dict__ |= given

    def execute_script(self, fname, edit=False):
        type(self).plain.append(fname)


@pytest.fixture(scope="module")
def kind(tmp_path_factory):
    """The patched class, once its process forks; it starts beside a file that is called like a module of Python's."""
    (tmp_path_factory.mktemp("rival") / "random.py").write_text("raise RuntimeError", encoding="utf-8")
    (tmp_path_factory.mktemp("library") / "own_library.py").touch()
    kind = type("PythonScript", (Script,), {"execute_script": Script.execute_script, "plain": []})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, "1")
        fork_scripts(kind)
        # Once is enough, however often a Snakefile is read.
        fork_scripts(kind)
        patch.chdir(tmp_path_factory.getbasetemp() / "rival0")
        patch.setenv("PYTHONPATH", str(tmp_path_factory.getbasetemp() / "library0"))
        kind().execute_script("before it is ready")
    assert kind.plain == ["before it is ready"]
    ended = time.monotonic() + 120
    while not kind.forked.is_ready():
        assert time.monotonic() < ended
        time.sleep(0.05)
    return kind


@pytest.fixture
def run(kind, tmp_path):
    """Run a script in a fork, with Snakemake's attributes as they are or as given."""

    def run(code, **given):
        path = tmp_path / "a script.py"
        path.write_text(code, encoding="utf-8")
        plain = list(kind.plain)
        kind(**given).execute_script(str(path))
        assert kind.plain == plain, "it was not forked"

    return run


def test_a_script_finds_what_python_gives_it(run, tmp_path, monkeypatch):
    (tmp_path / "neighbour.py").write_text("word = 'beside'", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    run(
        """
import os, sys, tempfile, neighbour, own_library
names = [name for name in sys.modules if name.startswith("deepspectra.") and "runtime" not in name]
told = [__name__, sys.argv, os.getcwd(), neighbour.word, tempfile.gettempdir(), os.environ["OMP_NUM_THREADS"], names]
told.append(open("/proc/self/comm").read())
open("told", "w").write(repr(told))
""",
        resources={"tmpdir": str(tmp_path)},
    )
    script = str(tmp_path / "a script.py")
    told = ["__main__", [script], str(tmp_path), "beside", str(tmp_path), "1", [], "a script\n"]
    assert (tmp_path / "told").read_text() == repr(told)


def test_packages_are_there_before_the_script_begins(run, tmp_path):
    out = tmp_path / "told"
    run(f"import sys; open({str(out)!r}, 'w').write(str({{'torch', 'pandas', 'scipy.stats'}} <= sys.modules.keys()))")
    assert out.read_text() == "True"


def test_scripts_share_no_unseeded_numbers(run, tmp_path):
    drawn = set()
    for place in range(2):
        out = tmp_path / str(place)
        run(f"import numpy, random; open({str(out)!r}, 'w').write(f'{{numpy.random.rand()}} {{random.random()}}')")
        drawn |= set(out.read_text().split())
    assert len(drawn) == 4


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("raise SystemExit(3)", 3),
        ("raise SystemExit('no')", 1),
        ("raise ValueError('a bug')", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("import os, signal; os.kill(os.getppid(), signal.SIGKILL)", -signal.SIGKILL),
        ("not Python", 1),
    ],
)
def test_a_failure_is_one_of_the_command(run, code, status):
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run(code)
    assert caught.value.returncode == status
    assert "a script.py" in caught.value.cmd
    # The next one is not concerned.
    run("pass")


@pytest.mark.parametrize("end", ["raise SystemExit(0)", "raise SystemExit", "pass"])
def test_a_success_is_none(run, end):
    run(end)


def test_what_is_registered_for_the_end_is_done(run, tmp_path):
    out = tmp_path / "told"
    run(f"import atexit; atexit.register(lambda: open({str(out)!r}, 'w').write('done'))")
    assert out.read_text() == "done"


def test_a_benchmark_is_what_the_job_used(run):
    record = BenchmarkRecord()
    run("import numpy, time; a = numpy.ones(50_000_000); time.sleep(1)", bench_record=record)
    assert 1 < record.running_time < 120
    assert record.max_rss > 382  # MB of the array
    assert 0.05 < record.cpu_time < record.running_time - 0.9
    # It has all that Snakemake writes; what it never measured is a dash.
    told = dict(zip(record.get_header(), record.to_tsv(False).split("\t"), strict=True))
    assert float(told["mean_load"]) == pytest.approx(100 * record.cpu_time / record.running_time, abs=0.01)
    assert told["max_uss"] == "-"


@pytest.mark.parametrize(
    "special",
    [
        {"conda_env": "envs/workflow"},
        {"container_img": "image"},
        {"env_modules": "module"},
        {"shadow_dir": "folder"},
        {"threads": 2},
        {"resources": {"shell_exec": "zsh"}},
    ],
    ids=lambda special: next(iter(special)),
)
def test_what_needs_more_starts_as_ever(kind, special):
    kind(**special).execute_script(str(special))
    assert kind.plain[-1] == str(special)


def test_the_user_can_turn_it_off(monkeypatch):
    monkeypatch.setenv(VARIABLE, "0")
    kind = type("PythonScript", (Script,), {"execute_script": Script.execute_script})
    fork_scripts(kind)
    assert kind.execute_script is Script.execute_script


def test_a_job_that_the_killed_process_never_took_starts_by_itself(monkeypatch):
    monkeypatch.setenv(VARIABLE, "1")
    kind = type("PythonScript", (Script,), {"execute_script": Script.execute_script, "plain": []})
    fork_scripts(kind)
    known = set(psutil.Process().children())
    kind.forked.is_ready()
    (server,) = set(psutil.Process().children()) - known
    while not kind.forked.is_ready():
        time.sleep(0.05)
    # It takes no call from here on.
    server.suspend()
    jobs = [threading.Thread(target=kind().execute_script, args=(name,)) for name in ("one", "two")]
    for job in jobs:
        job.start()
    time.sleep(0.5)
    assert kind.plain == []
    server.kill()
    for job in jobs:
        job.join(60)
    assert sorted(kind.plain) == ["one", "two"]
    # And so do those that come later.
    kind().execute_script("three")
    assert kind.plain[2:] == ["three"]


@pytest.mark.parametrize("waits", [False, True], ids=["before it is ready", "ready, which nobody has read"])
def test_a_run_that_ends_early_leaves_no_message(waits):
    code = f"""
import select
from deepspectra.runtime.forked_jobs import fork_scripts
from {__name__} import Script
fork_scripts(Script)
Script.forked.is_ready()
if {waits}:
    select.select([Script.forked._connection], [], [], 120)
"""
    environment = os.environ | {VARIABLE: "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    # The pipe of errors closes when the last of both processes has ended.
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert result.stderr == ""


def test_the_process_that_forks_ends_with_the_one_that_started_it():
    code = f"""
import sys, psutil
from deepspectra.runtime.forked_jobs import fork_scripts
from {__name__} import Script
fork_scripts(Script)
Script.forked.is_ready()
print(*[child.pid for child in psutil.Process().children()])
"""
    environment = os.environ | {VARIABLE: "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    (number,) = map(int, result.stdout.split())
    ended = time.monotonic() + 120
    while psutil.pid_exists(number) and psutil.Process(number).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < ended
        time.sleep(0.05)


def test_snakemake_s_class_is_still_as_this_takes_it_to_be():
    assert list(inspect.signature(PythonScript.execute_script).parameters) == ["self", "fname", "edit"]
    taken = {"conda_env", "container_img", "env_modules", "shadow_dir", "threads", "resources", "bench_record"}
    assert taken <= inspect.signature(ScriptBase.__init__).parameters.keys()
    # Without those, all that it does with a script is to call Python with it.
    assert "{py_exec} {fname:q}" in inspect.getsource(PythonScript.execute_script)


def test_a_run_that_ends_before_the_imports_leaves_no_traceback():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        program = f"from deepspectra.runtime.forked_jobs import serve; serve({number})"
        process = subprocess.Popen([sys.executable, "-c", program], pass_fds=[number], stderr=subprocess.PIPE)
    ours.close()
    assert process.communicate(timeout=120) == (None, b"")
    assert process.returncode == 0
