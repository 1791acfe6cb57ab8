"""The interpreter's path as a shell takes it: Snakemake (9.27) does not quote it, and every job would fail."""

import shlex
import sys
from typing import Any

__all__ = ["quote_interpreter"]


def quote_interpreter(python_script: Any, executor: Any) -> None:
    """Let a path with a space, say, start jobs.

    :param python_script: ``snakemake.script.PythonScript``, which starts scripts.
    :param executor: ``RealExecutor`` of Snakemake's interface, which starts Snakemake again for a job.
    """
    quoted = shlex.quote(sys.executable)
    if quoted == sys.executable:
        return
    execute, command = python_script._execute_cmd, executor.format_job_exec

    def execute_quoted(self: Any, cmd: str, **options: Any) -> Any:
        return execute(self, cmd.replace("{py_exec}", "{py_exec:q}"), **options)

    def command_quoted(self: Any, job: Any) -> str:
        return command(self, job).replace(f"{sys.executable} -m snakemake", f"{quoted} -m snakemake", 1)

    python_script._execute_cmd, executor.format_job_exec = execute_quoted, command_quoted
