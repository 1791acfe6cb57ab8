"""Why a group of jobs failed, which Snakemake 9 leaves out ("message: None"), and that it failed at all.

Executors hand a reason over, such as sbatch's words or the state in which Slurm ended a job. Single jobs print it,
groups drop it. Where something is wrong before sbatch is called, say an account that Slurm does not know, version 2.8.0
of the Slurm executor looks for a rule's name, which groups have not, and fails a second time in silence: the run would
wait for ever.
"""

from __future__ import annotations

import functools
import re
import sys

#: What follows in a reason is the command line, thousands of letters, and that there are logs.
_REST = re.compile(r"\s*(sbatch call:|For further error details see the cluster).*", re.DOTALL)


def tell_reasons(group_job: type) -> None:
    """Let groups print the reason that they are given, and have a rule's name.

    :param group_job: ``snakemake.jobs.GroupJob``, which is changed, once.
    """
    if hasattr(group_job, "rule"):
        return
    log_error = group_job.log_error

    @functools.wraps(log_error)
    def with_reason(self: object, msg: str | None = None, *arguments: object, **given: object) -> None:
        log_error(self, msg, *arguments, **given)
        if msg:
            print(f"\nerror: group {self.name}: {' '.join(_REST.sub('', msg).split())}\n", file=sys.stderr)

    group_job.log_error = with_reason
    group_job.rule = property(lambda self: self, doc="Itself, for its name.")
