"""One job of a comparison in this process, timed: ``python -m benchmarks.measure MODULE JOB INPUTS RESULT``.

INPUTS and RESULT are .npz files. Prints seconds, peak memory and versions as JSON in its last line. As job ``inputs``
it makes the inputs instead: ``python -m benchmarks.measure MODULE inputs SIZE INPUTS``.
"""

from __future__ import annotations

import importlib
import json
import platform
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.comparison import Comparison, Work

__all__ = ["measured", "peak_gigabytes", "timed"]

#: A first call of less than these seconds is left out.
_SHORT = 3.0
#: Calls are repeated until they have taken so many seconds of the processor, or by the clock.
_ENOUGH, _LONGEST = 0.5, 2.0


def measured(comparison: Comparison, job: str, inputs: Path, result: Path) -> dict[str, object]:
    """Run a job and write its result. Its process ends with the signal SIGXCPU at the job's limit.

    :returns: ``seconds`` of the processor, all threads together, ``wall_seconds``, ``gigabytes``, ``versions``.
    """
    jobs = {"deepspectra": comparison.ours, **comparison.peers}
    limit = int(jobs[job].limit)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 10))
    with np.load(inputs) as file:
        arrays = dict(file)
    seconds, wall, found = timed(jobs[job].prepare(arrays))
    np.savez(result, **(found if isinstance(found, Mapping) else {"result": found}))
    return {"seconds": seconds, "wall_seconds": wall, "gigabytes": peak_gigabytes(), "versions": _versions()}


def timed(work: Work) -> tuple[float, float, np.ndarray | Mapping[str, np.ndarray]]:
    """Seconds of one call, of the processor and by the clock, and its result.

    A first call of less than three seconds of the processor is not counted, since it also loads libraries. Then the
    seconds are the mean of as many calls as take half a second: some systems count in milliseconds.
    """
    start = _now()
    found = work()
    spent, calls = _now() - start, 1
    if spent[0] < _SHORT:
        start, spent, calls = _now(), np.zeros(2), 0
        while spent[0] < _ENOUGH and spent[1] < _LONGEST:
            found = work()
            spent, calls = _now() - start, calls + 1
    return float(spent[0]) / calls, float(spent[1]) / calls, found


def _now() -> np.ndarray:
    return np.array([time.process_time(), time.perf_counter()])


def peak_gigabytes() -> float:
    """The most memory that this process has held, libraries included."""
    status = Path("/proc/self/status")
    if status.exists():
        # Unlike getrusage, this does not count what the parent process held.
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9


def _versions() -> str:
    """Of Python and of the packages for arrays that the job has loaded."""
    loaded = [name for name in ("numpy", "scipy", "torch", "jax") if name in sys.modules]
    return ", ".join([f"python {platform.python_version()}", *(f"{n} {sys.modules[n].__version__}" for n in loaded)])


if __name__ == "__main__":
    module, job, source, target = sys.argv[1:]
    comparison = importlib.import_module(module).COMPARISON
    if job == "inputs":
        np.savez(target, **comparison.inputs(**comparison.sizes[source]))
    else:
        print(json.dumps(measured(comparison, job, Path(source), Path(target))))
