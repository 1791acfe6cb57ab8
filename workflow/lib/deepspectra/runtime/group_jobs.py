"""Make Snakemake's group jobs report why they failed (Snakemake 9.27, Slurm executor 2.8.0).

Groups drop the reason that an executor passes on. If something fails before sbatch is called, the executor asks for the
name of the job's rule; a group has none, so the executor fails a second time, silently, and the run waits for ever.
"""

import re
import sys
from typing import Any

__all__ = ["tell_reasons"]

#: In a reason, the command line (thousands of characters) and a note about logs follow the message.
_REST = re.compile(r"\s*(sbatch call:|For further error details see the cluster).*", re.DOTALL)


def tell_reasons(group_job: Any) -> None:
    """Patch ``snakemake.jobs.GroupJob``: groups print the reason of a failure and have a rule's name."""
    if hasattr(group_job, "rule"):  # patched before
        return
    log_error = group_job.log_error

    def with_reason(self: Any, msg: str | None = None, *args: Any, **kwargs: Any) -> None:
        log_error(self, msg, *args, **kwargs)
        if msg:
            print(f"\nerror: group {self.name}: {' '.join(_REST.sub('', msg).split())}\n", file=sys.stderr)

    group_job.log_error = with_reason
    # The group itself: its name stands in for a rule's.
    group_job.rule = property(lambda self: self)
