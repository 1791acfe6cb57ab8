"""What exactness costs: all eigenvalues of a larger network's Hessian, beside its ten largest and its density by
Lanczos and power iteration."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.comparison import Arrays, Comparison, Job, Work
from benchmarks.networks import batch_of, classifier_inputs, loaded, mlp

if TYPE_CHECKING:
    from torch import nn

SIZES, PARAMETERS, TOP, STEPS, BATCH = [784, 50, 50, 10], 42310, 10, 100, 64


def inputs() -> Arrays:
    return classifier_inputs(mlp(SIZES), SIZES[:1], BATCH, 1)


def ours(arrays: Arrays) -> Work:
    from deepspectra.spectra.curvature.spectra import resolved_spectrum

    model, (batch, labels) = loaded(mlp(SIZES), arrays), batch_of(arrays)
    return lambda: resolved_spectrum("hessian", model, batch, labels, "cross_entropy").eigenvalues


def _eigenthings(arrays: Arrays) -> Any:
    from hessian_eigenthings import HessianOperator, supervised_loss
    from torch import nn

    loss = supervised_loss(nn.CrossEntropyLoss(reduction="sum"))
    return HessianOperator(loaded(mlp(SIZES), arrays), [batch_of(arrays)], loss)


def eigenthings_top(arrays: Arrays) -> Work:
    from hessian_eigenthings import lanczos

    operator = _eigenthings(arrays)
    return lambda: {"top": lanczos(operator, k=TOP, max_iter=STEPS, reorthogonalize=True, seed=1).eigenvalues.numpy()}


def eigenthings_density(arrays: Arrays) -> Work:
    from hessian_eigenthings import spectral_density

    operator = _eigenthings(arrays)

    def work() -> Arrays:
        found = spectral_density(operator, num_runs=10, lanczos_steps=STEPS, seed=1)
        weights = found.raw_weights.numpy().ravel()
        return {"nodes": found.raw_eigenvalues.numpy().ravel(), "weights": weights / weights.sum()}

    return work


def _pyhessian(arrays: Arrays) -> tuple[nn.Module, Any]:
    """A model, and what starts PyHessian for it anew."""
    import torch
    from pyhessian import hessian
    from torch import nn

    # It makes matrices of the default precision, and calls what torch has removed.
    torch.set_default_dtype(torch.float64)
    torch.eig = lambda matrix, eigenvectors: (lambda values, vectors: (values[:, None], vectors))(
        *torch.linalg.eigh(matrix)
    )
    model, data = loaded(mlp(SIZES), arrays), batch_of(arrays)

    def start() -> Any:
        torch.manual_seed(1)
        model.zero_grad()
        return hessian(model, nn.CrossEntropyLoss(reduction="sum"), data=data, cuda=False)

    return model, start


def pyhessian_top(arrays: Arrays) -> Work:
    _, start = _pyhessian(arrays)
    return lambda: {"top": np.array(start().eigenvalues(top_n=TOP)[0])}


def pyhessian_density(arrays: Arrays) -> Work:
    _, start = _pyhessian(arrays)

    def work() -> Arrays:
        nodes, weights = (np.ravel(part) for part in start().density(iter=STEPS, n_v=10))
        return {"nodes": nodes, "weights": weights / weights.sum()}

    return work


def difference(ours: Arrays, theirs: Arrays) -> float:
    """Of the ten largest eigenvalues, relative to each; of a density, the area between the distribution functions of
    all P eigenvalues, relative to their mean absolute value."""
    exact = np.concatenate([ours["result"], np.zeros(PARAMETERS - len(ours["result"]))])
    if "top" in theirs:
        # In absolute value, since pairs of opposite signs come in any order.
        top, found = (np.sort(np.abs(values))[::-1][:TOP] for values in (exact, theirs["top"]))
        return float(np.max(np.abs(found / top - 1)))
    from scipy.stats import wasserstein_distance

    area = wasserstein_distance(exact, theirs["nodes"], v_weights=theirs["weights"])
    return float(area / np.abs(exact).mean())


COMPARISON = Comparison(
    title="What exactness costs: a Hessian with P = 42,310",
    inputs=inputs,
    sizes={"784-50-50-10": {}},
    ours=Job(prepare=ours),
    peers={
        "hessian-eigenthings 1.0.0a5, top 10": Job(
            prepare=eigenthings_top, environment="curvature", tolerance=1e-2, note="100 steps of Lanczos"
        ),
        "hessian-eigenthings 1.0.0a5, density": Job(
            prepare=eigenthings_density, environment="curvature", tolerance=0.5, note="10 x 100 steps of Lanczos"
        ),
        "PyHessian 0.1, top 10": Job(
            prepare=pyhessian_top,
            environment="curvature",
            tolerance=math.inf,
            note="power iteration that stops at changes below 1e-3, its default; its error is a result",
        ),
        "PyHessian 0.1, density": Job(
            prepare=pyhessian_density, environment="curvature", tolerance=0.5, note="10 x 100 steps of Lanczos"
        ),
    },
    difference=difference,
    note="Ours gives all eigenvalues with bounds of their errors; a ratio below 1 is the price of that. The difference "
    "of the ten largest is relative to each; that of a density is the area between the distribution functions of all P "
    "eigenvalues, relative to their mean absolute value.",
)
