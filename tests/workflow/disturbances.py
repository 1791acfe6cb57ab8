"""Kill or interrupt runs, or fill their disk, at a random moment, and see what the same command makes of it.

    uv run python -m tests.workflow.disturbances --rounds 50 --seed 1

prints one line a round; `test_kills.py` plays a few. The seed of a round determines its case and the share of its time
after which it is disturbed; the rest depends on what the machine does meanwhile.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
import psutil

if __name__ == "__main__":
    # Pytest has it on its path.
    sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "lib"))

from deepspectra.data.sources.bike import COLUMNS
from deepspectra.runtime.store import file_hash

from .conftest import Project, copy_project

#: Smoke scale, with trainings of several seconds that write a checkpoint after every epoch.
CASES = {
    # A little of everything, with few and short jobs: a checkpoint, HDF5, tables and a figure.
    "mixture": (
        *("scale=smoke", "checkpoint_epochs=1", "fan2020={training: {epochs: 40, samples: 200}}", "--"),
        "results/smoke/networks/single_neuron.h5",
        "results/smoke/spectra/baskerville2022/figure_1_ensemble.h5",
        "results/smoke/spectra/baskerville2022/figure_2_ensemble.h5",
        "pennington2017_figure_3",
    ),
    "simulation": ("scale=smoke", "--", "pennington2017_figure_2"),
    "kernels": ("scale=smoke", "--", "fan2020_figure_1"),
    "training": (
        *("scale=smoke", "checkpoint_epochs=1", "fan2020={training: {epochs: 60, samples: 500}}"),
        *("--", "fan2020_figure_3"),
    ),
    "curvature": (
        *("scale=smoke", "checkpoint_epochs=1"),
        "baskerville2022={training: {epochs: 40}, networks: {mlp_bike: {published_batches: 1}}}",
        *("--", "results/smoke/statistics/baskerville2022/mlp_bike/final_train_gauss_newton.csv"),
    ),
}
#: What is done to a run. A job is one process of a rule's script.
KINDS = {
    "job killed": "SIGKILL to one running job",
    "Snakemake killed": "SIGKILL to Snakemake alone",
    "all killed": "SIGKILL to Snakemake and all jobs at once",
    "interrupted": "SIGINT to Snakemake and all jobs, as Ctrl-C sends it",
    "terminated": "SIGTERM to Snakemake alone",
    "disk full": "results on a disk that is too small, and then larger",
}
#: How long a job may write after the end of its Snakemake, and how long it may take to end.
WRITING_SECONDS, ENDING_SECONDS = 5, 60
#: Command of the process that jobs are forked from, and of theirs, which have names of their own.
FORKED = "from deepspectra.runtime.forked_jobs import serve"
#: Not results: times, and what was said on the way.
ASIDE = ("benchmarks", "logs")


@dataclass
class Undisturbed:
    """What a case leaves if nobody disturbs it: hash of every result, seconds of its jobs, bytes of its results."""

    files: dict[str, str]
    seconds: float
    bytes: int


@dataclass
class Outcome:
    """One round, for the table; ``faults`` is empty if the promise was kept."""

    seed: int
    kind: str
    case: str
    moment: str = ""
    after: str = ""
    rerun: str = ""
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        verdict = "FAULTS: " + "; ".join(self.faults) if self.faults else "identical"
        return f"{self.seed} | {self.kind} | {self.case} | {self.moment} | {self.after} | {self.rerun} | {verdict}"


def prepare(folder: Path) -> Project:
    """A copy of the project with a made-up table in place of Bike Sharing: nothing is fetched."""
    project = copy_project(folder)
    path = project.folder / "resources" / "data" / "bike.h5"
    path.parent.mkdir(exist_ok=True)
    draw, count = np.random.default_rng(1), 17379
    hours = np.datetime64("2011-01-01T00") + np.arange(count).astype("timedelta64[h]")
    days = hours.astype("datetime64[D]")
    table = draw.random((count, len(COLUMNS)))
    columns = {
        "yr": days.astype("datetime64[Y]").astype(int) - 41,
        "mnth": days.astype("datetime64[M]").astype(int) % 12 + 1,
        "weekday": (days.astype(int) + 4) % 7,
        "cnt": draw.integers(1, 900, count),
    }
    for name, values in columns.items():
        table[:, COLUMNS.index(name)] = values
    with h5py.File(path, "w") as file:
        file["table"] = table
        file.attrs["parameters"] = '{"columns": {"table": ["' + '", "'.join(COLUMNS) + '"]}}'
    return project


def forget(project: Project) -> None:
    """As if nothing had ever run."""
    shutil.rmtree(project.folder / ".snakemake", ignore_errors=True)
    results = project.folder / "results" / "smoke"
    if results.is_mount():
        subprocess.run(["umount", results], check=True)
    shutil.rmtree(results, ignore_errors=True)


def results(project: Project) -> dict[str, str]:
    """Hash of every result by its path."""
    folder = project.folder / "results" / "smoke"
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): file_hash(path)
        for path in files
        if path.relative_to(folder).parts[0] not in ASIDE
    }


def undisturbed(project: Project, case: str) -> Undisturbed:
    """Run a case to its end; it leaves the project as it was."""
    forget(project)
    process = project.start("--cores", "2", "--config", *CASES[case])
    wait_for_jobs(process)
    started = time.monotonic()
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output
    seconds = time.monotonic() - started
    folder = project.folder / "results" / "smoke"
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    found = Undisturbed(results(project), seconds, size)
    forget(project)
    return found


def jobs_of(pid: int) -> dict[psutil.Process, str]:
    """Running jobs among the descendants of a process, and the names of their rules."""
    found = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error, IndexError):  # it may have ended meanwhile
                words = process.cmdline()
                if "python" in Path(words[0]).name and words[-1].endswith(".py"):
                    found[process] = Path(words[-1]).name.split(".")[-2]
                elif words[-1].startswith(FORKED) and not process.name().startswith("python"):
                    found[process] = process.name()
    return found


def wait_for_jobs(process: subprocess.Popen[str], seconds: float = 120) -> dict[psutil.Process, str]:
    """Until a job runs, or none will."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        if jobs := jobs_of(process.pid):
            return jobs
        time.sleep(0.02)
    return {}


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """A disk of so many bytes at a folder, until :func:`forget`."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,size=1g", folder], check=True)


def can_mount() -> bool:
    """Whether disks can be made here."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
        try:
            done = subprocess.run(command, capture_output=True).returncode == 0
        except OSError:
            return False
        if done:
            subprocess.run(["umount", folder], check=True)
    return done


def disturb(
    project: Project, case: str, kind: str, share: float, reference: Undisturbed, choice: random.Random
) -> tuple[int, str, str, list[str]]:
    """Start a case and disturb it after a share of its time.

    :returns: exit status, output, the moment in words, and faults: what jobs did after Snakemake's end.
    """
    arguments = ("--cores", "2", "--config", *CASES[case])
    if kind == "disk full":
        # Snakemake's own lines and the folders take some of it too.
        with small_disk(project.folder / "results" / "smoke", int(share * reference.bytes)):
            done = project.snakemake(*arguments)
        return done.returncode, done.stdout, f"{100 * share:.0f} % of {reference.bytes / 1e6:.1f} MB", []

    process = project.start(*arguments)
    wait_for_jobs(process)
    time.sleep(share * reference.seconds)
    jobs = wait_for_jobs(process)
    if jobs:
        match kind:
            case "job killed":
                with contextlib.suppress(psutil.NoSuchProcess):
                    choice.choice(sorted(jobs, key=lambda job: job.pid)).kill()
            case "Snakemake killed":
                process.kill()
            case "all killed":
                os.killpg(process.pid, signal.SIGKILL)
            case "interrupted":
                os.killpg(process.pid, signal.SIGINT)
            case "terminated":
                process.terminate()
    process.wait(timeout=300)
    ended = time.time()
    _, late = psutil.wait_procs(jobs, timeout=ENDING_SECONDS)
    faults = [f"{jobs[job]} outlived Snakemake by {ENDING_SECONDS} s" for job in late]
    for job in late:
        job.kill()
    output, _ = process.communicate(timeout=60)
    for path in (project.folder / "results" / "smoke").rglob("*"):
        if path.is_file() and path.stat().st_mtime > ended + WRITING_SECONDS and "logs" not in path.parts:
            faults.append(f"{path.name} was written after Snakemake's end")
    return (
        process.returncode,
        output,
        f"{100 * share:.0f} %, in {' and '.join(sorted(jobs.values())) or 'no job'}",
        faults,
    )


def incomplete(project: Project) -> set[str]:
    """Outputs that Snakemake knows to be unfinished."""
    folder = project.folder / ".snakemake" / "incomplete"
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {base64.urlsafe_b64decode(name.replace("@", "").replace("/", "")).decode() for name in names}


def identity(path: Path) -> tuple[int, int]:
    """Changes when a file is made again."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def state(project: Project) -> dict[str, tuple[int, int]]:
    """Identity of every finished result."""
    unfinished = incomplete(project)
    return {
        name: identity(project.folder / "results" / "smoke" / name)
        for name in results(project)
        if f"results/smoke/{name}" not in unfinished and not name.startswith("checkpoints/") and "/." not in name
    }


def unreadable(project: Project) -> list[str]:
    """HDF5 files under their final names that are not whole."""
    found = []
    for path in sorted((project.folder / "results").rglob("*.h5")):
        try:
            with h5py.File(path) as file:
                file.visititems(lambda _, entry: entry[()] if isinstance(entry, h5py.Dataset) else None)
                assert "parameters" in file.attrs
        except (OSError, AssertionError):
            found.append(path.name)
    return found


def leftovers(project: Project) -> list[str]:
    """What must not be there after a run that came to its end."""
    folder = project.folder
    parts = [path.name for top in ("results", "resources") for path in (folder / top).rglob("*.part")]
    checkpoints = [path.name for path in (folder / "results" / "smoke" / "checkpoints").rglob("*") if path.is_file()]
    locks = [path.name for path in (folder / ".snakemake" / "locks").rglob("*")]
    return parts + checkpoints + locks + sorted(incomplete(project))


def play(project: Project, seed: int, kind: str, case: str, reference: Undisturbed) -> Outcome:
    """One round: disturb a run, give the same command again, and compare."""
    # A shell ignores it in the background, and runs would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    choice = random.Random(seed)
    outcome = Outcome(seed, kind, case)
    share, status = choice.uniform(0.05, 0.95), 0
    while status == 0:
        forget(project)
        status, output, outcome.moment, outcome.faults = disturb(project, case, kind, share, reference, choice)
        # With status 0 the run ended before its time (the machine was busier when that was measured) or had space.
        share /= 2
    folder = project.folder / "results" / "smoke"
    checkpoints = [path.stem for path in (folder / "checkpoints").glob("*.h5")]
    finished = state(project)
    outcome.after = f"status {status}, {len(finished)} files finished" + ", a checkpoint" * bool(checkpoints)
    if bad := unreadable(project):
        outcome.faults.append(f"not whole: {bad}")
    if kind == "disk full" and ("error: no space left" not in output or "Signals.SIG" in output):
        outcome.faults.append(f"a crash, or no message about the full disk: {output[-1500:]}")

    arguments = ("--cores", "2", "--config", *CASES[case])
    rerun = project.snakemake(*arguments)
    outcome.rerun = "went on"
    if "cannot be locked" in rerun.stdout:
        outcome.rerun = "went on after --unlock"
        if kind not in ("Snakemake killed", "all killed"):
            outcome.faults.append("locked, though Snakemake ended by itself")
        project.snakemake("--unlock", "--config", *CASES[case][: CASES[case].index("--")])
        rerun = project.snakemake(*arguments)
    if rerun.returncode:
        outcome.faults.append(f"status {rerun.returncode}: {rerun.stdout[-1500:]}")
        return outcome
    outcome.rerun += f", {rerun.stdout.count('Finished jobid: ')} jobs"
    after = results(project)
    if differing := sorted(
        name for name in after.keys() | reference.files.keys() if after.get(name) != reference.files.get(name)
    ):
        outcome.faults.append(f"differ: {differing}")
    remade = [
        name for name, before in finished.items() if (folder / name).exists() and before != identity(folder / name)
    ]
    if remade:
        outcome.faults.append(f"remade: {remade}")
    for network in checkpoints:
        log = folder / "logs" / "train_network" / f"{network}.log"
        if f"networks/{network}.h5" not in finished and "going on from the checkpoint" not in log.read_text():
            outcome.faults.append(f"{network} did not go on from its checkpoint")
        outcome.rerun += f", {network} went on from its checkpoint"
    if left := leftovers(project):
        outcome.faults.append(f"left behind: {left}")
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this one")
    parser.add_argument("--case", choices=CASES, action="append", help="only this one")
    options = parser.parse_args()
    kinds = options.kind or [kind for kind in KINDS if kind != "disk full" or can_mount()]
    cases, references, faults = options.case or list(CASES), {}, 0
    with tempfile.TemporaryDirectory() as folder:
        project = prepare(Path(folder) / "a project")
        try:
            for number in range(options.rounds):
                seed = options.seed + number
                # Every kind meets every case.
                kind, case = kinds[seed % len(kinds)], cases[(seed + seed // len(kinds)) % len(cases)]
                if case not in references:
                    references[case] = undisturbed(project, case)
                    print(f"undisturbed | {case} | {references[case].seconds:.0f} s", flush=True)
                outcome = play(project, seed, kind, case, references[case])
                faults += bool(outcome.faults)
                print(outcome, flush=True)
        finally:
            forget(project)
    return faults > 0


if __name__ == "__main__":
    raise SystemExit(main())
