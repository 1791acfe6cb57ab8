"""Full networks and their linearisation around one layer's initial weights (thamm2024, eq. 6)."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deepspectra.data.standardised import load_standardised
from deepspectra.data.tasks import Part
from deepspectra.nn.architectures import architecture
from deepspectra.nn.images import CLASSES, image_inputs
from deepspectra.nn.linearised import linearised
from deepspectra.nn.networks import load_parameters
from deepspectra.runtime import store
from deepspectra.train.training import accuracy

__all__ = ["linearised_accuracies"]


def linearised_accuracies(
    network: Mapping[str, Any],
    layer: str,
    weights: str | Path,
    data: str | Path,
    images: Mapping[Part, int],
    device: torch.device | str = "cpu",
) -> dict[str, float]:
    """Accuracies of a trained network and of its linearisation.

    :param network: its settings. :param layer: the one whose initial weights it is linearised around.
    :param weights: file with ``initial/...`` and ``final/...`` of every parameter, the latter unless training diverged.
    :param data: CIFAR-10. :param images: how many images of each part.
    :returns: ``alpha``, ``relative_displacement`` (Frobenius norm of the layer's change over that of its final
        weights), ``full_{part}`` and ``linearised_{part}`` for each part, and ``diverged``: 1 if the network's training
        diverged, and then all but alpha are NaN, otherwise 0.
    """
    measured = [f"{kind}_{part}" for part in images for kind in ("full", "linearised")]
    if "diverged" in store.read(weights, {}).attributes["parameters"]:
        unknown = dict.fromkeys(["relative_displacement", *measured], math.nan)
        return {"alpha": network["alpha"], **unknown, "diverged": 1}
    model = architecture(network["architecture"]).build(network, image_inputs(network["crop"]), CLASSES)
    shapes = {name.replace(".", "/"): tuple(value.shape) for name, value in model.named_parameters()}
    found = store.read(weights, {f"{state}/{name}": shapes[name] for state in ("initial", "final") for name in shapes})
    load_parameters(model, {name: found[f"final/{name}"] for name in shapes})
    model.to(device)
    initial, final = (found[f"{state}/{layer}/weight"] for state in ("initial", "final"))
    linear = linearised(model, dict(model.named_parameters()), torch.from_numpy(initial).to(device), layer)
    displacement = float(np.linalg.norm(final - initial) / np.linalg.norm(final))
    row: dict[str, float] = {"alpha": network["alpha"], "relative_displacement": displacement}
    for part, count in images.items():
        samples = load_standardised(data, part, count).to(device)
        row[f"full_{part}"] = accuracy(model, samples, network["crop"])
        row[f"linearised_{part}"] = accuracy(linear, samples, network["crop"])
    return row | {"diverged": 0}
