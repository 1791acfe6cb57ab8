"""Check the model of costs: what it has for jobs far from the sizes that were recorded, beside what they took.

    uv run benchmarks/model.py                       the page, from model.csv by today's laws and recorded jobs
    uv run benchmarks/model.py --directory FOLDER    runs the jobs there first, those not yet made

The jobs are those that make TARGETS with the settings of ``model.yaml`` at record scale. The workflow itself runs them,
one after the other; seconds of the processor and memory come from its logs and benchmark files. Machines differ, and so
does one from day to day: predictions count relative to their median. The exit status is 1 if one is off by more than
FACTOR.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pandas as pd

from deepspectra.cli.costs import cost_plan, dry_run
from deepspectra.config import load_settings, read_overrides
from deepspectra.planning.model import job_seconds, parse_plan
from deepspectra.runtime.files import write_table, write_text

__all__ = ["FACTOR", "measured", "page", "plan", "predicted", "relative", "wrong"]

ROOT = Path(__file__).resolve().parents[1]
SETTINGS, TABLE, PAGE = (ROOT / "benchmarks" / f"model.{kind}" for kind in ("yaml", "csv", "md"))
SCALE = "record"
TARGETS = [
    f"results/{SCALE}/{name}"
    for name in (
        "networks/minialexnet.h5",
        "networks/mlp1024.h5",
        "networks/lenet_cifar10.h5",
        "spectra/thamm2024/mlp1024.h5",
        "nulls/levels_3072x2048.h5",
        "statistics/thamm2024/level_tests.csv",
        "spectra/baskerville2022/mlp_bike/final_train_hessian/resolved_0_1.h5",
        "spectra/baskerville2022/mlp_deep_mnist/final_test_hessian/published_0.h5",
        "spectra/baskerville2022/mlp_deep_mnist/final_test_hessian/resolved_0_1.h5",
        "spectra/baskerville2022/gaussian_process.h5",
        "spectra/fan2020/figure_1.h5",
        "spectra/fan2020/draws_images_100.h5",
        "spectra/pennington2017/figure_1/alpha_0.h5",
        "spectra/pennington2017/figure_2/panel_a.h5",
    )
]
#: A prediction further off than this, either way, is wrong: on a busy machine the seconds of one job vary by 1.4, and
#: so may those of the recorded one. Jobs of fewer seconds say little.
FACTOR, LEAST_SECONDS = 2.0, 5.0
#: Rules whose laws are upper limits, since nobody knows before how many units of a network are alive.
UPPER_LIMITS = ["resolve_curvature"]
_INTRODUCTION = """# Does the model of costs hold?

Made by `uv run benchmarks/model.py`. `deepspectra cost` scales jobs of a preview, recorded in
[`job_costs.csv`](../resources/job_costs.csv), by laws. Here are other jobs, with the settings of
[`model.yaml`](model.yaml): how much more work they are than the recorded job that they are scaled from, the seconds
that the model has for them, and those of the processor that they took. Of resolved Hessians the model knows an upper
limit: how many units of a network are alive shows only after training, here a short one.

"""
_HEAD = """
| job | times the work | predicted | measured | relative to the median | memory asked for | used |
|---|---|---|---|---|---|---|
"""


def predicted(text: str) -> pd.DataFrame:
    """What the model has for the jobs of a dry run: job, times, predicted (seconds), asked_mb."""
    settings = load_settings(ROOT / "config", read_overrides([SETTINGS]))
    rows = [
        {
            "job": entry.job.outputs[0].removeprefix(f"results/{SCALE}/"),
            "rule": entry.job.rule,
            "times": entry.estimate.factor,
            "predicted": entry.estimate.seconds,
            "asked_mb": entry.job.memory_mb,
        }
        for entry in cost_plan(text, settings, ROOT).costed
    ]
    return pd.DataFrame(rows).set_index("job")


def plan() -> str:
    """The dry run of all targets."""
    return dry_run(ROOT, ["--forceall", *_own_settings(), "--", *TARGETS])


def measured(text: str, folder: Path) -> pd.DataFrame:
    """What those jobs took in a folder: job, seconds, memory_mb."""
    found = {job.outputs[0]: job_seconds(job, folder) for job in parse_plan(text) if not job.downloads}
    rows = [
        {"job": name.removeprefix(f"results/{SCALE}/"), "seconds": round(taken[0], 1), "memory_mb": round(taken[1])}
        for name, taken in found.items()
        if taken and taken[0] >= LEAST_SECONDS
    ]
    return pd.DataFrame(rows).sort_values("job")


def page(table: pd.DataFrame) -> str:
    """The page of a table with the columns of :func:`predicted` and :func:`measured`."""
    lines = [
        f"| {row.rule}, `{row.job}` | {row.times:.3g} | {row.predicted:.0f} s | {row.seconds:.0f} s "
        f"| {row.relative:.2f} | {row.asked_mb:.0f} MB | {row.memory_mb:.0f} MB |"
        for row in table.assign(relative=relative(table)).sort_values(["rule", "job"]).itertuples()
    ]
    speed = (table.seconds / table.predicted).median()
    whole = f"Half of the jobs took less than {speed:.2f} times what the model has for them, the others more."
    return _INTRODUCTION + whole + "\n" + _HEAD + "\n".join(lines) + "\n"


def relative(table: pd.DataFrame) -> pd.Series:
    """Measured over predicted seconds, relative to the median of all jobs."""
    ratios = table.seconds / table.predicted
    return ratios / ratios.median()


def wrong(table: pd.DataFrame) -> pd.DataFrame:
    """Jobs whose prediction is off by more than FACTOR."""
    found = relative(table)
    return table[(found > FACTOR) | ((found < 1 / FACTOR) & ~table.rule.isin(UPPER_LIMITS))]


def _own_settings() -> list[str]:
    return ["--configfile", str(SETTINGS), "--config", f"scale={SCALE}"]


def main() -> int:
    """Run what is asked for, write the table and the page, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--directory", type=Path, help="run the jobs in this folder first")
    folder = parser.parse_args().directory
    text = plan()
    if folder:
        command = [sys.executable, "-m", "snakemake", "--cores", "1", "--snakefile", str(ROOT / "Snakefile")]
        command += ["--directory", str(folder.resolve()), *_own_settings(), "--", *TARGETS]
        subprocess.run(command, cwd=ROOT, check=True)
        write_table(measured(text, folder), TABLE)
    table = pd.read_csv(TABLE).join(predicted(text), on="job")
    write_text(page(table), PAGE)
    for row in (found := wrong(table)).itertuples():
        print(f"{row.job}: {row.predicted:.0f} s predicted, {row.seconds:.0f} s measured")
    return int(not found.empty)


if __name__ == "__main__":
    sys.exit(main())
