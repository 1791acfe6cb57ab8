"""What surrounds a job: its log, its errors as a user and as a developer sees them, its device and its progress bar."""

from __future__ import annotations

import errno
import io
import logging
import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
import torch

from deepspectra.runtime import job as job_module
from deepspectra.runtime import progress
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.job import choose_device, job
from deepspectra.runtime.progress import ProgressBar


@pytest.fixture(autouse=True)
def _own_logging(monkeypatch):
    """The log's handlers and torch's threads are those of the whole process: put back what was there."""
    root, threads = logging.getLogger(), torch.get_num_threads()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level = handlers, level
    torch.set_num_threads(threads)


def test_the_log_holds_the_records_of_this_run_only(tmp_path):
    log = tmp_path / "new" / "folder" / "job.log"
    with job(log):
        logging.getLogger("deepspectra.one").info("first run")
    with job(log):
        logging.getLogger("deepspectra.two").info("second run: ε = %.1f", 0.5)
        logging.getLogger("deepspectra.two").debug("too fine")
    first, told, took = log.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"INFO deepspectra.runtime.job: start-up took \d+\.\d\d s of processor time", first)
    assert told == "INFO deepspectra.two: second run: ε = 0.5"
    # What the process has used so far: `deepspectra cost` learns from it.
    seconds, memory = map(float, re.findall(r"took ([0-9.]+) s of processor time and at most ([0-9]+) MB", took)[0])
    assert seconds == pytest.approx(time.process_time(), abs=1)
    # The most that it ever had, in a process that has run other tests.
    assert memory >= 0.9 * psutil.Process().memory_info().rss / 1e6


def test_torch_gets_the_job_s_threads(tmp_path):
    for threads in (2, 1):
        with job(tmp_path / "log", threads):
            assert torch.get_num_threads() == threads


def test_both_of_torch_s_pools_get_the_job_s_threads(tmp_path):
    """In a process of its own, since the second can be told only once; a later job in the same process goes on."""
    code = """
        import sys
        import torch
        from deepspectra.runtime.job import job
        for threads in (3, 2):
            with job(sys.argv[1], threads):
                print(torch.get_num_threads(), torch.get_num_interop_threads())
    """
    assert run_script(code, tmp_path / "log").stdout == "3 3\n2 3\n"


def test_torch_is_not_imported_for_its_threads(tmp_path):
    """Jobs without torch start seconds earlier."""
    code = """
        import sys
        from deepspectra.runtime.job import job
        with job(sys.argv[1], threads=2):
            print("torch" in sys.modules)
    """
    assert run_script(code, tmp_path / "log").stdout == "False\n"


def test_python_s_last_collection_has_nothing_to_look_through(tmp_path):
    """It takes half a second where torch has been imported; what is registered first is done last."""
    code = """
        import atexit, gc, sys
        atexit.register(lambda: print(gc.get_freeze_count() > 1000))
        from deepspectra.runtime.job import job
        with job(sys.argv[1]):
            print(gc.get_freeze_count())
    """
    assert run_script(code, tmp_path / "log").stdout == "0\nTrue\n"


def test_a_user_error_is_one_message_and_exit_status_1(tmp_path, capsys):
    with pytest.raises(SystemExit) as caught, job(tmp_path / "log"):
        raise UserError("the file x.h5 is missing; fetch it")
    assert caught.value.code == 1
    assert capsys.readouterr().err == "\nerror: the file x.h5 is missing; fetch it\n\n"
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines[1:] == ["ERROR deepspectra.runtime.job: the file x.h5 is missing; fetch it"]


def test_percent_signs_in_a_message_are_no_format(tmp_path, capsys):
    with pytest.raises(SystemExit), job(tmp_path / "log"):
        raise UserError("100 %s of the disk")
    assert "100 %s of the disk" in capsys.readouterr().err
    assert "100 %s of the disk" in (tmp_path / "log").read_text()


def test_any_other_error_goes_on_and_is_in_the_log_with_its_traceback(tmp_path, capsys):
    def culprit():
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"), job(tmp_path / "log"):
        culprit()
    _, _, text = (tmp_path / "log").read_text().partition("\n")
    assert text.startswith("ERROR deepspectra.runtime.job: the job failed\nTraceback")
    assert "in culprit" in text
    assert text.endswith("ValueError: a bug\n")
    assert "error:" not in capsys.readouterr().err


def run_script(code, *arguments):
    environment = os.environ | {"PYTHONPATH": str(Path(job_module.__file__).parents[2])}
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_a_script_ends_as_the_shell_sees_it(tmp_path):
    """Without any traceback for the user, and with one for the developer."""
    code = """
        import sys
        from deepspectra.runtime.errors import UserError
        from deepspectra.runtime.job import job
        with job(sys.argv[1]):
            try:
                {"a": 1}["b"]
            except KeyError as error:
                raise (UserError if sys.argv[2] == "user" else RuntimeError)("what to do") from error
    """
    result = run_script(code, tmp_path / "log", "user")
    assert (result.returncode, result.stderr) == (1, "\nerror: what to do\n\n")
    result = run_script(code, tmp_path / "log", "other")
    assert result.returncode == 1
    assert "Traceback" in result.stderr
    assert "RuntimeError: what to do" in result.stderr


@pytest.fixture
def devices(monkeypatch):
    """As if there were a GPU, or none."""

    def pretend(available):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device=None: "Pretended GPU")

    return pretend


@pytest.mark.parametrize(
    ("wanted", "available", "chosen"),
    [
        ("auto", True, "cuda"),
        ("auto", False, "cpu"),
        ("cpu", True, "cpu"),
        ("cpu", False, "cpu"),
        ("cuda", True, "cuda"),
    ],
)
def test_the_device_is_chosen_and_said_in_the_log(tmp_path, devices, wanted, available, chosen):
    devices(available)
    with job(tmp_path / "log", threads=1):
        assert choose_device(wanted) == torch.device(chosen)
    text = (tmp_path / "log").read_text()
    name = "Pretended GPU" if chosen == "cuda" else "1 threads"
    assert f"INFO deepspectra.runtime.job: computing on {chosen} ({name})\n" in text


def test_a_demanded_gpu_that_is_not_there_is_said_with_what_to_do(devices):
    devices(False)
    with pytest.raises(UserError, match=r"cuda is demanded.*--config device=auto"):
        choose_device("cuda")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def states(stream, monkeypatch, **options):
    """What a bar over five steps writes to standard error."""
    monkeypatch.setattr(sys, "stderr", stream)
    for _ in ProgressBar(range(5), desc="work", **options):
        pass
    return stream.getvalue()


def test_in_a_log_every_state_is_a_line(monkeypatch):
    text = states(io.StringIO(), monkeypatch, delay=0, mininterval=0, miniters=1)
    assert "\r" not in text
    lines = text.splitlines()
    # The end may be said twice, by the last step and on closing.
    shown = dict.fromkeys(line.partition("|")[0] for line in lines)
    assert list(shown) == [f"work: {20 * step:3d}%" for step in range(6)]
    assert len(lines) <= 7
    assert "5/5" in lines[-1]
    assert text.endswith("\n")


def test_on_a_terminal_states_overwrite_each_other(monkeypatch):
    text = states(Terminal(), monkeypatch, mininterval=0, miniters=1)
    assert text.count("\r") >= 5
    assert text.count("\n") == 1


def test_in_a_log_what_is_over_soon_says_nothing(monkeypatch):
    assert states(io.StringIO(), monkeypatch) == ""
    assert states(Terminal(), monkeypatch) != ""


def test_in_a_log_states_are_rare(monkeypatch):
    """By a clock of the test's own, one second a step: 60 steps have a line each ten seconds, and one at the end."""
    now = [1000.0]
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    bar = ProgressBar(total=60)
    bar._time = lambda: now[0]
    bar.start_t = bar.last_print_t = now[0]
    bar.delay = 0
    for _ in range(60):
        now[0] += 1
        bar.update()
    bar.close()
    lines = stream.getvalue().splitlines()
    assert progress.LINE_SECONDS == 10
    assert 6 <= len(lines) <= 7
    assert "60/60" in lines[-1]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "/data/x.csv"),
            "cannot read or write /data/x.csv: Permission",
        ),
        (
            OSError(errno.EROFS, "Read-only", "/r"),
            "cannot read or write /r: Read-only. Make room",
        ),
        (MemoryError(), "not enough memory (MemoryError). Use smaller sizes"),
        (
            RuntimeError("[enforce] DefaultCPUAllocator: can't allocate memory: you tried"),
            "not enough memory ([enforce]",
        ),
        (RuntimeError("CUDA out of memory. Tried to allocate 1 TiB"), "not enough memory (CUDA out of memory."),
    ],
)
def test_what_the_machine_refuses_is_one_message_with_a_traceback_in_the_log_alone(tmp_path, capsys, error, words):
    with pytest.raises(SystemExit) as caught, job(tmp_path / "log"):
        raise error
    assert caught.value.code == 1
    told = capsys.readouterr().err
    assert told.startswith(f"\nerror: {words}")
    assert "Traceback" not in told
    assert "Traceback" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), FileNotFoundError(errno.ENOENT, "none", "/x")])
def test_what_the_code_is_to_blame_for_keeps_its_traceback(tmp_path, error):
    with pytest.raises(type(error)), job(tmp_path / "log"):
        raise error


def test_a_log_that_cannot_be_written_is_one_message(tmp_path, capsys):
    (tmp_path / "logs").write_text("a file in the place of the folder")
    with pytest.raises(SystemExit), job(tmp_path / "logs" / "log"):
        raise AssertionError("the body is not run")
    assert "error: cannot read or write" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "status", "word"), [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "cancelled")])
def test_an_interruption_ends_the_job_quietly_and_cleans_up(tmp_path, name, status, word):
    code = """
        import signal, sys
        from deepspectra.runtime.files import replacing
        from deepspectra.runtime.job import job
        try:
            with job(sys.argv[1]), replacing(sys.argv[1] + ".csv"):
                signal.raise_signal(getattr(signal, sys.argv[2]))
                print("not reached")
        finally:
            print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
            print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
    """
    result = run_script(code, tmp_path / "log", name)
    assert (result.returncode, result.stderr, result.stdout) == (status, "", "True\nTrue\n")
    assert (tmp_path / "log").read_text().splitlines()[1:] == [f"ERROR deepspectra.runtime.job: {word}"]
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_ctrl_c_stays_ignored_where_it_is(tmp_path):
    """In the background of a shell."""
    code = """
        import signal, sys
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        from deepspectra.runtime.job import job
        with job(sys.argv[1]):
            signal.raise_signal(signal.SIGINT)
    """
    result = run_script(code, tmp_path / "log")
    assert (result.returncode, result.stderr) == (0, "")
