"""Snakemake and its jobs without their start-up: processes that have imported the packages of others, and fork.

Half of the processor time of a run at smoke scale goes into the same imports, 200 times over. Whatever a test runs to
its end by ``Project.snakemake`` skips them: Snakemake is forked from one process and each job from another, to which
``prepared_python`` passes it on. The library itself always comes from the folder of the run. Runs that are killed,
interrupted or submitted (``Project.start``) start as they do for users, and so do the undisturbed runs of the kills;
runs on a full disk are forked. All forks share one order of sets of text; what starts as for users has another in every
process, and ``figures/drawn.py`` one of its own.

Run as a program, this file is either process: the first takes calls from its standard input, a line each, and prints
the exit status; the second listens on a socket.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

#: Takes the place of Python in runs: a job's script goes to the process that listens.
PYTHON = Path(__file__).with_name("prepared_python")
#: In the environment of runs: where that process listens.
SOCKET = "PREPARED_SOCKET"
#: In the environment of a job: where it tells what it has loaded.
LOADED = "LOADED_MODULES"
#: Longest call of a job: its environment.
_LENGTH = 1 << 20


@functools.cache
def _processes() -> tuple[subprocess.Popen[str], str]:
    """The process for runs and the address of that for jobs; both end with this process."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # Not in pytest's folder, whose name can be too long for a socket.
    folder = tempfile.TemporaryDirectory(prefix="prepared-")
    address = f"{folder.name}/jobs"
    runs, jobs = (
        subprocess.Popen(
            [sys.executable, __file__, *given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=inherited,
            text=True,
        )
        for given in ([], [address])
    )
    # It listens before the first run begins.
    assert jobs.stdout.readline() == "ready\n"
    for process in (runs, jobs):
        atexit.register(process.stdin.close)
    atexit.register(folder.cleanup)
    return runs, address


def snakemake(arguments: tuple[str, ...], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Exit status of a call of Snakemake, and both its outputs together."""
    process, address = _processes()
    with tempfile.NamedTemporaryFile() as output:
        call = {
            "arguments": arguments,
            "folder": str(folder),
            # Its jobs are forked here and not by the library.
            "environment": {"DEEPSPECTRA_FORKED_JOBS": "0"} | environment | {SOCKET: address},
            "output": output.name,
        }
        print(json.dumps(call), file=process.stdin, flush=True)
        status = int(process.stdout.readline())
        return status, Path(output.name).read_text(encoding="utf-8")


def _serve_runs() -> None:
    for name in ("h5py", "pandas", "pydantic"):
        import_module(name)
    main = import_module("snakemake.cli").main

    def run(arguments: list[str], output: str) -> None:
        streams = [os.open(os.devnull, os.O_RDONLY), *(os.open(output, os.O_WRONLY | os.O_APPEND) for _ in "ab")]
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        sys.argv = ["snakemake", *arguments]
        sys.executable = str(PYTHON)
        main()

    for line in sys.stdin:
        call = json.loads(line)
        child = os.fork()
        if not child:
            _be(call["folder"], call["environment"], call["folder"])
            _end_with(lambda call=call: run(call["arguments"], call["output"]))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _serve_jobs(address: str) -> None:
    for name in ("h5py", "matplotlib.backends.backend_agg", "pandas", "scipy.stats", "snakemake.script", "torch"):
        import_module(name)
    # For figures as PDF.
    for name in ("fontTools.subset", "matplotlib.backends.backend_pdf", "matplotlib.pyplot"):
        import_module(name)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(8)
        print("ready", flush=True)
        threading.Thread(target=_end_with_input, daemon=True).start()
        # Nobody waits for the processes that serve a job.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            connection, _ = listener.accept()
            if os.fork():
                connection.close()
                continue
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            content, streams, _, _ = socket.recv_fds(connection, _LENGTH, 3)
            while not content.endswith(b"\n"):
                content += connection.recv(_LENGTH)
            job = os.fork()
            if not job:
                connection.close()
                for number, stream in enumerate(streams):
                    os.dup2(stream, number)
                call = json.loads(content)
                sys.argv = [call["script"]]
                _be(call["folder"], call["environment"], str(Path(call["script"]).parent))
                # As in a process of its own: a job that forgets its seed is not to have that of its neighbours.
                import_module("numpy").random.seed()
                import_module("torch").seed()
                _end_with(lambda script=call["script"]: _run_script(script))
            connection.sendall(str(os.waitstatus_to_exitcode(os.waitpid(job, 0)[1])).encode())
            os._exit(0)


def _run_script(script: str) -> None:
    """Run it as Python does; in a folder that a test has named, tell which modules of the library it has loaded."""
    names = runpy.run_path(script, run_name="__main__")
    if folder := os.environ.get(LOADED):
        job = names["snakemake"]
        modules = [name.partition(".")[2] for name in list(sys.modules) if name.startswith("deepspectra.")]
        told = {"rule": job.rule, "wildcards": dict(job.wildcards.items()), "modules": modules}
        Path(folder, f"{os.getpid()}.json").write_text(json.dumps(told), encoding="utf-8")


def _end_with_input() -> None:
    """End this process when the one that started it has ended."""
    sys.stdin.read()
    os._exit(0)


def _be(folder: str, environment: dict[str, str], first: str) -> None:
    """In a folder, with an environment, and with what Python makes of both."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[:1] = [first, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]


def _end_with(body: Callable[[], object]) -> None:
    """Do it, and end this process as Python ends."""
    status = 1
    try:
        body()
        status = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve_jobs(sys.argv[1]) if sys.argv[1:] else _serve_runs()
