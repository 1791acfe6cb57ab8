"""Kernel matrices of a network before and after training, and its outputs, under the names in files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Unpack

import numpy as np
import torch
from torch import nn

from deepspectra.data.tasks import Task
from deepspectra.nn.activations import Activation
from deepspectra.nn.networks import load_parameters, parameters_of
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes
from deepspectra.runtime.tables import read_csv
from deepspectra.spectra.kernels.networks import KernelOptions, network_kernels

__all__ = ["check_test_error", "trained_matrices"]

_STATES = ("initial", "final")


@torch.no_grad()
def trained_matrices(
    model: nn.Module, path: str | Path, task: Task, activation: Activation, **options: Unpack[KernelOptions]
) -> dict[str, np.ndarray]:
    """Kernels on the training samples, in float64, and outputs in both states.

    :param model: in the NTK parametrisation, with one output. It becomes float64; its parameters are overwritten.
    :param path: the file of its weights before and after training.
    :returns: ``input``, ``train_targets`` and ``test_targets``; ``{state}/conjugate_1``, ..., ``{state}/tangent``,
        ``{state}/train_outputs`` and ``{state}/test_outputs`` for the states initial and final.
    :raises UserError: if the file does not hold this network.
    """
    model.double()
    names = parameters_of(model)
    stored = store.read(path, {f"{state}/{name}": array.shape for state in _STATES for name, array in names.items()})
    x = task.train.inputs.T
    arrays = {"input": (x.T @ x).numpy(), "train_targets": task.train.targets.numpy()}
    arrays["test_targets"] = task.test.targets.numpy()
    for state in _STATES:
        load_parameters(model, {name: stored[f"{state}/{name}"] for name in names})
        *weights, readout = model.parameters()
        found = network_kernels(x, weights, readout, activation, **options).arrays()
        found["train_outputs"] = model(task.train.inputs).numpy()
        found["test_outputs"] = model(task.test.inputs).numpy()
        arrays |= {f"{state}/{name}": array for name, array in found.items()}
    return arrays


def check_test_error(arrays: Mapping[str, np.ndarray], history: str | Path, weights: str | Path) -> None:
    """Check by its test error that the network was trained on these samples, which are drawn or read anew.

    :param history: table of the training. :param weights: their file.
    :raises UserError: if the error is not that after the last epoch, or shapes do not fit together.
    """
    targets, outputs = arrays["test_targets"], arrays["final/test_outputs"]
    check_shapes(targets=(targets, "samples outputs"), outputs=(outputs, "samples outputs"))
    error = float(np.mean((targets - outputs) ** 2))
    recorded = float(read_csv(history, ("test_loss",), numbers=("test_loss",)).test_loss.iloc[-1])
    if not abs(error - recorded) <= 1e-3 * recorded + 1e-6:
        found = f"its error on the test samples is {error:.6g} and was {recorded:.6g} after training"
        again = "Train it again: snakemake --forcerun train_network."
        raise UserError(f"{weights} was trained on other samples: {found}. {again}")
