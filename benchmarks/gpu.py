"""What a GPU gives: the tests marked `gpu`, every rule that asks for one against the CPU, and times as published.

    uv run python -m benchmarks.gpu FOLDER                # on a machine with a GPU: within 10 minutes
    uv run python -m benchmarks.gpu FOLDER --dry-run      # the same code at tiny sizes, the CPU in the GPU's place

It needs torch, NumPy, SciPy, pandas, h5py and, for the tests, pytest; without uv, put `workflow/lib` on PYTHONPATH. It
needs no data: samples are random. Into the folder it writes
`gpu.json`, the table `gpu.md` and `gpu_speeds.csv`, which may take the place of `resources/gpu_speeds.csv`. It starts
nothing that does not fit into the time that is left, and says what it left out. The exit status is 1 if a test failed
or results of CPU and GPU differ.

Not measured: many small networks at once, stacked by torch.func. On a GPU a step of mlp512 is bound by launches, so a
stack of its seeds and output scales should cost little more than one of them; that can be told on a GPU alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from deepspectra.data.tasks import Samples, Task
from deepspectra.nn.activations import activation
from deepspectra.nn.architectures import architecture
from deepspectra.nn.architectures.ntk_mlp import kernel_network
from deepspectra.nn.embedding import load_embedding, parameter_shapes
from deepspectra.nn.images import CLASSES, image_inputs
from deepspectra.nn.linearised import linearised
from deepspectra.nn.networks import initialise_default, initialise_glorot, parameters_of
from deepspectra.papers.baskerville2022.control_spectra import Batches, softmax_controls
from deepspectra.papers.fan2020.draws import draw_kernels
from deepspectra.papers.pennington2017.simulations import simulate_data_covariance, simulate_random_features
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature.dense import hessian, mean_gradient_square
from deepspectra.spectra.curvature.spectra import resolved_spectrum
from deepspectra.spectra.curvature.whole_reduced import resolved_softmax_spectrum
from deepspectra.spectra.deflation import float32_eigenvalues
from deepspectra.spectra.kernels.equivalents import initial_matrices
from deepspectra.spectra.kernels.trained import trained_matrices
from deepspectra.train.training import Plan, train

ROOT = Path(__file__).resolve().parents[1]
#: Seconds for everything.
LIMIT = 560.0
Arrays = Mapping[str, np.ndarray]


def _samples(count: int, *shape: int, dtype: torch.dtype = torch.float64) -> Samples:
    rng = torch.Generator().manual_seed(1)
    inputs = torch.randn(count, *shape, generator=rng, dtype=torch.float64).to(dtype)
    return Samples(inputs, torch.randint(CLASSES, (count,), generator=rng))


def _perceptron(inputs: int, *hidden: int, dtype: torch.dtype = torch.float64) -> nn.Module:
    model = architecture("mlp").build({"hidden": list(hidden), "activation": "relu"}, inputs, CLASSES)
    initialise_default(model, 1)
    return model.to(dtype).eval()


# One small job of each rule that asks for a GPU: results that must not depend on the device.


def _train(device: str) -> Arrays:
    model, samples = _perceptron(60, 50, 40, dtype=torch.float32), _samples(320, 60, dtype=torch.float32).to(device)
    history = train(model.to(device), samples, samples, Plan(learning_rates=(0.01,) * 3, batch_size=32, seed=1))
    return {"loss": history[:, 2], **parameters_of(model)}


def _linearise(device: str) -> Arrays:
    model, samples = _perceptron(60, 50, 40), _samples(100, 60).to(device)
    model.to(device)
    start = model.get_submodule("dense2").weight.detach() + 0.1
    with torch.no_grad():
        return {
            "outputs": linearised(model, dict(model.named_parameters()), start, "dense2")(samples.inputs).cpu().numpy()
        }


def _matrix(device: str) -> Arrays:
    model, samples = (
        _perceptron(30, 8, 9, dtype=torch.float32).to(device),
        _samples(20, 30, dtype=torch.float32).to(device),
    )
    dense = hessian(model, samples.inputs, samples.targets, "cross_entropy")
    return {"hessian": dense.cpu().numpy(), "squares": mean_gradient_square(model, samples.inputs).cpu().numpy()}


def _eigenvalues(device: str) -> Arrays:
    return {"eigenvalues": float32_eigenvalues(_matrix("cpu")["hessian"], device)[0]}


def _resolve(device: str) -> Arrays:
    model, samples = _perceptron(30, 8, 9).to(device), _samples(20, 30).to(device)
    kinds = ("hessian", "gauss_newton")
    found = {kind: resolved_spectrum(kind, model, samples.inputs, samples.targets, "cross_entropy") for kind in kinds}
    return {kind: np.asarray(spectrum.eigenvalues) for kind, spectrum in found.items()}


def _resolve_whole(device: str) -> Arrays:
    model, samples = _perceptron(30).to(device), _samples(200, 30).to(device)
    with torch.no_grad():
        return {"eigenvalues": np.asarray(resolved_softmax_spectrum(samples.inputs, model(samples.inputs)).eigenvalues)}


def _controls(device: str) -> Arrays:
    model, samples = _perceptron(30).to(device), _samples(60, 30).to(device)
    return softmax_controls(model, samples, Batches(size=20, there=3, drawn=3, vectors=2), 1)


def _embed(device: str) -> Arrays:
    rng = np.random.default_rng(1)
    shapes = parameter_shapes("efficientnet_lite0")
    # Variances are positive.
    arrays = {name: (0.05 * rng.random(shape) + 0.02).astype(np.float32) for name, shape in shapes.items()}
    images = torch.from_numpy(rng.integers(0, 256, (4, 3, 64, 64), np.uint8)).to(device)
    with torch.no_grad():
        return {"features": load_embedding("efficientnet_lite0", arrays).to(device)(images).cpu().numpy()}


def _kernels(device: str) -> Arrays:
    x = np.random.default_rng(1).standard_normal((40, 120)) / math.sqrt(40)
    return initial_matrices(x, [200, 160], activation("arctan"), 1, dtype=torch.float64, device=device)


def _trained_kernels(device: str) -> Arrays:
    sigma = activation("arctan")
    model = kernel_network(20, [40, 30], sigma)
    weights = {
        name: np.random.default_rng(1).standard_normal(array.shape) for name, array in parameters_of(model).items()
    }
    part = Samples(_samples(50, 20).inputs, _samples(50, 1).inputs)
    with tempfile.TemporaryDirectory() as folder:
        states = {f"{state}/{name}": array for state in ("initial", "final") for name, array in weights.items()}
        store.write(f"{folder}/weights.h5", states, parameters={}, inputs=[], seed=1, dtype="float64")
        return trained_matrices(model, f"{folder}/weights.h5", Task(part, part, "squared"), sigma, device=device)


def _drawn(device: str) -> Arrays:
    sizes = [{"samples": n, "draws": 3, "width": 2 * n, "input_dimension": n // 2} for n in (40, 60, 80)]
    entry = {"sizes": sizes, "depth": 2, "activation": "arctan", "dtype": "float64", "seed": 1}
    return draw_kernels(entry, None, lambda *_: None, device=device)[0]


def _covariance(device: str) -> Arrays:
    item = {"phi": 1.0, "psi": 1.5, "input_dimensions": [48], "layers": 3, "pooled_eigenvalues": 300, "seed": 1}
    return simulate_data_covariance(item, 0.5, device)[1]


def _random_features(device: str) -> Arrays:
    item = {"betas": [-2.0, 0.0], "smallest_gamma": 1e-6, "largest_gamma": 10.0, "simulated_points": 3}
    item |= {"input_dimension": 48, "smaller_dimension": 24, "seed": 1}
    return simulate_random_features(item, "a", {"phi": 0.5, "psi": 0.25}, device)[1]


#: Rule -> a small job of it, and the largest difference that rounding explains, relative to the largest number.
CHECKS: dict[str, tuple[Callable[[str], Arrays], float]] = {
    "train_network": (_train, 1e-3),
    "evaluate_linearised": (_linearise, 1e-10),
    "compute_curvature": (_matrix, 1e-4),
    "decompose_curvature": (_eigenvalues, 1e-6),
    "resolve_curvature": (_resolve, 1e-10),
    "resolve_whole_set": (_resolve_whole, 1e-10),
    "draw_controls": (_controls, 1e-8),
    "embed_images": (_embed, 1e-3),
    "compute_kernels": (_kernels, 1e-10),
    "compute_trained_kernels": (_trained_kernels, 1e-10),
    "draw_kernels": (_drawn, 1e-8),
    "simulate_data_covariance": (_covariance, 1e-3),
    "simulate_random_features": (_random_features, 1e-8),
}


def largest_difference(here: Arrays, there: Arrays) -> float:
    """Largest difference of two sets of arrays, each relative to its largest number; infinite if shapes differ."""
    if here.keys() != there.keys() or any(np.shape(here[name]) != np.shape(there[name]) for name in here):
        return math.inf
    gaps = [
        float(
            np.max(np.abs(np.asarray(array) - there[name]), initial=0) / max(np.max(np.abs(array), initial=0), 1e-300)
        )
        for name, array in here.items()
        if np.size(array)
    ]
    return max(gap if math.isfinite(gap) else math.inf for gap in gaps)


# What takes long as published, with a size that can be made smaller.


def _epoch(name: str, device: str, images: int) -> None:
    entry: dict[str, Any] = {"hidden": [512, 512, 512], "activation": "relu"}
    crop = 28 if name == "minialexnet" else None
    model = architecture(name).build(entry if crop is None else {}, image_inputs(crop), CLASSES)
    initialise_glorot(model, 1)
    samples = _samples(images, *((3, 32, 32) if crop else (3072,)), dtype=torch.float32).to(device)
    plan = Plan(learning_rates=(1e-3,), batch_size=32, momentum=0.95, l2=1e-4 if crop else 0.0, crop=crop, seed=1)
    train(model.to(device), samples, Samples(samples.inputs[:32], samples.targets[:32]), plan)


def _published(device: str, width: int) -> np.ndarray:
    """The float32 Hessian of a batch of 64 in a network shaped as 784-10-100-100-10, which has width 100."""
    inputs = _inputs(width)
    model = _perceptron(inputs, 10, width, width, dtype=torch.float32).to(device)
    samples = _samples(64, inputs, dtype=torch.float32).to(device)
    return hessian(model, samples.inputs, samples.targets, "cross_entropy").cpu().numpy()


def _inputs(width: int) -> int:
    return 784 * width // 100


def _parameters(width: int) -> int:
    """P of that network: 20060 at 100."""
    return 10 * (_inputs(width) + 1) + width * 11 + width * (width + 1) + 10 * (width + 1)


def _large_kernels(device: str, samples: int) -> None:
    x = np.random.default_rng(1).standard_normal((3072, samples)) / math.sqrt(3072)
    initial_matrices(x, [2 * samples] * 5, activation("arctan"), 1, device=device)


@dataclass(frozen=True)
class Timing:
    """A job as published.

    :ivar case: of :mod:`deepspectra.planning.work`. :ivar prepare: (device, size) -> what `run` takes besides.
    :ivar work: of a size: what its time is proportional to. :ivar full: the published size.
    :ivar small: one that the CPU does in seconds. :ivar reserve: seconds that it may take on a GPU.
    """

    rule: str
    case: str
    run: Callable[..., object]
    work: Callable[[int], float]
    full: int
    small: int
    reserve: float
    prepare: Callable[[str, int], tuple[Any, ...]] = lambda device, size: (device, size)

    def seconds(self, device: str, size: int) -> float:
        """Of one run, everything done."""
        given = self.prepare(device, size)
        begun = time.perf_counter()
        self.run(*given)
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - begun


TIMINGS = {
    "mlp512, one epoch": Timing(
        "train_network", "mlp of 4 layers, batch 32", lambda *given: _epoch("mlp", *given), float, 50_000, 3200, 60
    ),
    "miniAlexNet, one epoch": Timing(
        "train_network",
        "minialexnet of 5 layers, batch 32",
        lambda *given: _epoch("minialexnet", *given),
        float,
        50_000,
        320,
        120,
    ),
    "P = 20060 as published, matrix": Timing(
        "compute_curvature",
        "mnist mlp 10 100 100 hessian batch",
        _published,
        lambda w: _parameters(w) ** 2,
        100,
        40,
        100,
    ),
    "P = 20060 as published, eigenvalues": Timing(
        "decompose_curvature",
        "mnist mlp 10 100 100 hessian batch",
        float32_eigenvalues,
        lambda width: _parameters(width) ** 3,
        100,
        40,
        150,
        prepare=lambda device, width: (_published(device, width), device),
    ),
    "kernels of 5000 samples": Timing("compute_kernels", "", _large_kernels, lambda samples: samples**3, 5000, 500, 60),
}


def run(device: str, tiny: bool, folder: Path, left: Callable[[], float]) -> dict[str, Any]:
    """Everything, as it stands in the JSON file.

    :param tiny: smallest sizes in place of the published ones. :param left: seconds that are left.
    """
    report: dict[str, Any] = {"torch": torch.__version__, "device": _device_name(device), "tiny": tiny}
    report["agreement"] = []
    for rule, (job, tolerance) in CHECKS.items():
        difference = largest_difference(job("cpu"), job(device))
        report["agreement"].append(
            {"rule": rule, "difference": difference, "tolerance": tolerance, "agrees": difference <= tolerance}
        )
    report["timings"] = []
    torch.set_num_threads(1)
    for name, timing in TIMINGS.items():
        full, small = (4, 2) if tiny and timing.work is float else (timing.full, timing.small)
        if tiny and timing.work is not float:
            full, small = (20, 15) if timing.rule == "compute_kernels" else (4, 2)
        row: dict[str, Any] = {"job": name, "rule": timing.rule, "case": timing.case, "seconds": None}
        if left() > timing.reserve:
            timing.seconds(device, small)  # torch compiles and loads its kernels
            row["seconds"] = timing.seconds(device, full)
            row["cpu_seconds"] = timing.seconds("cpu", small) * timing.work(full) / timing.work(small)
            row["speed"] = row["cpu_seconds"] / row["seconds"]
        report["timings"].append(row)
        # What is known survives a time limit.
        _write(report, folder)
    report["tests"] = _tests(left())
    _write(report, folder)
    return report


def _tests(seconds: float) -> str:
    """The last line of the tests marked `gpu`."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-m", "gpu", "tests/unit"]
    try:
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=max(seconds, 1))
    except subprocess.TimeoutExpired:
        return "left out: no time"
    told = (result.stdout.strip() or result.stderr.strip()).splitlines()[-1:]
    return f"{'passed' if result.returncode == 0 else 'failed'}: {''.join(told)}"


def _device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else "CPU"


def _write(report: Mapping[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gpu.json").write_text(json.dumps(report, indent=1) + "\n")
    (folder / "gpu.md").write_text(table(report))
    rows = [row for row in report["timings"] if row["seconds"]]
    lines = [[row["rule"], row["case"], f"{row['speed']:.3g}", f"measured on {report['device']}"] for row in rows]
    with (folder / "gpu_speeds.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([["rule", "case", "speed", "basis"], *lines])


def table(report: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    lines = [
        f"# {report['device']}, torch {report['torch']}",
        "",
        "| job | seconds | one core of its machine | times |",
    ]
    lines.append("|---|---|---|---|")
    for row in report["timings"]:
        if row["seconds"] is None:
            lines.append(f"| {row['job']} | left out: no time | | |")
        else:
            lines.append(f"| {row['job']} | {row['seconds']:.3g} | {row['cpu_seconds']:.3g} | {row['speed']:.3g} |")
    lines += ["", "| rule | CPU and GPU differ by | at most | |", "|---|---|---|---|"]
    for row in report["agreement"]:
        word = "agrees" if row["agrees"] else "**differs**"
        lines.append(f"| `{row['rule']}` | {row['difference']:.1e} | {row['tolerance']:.0e} | {word} |")
    return "\n".join([*lines, "", f"Tests marked `gpu`: {report.get('tests', 'not yet run')}", ""])


def main(arguments: list[str] | None = None) -> int:
    """Run it all; 0 if tests passed and results agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="for the results")
    parser.add_argument("--dry-run", action="store_true", help="tiny sizes, on the CPU")
    options = parser.parse_args(arguments)
    end = time.monotonic() + LIMIT
    if not options.dry_run and not torch.cuda.is_available():
        print(
            "error: torch sees no CUDA device here. Run this where there is one, or add --dry-run to try it out.",
            file=sys.stderr,
        )
        return 1
    try:
        device = "cpu" if options.dry_run else "cuda"
        report = run(device, options.dry_run, options.folder, lambda: end - time.monotonic())
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(table(report))
    return 0 if all(row["agrees"] for row in report["agreement"]) and not report["tests"].startswith("failed") else 1


if __name__ == "__main__":
    sys.exit(main())
