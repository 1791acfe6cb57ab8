"""The methods whose cost is followed as sizes grow, each with the exponents that it should have."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.comparison import Work
from benchmarks.networks import mlp
from deepspectra.nn.activations import activation
from deepspectra.rmt.limits.inputs import EmpiricalInput
from deepspectra.rmt.limits.layered import tangent_kernel
from deepspectra.rmt.limits.solver import limit_law
from deepspectra.rmt.nulls import laguerre_singular_values
from deepspectra.spectra.curvature.spectra import resolved_spectrum
from deepspectra.spectra.eigenvalues import symmetric_eigenvalues
from deepspectra.spectra.kernels.networks import random_network_kernels
from deepspectra.spectra.weights.nulls import null_level_statistics

__all__ = ["METHODS", "Method"]

ROOT = Path(__file__).resolve().parents[1]
_UNFOLDING = {"gaussian": 7, "staircase": 7, "polynomial": 9}


@dataclass(frozen=True, kw_only=True)
class Method:
    """One method against one size.

    :ivar variable: what grows, and what stays. :ivar prepare: the size to the work that is measured.
    :ivar sizes: ascending; each point should take at most two minutes. :ivar larger: further ones, measured on demand.
    :ivar time: exponent of the method's own leading term. :ivar memory: the same of memory; None if nothing grows.
    :ivar why: where these come from. :ivar apart: the work is a process of its own, which runs once.
    """

    title: str
    variable: str
    prepare: Callable[[int], Work]
    sizes: tuple[int, ...]
    larger: tuple[int, ...] = ()
    time: float
    memory: float | None
    why: str
    apart: bool = False


def _kernel_eigenvalues(size: int) -> Work:
    factor = torch.randn(size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    kernel = factor @ factor.T
    del factor
    return lambda: symmetric_eigenvalues(kernel)


def _tangent_kernel(samples: int, width: int) -> Work:
    x = np.random.default_rng(1).standard_normal((200, samples)) / 200**0.5
    return lambda: random_network_kernels(x, (width, width), activation("arctan"), 1).tangent.numpy()


def _curvature(kind: str, width: int, batch: int) -> Work:
    torch.manual_seed(1)
    model = mlp([20, width, width, 5]).double().eval()
    inputs, labels = torch.randn(batch, 20, dtype=torch.float64), torch.arange(batch) % 5
    return lambda: resolved_spectrum(kind, model, inputs, labels, "cross_entropy").eigenvalues


def _null_draws(size: int) -> Work:
    def work() -> dict[str, np.ndarray]:
        return null_level_statistics(2 * size, size, 5, _UNFOLDING, 20, 1)

    return work


def _limit_law(size: int) -> Work:
    spectrum = EmpiricalInput(laguerre_singular_values(2 * size, size, np.random.default_rng(1)) ** 2 / (2 * size))
    kernel = tangent_kernel(spectrum, (0.5, 0.5), 0.8, 1.2)
    return lambda: np.array(limit_law(kernel).edges)


def _planning(networks: int) -> Work:
    lines = [f"    grown_{k}: {{hidden: [512, 512, 512], seed: {k + 10}}}" for k in range(networks)]

    def work() -> np.ndarray:
        with tempfile.TemporaryDirectory() as folder:
            overlay = Path(folder, "networks.yaml")
            overlay.write_text("\n".join(["thamm2024:", "  networks:", *lines]), encoding="utf-8")
            command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all", "--nolock"]
            command += ["--configfile", str(overlay), "--config", "scale=smoke"]
            subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return np.empty(0)

    return work


METHODS = {
    "kernel_eigenvalues": Method(
        title="Eigenvalues of a kernel",
        variable="n samples",
        prepare=_kernel_eigenvalues,
        sizes=(500, 1000, 2000, 4000),
        larger=(8000, 16000),
        time=3,
        memory=2,
        why="tridiagonal reduction of an n x n matrix",
    ),
    "kernel_samples": Method(
        title="Tangent kernel, widths 1000",
        variable="n samples",
        prepare=lambda size: _tangent_kernel(size, 1000),
        sizes=(1000, 2000, 4000, 8000),
        larger=(16000, 32000),
        time=2,
        memory=2,
        why="Gram matrices of n samples",
    ),
    "kernel_width": Method(
        title="Tangent kernel, 1000 samples",
        variable="width",
        prepare=lambda size: _tangent_kernel(1000, size),
        sizes=(1000, 2000, 4000, 8000),
        larger=(16000, 32000),
        time=2,
        memory=1,
        why="width x width weights, drawn in blocks and never stored",
    ),
    "hessian_batch": Method(
        title="Resolved Hessian, 20-50-50-5",
        variable="batch",
        prepare=lambda size: _curvature("hessian", 50, size),
        sizes=(8, 16, 32, 64),
        larger=(128, 256),
        time=3,
        memory=2,
        why="eigenvalues of the reduced matrix, whose rows grow with the batch until they are all parameters",
    ),
    "hessian_width": Method(
        title="Resolved Hessian, batch 16",
        variable="width",
        prepare=lambda size: _curvature("hessian", size, 16),
        sizes=(50, 100, 200, 400),
        larger=(800,),
        time=4,
        memory=3,
        why="QR of the coupling block, width^2 rows by 12 width columns; the whole matrix would need width^6 and "
        "width^4. From the Gram matrix of the columns, third power and second, 2 of 1154 levels above 1e-9 of the "
        "largest were spurious at width 50, so we dropped it",
    ),
    "gauss_newton_batch": Method(
        title="Gauss-Newton spectrum, 20-400-400-5",
        variable="batch",
        prepare=lambda size: _curvature("gauss_newton", 400, size),
        sizes=(64, 128, 256, 512),
        larger=(1024, 2048),
        time=3,
        memory=2,
        why="eigenvalues of a Gram matrix of batch x 4 rows",
    ),
    "gauss_newton_width": Method(
        title="Gauss-Newton spectrum, batch 64",
        variable="width",
        prepare=lambda size: _curvature("gauss_newton", size, 64),
        sizes=(500, 1000, 2000, 4000),
        larger=(8000, 16000),
        time=2,
        memory=2,
        why="one matrix product with width x width weights a sample",
    ),
    "null_draws": Method(
        title="Null statistics of five 2m x m matrices",
        variable="m singular values",
        prepare=_null_draws,
        sizes=(250, 500, 1000, 2000, 4000),
        larger=(8000, 16000),
        time=2,
        memory=1,
        why="eigenvalues of a tridiagonal matrix",
    ),
    "limit_law": Method(
        title="Limit law of a two-layer tangent kernel",
        variable="n eigenvalues",
        prepare=_limit_law,
        sizes=(1000, 3000, 10000, 30000),
        larger=(100000, 300000),
        time=1,
        memory=1,
        why="sums over eigenvalues at each point",
    ),
    "planning": Method(
        title="Planning the DAG",
        variable="additional networks",
        prepare=_planning,
        sizes=(25, 50, 100, 200),
        larger=(400,),
        time=1,
        memory=1,
        why="a constant number of jobs a network",
        apart=True,
    ),
}
