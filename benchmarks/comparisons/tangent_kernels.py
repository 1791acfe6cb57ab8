"""The empirical neural tangent kernel of a network with one output and given weights, without biases."""

from __future__ import annotations

import os
from itertools import pairwise

import numpy as np

from benchmarks.comparison import Arrays, Comparison, Job, Work

INPUTS, WIDTHS = 200, (512, 512)
SIZES = ("n = 100", "n = 500", "n = 2000", "n = 5000")
#: Peers that hold the derivatives of all samples, or a matrix for each pair of them, end here.
FEW = SIZES[:3]


def inputs(samples: int) -> Arrays:
    """Inputs, weights and readout of float32, one sample a column."""
    rng = np.random.default_rng(1)
    arrays = {"x": rng.standard_normal((INPUTS, samples)) / INPUTS**0.5}
    for layer, (columns, rows) in enumerate(pairwise((INPUTS, *WIDTHS)), 1):
        arrays[f"weight_{layer}"] = rng.standard_normal((rows, columns))
    arrays["readout"] = rng.standard_normal(WIDTHS[-1])
    return {name: values.astype(np.float32) for name, values in arrays.items()}


def _weights(arrays: Arrays) -> list[np.ndarray]:
    return [arrays[f"weight_{layer}"] for layer in range(1, len(WIDTHS) + 1)]


def ours(arrays: Arrays) -> Work:
    import torch

    from deepspectra.nn.activations import Activation
    from deepspectra.spectra.kernels.networks import network_kernels

    # The bare function, as the peers have it: ours divides by its norm.
    bare = Activation("bare arctan", torch.arctan, lambda x: 1 / (1 + x * x))
    x, *weights, readout = (torch.from_numpy(array) for array in (arrays["x"], *_weights(arrays), arrays["readout"]))
    return lambda: network_kernels(x, weights, readout, bare, dtype=torch.float32).tangent.numpy()


def plain(arrays: Arrays) -> Work:
    import torch

    x, *weights, readout = (torch.from_numpy(array) for array in (arrays["x"], *_weights(arrays), arrays["readout"]))

    def work() -> np.ndarray:
        layers, slopes = [x], []
        for weight in weights:
            before = weight @ layers[-1]
            layers.append(torch.arctan(before) / len(weight) ** 0.5)
            slopes.append(1 / (1 + before**2) / len(weight) ** 0.5)
        kernel, below = layers[-1].T @ layers[-1], readout[:, None]
        for layer in range(len(weights), 0, -1):
            sensitivity = slopes[layer - 1] * below
            kernel += (sensitivity.T @ sensitivity) * (layers[layer - 1].T @ layers[layer - 1])
            below = weights[layer - 1].T @ sensitivity
        return kernel.numpy()

    return work


def products(arrays: Arrays) -> Work:
    import torch

    x, *weights, _ = (torch.from_numpy(array) for array in (arrays["x"], *_weights(arrays), arrays["readout"]))
    samples = x.shape[1]
    layers = [x, *(torch.rand(len(weight), samples) for weight in weights)]
    gram = torch.empty(samples, samples)
    step = min(max(-(-samples // 8), 128), 1024)

    def half(matrix: torch.Tensor) -> None:
        """The blocks of X'X on and above the diagonal."""
        for start in range(0, samples, step):
            torch.mm(matrix[:, start : start + step].T, matrix[:, start:], out=gram[start : start + step, start:])

    def work() -> np.ndarray:
        half(layers[0])
        for layer, weight in enumerate(weights, 1):
            torch.mm(weight, layers[layer - 1], out=layers[layer])
            half(layers[layer])
        for layer in range(len(weights), 0, -1):
            half(layers[layer])
            if layer > 1:
                torch.mm(weights[layer - 1].T, layers[layer], out=layers[layer - 1])
        return np.empty(0)

    return work


def neural_tangents(arrays: Arrays) -> Work:
    # XLA takes two threads otherwise.
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["JAX_PLATFORMS"] = "cpu"
    import jax
    import jax.numpy as jnp
    from neural_tangents import NtkImplementation, empirical_ntk_fn

    def output(parameters: list, x: jax.Array) -> jax.Array:
        *matrices, last = parameters
        for matrix in matrices:
            x = jnp.arctan(x @ matrix) / matrix.shape[1] ** 0.5
        return x @ last

    fastest = NtkImplementation.STRUCTURED_DERIVATIVES
    kernel = empirical_ntk_fn(output, trace_axes=(), vmap_axes=0, implementation=fastest)
    call = jax.jit(lambda parameters, x: kernel(x, None, parameters))
    parameters = [jnp.asarray(weight.T) for weight in _weights(arrays)] + [jnp.asarray(arrays["readout"][:, None])]
    x = jnp.asarray(arrays["x"].T)
    # Compiled before it is timed.
    call(parameters, x).block_until_ready()
    samples = len(x)
    return lambda: np.asarray(call(parameters, x).block_until_ready()).reshape(samples, samples)


def torch_func(arrays: Arrays) -> Work:
    import torch
    from torch.func import grad, vmap

    x, *weights, readout = (torch.from_numpy(array) for array in (arrays["x"], *_weights(arrays), arrays["readout"]))

    def output(weights: list[torch.Tensor], readout: torch.Tensor, sample: torch.Tensor) -> torch.Tensor:
        for weight in weights:
            sample = torch.arctan(weight @ sample) / len(weight) ** 0.5
        return readout @ sample

    def work() -> np.ndarray:
        found = vmap(grad(output, argnums=(0, 1)), in_dims=(None, None, 1))(weights, readout, x)
        parts = [part.flatten(1) for part in (*found[0], found[1])]
        return sum(part @ part.T for part in parts).numpy()

    return work


def nngeometry(arrays: Arrays) -> Work:
    import torch
    from nngeometry.gram import GramMatrix
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    class Arctan(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.root = width**0.5

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.arctan(x) / self.root

    modules: list[nn.Module] = []
    for weight in [*_weights(arrays), arrays["readout"][None]]:
        layer = nn.Linear(*weight.shape[::-1], bias=False)
        layer.weight.data = torch.from_numpy(weight.copy())
        modules += [layer, Arctan(len(weight))]
    model = nn.Sequential(*modules[:-1])
    x = torch.from_numpy(arrays["x"].T.copy())
    loader = DataLoader(TensorDataset(x), batch_size=len(x))

    def work() -> np.ndarray:
        return GramMatrix(model, loader).to_torch().reshape(len(x), len(x)).detach().numpy()

    return work


COMPARISON = Comparison(
    title="Empirical neural tangent kernel, 200-512-512-1",
    inputs=inputs,
    sizes={size: {"samples": int(size.rpartition(" ")[2])} for size in SIZES},
    ours=Job(prepare=ours),
    peers={
        "neural-tangents 0.6.5": Job(
            prepare=neural_tangents,
            environment="neural-tangents",
            sizes=FEW,
            goal=1,
            tolerance=1e-5,
            note="STRUCTURED_DERIVATIVES and vmap_axes=0, the fastest of its ways; compilation left out",
        ),
        "NNGeometry 0.4": Job(prepare=nngeometry, environment="curvature", sizes=FEW, goal=1, tolerance=1e-5),
        "torch.func": Job(prepare=torch_func, environment="curvature", sizes=FEW, goal=1, tolerance=1e-5),
        "ten plain lines": Job(prepare=plain, goal=1, tolerance=1e-5, note="all matrix products in full"),
        "bare products, halves": Job(
            prepare=products,
            goal=1 / 1.2,
            tolerance=None,
            note="of each Gram matrix the blocks on and above the diagonal, nothing else: a bound",
        ),
    },
    note="float32; one output, arctan; no biases; weights are given.",
)
