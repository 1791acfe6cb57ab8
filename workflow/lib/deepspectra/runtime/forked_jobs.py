"""Start the jobs of this machine by forking a process that has imported their packages (Snakemake 9.27).

A fifth of a preview's processor time would go into the same imports, once a job. Only packages are imported beforehand:
the library comes from its files, for each job anew. Jobs that ask for anything else (conda, containers, more threads)
start as Snakemake starts them, and so do all until the imports are done, those of a batch system, and those on macOS,
whose frameworks do not survive a fork.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from deepspectra.runtime.threads import ONE_THREAD

__all__ = ["VARIABLE", "fork_scripts", "serve"]

#: Environment variable: ``0`` starts every job by itself.
VARIABLE = "DEEPSPECTRA_FORKED_JOBS"
#: What most jobs import, and what makes figures.
_PACKAGES = ["h5py", "jinja2", "pandas", "psutil", "pydantic", "scipy.optimize", "scipy.stats", "torch"]
_PACKAGES += ["fontTools.subset", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_pdf"]
_PACKAGES += ["matplotlib.pyplot", "snakemake.logging", "snakemake.script"]
#: The kernel's number for "end me with my parent".
_PR_SET_PDEATHSIG = 1
#: Longest call: a few paths.
_LENGTH = 1 << 16


class _Server:
    """This process's end: starts the process that forks, and runs scripts by it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._ready = False

    def is_ready(self) -> bool:
        """Whether it forks by now; the first call starts it."""
        with self._lock:
            if self._connection is None:
                self._connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                with theirs:
                    number = theirs.fileno()
                    program = f"from {__name__} import serve; serve({number})"
                    # Without the working directory among the places of modules.
                    command = [sys.executable, "-P", "-c", program]
                    subprocess.Popen(command, env=os.environ | ONE_THREAD, stdin=subprocess.DEVNULL, pass_fds=[number])
            elif not self._ready and select.select([self._connection], [], [], 0)[0]:
                # Nothing comes from a process that has died.
                self._ready = bool(self._connection.recv(_LENGTH))
            return self._ready

    def run(self, script: str, temporary: str | None, record: Any) -> int:
        """Run a script to its end.

        :param temporary: folder for temporary files. :param record: Snakemake's benchmark of the job, or None. It gets
            what the kernel knows when the job has ended; Snakemake itself asks twice a second.
        :returns: its exit status, or minus the number of the signal that ended it.
        :raises ConnectionError: if the process that forks is gone, and the job has not begun.
        """
        environment = dict.fromkeys(("TMPDIR", "TMP", "TEMPDIR", "TEMP"), temporary) if temporary else {}
        began = time.time()
        call = json.dumps({"script": script, "folder": os.getcwd(), "environment": environment})
        assert self._connection is not None
        answer, theirs = os.pipe()
        try:
            with self._lock:
                socket.send_fds(self._connection, [call.encode()], [theirs])
        finally:
            os.close(theirs)
        with os.fdopen(answer, encoding="ascii") as told:
            begun, ended = told.readline(), told.readline()
        if not begun:
            raise ConnectionResetError("the process that forks ended before it took the job")
        # Without an end, something killed the process that waits for the job.
        found = json.loads(ended or f'{{"status": {-signal.SIGKILL}}}')
        if record is not None and len(found) > 1:
            record.running_time, record.data_collected = time.time() - began, True
            record.max_rss, record.cpu_time = found["max_rss"], found["cpu_time"]
            record.io_in, record.io_out, record.cpu_usage = found["io_in"], found["io_out"], 100 * found["cpu_time"]
        return found["status"]


def fork_scripts(python_script: Any) -> None:
    """Patch ``snakemake.script.PythonScript``: scripts run in forks wherever they can.

    :raises CalledProcessError: as Snakemake's own method, if a script fails.
    """
    if sys.platform != "linux" or os.environ.get(VARIABLE) == "0" or hasattr(python_script, "forked"):
        return
    plain, server = python_script.execute_script, _Server()
    python_script.forked = server

    def execute_script(self: Any, fname: str, edit: bool = False) -> None:
        special = (edit, self.conda_env, self.container_img, self.env_modules, self.shadow_dir)
        status = None
        if not any(special) and self.threads == 1 and not self.resources.get("shell_exec") and server.is_ready():
            # The process that forks may be gone: then nothing was started, and the job starts by itself.
            with suppress(ConnectionError):
                status = server.run(str(Path(fname).resolve()), self.resources.get("tmpdir"), self.bench_record)
        if status is None:
            plain(self, fname, edit)
        elif status:
            raise subprocess.CalledProcessError(status, f"{sys.executable} {fname}")

    python_script.execute_script = execute_script


def serve(number: int) -> NoReturn:
    """Fork for every call until the process at the other end has ended.

    :param number: of the socket's file descriptor. A call is JSON, with a pipe that is told what became of the job.
    """
    # Ctrl-C reaches the jobs by themselves, and their run is told by their ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in _PACKAGES:
        with suppress(ImportError):
            import_module(name)
    # Collections of garbage in jobs leave alone what they share.
    gc.freeze()
    # Nobody waits for the processes that wait for jobs.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # A run may end before it has read that this is ready.
    with suppress(ConnectionError), socket.socket(fileno=number) as connection:
        connection.send(b"ready")
        while True:
            content, pipes, _, _ = socket.recv_fds(connection, _LENGTH, 1)
            if not content:
                break
            if not os.fork():
                connection.close()
                _wait_for(json.loads(content), pipes[0])
            os.close(pipes[0])
    os._exit(0)


def _wait_for(call: dict[str, Any], pipe: int) -> NoReturn:
    """Be the process that waits for one job."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # From here on the job is not started by others.
        os.write(pipe, b"begun\n")
        job = os.fork()
        if not job:
            os.close(pipe)
            _run(**call)
        _, status, usage = os.wait4(job, 0)
        found = {"status": os.waitstatus_to_exitcode(status), "cpu_time": usage.ru_utime + usage.ru_stime}
        # In kilobytes and in blocks of 512 bytes.
        found |= {"max_rss": usage.ru_maxrss / 2**10, "io_in": usage.ru_inblock / 2**11}
        os.write(pipe, json.dumps(found | {"io_out": usage.ru_oublock / 2**11}).encode())
    finally:
        # Without the ends of the process that it was forked from.
        os._exit(0)


def _run(script: str, folder: str, environment: dict[str, str]) -> NoReturn:
    """Be a job, which ends with the process that waits for it."""
    status = 1
    try:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        status = _status_of(script, folder, environment)
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        # As Python does when output is lost: a full disk, a closed pipe.
        status = status or 120
    finally:
        os._exit(status)


def _status_of(script: str, folder: str, environment: dict[str, str]) -> int:
    """Run a script as Python does, and return its exit status."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.update(environment)
        os.chdir(folder)
        # For who looks at processes: its command line is that of the process that it was forked from.
        with suppress(OSError):
            Path("/proc/self/comm").write_text(Path(script).stem.rpartition(".")[2])
        sys.argv = [script]
        sys.path.insert(0, str(Path(script).parent))
        # As in a process of its own: no two jobs share what they did not seed.
        import_module("numpy").random.seed()
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0
