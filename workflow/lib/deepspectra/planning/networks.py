"""Which networks are trained, how, on what, and with which modules."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepspectra.config.settings import Settings
from deepspectra.data.sets import data_set
from deepspectra.nn.backbones import names

__all__ = ["backbone_modules", "dataset_entry", "drawn_data", "drawn_entry", "drawn_modules", "evaluated_samples"]
__all__ += ["kernel_data", "kernel_modules", "may_diverge", "network_data", "network_entry", "network_kernel_names"]
__all__ += ["network_modules", "network_paper", "own_weights", "own_weights_setting", "pretrained_entry"]
__all__ += ["recipe_modules", "sums_are_compared", "training_entry"]

#: Training settings that a network may override.
_OWN_TRAINING = {"thamm2024": ("epochs", "images", "test_images"), "baskerville2022": ("epochs",), "fan2020": ()}
#: Keys of an entry that say what is done with the trained network.
_AFTER_TRAINING = {"batches", "published_batches", "control_batches", "method"}


def network_paper(settings: Settings, network: str) -> str:
    """The paper that trains a network; the settings make sure that names are unique.

    Networks of thamm2024 at other output scales, and those of fan2020 with other seeds, have names that are not there.
    """
    if settings.fan2020.trains(network):
        return "fan2020"
    return "baskerville2022" if network in settings.baskerville2022.networks else "thamm2024"


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


def may_diverge(settings: Settings, network: str) -> bool:
    """Whether a training that diverges is a result: of thamm2024's sweep over output scales, not of its networks."""
    return network_paper(settings, network) == "thamm2024" and network not in settings.thamm2024.networks


def network_data(settings: Settings, scale: str, network: str) -> str | list[str]:
    """The file that a network's samples come from; points on a sphere come from none."""
    name = network_paper(settings, network)
    data = "cifar10" if name == "thamm2024" else getattr(settings, name).network(network).data
    if data == "sphere":
        return []
    file = data_set(data).file
    return file if file.startswith("resources/") else f"results/{scale}/{file}"


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


def backbone_modules() -> list[str]:
    """All networks that can make features: which one did is known when its weights are."""
    return [f"nn.backbones.{name}" for name in names()]


def kernel_modules(settings: Settings, item: str) -> list[str]:
    """The activation of a random network of fan2020."""
    return [f"nn.activations.{getattr(settings.fan2020, item).activation}"]


def kernel_data(settings: Settings, item: str) -> list[str]:
    """The data set that a random network's inputs come from, if any."""
    figure = getattr(settings.fan2020, item)
    return ["resources/data/cifar10.h5"] if hasattr(figure, "removed_components") else []


def drawn_entry(settings: Settings, inputs: str) -> dict[str, Any]:
    """Which random networks of fan2020 are drawn on some inputs."""
    return settings.fan2020.draws(inputs)


def drawn_data(settings: Settings, inputs: str) -> list[str]:
    """The data set that their inputs come from, if any."""
    return ["resources/data/cifar10.h5"] if "removed_components" in drawn_entry(settings, inputs) else []


def drawn_modules(settings: Settings, inputs: str) -> list[str]:
    """Their activation."""
    return [f"nn.activations.{drawn_entry(settings, inputs)['activation']}"]


def sums_are_compared(settings: Settings, item: str) -> bool:
    """Whether sums have more digits than the networks, so that the difference is known."""
    figure = getattr(settings.fan2020, item)
    return figure.accumulation != figure.dtype


def network_kernel_names(settings: Settings, network: str) -> list[str]:
    """Kernels of a trained network."""
    return settings.fan2020.network(network).kernel_names


def evaluated_samples(settings: Settings, network: str) -> dict[str, int]:
    """How many images accuracies are over."""
    entry = training_entry(settings, network)
    return {key: entry[key] for key in ("images", "test_images")}


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
    return next(entry.file for name, entry in chosen.thamm2024.pretrained.items() if name == network)


def own_weights(chosen: Settings, network: str) -> list[str]:
    """The same as a path, if there is one."""
    file = own_weights_setting(chosen, network)
    return [str(Path(file).expanduser())] if file else []
