"""Keep Snakemake's scheduler from looking at all waiting jobs hundreds of times a second (Snakemake 9.27).

While a rate of submissions is limited, as it is by default, each look at the waiting jobs orders another one second
later. So does each job that ends: after 200 jobs there are 200 looks a second, which take half a core.
"""

import threading
from typing import Any

__all__ = ["order_one_look"]


def order_one_look(scheduler: Any) -> None:
    """Patch ``snakemake.scheduling.job_scheduler.JobScheduler``: one look is ordered at a time."""

    def order(self: Any, delay: float) -> None:
        ordered: set[float] = vars(self).setdefault("ordered_looks", set())
        if delay not in ordered:
            ordered.add(delay)
            threading.Timer(delay, look, (self, ordered, delay)).start()

    def look(self: Any, ordered: set[float], delay: float) -> None:
        ordered.discard(delay)
        self._open_jobs.release()

    scheduler._schedule_reevalutation = order
