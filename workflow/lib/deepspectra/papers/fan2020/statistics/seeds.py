"""How a training's results differ from seed to seed, and its course: numbers of figure 3 of Fan and Wang (2020)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from deepspectra.data.kernel_tasks import load_kernel_task
from deepspectra.nn.networks import load_trained
from deepspectra.papers.histograms import Bar
from deepspectra.papers.rows import Row
from deepspectra.runtime.tables import read_csv
from deepspectra.spectra.kernels.trained import check_test_error

__all__ = ["history_curves", "seed_results", "seed_rows"]

#: What figure 3 tells of each network, in words.
_RESULTS = {
    "mean_squared_error": "mean squared error after training",
    "r_squared": "test R^2 after training",
    "label_share": "share of the labels on two eigenvectors of the trained conjugate kernel",
}
_COLUMNS = ("epoch", "loss", "test_loss", "readout_mean_square")


@torch.no_grad()
def seed_results(
    weights: str, history: str, network: Mapping[str, Any], training: Mapping[str, Any], data: str | None = None
) -> tuple[dict[str, float], pd.DataFrame]:
    """Results of one network, and its history with R^2 on the test samples in each epoch.

    :param weights: file of its weights. :param history: its table. :param network: its settings, ``training`` too.
    :param data: CIFAR-10, unless the samples are points of the sphere.
    :returns: the results in float64: ``mean_squared_error`` of the training samples, ``r_squared`` of the test samples,
        ``label_share`` of the training labels; the history's columns epoch, loss, readout_mean_square and r_squared.
    :raises UserError: if the network was trained on other samples.
    """
    task = load_kernel_task(network, training, data)
    entry = dict(network) | {"architecture": "ntk_mlp"}
    model = load_trained(entry, weights, "final", task.train.inputs.shape[1], 1, torch.float64)
    y, test = task.train.targets, task.test.targets.numpy()
    outputs = model(task.test.inputs).numpy()
    check_test_error({"test_targets": test, "final/test_outputs": outputs}, history, weights)
    # All but the readout: X_L', whose left singular vectors are the kernel's eigenvectors.
    features = torch.nn.Sequential(*list(model.children())[:-1])(task.train.inputs)
    leading = torch.linalg.eigh(features @ features.T).eigenvectors[:, -2:]
    table = read_csv(history, _COLUMNS, numbers=_COLUMNS)
    variance = float(np.var(test))
    found = {
        "mean_squared_error": float((model(task.train.inputs) - y).square().mean()),
        "r_squared": float(1 - np.mean((test - outputs) ** 2) / variance),
        "label_share": float((leading.T @ y).square().sum() / y.square().sum()),
    }
    return found, table.assign(r_squared=1 - table.test_loss / variance).drop(columns="test_loss")


def seed_rows(results: Mapping[int, Mapping[str, float]]) -> list[Row]:
    """Each result of every seed, its median and its range.

    :param results: by seed, as :func:`seed_results` returns them.
    """
    rows = [Row("seeds", "networks", "seeds", "seeds", float(len(results)), told=True)]
    for name, label in _RESULTS.items():
        values = np.array([each[name] for each in results.values()])
        rows += [
            Row("seeds", "networks", name, label, float(value), at=seed)
            for seed, value in zip(results, values, strict=True)
        ]
        spread = {"median": np.median(values), "lowest": values.min(), "highest": values.max()}
        rows += [
            Row("seeds", "networks", f"{name}_{key}", f"{label}, {key}", float(value), told=True)
            for key, value in spread.items()
        ]
    return rows


def history_curves(histories: Mapping[int, pd.DataFrame]) -> list[Bar]:
    """Loss, readout's mean square and R^2 of every seed against the epochs: panel history, series ``{column} {seed}``.

    :param histories: by seed, as :func:`seed_results` returns them.
    """
    return [
        ("history", f"{column} {seed}", epoch, epoch, value)
        for seed, table in histories.items()
        for column in ("loss", "readout_mean_square", "r_squared")
        for epoch, value in zip(table.epoch, table[column], strict=True)
    ]
