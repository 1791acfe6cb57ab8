"""Training of a network by stochastic gradient descent: seeded, resumable, and equal to the bit either way.

All images lie on the device as one tensor and are indexed there. What is random in an epoch (order, crops) comes from
a generator of that epoch alone, so that an epoch can be gone through again without the history before it: a run that
was killed and goes on from a checkpoint ends with the same weights as one that was not.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from deepspectra import store
from deepspectra.ensembles import generator
from deepspectra.networks import ORDER_STREAM, load_parameters, parameters_of
from deepspectra.progress import ProgressBar

logger = logging.getLogger(__name__)

HISTORY_COLUMNS = ("epoch", "learning_rate", "loss", "train_accuracy", "test_accuracy")
_EVALUATED_AT_ONCE = 2000
_STEPS_A_REPORT = 50


@dataclass(frozen=True)
class Plan:
    """How a network is trained.

    ``learning_rates``: one for each epoch.
    ``momentum``: of stochastic gradient descent.
    ``l2``: l2 times the sum of squared weights (biases excepted) is added to the loss.
    ``output_scale``: alpha; outputs are multiplied by it and the loss divided by its square (thamm2024, eq. 3).
    ``crop``: side of a random square cut from every image, or None; tests take the centre.
    ``seed``: of order and crops.
    """

    learning_rates: tuple[float, ...]
    batch_size: int
    momentum: float
    l2: float
    output_scale: float
    crop: int | None
    seed: int


@dataclass(frozen=True)
class Samples:
    """Images (count, channels, height, width) float32 and labels (count,) int64, on the device."""

    images: torch.Tensor
    labels: torch.Tensor


def train(
    model: nn.Module,
    train_samples: Samples,
    test_samples: Samples,
    plan: Plan,
    *,
    checkpoint: str | Path | None = None,
    checkpoint_epochs: int = 5,
    description: str = "training",
) -> np.ndarray:
    """Train a model in place with cross-entropy loss.

    :param model: on the device of the samples, with its initial weights.
    :param checkpoint: file for the state after every ``checkpoint_epochs`` epochs; if it is there and was made by the
        same plan from the same initial weights and samples, training goes on from it, else it is written anew.
    :returns: history, float64, shape (epochs, 5), columns :data:`HISTORY_COLUMNS`. Loss and train accuracy are means
        over the epoch's batches as they were met; the test accuracy is that after the epoch.
    """
    rates = plan.learning_rates
    identity = _identity(model, (train_samples, test_samples), plan) if checkpoint else ""
    optimiser = _optimiser(model, plan)
    history = np.zeros((0, len(HISTORY_COLUMNS)))
    if checkpoint and Path(checkpoint).exists():
        history = _resume(Path(checkpoint), identity, model, optimiser)
    count = len(train_samples.labels)
    steps = -(-count // plan.batch_size)
    with ProgressBar(total=len(rates) * steps, initial=len(history) * steps, desc=description, unit="step") as bar:
        for epoch in range(len(history), len(rates)):
            bar.set_description_str(f"{description}, epoch {epoch + 1} of {len(rates)}", refresh=False)
            for group in optimiser.param_groups:
                group["lr"] = rates[epoch]
            loss, correct = _epoch(model, train_samples, plan, optimiser, epoch, bar)
            row = [epoch + 1, rates[epoch], loss / count, correct / count, accuracy(model, test_samples, plan.crop)]
            history = np.vstack([history, row])
            logger.info("epoch %d: loss %.4f, train accuracy %.4f, test accuracy %.4f", epoch + 1, *row[2:])
            if checkpoint and (epoch + 1) % checkpoint_epochs == 0 and epoch + 1 < len(rates):
                _save(Path(checkpoint), identity, model, optimiser, history)
    return history


def _epoch(
    model: nn.Module, samples: Samples, plan: Plan, optimiser: torch.optim.Optimizer, epoch: int, bar: ProgressBar
) -> tuple[float, int]:
    """One pass through the samples; the summed loss and the number of right answers."""
    source = generator(plan.seed, ORDER_STREAM, epoch)
    device, count = samples.labels.device, len(samples.labels)
    order = torch.randperm(count, generator=source).to(device)
    model.train()
    # Sums stay on the device: reading one would make the CPU wait for a GPU in every step.
    total = torch.zeros((), dtype=torch.float64, device=device)
    correct = torch.zeros((), dtype=torch.int64, device=device)
    pending = 0
    for start in range(0, count, plan.batch_size):
        chosen = order[start : start + plan.batch_size]
        images, labels = samples.images[chosen], samples.labels[chosen]
        if plan.crop:
            images = random_crops(images, plan.crop, source)
        outputs = plan.output_scale * model(images)
        loss = functional.cross_entropy(outputs, labels) / plan.output_scale**2
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            total += loss.detach().double() * len(labels)
            correct += (outputs.argmax(1) == labels).sum()
        pending += 1
        if pending == _STEPS_A_REPORT:
            bar.set_postfix_str(f"loss {float(total) / (start + len(labels)):.4f}", refresh=False)
            bar.update(pending)
            pending = 0
    bar.update(pending)
    if not torch.isfinite(total):
        logger.warning("epoch %d: the loss is not finite: the learning rate is too large for this network", epoch + 1)
    return float(total), int(correct)


def _optimiser(model: nn.Module, plan: Plan) -> torch.optim.SGD:
    """Momentum with the penalty on weights only; its gradient is 2 l2 W."""
    weights, biases = [], []
    for name, parameter in model.named_parameters():
        (weights if name.endswith("weight") else biases).append(parameter)
    groups = [{"params": weights, "weight_decay": 2 * plan.l2}, {"params": biases}]
    return torch.optim.SGD(groups, lr=plan.learning_rates[0], momentum=plan.momentum, fused=True)


def random_crops(images: torch.Tensor, side: int, source: torch.Generator) -> torch.Tensor:
    """A square of ``side`` pixels from a random place of each image; shape (batch, channels, side, side)."""
    count, _, height, width = images.shape
    tops = torch.randint(height - side + 1, (count, 1, 1), generator=source).to(images.device)
    lefts = torch.randint(width - side + 1, (count, 1, 1), generator=source).to(images.device)
    pixels = torch.arange(side, device=images.device)
    batch = torch.arange(count, device=images.device)[:, None, None]
    # Indices around a slice put the channels last.
    return images[batch, :, tops + pixels[:, None], lefts + pixels].permute(0, 3, 1, 2)


def centre_crops(images: torch.Tensor, side: int | None) -> torch.Tensor:
    """The central square of each image, or the images themselves."""
    if side is None:
        return images
    top, left = (images.shape[2] - side) // 2, (images.shape[3] - side) // 2
    return images[:, :, top : top + side, left : left + side]


@torch.no_grad()
def accuracy(model: Callable[[torch.Tensor], torch.Tensor], samples: Samples, crop: int | None = None) -> float:
    """Share of images whose largest output is that of their label; a model that is a module is put into evaluation."""
    if isinstance(model, nn.Module):
        model.eval()
    correct = 0
    for start in range(0, len(samples.labels), _EVALUATED_AT_ONCE):
        chosen = slice(start, start + _EVALUATED_AT_ONCE)
        outputs = model(centre_crops(samples.images[chosen], crop))
        correct += int((outputs.argmax(1) == samples.labels[chosen]).sum())
    return correct / len(samples.labels)


def _identity(model: nn.Module, samples: tuple[Samples, ...], plan: Plan) -> str:
    """Digest of all that determines the result to the bit: a checkpoint of anything else is of no use."""
    arithmetic = [torch.__version__, str(samples[0].labels.device), torch.get_num_threads()]
    digest = hashlib.sha256(json.dumps([asdict(plan), arithmetic], sort_keys=True).encode())
    for name, array in parameters_of(model).items():
        digest.update(name.encode() + array.tobytes())
    for part in samples:
        for tensor in (part.images, part.labels):
            digest.update(np.ascontiguousarray(tensor.cpu().numpy()).data)
    return digest.hexdigest()


def _save(path: Path, identity: str, model: nn.Module, optimiser: torch.optim.SGD, history: np.ndarray) -> None:
    """The state after an epoch, atomically: parameters, momenta, history."""
    arrays = {f"parameters/{name}": array for name, array in parameters_of(model).items()}
    for name, parameter in model.named_parameters():
        momentum = optimiser.state[parameter]["momentum_buffer"]
        arrays[f"momenta/{name.replace('.', '/')}"] = momentum.cpu().numpy()
    store.write(path, arrays | {"history": history}, parameters={"identity": identity})


def _resume(path: Path, identity: str, model: nn.Module, optimiser: torch.optim.SGD) -> np.ndarray:
    """Set model and optimiser to a checkpoint's state; the history so far, empty if it is not one of this run."""
    empty = np.zeros((0, len(HISTORY_COLUMNS)))
    names = {name.replace(".", "/"): parameter for name, parameter in model.named_parameters()}
    shapes = {"history": ("epochs", len(HISTORY_COLUMNS))}
    for name, parameter in names.items():
        shapes |= {f"{kind}/{name}": tuple(parameter.shape) for kind in ("parameters", "momenta")}
    try:
        contents = store.read(path, shapes)
    except store.StoreError as error:
        logger.warning("the checkpoint %s cannot be read, training starts anew and replaces it", path)
        logger.debug("%s", error)
        return empty
    if contents.attributes["parameters"]["identity"] != identity:
        logger.warning("the checkpoint %s is of another run, training starts anew", path)
        return empty
    load_parameters(model, {name: contents[f"parameters/{name}"] for name in names})
    for name, parameter in names.items():
        momentum = torch.from_numpy(contents[f"momenta/{name}"]).to(parameter.device)
        optimiser.state[parameter]["momentum_buffer"] = momentum
    logger.info("going on from the checkpoint after epoch %d", len(contents["history"]))
    return contents["history"]
