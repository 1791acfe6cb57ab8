"""The non-zero spectrum of a batch's Hessian, that of the cross-entropy summed over samples."""

from __future__ import annotations

import numpy as np

from benchmarks.comparison import Arrays, Comparison, Job, Work, padded_difference
from benchmarks.networks import batch_of, classifier_inputs, loaded, mlp

HIDDEN = {"P = 7850": [], "P = 9960": [10, 100], "P = 20060": [10, 100, 100]}
SMALL, MIDDLE, LARGE = HIDDEN


def inputs(hidden: list[int]) -> Arrays:
    sizes = [784, *hidden, 10]
    return classifier_inputs(mlp(sizes), [784], 64, 1) | {"sizes": np.array(sizes)}


def ours(arrays: Arrays) -> Work:
    from deepspectra.spectra.curvature.spectra import resolved_spectrum

    model, (batch, labels) = loaded(mlp(arrays["sizes"].tolist()), arrays), batch_of(arrays)
    return lambda: resolved_spectrum("hessian", model, batch, labels, "cross_entropy").eigenvalues


def row_by_row(arrays: Arrays) -> Work:
    import torch
    from torch.nn import functional

    model, (batch, labels) = loaded(mlp(arrays["sizes"].tolist()), arrays).float(), batch_of(arrays)
    parameters, batch = list(model.parameters()), batch.float()

    def work() -> np.ndarray:
        loss = functional.cross_entropy(model(batch), labels, reduction="sum")
        gradient = torch.cat([part.flatten() for part in torch.autograd.grad(loss, parameters, create_graph=True)])
        matrix = torch.empty(len(gradient), len(gradient))
        for place, row in enumerate(matrix):
            # By its place: to iterate over the entries would charge each backward pass with all of them.
            parts = torch.autograd.grad(gradient[place], parameters, retain_graph=True)
            torch.cat([part.flatten() for part in parts], out=row)
        return torch.linalg.eigvalsh(matrix).numpy()

    return work


def curvlinops(arrays: Arrays) -> Work:
    import torch
    from curvlinops import HessianLinearOperator
    from torch import nn

    model, (batch, labels) = loaded(mlp(arrays["sizes"].tolist()), arrays).float(), batch_of(arrays)
    parameters, data, loss = list(model.parameters()), [(batch.float(), labels)], nn.CrossEntropyLoss(reduction="sum")

    def work() -> np.ndarray:
        operator = HessianLinearOperator(model, loss, parameters, data, check_deterministic=False)
        matrix = operator @ torch.eye(operator.shape[1])
        return torch.linalg.eigvalsh(matrix.detach()).numpy()

    return work


COMPARISON = Comparison(
    title="Hessian of a batch: all non-zero eigenvalues",
    inputs=inputs,
    sizes={size: {"hidden": hidden} for size, hidden in HIDDEN.items()},
    ours=Job(prepare=ours),
    peers={
        "row by row, eigvalsh": Job(
            prepare=row_by_row,
            environment="curvature",
            pairs={SMALL: 5, MIDDLE: 1, LARGE: 1},
            limit=1200,
            tolerance=1e-4,
            goal={SMALL: 300, MIDDLE: 300, LARGE: 60},
            note="float32, as in published code",
        ),
        "curvlinops 3.0.1": Job(
            prepare=curvlinops,
            environment="curvature",
            sizes=(SMALL, MIDDLE),
            pairs=1,
            limit=600,
            tolerance=1e-4,
            note="float32: the operator times the unit matrix, eigvalsh",
        ),
    },
    difference=padded_difference,
    note="Networks 784-10, 784-10-100-10 and 784-10-100-100-10 with ReLU and torch's initial weights, a batch of 64 "
    "Gaussian inputs. Ours is float64 and leaves out the zeros that the network's structure implies.",
)
