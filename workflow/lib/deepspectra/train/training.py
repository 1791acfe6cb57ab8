"""Mini-batch training of a network: seeded, resumable, and bit-identical either way.

All samples lie on the device as one tensor. Everything random in an epoch comes from a generator of that epoch alone:
a run that is killed and continues from a checkpoint ends with the same weights as one that is not.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from deepspectra.data.tasks import Samples
from deepspectra.nn.losses import Loss, check_targets
from deepspectra.nn.networks import ORDER_STREAM, load_parameters, parameters_of
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.progress import ProgressBar
from deepspectra.runtime.seeds import generator
from deepspectra.train.augmentation import Shifts, centre_crops, flip_and_shift, random_crops
from deepspectra.train.optimisers import Optimiser

__all__ = ["CHECKPOINT_SECONDS", "HISTORY_COLUMNS", "DivergedError", "Plan", "Recipe", "accuracy", "train"]

logger = logging.getLogger(__name__)

#: Columns of the history, by loss; one row an epoch.
HISTORY_COLUMNS: dict[Loss, tuple[str, ...]] = {
    "cross_entropy": ("epoch", "learning_rate", "loss", "train_accuracy", "test_accuracy"),
    "squared": ("epoch", "learning_rate", "loss", "test_loss", "readout_mean_square"),
}
#: An epoch of a large network may take half an hour; each one is then worth a checkpoint.
CHECKPOINT_SECONDS = 900.0
# What a convolution makes of larger batches does not fit into caches: of miniAlexNet 500 images take 1.7 times as long
# each.
_EVALUATION_BATCH, _STEPS_PER_REPORT = 100, 50
_Model = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a network is trained.

    :ivar learning_rates: one for each epoch. :ivar seed: of order, crops and shifts.
    :ivar optimiser: stochastic gradient descent, or Adam with Keras's constants. :ivar momentum: of the former.
    :ivar loss: mean over a batch; targets are labels for cross-entropy, values for the squared error.
    :ivar l2: this times the sum of squared weights (not biases) is added to the loss.
    :ivar weight_decay: this times a parameter, biases included, is added to its gradient.
    :ivar output_scale: alpha; it multiplies the outputs, and its square divides the loss (thamm2024, eq. 3).
    :ivar crop: side of the random square cut from each image; tests take the central square.
    :ivar shifts: how images are mirrored and shifted; test images are not.
    """

    learning_rates: tuple[float, ...]
    batch_size: int
    seed: int
    optimiser: Literal["sgd", "adam"] = "sgd"
    momentum: float = 0.0
    loss: Loss = "cross_entropy"
    l2: float = 0.0
    weight_decay: float = 0.0
    output_scale: float = 1.0
    crop: int | None = None
    shifts: Shifts | None = None


@dataclass(frozen=True)
class Recipe:
    """A network with its initial weights, float32 samples, and how it is trained; everything on the CPU."""

    model: nn.Module
    train: Samples
    test: Samples
    plan: Plan


class DivergedError(UserError):
    """A training whose loss or weights are no longer finite.

    :ivar history: of the epochs before, as :func:`train` returns it. :ivar epoch: the one that diverged, from 1.
    :ivar learning_rate: in that epoch.
    """

    def __init__(self, message: str, history: np.ndarray, epoch: int, learning_rate: float) -> None:
        super().__init__(message)
        self.history, self.epoch, self.learning_rate = history, epoch, learning_rate


def train(
    model: nn.Module,
    train_samples: Samples,
    test_samples: Samples,
    plan: Plan,
    *,
    checkpoint: str | Path | None = None,
    checkpoint_epochs: int = 5,
    code: str = "",
    description: str = "training",
) -> np.ndarray:
    """Train a model in place.

    :param model: with its initial weights, on the device of the samples. Frozen parameters (``requires_grad`` False)
        stay as they are.
    :param checkpoint: file for the state after every ``checkpoint_epochs`` epochs, and after each epoch that ends
        :data:`CHECKPOINT_SECONDS` or more after the last checkpoint. Training continues from an existing file if the
        same plan and code made it from the same initial weights and samples; otherwise it starts anew and replaces it.
    :param code: digest of the code that trains. :param description: what messages call the training.
    :returns: history, float64 of shape (epochs, columns), with the columns :data:`HISTORY_COLUMNS` of the loss. Loss
        and train accuracy are means over the epoch's batches as they were met; test accuracy, test loss and the mean
        square of the last layer's weights are taken after the epoch.
    :raises DivergedError: within 50 steps of the first loss that is not finite, or after the epoch that leaves a weight
        or the test loss so.
    :raises UserError: if the shapes of outputs and targets do not fit together.
    """
    rates, columns, count = plan.learning_rates, HISTORY_COLUMNS[plan.loss], len(train_samples.targets)
    optimiser = _optimiser(model, plan)
    history = np.zeros((0, len(columns)))
    path = Path(checkpoint or "")
    identity = _identity(model, (train_samples, test_samples), plan, code) if checkpoint else ""
    if checkpoint and path.exists():
        history = _resume(path, identity, model, optimiser, history)
    steps = -(-count // plan.batch_size)
    saved = time.monotonic()
    with ProgressBar(total=len(rates) * steps, initial=len(history) * steps, desc=description, unit="step") as bar:
        for epoch in range(len(history), len(rates)):
            bar.set_description_str(f"{description}, epoch {epoch + 1} of {len(rates)}", refresh=False)
            optimiser.learning_rate = rates[epoch]
            loss, correct = _epoch(model, train_samples, plan, optimiser, epoch, bar)
            row = [epoch + 1, rates[epoch], loss / count]
            if plan.loss == "squared":
                row += [_mean_loss(model, test_samples, plan), _readout_mean_square(model)]
            else:
                row += [correct / count, accuracy(model, test_samples, plan.crop)]
            if not (np.isfinite(row).all() and all(values.isfinite().all() for values in model.parameters())):
                raise _diverged(description, history, epoch + 1, plan)
            history = np.vstack([history, row])
            told = (f"{name.replace('_', ' ')} {value:.4f}" for name, value in zip(columns[2:], row[2:], strict=True))
            logger.info("epoch %d: %s", epoch + 1, ", ".join(told))
            is_due = (epoch + 1) % checkpoint_epochs == 0 or time.monotonic() - saved >= CHECKPOINT_SECONDS
            if checkpoint and is_due and epoch + 1 < len(rates):
                _save(path, identity, model, optimiser, history)
                saved = time.monotonic()
    return history


def _epoch(
    model: nn.Module, samples: Samples, plan: Plan, optimiser: Optimiser, epoch: int, bar: ProgressBar
) -> tuple[float, int]:
    rng = generator(plan.seed, ORDER_STREAM, epoch)
    device, count = samples.targets.device, len(samples.targets)
    order = torch.randperm(count, generator=rng).to(device)
    model.train()
    parameters = list(model.parameters())
    # Sums stay on the device: reading one would make the CPU wait for a GPU at every step.
    total = torch.zeros((), dtype=torch.float64, device=device)
    correct = torch.zeros((), dtype=torch.int64, device=device)
    batches = order.split(plan.batch_size)
    losses: list[torch.Tensor] = []
    right: list[torch.Tensor] = []
    for step, chosen in enumerate(batches, start=1):
        inputs, targets = samples.inputs.index_select(0, chosen), samples.targets.index_select(0, chosen)
        if plan.crop:
            inputs = random_crops(inputs, plan.crop, rng)
        if plan.shifts:
            inputs = flip_and_shift(inputs, plan.shifts, rng)
        outputs = _scaled(model(inputs), plan)
        if step == 1:
            check_targets(plan.loss, outputs, targets)
        loss = _loss(outputs, targets, plan)
        for parameter in parameters:
            parameter.grad = None
        loss.backward()
        optimiser.step()
        losses.append(loss.detach())
        if plan.loss == "cross_entropy":
            right.append(outputs.detach().argmax(1) == targets)
        bar.update()
        if step % _STEPS_PER_REPORT == 0 or step == len(batches):
            # One sum for many steps: for a small network, sums at every step take a tenth of the time.
            sizes = [len(batch) for batch in batches[step - len(losses) : step]]
            total += torch.stack(losses).double() @ torch.tensor(sizes, dtype=torch.float64, device=device)
            correct += torch.cat(right).sum() if right else 0
            losses, right = [], []
            bar.set_postfix_str(f"loss {float(total) / min(step * plan.batch_size, count):.4f}", refresh=False)
            if not torch.isfinite(total):
                break
    return float(total), int(correct)


def _diverged(description: str, history: np.ndarray, epoch: int, plan: Plan) -> DivergedError:
    rate, epochs = plan.learning_rates[epoch - 1], len(plan.learning_rates)
    found = f"the loss or a weight is not finite in epoch {epoch} of {epochs}, at learning rate {rate:g}"
    scale = f" or a larger alpha than {plan.output_scale:g}" if plan.output_scale < 1 else ""
    advice = f"Take a smaller learning_rate in the paper's training settings{scale}."
    return DivergedError(f"{description}: training diverged: {found}. {advice}", history, epoch, rate)


def _scaled(outputs: torch.Tensor, plan: Plan) -> torch.Tensor:
    return outputs if plan.output_scale == 1 else plan.output_scale * outputs


def _loss(outputs: torch.Tensor, targets: torch.Tensor, plan: Plan) -> torch.Tensor:
    """The loss of scaled outputs, whose shape has been checked."""
    loss = (functional.mse_loss if plan.loss == "squared" else functional.cross_entropy)(outputs, targets)
    return loss if plan.output_scale == 1 else loss / plan.output_scale**2


def _optimiser(model: nn.Module, plan: Plan) -> Optimiser:
    """The penalty, whose gradient is 2 l2 W, acts on weights only, the decay on all parameters."""
    weights = [parameter for name, parameter in model.named_parameters() if name.endswith("weight")]
    biases = [parameter for name, parameter in model.named_parameters() if not name.endswith("weight")]
    groups = [(weights, 2 * plan.l2 + plan.weight_decay), (biases, plan.weight_decay)]
    if plan.l2 == 0:
        groups = [(weights + biases, plan.weight_decay)]
    return Optimiser(groups, plan.optimiser, plan.momentum)


def accuracy(model: _Model, samples: Samples, crop: int | None = None) -> float:
    """Share of images whose largest output is that of their label; a module is switched to evaluation mode.

    :raises UserError: if the shapes of outputs and labels do not fit together.
    """
    right = 0
    for outputs, targets in _evaluated(model, samples, crop):
        check_targets("cross_entropy", outputs, targets)
        right += int((outputs.argmax(1) == targets).sum())
    return right / len(samples.targets)


def _mean_loss(model: nn.Module, samples: Samples, plan: Plan) -> float:
    total = 0.0  # not sum(), whose rounding depends on Python's version
    for outputs, targets in _evaluated(model, samples, plan.crop):
        check_targets(plan.loss, outputs, targets)
        total += float(_loss(_scaled(outputs, plan), targets, plan)) * len(targets)
    return total / len(samples.targets)


def _readout_mean_square(model: nn.Module) -> float:
    *_, weight = (parameter for parameter in model.parameters() if parameter.ndim > 1)
    return float(weight.detach().double().square().mean())


@torch.no_grad()
def _evaluated(model: _Model, samples: Samples, crop: int | None) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    if isinstance(model, nn.Module):
        model.eval()
    for start in range(0, len(samples.targets), _EVALUATION_BATCH):
        chosen = slice(start, start + _EVALUATION_BATCH)
        yield model(centre_crops(samples.inputs[chosen], crop)), samples.targets[chosen]


def _moving(model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that are not frozen, named as in HDF5."""
    parameters = model.named_parameters()
    return {name.replace(".", "/"): parameter for name, parameter in parameters if parameter.requires_grad}


def _identity(model: nn.Module, samples: tuple[Samples, ...], plan: Plan, code: str) -> str:
    """Digest of everything that determines the result to the last bit; a checkpoint of anything else is useless."""
    arithmetic = [torch.__version__, str(samples[0].targets.device), torch.get_num_threads()]
    settings = [asdict(plan), sorted(_moving(model)), arithmetic, code]
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name, array in parameters_of(model).items():
        digest.update(name.encode() + array.tobytes())
    for part in samples:
        for tensor in (part.inputs, part.targets):
            digest.update(np.ascontiguousarray(tensor.cpu().numpy()).data)
    return digest.hexdigest()


def _save(path: Path, identity: str, model: nn.Module, optimiser: Optimiser, history: np.ndarray) -> None:
    arrays = {f"parameters/{name}": array for name, array in parameters_of(model).items()}
    for name, parameter in _moving(model).items():
        for key in optimiser.state_names:
            arrays[f"optimiser/{key}/{name}"] = optimiser.state[parameter][key].cpu().numpy()
    store.write(path, arrays | {"history": history}, parameters={"identity": identity})


def _resume(path: Path, identity: str, model: nn.Module, optimiser: Optimiser, empty: np.ndarray) -> np.ndarray:
    """Set model and optimiser to a checkpoint's state and return the history; or ``empty`` if it is of no use."""
    names, moving = parameters_of(model), _moving(model)
    shapes: dict[str, tuple[int | str, ...]] = {"history": ("epochs", empty.shape[1])}
    shapes |= {f"parameters/{name}": array.shape for name, array in names.items()}
    for name, parameter in moving.items():
        for key in optimiser.state_names:
            # Adam counts its steps, one number for each parameter.
            shapes[f"optimiser/{key}/{name}"] = () if key == "step" else tuple(parameter.shape)
    try:
        contents = store.read(path, shapes)
    except store.StoreError:
        logger.warning("the checkpoint %s cannot be read, training starts anew and replaces it", path)
        return empty
    if cast("dict[str, Any]", contents.attributes["parameters"]).get("identity") != identity:
        logger.warning("the checkpoint %s is of another run, training starts anew", path)
        return empty
    load_parameters(model, {name: contents[f"parameters/{name}"] for name in names})
    for name, parameter in moving.items():
        kept = {key: torch.as_tensor(contents[f"optimiser/{key}/{name}"]) for key in optimiser.state_names}
        optimiser.state[parameter] = {key: tensor.to(parameter.device) for key, tensor in kept.items()}
    logger.info("going on from the checkpoint after epoch %d", len(contents["history"]))
    return contents["history"]
