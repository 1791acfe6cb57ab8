"""Which networks are trained, how, on what, and with which modules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepspectra.config.settings import Settings
from deepspectra.nn import backbones
from deepspectra.papers.fan2020 import kernels

__all__ = [
    "backbone_modules",
    "dataset_entry",
    "embedding_settings",
    "evaluated_samples",
    "kernel_data",
    "kernel_depth",
    "kernel_modules",
    "kernel_settings",
    "network_data",
    "network_entry",
    "network_kernel_names",
    "network_modules",
    "network_paper",
    "own_weights",
    "own_weights_setting",
    "pretrained_entry",
    "recipe_modules",
    "sums_are_compared",
    "training_entry",
]

#: Papers whose networks have entries in the settings under their own names.
_NAMED = ("baskerville2022", "fan2020")
#: Training settings that a network may override.
_OWN_TRAINING = {"thamm2024": ("epochs", "images", "test_images"), "baskerville2022": ("epochs",), "fan2020": ()}
#: Keys of an entry that say what is done with the trained network.
_AFTER_TRAINING = {"batches", "published_batches", "method"}


def network_paper(settings: Settings, network: str) -> str:
    """The paper that trains a network; the settings make sure that names are unique.

    Networks of thamm2024 at other output scales have names that are not in the settings.
    """
    return next((paper for paper in _NAMED if network in getattr(settings, paper).networks), "thamm2024")


def network_entry(settings: Settings, network: str) -> dict[str, Any]:
    """A network's entry as plain values: what determines it and, in baskerville2022, how many samples it has."""
    name = network_paper(settings, network)
    paper = getattr(settings, name)
    entry = paper.network(network).model_dump(exclude={"images", "test_images", "epochs"} | _AFTER_TRAINING)
    if name != "baskerville2022":
        return entry
    return entry | {"images": paper.samples(network, "train"), "test_images": paper.samples(network, "test")}


def training_entry(settings: Settings, network: str) -> dict[str, Any]:
    """How a network is trained: the paper's common settings, overridden by its own."""
    name = network_paper(settings, network)
    paper = getattr(settings, name)
    entry = paper.network(network)
    own = {key: getattr(entry, key) for key in _OWN_TRAINING[name] if getattr(entry, key) is not None}
    return paper.training.model_dump() | own


def network_data(settings: Settings, scale: str, network: str) -> str | list[str]:
    """The file that a network's samples come from; points on a sphere come from none."""
    data = _data_name(settings, network)
    if data == "features":
        return f"results/{scale}/features/cifar10.h5"
    return [] if data == "sphere" else f"resources/data/{data}.h5"


def _data_name(settings: Settings, network: str) -> str:
    name = network_paper(settings, network)
    return "cifar10" if name == "thamm2024" else getattr(settings, name).network(network).data


def network_modules(settings: Settings, network: str) -> list[str]:
    """Modules that load by name what a network consists of: its architecture, activation and data set."""
    name = network_paper(settings, network)
    entry = getattr(settings, name).network(network)
    if name == "fan2020":
        activations = [f"nn.activations.{entry.activation}"] if entry.data == "sphere" or entry.activation else []
        return ["nn.architectures.ntk_mlp", *activations]
    modules = [f"nn.architectures.{entry.architecture}"]
    return modules if name == "thamm2024" else [*modules, f"data.sets.{entry.data}"]


def recipe_modules(settings: Settings, network: str) -> list[str]:
    """The same, and the paper's recipe, for a training."""
    return [f"papers.{network_paper(settings, network)}.recipe", *network_modules(settings, network)]


def kernel_modules(settings: Settings, item: str) -> list[str]:
    """The activation of a random network of fan2020."""
    return [f"nn.activations.{getattr(settings.fan2020, item).activation}"]


def backbone_modules() -> list[str]:
    """Every network that may make the features: only the file of weights says which one it is."""
    return [f"nn.backbones.{name}" for name in backbones.names()]


def kernel_data(settings: Settings, item: str) -> list[str]:
    """The data set that a random network's inputs come from, if any."""
    figure = getattr(settings.fan2020, item)
    return ["resources/data/cifar10.h5"] if hasattr(figure, "removed_components") else []


def kernel_settings(settings: Settings, item: str) -> dict[str, Any]:
    """What the kernels of a random network depend on."""
    return kernels.kernel_settings(getattr(settings.fan2020, item))


def kernel_depth(settings: Settings, item: str) -> int:
    """Layers of a random network."""
    return getattr(settings.fan2020, item).depth


def sums_are_compared(settings: Settings, item: str) -> bool:
    """Whether kernels are summed in two precisions."""
    return kernels.sums_are_compared(getattr(settings.fan2020, item))


def network_kernel_names(settings: Settings, network: str) -> list[str]:
    """Kernels of a trained network."""
    return kernels.network_kernel_names(settings.fan2020.network(network))


def evaluated_samples(settings: Settings, network: str) -> dict[str, int]:
    """How many images accuracies are over."""
    entry = training_entry(settings, network)
    return {key: entry[key] for key in ("images", "test_images")}


def embedding_settings(settings: Settings) -> dict[str, Any]:
    """Which images become features."""
    return settings.baskerville2022.features.model_dump(include={"images", "test_images", "seed"})


def dataset_entry(datasets: Mapping[str, Any], dataset: str) -> dict[str, Any]:
    """An entry of the table of data sets as plain values."""
    return datasets[dataset].model_dump(mode="json")


def pretrained_entry(weights: Mapping[str, Any], network: str) -> dict[str, Any]:
    """An entry of the table of pretrained weights as plain values."""
    return weights[network].model_dump(mode="json")


def own_weights_setting(chosen: Settings, network: str) -> str | None:
    """The user's own file of a pretrained network's weights, as the settings name it.

    :param chosen: settings of the run: files below resources/ belong to no scale.
    """
    return chosen.thamm2024.pretrained[network].file


def own_weights(chosen: Settings, network: str) -> list[str]:
    """The same as a path, if there is one."""
    file = own_weights_setting(chosen, network)
    return [str(Path(file).expanduser())] if file else []
