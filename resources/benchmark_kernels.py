"""Write what kernels cost, against neural-tangents and against their matrix products alone, to kernel_benchmark.md.

    uv run resources/benchmark_kernels.py [--tiny]

Run it in the top folder. It takes a quarter of an hour on one thread, which every measurement has to itself, in a
process of its own: peak memory is that of the process. neural-tangents does not run beside current packages: it has an
environment of its own, which uv makes and keeps in its cache. With --tiny all but that is measured once at sizes of no
interest, and the page goes to the screen alone.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "resources" / "kernel_benchmark.md"
SEED = 1
#: What runs neural-tangents: the last versions that fit together.
THEIR_PYTHON = "3.11"
THEIR_PACKAGES = ("neural-tangents==0.6.5", "jax==0.4.23", "jaxlib==0.4.23", "scipy==1.12.0", "numpy==1.26.4")
#: Implementations of neural-tangents, each with and without word that samples do not mix (vmap_axes).
IMPLEMENTATIONS = ("AUTO", "JACOBIAN_CONTRACTION", "NTK_VECTOR_PRODUCTS", "STRUCTURED_DERIVATIVES")
#: Seconds of a first call, compilation included, after which an implementation of theirs is not tried again.
PATIENCE = 20.0
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Network(NamedTuple):
    """A network's samples, input dimension and hidden widths."""

    samples: int
    dimension: int
    widths: tuple[int, ...]

    def __str__(self) -> str:
        depth, width = len(self.widths), self.widths[0]
        same = len(set(self.widths)) == 1 and depth > 2
        hidden = f"{depth} layers of {width}" if same else "-".join(map(str, self.widths))
        return f"n = {self.samples}, {self.dimension} inputs, {hidden}"


class Plan(NamedTuple):
    """Networks to measure, and how often."""

    small: Network
    large: Network
    small_rounds: int
    large_rounds: int


PLAN = Plan(
    small=Network(500, 200, (512, 512)),
    large=Network(3000, 1000, (6000,) * 5),
    small_rounds=20,
    large_rounds=2,
)
TINY = Plan(Network(12, 5, (7, 6)), Network(30, 8, (40,) * 3), 2, 1)
#: What is hoped for: ratios of the median processor seconds of two rows, and whether it is the least or the most.
TARGETS = {("theirs", "ours"): ("at least", 2.0), ("large", "products"): ("at most", 1.5)}
ROWS = {
    "theirs": "given weights: neural-tangents, {implementation}",
    "ours": "the same: ours",
    "products": "matrix products alone, on arrays that are there",
    "drawing": "drawing the random weights alone, for both passes",
    "large": "random weights: ours, derivatives in memory",
    "large_scratch": "the same, derivatives in a scratch file",
    "large_float64": "the same, accumulated in float64 and compared",
}


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Of a measurement's repetitions: least and median seconds, by clock and by processor, and largest peak memory."""
    seconds, of_processor = ([one[key] for one in found] for key in ("seconds", "processor_seconds"))
    return found[-1] | {
        "least": min(seconds),
        "median": statistics.median(seconds),
        "processor_least": min(of_processor),
        "processor_median": statistics.median(of_processor),
        "gigabytes": max(one["gigabytes"] for one in found),
    }


def table(rows: dict[str, dict[str, Any]], networks: dict[str, Network]) -> str:
    """All measurements as Markdown."""
    lines = ["| network | what | seconds: least, median | of a processor: least, median | peak memory in GB |"]
    lines.append("|---|---|---|---|---|")
    for name, row in rows.items():
        text = ROWS[name].format(**row)
        clock, of_processor = (f"{row[f'{kind}least']:.3g}, {row[f'{kind}median']:.3g}" for kind in ("", "processor_"))
        lines.append(f"| {networks[name]} | {text} | {clock} | {of_processor} | {row['gigabytes']:.2f} |")
    return "\n".join(lines) + "\n"


def verdicts(rows: dict[str, dict[str, Any]]) -> str:
    """A line for each target whose two rows were measured."""
    lines = []
    for (above, below), (sense, target) in TARGETS.items():
        if above in rows and below in rows:
            kinds = ("processor_median", "processor_least", "median", "least")
            ratios = [rows[above][kind] / rows[below][kind] for kind in kinds]
            met = ratios[0] >= target if sense == "at least" else ratios[0] <= target
            texts = [ROWS[name].format(**rows[name]) for name in (above, below)]
            others = ", ".join(f"{ratio:.3g}" for ratio in ratios[1:])
            lines.append(f"- {texts[0]} / {texts[1]}:")
            lines.append(f"  {ratios[0]:.3g} ({others}), {sense} {target:g} hoped for: {'met' if met else 'missed'}")
    return "\n".join(lines) + "\n"


def tried(found: dict[str, float]) -> str:
    """What neural-tangents' implementations took, as Markdown."""
    lines = ["| implementation | seconds |", "|---|---|"]
    lines += [f"| {name} | {seconds:.3g} |" for name, seconds in sorted(found.items(), key=lambda item: item[1])]
    return "\n".join(lines) + "\n"


def differences(found: dict[str, Any]) -> str:
    """What float64 accumulation changes, as Markdown."""
    lines = ["| kernel | largest entry of the difference | relative Frobenius norm |", "|---|---|---|"]
    named = [(f"X_{layer}'X_{layer}", entry) for layer, entry in enumerate(found["grams"])]
    for name, entry in (*named, ("K_NTK", found["tangent"])):
        lines.append(f"| {name} | {entry['largest_entry']:.2g} | {entry['relative_norm']:.2g} |")
    return "\n".join(lines) + "\n"


def page(plan: Plan, rows: dict[str, dict[str, Any]], their_tries: dict[str, float]) -> str:
    """All that was measured, with what it is of."""
    networks = {name: plan.small if name in ("ours", "theirs") else plan.large for name in ROWS}
    text = (
        f"Kernels in float32, arctan. One core of: {processor()}, at whatever else the machine had to do: rows of a "
        "network were measured in turns, so that all had their share of that, and seconds of a processor leave out "
        "what others had of its core. Ratios below are of the medians of these; in brackets, of the least, and of "
        "medians and least by the clock. Peak memory is that of a process, libraries included. Matrix products are "
        "W X forward, X'X and S'S in full, and W'S backward; ours computes half of each Gram matrix, so that it can be "
        f"faster than they are, and draws its weights twice. Made by `uv run resources/{Path(__file__).name}`."
    )
    parts = ["# What kernels cost", wrapped(text), table(rows, networks).rstrip(), verdicts(rows).rstrip()]
    if their_tries:
        text = (
            f"neural-tangents' implementations, compiled and warmed up ({', '.join(THEIR_PACKAGES)}), on the first "
            f"network, the least of three calls; the fastest one is in the table above. vmap_axes=0 tells it that "
            f"samples do not mix. Where the first call took more than {PATIENCE:g} seconds there was no other: these "
            "numbers have the compilation in them."
        )
        parts += ["## neural-tangents", wrapped(text), tried(their_tries).rstrip()]
    text = (
        "The Gram matrices, their products and sums in float64 from the float32 activations and sensitivities of the "
        f"same network ({plan.large}): how far the plain float32 kernels are from these."
    )
    parts += ["## Accumulation in float64", wrapped(text), differences(rows["large_float64"]["differences"]).rstrip()]
    return "\n\n".join(parts) + "\n"


def wrapped(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def processor() -> str:
    """The kind of processor, without the machine's name."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def peak_gigabytes() -> float:
    """Of this process; the system counts in kilobytes, but macOS in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def timed(work: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    """Seconds by the clock, and seconds of a processor: those of one thread, without what others had of its core."""
    start, processor_start = time.perf_counter(), time.process_time()
    result = work()
    processor_seconds = time.process_time() - processor_start
    return {"seconds": time.perf_counter() - start, "processor_seconds": processor_seconds}, result


def small_network(network: Network) -> tuple[Any, list[Any], Any]:
    """Inputs, weights and readout that both packages are given, float32; numpy's frozen generator."""
    import numpy as np

    draw = np.random.RandomState(SEED).standard_normal
    sizes = (network.dimension, *network.widths)
    x = draw((network.dimension, network.samples)) / network.dimension**0.5
    weights = [draw((rows, columns)) for rows, columns in zip(sizes[1:], sizes[:-1], strict=True)]
    return x.astype("float32"), [matrix.astype("float32") for matrix in weights], draw(sizes[-1]).astype("float32")


def their_kernel(network: Network, implementation: str) -> Callable[[], Any]:
    """A call of neural-tangents, compiled; runs in its environment."""
    import jax
    import jax.numpy as jnp
    import neural_tangents

    x, weights, readout = small_network(network)
    name, _, mixing = implementation.partition(", ")

    def output(parameters: list, inputs: Any) -> Any:
        *matrices, last = parameters
        for matrix in matrices:
            inputs = jnp.arctan(inputs @ matrix) / matrix.shape[1] ** 0.5
        return inputs @ last

    kernel = neural_tangents.empirical_ntk_fn(
        output,
        trace_axes=(),
        vmap_axes=0 if mixing else None,
        implementation=neural_tangents.NtkImplementation[name],
    )
    call = jax.jit(lambda parameters, inputs: kernel(inputs, None, parameters))
    parameters = [jnp.asarray(matrix.T) for matrix in weights] + [jnp.asarray(readout[:, None])]
    inputs = jnp.asarray(x.T)
    return lambda: call(parameters, inputs).block_until_ready()


def our_kernel(network: Network) -> Callable[[], Any]:
    """The same call of ours."""
    import torch

    from deepspectra.nn.activations import Activation
    from deepspectra.spectra.kernels.networks import network_kernels

    sigma = Activation("arctan alone", torch.arctan, lambda x: 1 / (1 + x * x))
    x, weights, readout = small_network(network)
    arguments = [torch.from_numpy(x), [torch.from_numpy(matrix) for matrix in weights], torch.from_numpy(readout)]
    return lambda: network_kernels(*arguments, sigma, dtype=torch.float32).tangent


def serve(work: Callable[[str], Callable[[], Any]], name: str) -> None:
    """Warm up one call; then for each line that comes in, time it and answer with a line."""
    keep_to_one_core()
    with redirect_stdout(sys.stderr):  # neural-tangents talks while it compiles
        call = work(name)
        warm_up, _ = timed(call)
    print(json.dumps(warm_up), flush=True)
    for _ in sys.stdin:
        seconds, result = timed(call)
        # The norm shows that both compute the same.
        norm = float((result**2).sum()) ** 0.5
        print(json.dumps(seconds | {"gigabytes": peak_gigabytes(), "norm": norm}), flush=True)


def large_measurements(network: Network) -> dict[str, Callable[[], dict[str, Any]]]:
    """What a process of its own measures, by name."""
    from dataclasses import asdict

    import torch

    from deepspectra.data.samples import gaussian_samples
    from deepspectra.nn.activations import activation
    from deepspectra.spectra.kernels.networks import random_network_kernels
    from deepspectra.spectra.kernels.weights import RandomWeights

    torch.set_num_threads(1)
    x = torch.from_numpy(gaussian_samples(network.dimension, network.samples, SEED)).float()

    def ours(scratch: bool, accumulation: torch.dtype | None = None) -> dict[str, Any]:
        options: dict[str, Any] = {"accumulation": accumulation}
        with tempfile.TemporaryDirectory() as folder:
            if scratch:
                options["scratch"] = Path(folder)
            call = lambda: random_network_kernels(x, network.widths, activation("arctan"), SEED, **options)  # noqa: E731
            seconds, kernels = timed(call)
        result: dict[str, Any] = dict(seconds)
        if kernels.tangent_difference is not None:
            grams = [asdict(entry) for entry in kernels.gram_differences]
            result["differences"] = {"grams": grams, "tangent": asdict(kernels.tangent_difference)}
        return result

    def products() -> dict[str, Any]:
        sizes = (network.dimension, *network.widths)
        generator = torch.Generator().manual_seed(SEED)
        largest = max(sizes)
        weights = torch.randn(largest, largest, generator=generator)
        before, after = (torch.randn(largest, network.samples, generator=generator) for _ in range(2))
        gram = torch.empty(network.samples, network.samples)

        def multiply() -> None:
            for layer, width in enumerate(sizes):
                if layer > 0:
                    torch.matmul(weights[:width, : sizes[layer - 1]], before[: sizes[layer - 1]], out=after[:width])
                torch.matmul(after[:width].T, after[:width], out=gram)
            for layer in range(len(sizes) - 1, 0, -1):
                width, below = sizes[layer], sizes[layer - 1]
                torch.matmul(after[:width].T, after[:width], out=gram)
                if layer > 1:
                    torch.matmul(weights[:width, :below].T, after[:width], out=before[:below])

        return timed(multiply)[0]

    def drawing() -> dict[str, Any]:
        sizes = (network.dimension, *network.widths)
        source = RandomWeights(sizes, SEED, torch.device("cpu"), torch.float32)
        layers = [*range(1, len(sizes)), *range(2, len(sizes))]

        def draw() -> None:
            source.readout()
            for layer in layers:
                for _ in source.blocks(layer):
                    pass

        return timed(draw)[0]

    return {
        "products": products,
        "drawing": drawing,
        "large": lambda: ours(scratch=False),
        "large_scratch": lambda: ours(scratch=True),
        "large_float64": lambda: ours(scratch=True, accumulation=torch.float64),
    }


def keep_to_one_core() -> None:
    """Whatever their threads are told, libraries then share one core: XLA takes two otherwise."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def one_thread() -> dict[str, str]:
    """The environment of a process whose libraries, jax among them, are to use one thread."""
    jax = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1", "JAX_PLATFORMS": "cpu"}
    return os.environ | dict.fromkeys(THREADS, "1") | jax


def in_a_process(name: str, network: Network) -> dict[str, Any]:
    """One measurement in a process of its own."""
    command = [sys.executable, __file__, "--measure", name, json.dumps(network)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=one_thread())
    if done.returncode != 0:
        raise SystemExit(f"{name} failed")
    return json.loads(done.stdout)


class Server:
    """A process that times one call whenever it is asked."""

    def __init__(self, command: list[str], name: str, network: Network):
        self.name = name
        arguments = [*command, __file__, "--serve", name, json.dumps(network)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(arguments, text=True, env=one_thread(), **pipes)
        self.warm_up = self._answer()["seconds"]

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.wait()

    def time(self) -> dict[str, Any]:
        print(file=self.process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} failed")
        return json.loads(line)


def their_python() -> list[str]:
    """The command of a Python with neural-tangents."""
    packages = [option for package in THEIR_PACKAGES for option in ("--with", package)]
    options = ["--no-config", "--no-project", "--isolated", "--python", THEIR_PYTHON]
    return [os.environ.get("UV", "uv"), "run", *options, *packages, "python"]


def try_theirs(network: Network) -> dict[str, float]:
    """Least seconds of three calls of each implementation, or of its first one where that took too long."""
    found = {}
    for name in (f"{kind}{mixing}" for kind in IMPLEMENTATIONS for mixing in ("", ", vmap_axes=0")):
        with Server(their_python(), name, network) as server:
            found[name] = server.warm_up
            if server.warm_up < PATIENCE:
                found[name] = min(server.time()["seconds"] for _ in range(3))
        print(f"neural-tangents, {name}: {found[name]:.3g} s", flush=True)
    return found


def against_theirs(plan: Plan, implementation: str) -> dict[str, dict[str, Any]]:
    """Both packages in turns, and a check that they compute the same."""
    ours, theirs = [], []
    with (
        Server([sys.executable], "ours", plan.small) as here,
        Server(their_python(), implementation, plan.small) as there,
    ):
        for _ in range(plan.small_rounds):
            ours.append(here.time())
            theirs.append(there.time())
    if abs(ours[-1]["norm"] / theirs[-1]["norm"] - 1) > 1e-5:
        raise SystemExit(f"the kernels differ; their norms are {ours[-1]['norm']} and {theirs[-1]['norm']}")
    return {"theirs": summary(theirs) | {"implementation": implementation}, "ours": summary(ours)}


def in_turns(names: Iterable[str], network: Network, rounds: int) -> dict[str, dict[str, Any]]:
    """Measurements in turns, each time in a fresh process."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name, rows in found.items():
            rows.append(in_a_process(name, network))
            print(f"{name}: {rows[-1]['processor_seconds']:.3g} s, {rows[-1]['gigabytes']:.2f} GB", flush=True)
    return {name: summary(rows) for name, rows in found.items()}


def main(tiny: bool) -> None:
    plan = TINY if tiny else PLAN
    rows, their_tries = {}, {}
    if not tiny:
        their_tries = try_theirs(plan.small)
        rows |= against_theirs(plan, min(their_tries, key=their_tries.__getitem__))
    rows |= in_turns([name for name in ROWS if name not in ("theirs", "ours")], plan.large, plan.large_rounds)
    result = page(plan, rows, their_tries)
    print(f"\n{result}")
    if not tiny:
        RESULT.write_text(result, encoding="utf-8")


def as_network(text: str) -> Network:
    samples, dimension, widths = json.loads(text)
    return Network(samples, dimension, tuple(widths))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "workflow" / "lib"))
    match sys.argv[1:]:
        case ["--measure", name, network]:
            keep_to_one_core()
            print(json.dumps(large_measurements(as_network(network))[name]() | {"gigabytes": peak_gigabytes()}))
        case ["--serve", "ours", network]:
            serve(lambda _: our_kernel(as_network(network)), "ours")
        case ["--serve", name, network]:
            serve(lambda name: their_kernel(as_network(network), name), name)
        case [] | ["--tiny"]:
            main(tiny="--tiny" in sys.argv)
        case _:
            raise SystemExit(__doc__)
