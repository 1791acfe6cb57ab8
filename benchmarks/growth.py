"""Measure how the cost of the main methods grows, and write the table, the picture and the page.

uv run benchmarks/growth.py [METHOD ...]
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from benchmarks.measure import peak_gigabytes, timed  # noqa: E402
from benchmarks.runner import one_thread  # noqa: E402
from deepspectra.runtime.files import replacing, write_table, write_text  # noqa: E402
from deepspectra.runtime.progress import ProgressBar  # noqa: E402
from deepspectra.runtime.store import processor  # noqa: E402

if TYPE_CHECKING:
    from benchmarks.growing import Method

__all__ = ["exponent", "fits", "largest_size"]

TABLE, PICTURE, PAGE = (ROOT / "benchmarks" / f"growth.{kind}" for kind in ("csv", "png", "md"))
COLUMNS = ["method", "size", "seconds", "gigabytes", "machine"]
#: Memory up to which sizes are extrapolated.
GIGABYTES = 24.0
#: Points whose exponent is fitted: the largest, where the leading term leads. Less memory than this is no growth.
_FITTED, _LEAST_GIGABYTES = 3, 0.01
#: An exponent this much above the method's own is worse.
_WORSE = 0.3
_INTRODUCTION = """# How cost grows

Made by `uv run benchmarks/growth.py`; the numbers are in [`growth.csv`](growth.csv). Each point is a fresh process with
one thread: seconds of the processor, and memory above that of the libraries and the inputs. Exponents are fitted to the
three largest sizes, and the method's own are those of its leading term. The last column is the size that 24 GB would
hold, extrapolated from the largest size by the method's own exponent.

![Seconds and memory against size](growth.png)

| method | what grows | sizes | seconds | exponent | its own | memory | exponent | its own | why | 24 GB hold |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def exponent(sizes: np.ndarray, costs: np.ndarray) -> float:
    """Slope of log cost against log size over the largest sizes, by least squares; NaN for fewer than two."""
    sizes, costs = sizes[-_FITTED:], costs[-_FITTED:]
    if sizes.size < 2 or not (costs > 0).all():
        return math.nan
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def largest_size(size: float, gigabytes: float, power: float) -> float:
    """The size that :data:`GIGABYTES` hold if memory grows from what one size takes with a power."""
    return size * (GIGABYTES / gigabytes) ** (1 / power)


def fits(table: pd.DataFrame, methods: dict[str, Method]) -> pd.DataFrame:
    """A row for each method of the table: exponents of seconds and memory, and whether they are worse than its own."""
    rows = []
    for name, points in table.groupby("method", sort=False):
        points, method = points.sort_values("size"), methods[str(name)]
        sizes, last = points["size"].to_numpy(float), points.iloc[-1]
        row = {
            "method": name,
            "time": exponent(sizes, points.seconds.to_numpy()),
            "memory": math.nan,
            "holds": math.nan,
        }
        if method.memory is not None and last.gigabytes > _LEAST_GIGABYTES:
            row["memory"] = exponent(sizes, points.gigabytes.clip(lower=1e-4).to_numpy())
            row["holds"] = largest_size(last["size"], last.gigabytes, method.memory)
        row["worse"] = row["time"] > method.time + _WORSE or row["memory"] > (method.memory or 0) + _WORSE
        rows.append(row)
    return pd.DataFrame(rows)


def page(table: pd.DataFrame, methods: dict[str, Method]) -> str:
    """The table as Markdown."""
    lines = []
    for fit in fits(table, methods).itertuples():
        method, points = methods[fit.method], table[table.method == fit.method].sort_values("size")
        first, last = points.iloc[0], points.iloc[-1]
        memory = ["", "", ""]
        if not math.isnan(fit.memory):
            memory = [f"{last.gigabytes:.2g} GB", f"{fit.memory:.2f}", f"{method.memory:g}"]
        power = "" if math.isnan(fit.time) else f"{fit.time:.2f}"
        cells = [method.title, method.variable, f"{first['size']:g} to {last['size']:g}"]
        cells += [
            f"{first.seconds:.2g} to {last.seconds:.2g}",
            power + " **worse**" * fit.worse,
            f"{method.time:g}",
            *memory,
        ]
        cells += [method.why, "" if math.isnan(fit.holds) else f"{fit.holds:,.2g}"]
        lines.append(f"| {' | '.join(cells)} |")
    machines = ", ".join(dict.fromkeys(table.machine))
    return _INTRODUCTION + "\n".join(lines) + f"\n\nMeasured on one thread of: {machines}.\n"


def draw(table: pd.DataFrame, methods: dict[str, Method], file: Path) -> None:
    """Seconds and memory of each method on logarithmic axes, with lines of the method's own exponents."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    found = fits(table, methods).set_index("method")
    columns = 2
    rows = math.ceil(len(found) / columns)
    figure, grid = pyplot.subplots(rows, columns, figsize=(8, 2.4 * rows), layout="constrained", squeeze=False)
    for axes, (name, fit) in zip(grid.flat, found.iterrows(), strict=False):
        method, points = methods[str(name)], table[table.method == name].sort_values("size")
        kinds = [("seconds", "tab:blue", fit["time"], method.time, "s")]
        if not math.isnan(fit["memory"]):
            kinds.append(("gigabytes", "tab:orange", fit["memory"], method.memory, "GB"))
        for cost, colour, power, own, unit in kinds:
            axes.plot(points["size"], points[cost], "o", color=colour, markersize=4)
            guide = points[cost].iloc[-1] * (points["size"] / points["size"].iloc[-1]) ** own
            axes.plot(
                points["size"], guide, "--", color=colour, linewidth=1, label=f"{unit}: {power:.2f} (own {own:g})"
            )
        axes.set_title(method.title, fontsize=9)
        axes.set(xscale="log", yscale="log")
        axes.set_xlabel(method.variable, fontsize=8)
        axes.set_xticks(points["size"], [f"{size:g}" for size in points["size"]], minor=False)
        axes.set_xticks([], minor=True)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8, loc="upper left", frameon=False)
    for axes in grid.flat[len(found) :]:
        axes.set_visible(False)
    with replacing(file) as temporary:
        figure.savefig(temporary, dpi=150, format="png", metadata={"Software": None})
    pyplot.close(figure)


def measure_point(name: str, size: int) -> None:
    """Print seconds and memory of one method at one size in this process, as JSON."""
    from benchmarks.growing import METHODS

    work = METHODS[name].prepare(size)
    if METHODS[name].apart:
        work()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        # Linux counts in kilobytes.
        seconds, grown = used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e9
    else:
        before = peak_gigabytes()
        seconds, _, _ = timed(work)
        grown = peak_gigabytes() - before
    print(json.dumps({"seconds": seconds, "gigabytes": grown}))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is not in the table yet, and write everything; 1 if an exponent is worse than the method's own."""
    from benchmarks.growing import METHODS

    parser = argparse.ArgumentParser(description="How the cost of the main methods grows with their sizes.")
    parser.add_argument("methods", nargs="*", metavar="METHOD", help=f"of {', '.join(METHODS)}")
    parser.add_argument("--larger", action="store_true", help="further sizes, which take up to hours and 24 GB")
    parser.add_argument("--again", action="store_true", help="measure finished points, too")
    options = parser.parse_args(arguments)
    if unknown := set(options.methods) - set(METHODS):
        parser.error(f"there is no method {', '.join(sorted(unknown))}; known are {', '.join(METHODS)}")
    table = pd.read_csv(TABLE) if TABLE.exists() else pd.DataFrame(columns=COLUMNS)
    chosen = {name: METHODS[name] for name in options.methods or METHODS}
    if options.again:
        table = table[~table.method.isin(chosen)]
    done = set(zip(table.method, table["size"], strict=True))
    due = []
    for name, method in chosen.items():
        sizes = (*method.sizes, *(method.larger if options.larger else ()))
        due += [(name, size) for size in sizes if (name, size) not in done]
    with ProgressBar(total=len(due), desc="growth", unit="point") as bar:
        for name, size in due:
            command = [sys.executable, __file__, "--point", name, str(size)]
            ended = subprocess.run(command, env=one_thread(), check=True, stdout=subprocess.PIPE, text=True)
            point = json.loads(ended.stdout.splitlines()[-1])
            row = pd.DataFrame([{"method": name, "size": size, **point, "machine": processor()}])
            table = pd.concat([table, row], ignore_index=True) if len(table) else row
            order = {known: place for place, known in enumerate(METHODS)}
            table = table.sort_values(["method", "size"], key=lambda column: column.replace(order))
            write_table(table, TABLE, float_format="%.5g")
            bar.advance(f"{name} {size}: {point['seconds']:.3g} s")
    draw(table, METHODS, PICTURE)
    write_text(page(table, METHODS), PAGE)
    found = fits(table, METHODS)
    print(found.to_string(index=False, float_format="%.3g"))
    return int(found[found.method.isin(chosen)].worse.any())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--point"]:
        measure_point(sys.argv[2], int(sys.argv[3]))
    else:
        raise SystemExit(main())
