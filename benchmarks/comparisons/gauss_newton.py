"""The spectrum of a batch's Gauss-Newton matrix, that of the cross-entropy summed over samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.comparison import Arrays, Comparison, Job, Work, padded_difference
from benchmarks.networks import batch_of, classifier_inputs, loaded, mlp, resnet20, resnet34

if TYPE_CHECKING:
    import torch
    from torch import nn

NETWORKS = {
    "784-100-100-10": (lambda: mlp([784, 100, 100, 10]), (784,)),
    "ResNet-20": (resnet20, (3, 32, 32)),
    "ResNet-34": (resnet34, (3, 32, 32)),
}
MLP, SMALL, LARGE, FEW = "784-100-100-10, float64", "ResNet-20, float32", "ResNet-34, float64", "ResNet-34, batch 8"


def inputs(network: str, batch: int, dtype: str) -> Arrays:
    build, shape = NETWORKS[network]
    return classifier_inputs(build(), shape, batch, 1, dtype) | {"network": np.array(network)}


def _model(arrays: Arrays) -> nn.Module:
    return loaded(NETWORKS[str(arrays["network"])][0](), arrays)


def _factor(outputs: torch.Tensor) -> torch.Tensor:
    """A with A A' the Hessian of each sample's cross-entropy in its outputs; shape (batch, outputs, outputs)."""
    import torch

    probabilities = torch.softmax(outputs.detach(), dim=1)
    roots = probabilities.sqrt()
    return torch.diag_embed(roots) - probabilities[:, :, None] * roots[:, None, :]


def ours(arrays: Arrays) -> Work:
    import torch

    from deepspectra.spectra.curvature.gauss_newton import gauss_newton_gram

    model, (batch, _) = _model(arrays), batch_of(arrays)
    return lambda: torch.linalg.eigvalsh(gauss_newton_gram(model, batch, "cross_entropy")).numpy()


def resolved(arrays: Arrays) -> Work:
    from deepspectra.spectra.curvature.spectra import resolved_spectrum

    model, (batch, labels) = _model(arrays), batch_of(arrays)
    return lambda: resolved_spectrum("gauss_newton", model, batch, labels, "cross_entropy").eigenvalues


def vivit(arrays: Arrays) -> Work:
    import torch
    from backpack import backpack, extend
    from torch import nn

    # BackPACK makes layers of the default precision, and torch has removed what ViViT 1.0.0 calls.
    torch.set_default_dtype(torch.from_numpy(arrays["inputs"][:0]).dtype)
    torch.Tensor.symeig = lambda matrix, eigenvectors: (torch.linalg.eigvalsh(matrix), None)
    from vivit import EigvalshComputation

    model, (batch, labels) = _model(arrays), batch_of(arrays)
    if str(arrays["network"]) == "ResNet-34":
        # BackPACK does not know adaptive pooling, which has nothing to pool here.
        model.avgpool = nn.Identity()
    model = extend(model, use_converter=str(arrays["network"]) != "784-100-100-10").eval()
    loss = extend(nn.CrossEntropyLoss())

    def work() -> np.ndarray:
        computation = EigvalshComputation()
        group = {"params": list(model.parameters())}
        model.zero_grad()
        hook = computation.get_extension_hook([group])
        with backpack(computation.get_extension(), extension_hook=hook):
            loss(model(batch), labels).backward()
        # Its loss is the mean over samples.
        return computation.get_result(group).numpy() * len(batch)

    return work


def nngeometry(arrays: Arrays) -> Work:
    import torch
    from nngeometry.metrics import FIM
    from nngeometry.object import FMatDense
    from torch.utils.data import DataLoader, TensorDataset

    model, (batch, labels) = _model(arrays), batch_of(arrays)
    # It makes constants of the default precision.
    torch.set_default_dtype(batch.dtype)
    loader = DataLoader(TensorDataset(batch, labels), batch_size=len(batch))

    def work() -> np.ndarray:
        gram = FIM(model, loader, FMatDense, "classif_logits").to_torch()
        rows = gram.shape[0] * gram.shape[1]
        return torch.linalg.eigvalsh(gram.reshape(rows, rows)).numpy()

    return work


def curvlinops(arrays: Arrays) -> Work:
    import torch
    from curvlinops import JacobianLinearOperator, TransposedJacobianLinearOperator

    model, data = _model(arrays), batch_of(arrays)
    parameters = list(model.parameters())

    def work() -> np.ndarray:
        forward = JacobianLinearOperator(model, parameters, [data], check_deterministic=False)
        backward = TransposedJacobianLinearOperator(model, parameters, [data], check_deterministic=False)
        factor = torch.block_diag(*_factor(model(data[0])))
        return torch.linalg.eigvalsh(factor.T @ (forward @ (backward @ factor))).detach().numpy()

    return work


def torch_func(arrays: Arrays) -> Work:
    import torch
    from torch.func import functional_call, jacrev, vmap

    model, (batch, _) = _model(arrays), batch_of(arrays)
    weights = {name: values.detach() for name, values in model.named_parameters()}

    def outputs(weights: dict[str, torch.Tensor], sample: torch.Tensor) -> torch.Tensor:
        return functional_call(model, weights, (sample[None],))[0]

    def work() -> np.ndarray:
        jacobians = vmap(jacrev(outputs), in_dims=(None, 0))(weights, batch)
        factor = _factor(model(batch))
        rows = torch.cat([part.flatten(2) for part in jacobians.values()], dim=2)
        rows = torch.einsum("nck,ncp->nkp", factor, rows).flatten(0, 1)
        return torch.linalg.eigvalsh(rows @ rows.T).numpy()

    return work


COMPARISON = Comparison(
    title="Gauss-Newton spectrum of a batch",
    inputs=inputs,
    sizes={
        MLP: {"network": "784-100-100-10", "batch": 64, "dtype": "float64"},
        SMALL: {"network": "ResNet-20", "batch": 64, "dtype": "float32"},
        FEW: {"network": "ResNet-34", "batch": 8, "dtype": "float64"},
        LARGE: {"network": "ResNet-34", "batch": 64, "dtype": "float64"},
    },
    ours=Job(prepare=ours, pairs=3),
    peers={
        "ViViT 1.0.0": Job(
            prepare=vivit,
            environment="curvature",
            sizes=(MLP, SMALL, FEW),
            pairs={MLP: 5, SMALL: 5, FEW: 1},
            goal={MLP: 2},
            tolerance={MLP: 1e-10, SMALL: 1e-4, FEW: 1e-10},
        ),
        "NNGeometry 0.4": Job(
            prepare=nngeometry,
            environment="curvature",
            sizes=(MLP, SMALL),
            pairs={MLP: 5, SMALL: 2},
            goal={MLP: 2},
            tolerance={MLP: 1e-10, SMALL: 1e-4},
        ),
        "curvlinops 3.0.1": Job(
            prepare=curvlinops,
            environment="curvature",
            sizes=(MLP,),
            goal=2,
            tolerance=1e-10,
            note="products of Jacobian operators with the factor's columns; the whole matrix would take 64 GB",
        ),
        "torch.func": Job(prepare=torch_func, environment="curvature", sizes=(MLP,), goal=2, tolerance=1e-10),
        "ours, resolved": Job(
            prepare=resolved,
            sizes=(MLP,),
            tolerance=1e-10,
            note="the same with a bound of the error of each eigenvalue, and one-sided Jacobi if levels drown in it",
        ),
    },
    difference=padded_difference,
    most={SMALL: {"seconds": 3, "gigabytes": 1.2}, LARGE: {"seconds": 20, "gigabytes": 2}},
    note="Batches of 64 unless the size says otherwise; Gaussian inputs, torch's initial weights, batch normalisation "
    "with the statistics of the batch.",
)
