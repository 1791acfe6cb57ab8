"""Full networks and their linearisation around one layer's initial weights (thamm2024, eq. 6)."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from deepspectra.data.standardised import load_standardised
from deepspectra.data.tasks import Part, Samples
from deepspectra.nn.architectures import architecture
from deepspectra.nn.images import CLASSES, image_inputs
from deepspectra.nn.linearised import linearised
from deepspectra.nn.networks import load_parameters
from deepspectra.runtime import store
from deepspectra.train.augmentation import centre_crops
from deepspectra.train.training import accuracy

__all__ = ["linearised_accuracies"]

#: Training images from which it is seen whether a training diverged.
_LOSS_IMAGES = 2000


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
        weights), ``full_{part}`` and ``linearised_{part}`` for each part, and ``initial_loss`` and ``final_loss``:
        mean losses (eq. 3) over the first 2000 training images at most, before and after training. All but alpha are
        NaN if the training stopped at a loss that was not finite.
    """
    measured = [f"{kind}_{part}" for part in images for kind in ("full", "linearised")]
    if "diverged" in store.read(weights, {}).attributes["parameters"]:
        losses = ("final_loss", "initial_loss")
        unknown = dict.fromkeys(["relative_displacement", *measured, *losses], math.nan)
        return {"alpha": network["alpha"], **unknown}
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
        if part == "train":
            shown = Samples(samples.inputs[:_LOSS_IMAGES], samples.targets[:_LOSS_IMAGES])
    # Last, since the linearisation shares the network's parameters.
    for state in ("final", "initial"):
        load_parameters(model, {name: found[f"{state}/{name}"] for name in shapes})
        row[f"{state}_loss"] = _loss(model, shown, network)
    return row


@torch.no_grad()
def _loss(model: torch.nn.Module, samples: Samples, network: Mapping[str, Any]) -> float:
    outputs = network["alpha"] * model.eval()(centre_crops(samples.inputs, network["crop"]))
    return float(functional.cross_entropy(outputs, samples.targets)) / network["alpha"] ** 2
