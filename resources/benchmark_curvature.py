"""Write what resolved spectra cost, against dense float32 ones, to curvature_benchmark.md.

    uv run resources/benchmark_curvature.py [measurement ...]

Run it in the top folder, once the data sets are there (`snakemake resources/data/mnist.h5`, and `cifar10`, `bike`). It
takes minutes on one thread, which every measurement has to itself, in a process of its own: peak memory is that of the
process. Weights are random, as before training, and data are real: the first test batches. With names of measurements
only those are made, and their rows go to the screen alone.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA, RESULT = ROOT / "resources" / "data", ROOT / "resources" / "curvature_benchmark.md"
BATCH, SEED = 64, 1
#: Parameters of the networks that a dense spectrum is measured of, and of the one that it is scaled to.
LOGISTIC, SMALL, DEEP = 7850, 9960, 20060
#: What is hoped for: seconds at most, and times as fast as the dense route at least.
TARGETS = {"resolved_logistic": (0.3, 200), "resolved_deep": (20, 20), "resolved_test_set": (60, None)}
ROWS = {
    "dense_rows_logistic": "logistic regression of MNIST: dense float32, row by row",
    "dense_batched_logistic": "the same: dense float32, rows in batches (this library's published form)",
    "resolved_logistic": "the same: resolved",
    "resolved_test_set": "the same: resolved, all test batches",
    "dense_rows_small": "784-10-100-10 of MNIST: dense float32, row by row",
    "scaled_deep": "784-10-100-100-10 of MNIST: the row above, scaled",
    "resolved_deep": "the same: resolved",
    "resolved_bike": "13-100-100-50-1 of Bike Sharing: resolved",
    "resolved_lenet": "small LeNet of CIFAR-10: resolved",
}
#: The dense route with which a resolved one is compared.
AGAINST = {
    "dense_batched_logistic": "dense_rows_logistic",
    "resolved_logistic": "dense_rows_logistic",
    "resolved_deep": "scaled_deep",
}


def scale(measured: dict[str, float], size: int, to: int) -> dict[str, float]:
    """A dense route's cost for more parameters: the eigensolver's is cubic; rows are as many as parameters, and a
    backward pass is taken to cost in proportion to them; memory is that of the matrix.
    """
    rows, solver = measured["rows"] * (to / size) ** 2, measured["solver"] * (to / size) ** 3
    return {"rows": rows, "solver": solver, "seconds": rows + solver, "gigabytes": 2 * 4 * to**2 / 1e9}


def table(found: dict[str, dict[str, float]]) -> str:
    """All measurements as Markdown; ratios to the dense route of the same network, and whether targets are met."""
    lines = ["| what | seconds | of them rows, eigenvalues | memory in GB | times as fast | target |"]
    lines.append("|---|---|---|---|---|---|")
    for name, text in ROWS.items():
        if name not in found:
            continue
        row = found[name]
        parts = f"{row['rows']:.1f}, {row['solver']:.1f}" if "rows" in row else ""
        dense = found.get(AGAINST.get(name, ""))
        ratio = dense["seconds"] / row["seconds"] if dense else None
        lines.append(
            f"| {text} | {row['seconds']:.3g} | {parts} | {row['gigabytes']:.2f} | "
            f"{'' if ratio is None else f'{ratio:.3g}'} | {_verdict(name, row['seconds'], ratio)} |"
        )
    return "\n".join(lines) + "\n"


def _verdict(name: str, seconds: float, ratio: float | None) -> str:
    if name not in TARGETS:
        return ""
    most, times = TARGETS[name]
    wanted = f"{most:g} s" + (f", {times} times" if times else "")
    met = seconds <= most and (not times or (ratio is not None and ratio >= times))
    return f"{wanted}: {'met' if met else 'missed'}"


def page(rows: str) -> str:
    """The table with what it is of."""
    text = (
        f"Batches of {BATCH}; real data, random weights as before training. One thread of: {processor()}, at whatever "
        "else the machine had to do. Each row is a fresh process, whose peak memory is given, libraries and data "
        "included; seconds leave loading them out, and are the median of five for one batch of logistic regression. "
        "The dense route is that of the authors' kind: a backward pass through the gradient for each row of the "
        "Hessian, and all eigenvalues in float32. It is scaled to the deep network by the number of parameters, "
        "squared for the rows and cubed for the eigenvalues, and its memory there is that of two such matrices. Made "
        f"by `uv run resources/{Path(__file__).name}`."
    )
    wrapped = textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)
    return f"# What a resolved spectrum of a Hessian costs\n\n{wrapped}\n\n{rows}"


def processor() -> str:
    """The kind of processor, without the machine's name."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def measurements() -> dict[str, Callable[[], dict[str, float]]]:
    """What a process of its own measures, by name; torch and the library are known in there alone."""
    sys.path.insert(0, str(ROOT / "workflow" / "lib"))
    import h5py
    import torch
    from torch import nn

    from deepspectra.data.sets.bike import split_bike
    from deepspectra.data.sets.cifar10 import normalise_cifar10
    from deepspectra.data.sets.mnist import normalise_mnist
    from deepspectra.data.sources.bike import COLUMNS
    from deepspectra.nn.architectures.mlp import feed_forward
    from deepspectra.nn.losses import Loss, batch_loss
    from deepspectra.spectra.curvature.dense import hessian
    from deepspectra.spectra.curvature.spectra import resolved_spectrum

    torch.set_num_threads(1)
    torch.manual_seed(SEED)

    def images(data: str, normalise: Callable, count: int = BATCH) -> tuple[torch.Tensor, torch.Tensor]:
        with h5py.File(DATA / f"{data}.h5") as file:
            values, labels = file["test_images"][:count], file["test_labels"][:count]
        return torch.from_numpy(normalise(values)), torch.from_numpy(labels.astype("int64"))

    def rides() -> tuple[torch.Tensor, torch.Tensor]:
        with h5py.File(DATA / "bike.h5") as file:
            _, test = split_bike(file["table"][:], list(COLUMNS), 0.2, SEED)
        return torch.from_numpy(test.inputs[:BATCH]), torch.from_numpy(test.targets[:BATCH])

    def lenet() -> nn.Module:
        layers = [nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)]
        return nn.Sequential(*layers, *feed_forward([35, 50], 400))

    def mnist(hidden: list[int]) -> nn.Module:
        return feed_forward(hidden, 784)

    def timed(work: Callable[[], object]) -> tuple[float, object]:
        start = time.perf_counter()
        result = work()
        return time.perf_counter() - start, result

    def row_by_row(model: nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        parameters = list(model.parameters())
        value = batch_loss("cross_entropy", model(inputs), labels)
        gradient = torch.cat([part.reshape(-1) for part in torch.autograd.grad(value, parameters, create_graph=True)])
        rows = torch.empty(len(gradient), len(gradient))
        for place in range(len(gradient)):
            # By its place: to iterate over the entries would charge each backward pass with all of them.
            found = torch.autograd.grad(gradient[place], parameters, retain_graph=True)
            rows[place] = torch.cat([part.reshape(-1) for part in found])
        return rows

    def dense(model: nn.Module, route: Callable[..., torch.Tensor]) -> dict[str, float]:
        inputs, labels = images("mnist", normalise_mnist)
        rows, matrix = timed(lambda: route(model.float().eval(), inputs.float(), labels))
        solver, _ = timed(lambda: torch.linalg.eigvalsh(matrix))
        return {"rows": rows, "solver": solver, "seconds": rows + solver}

    def resolved(model: nn.Module, batch: tuple, loss: Loss = "cross_entropy", times: int = 1) -> dict[str, float]:
        model = model.double().eval()
        all_seconds = [timed(lambda: resolved_spectrum("hessian", model, *batch, loss))[0] for _ in range(times)]
        return {"seconds": statistics.median(all_seconds)}

    def test_set() -> dict[str, float]:
        model, (inputs, labels) = mnist([]).double().eval(), images("mnist", normalise_mnist, 10000)

        def whole() -> None:
            for batch in zip(inputs.split(BATCH), labels.split(BATCH), strict=True):
                resolved_spectrum("hessian", model, *batch, "cross_entropy")

        return {"seconds": timed(whole)[0]}

    return {
        "dense_rows_logistic": lambda: dense(mnist([]), row_by_row),
        "dense_batched_logistic": lambda: dense(
            mnist([]), lambda model, inputs, labels: hessian(model, inputs, labels, "cross_entropy")
        ),
        "resolved_logistic": lambda: resolved(mnist([]), images("mnist", normalise_mnist), times=5),
        "resolved_test_set": test_set,
        "dense_rows_small": lambda: dense(mnist([10, 100]), row_by_row),
        "resolved_deep": lambda: resolved(mnist([10, 100, 100]), images("mnist", normalise_mnist)),
        "resolved_bike": lambda: resolved(feed_forward([100, 100, 50], 13, 1), rides(), "squared"),
        "resolved_lenet": lambda: resolved(lenet(), images("cifar10", normalise_cifar10)),
    }


def in_a_process(name: str) -> dict[str, float]:
    """One measurement in a process of its own, with one thread."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, __file__, "--measure", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=os.environ | threads)
    if done.returncode != 0:
        raise SystemExit(f"{name} failed")
    return json.loads(done.stdout)


def peak_gigabytes() -> float:
    """Of this process; the system counts in kilobytes, but macOS in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measurements()[sys.argv[2]]() | {"gigabytes": peak_gigabytes()}))
        raise SystemExit
    wanted = sys.argv[1:] or list(ROWS)
    if set(wanted) - set(ROWS) or not all((DATA / f"{data}.h5").exists() for data in ("mnist", "cifar10", "bike")):
        raise SystemExit(f"{__doc__}\nMeasurements: {', '.join(ROWS)}")
    found: dict[str, dict[str, float]] = {}
    for name in wanted:
        if name == "scaled_deep":
            continue
        found[name] = in_a_process(name)
        print(f"{ROWS[name]}: {found[name]['seconds']:.3g} s, {found[name]['gigabytes']:.2f} GB", flush=True)
    if "dense_rows_small" in found:
        found["scaled_deep"] = scale(found["dense_rows_small"], SMALL, DEEP)
    result = page(table(found))
    print(f"\n{result}")
    if not sys.argv[1:]:
        RESULT.write_text(result, encoding="utf-8")
