"""Snakemake without its start: a process that has imported it and forks for each call.

A dry run is a second of imports and a second of work, and the tests make more than a hundred. Only packages of others
are imported beforehand: the library comes from the folder of the call, as always. Run as a program, this file is that
process; each line it reads is a call, and each line it prints the exit status.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path


@functools.cache
def _process() -> subprocess.Popen[str]:
    """The process of this test process, which ends with it."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=inherited, text=True
    )
    atexit.register(process.stdin.close)
    return process


def snakemake(arguments: tuple[str, ...], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Exit status of a call of Snakemake, and both its outputs together."""
    process = _process()
    with tempfile.NamedTemporaryFile() as output:
        call = {"arguments": arguments, "folder": str(folder), "environment": environment, "output": output.name}
        print(json.dumps(call), file=process.stdin, flush=True)
        status = int(process.stdout.readline())
        return status, Path(output.name).read_text(encoding="utf-8")


def _serve() -> None:
    import h5py  # noqa: F401
    import pandas  # noqa: F401
    import pydantic  # noqa: F401
    from snakemake.cli import main

    for line in sys.stdin:
        child = os.fork()
        if not child:
            _run(main, **json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _run(main, arguments: list[str], folder: str, environment: dict[str, str], output: str) -> None:
    """What ``python -m snakemake`` does, in a process that has imported it."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (1, 2):
        os.dup2(os.open(output, os.O_WRONLY | os.O_APPEND), stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[0] = folder
    sys.argv = ["snakemake", *arguments]
    status = 1
    try:
        main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
