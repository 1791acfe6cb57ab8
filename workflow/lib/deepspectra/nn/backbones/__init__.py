"""Networks trained on ImageNet whose features are used here, by name.

Every module in this folder is one, and defines ``BACKBONE``. See :mod:`deepspectra.nn.embedding` for how they make
features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepspectra.runtime.registry import Registry

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Backbone", "backbone", "names"]


@dataclass(frozen=True)
class Backbone:
    """A network trained on ImageNet.

    :param title: its name for a caption. :param features: how many it has before its classifier.
    :param mean: of each channel of its training images, for pixels in [0, 1]. :param deviation: likewise.
    :param build: the network with its classifier. :param classifier: name of that layer.
    :param folded: names of the convolutions and of the batch normalisations that follow them, in whatever module.
    """

    title: str
    features: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    build: Callable[[], nn.Module]
    classifier: str
    folded: tuple[tuple[str, str], ...]


_REGISTRY: Registry[Backbone] = Registry(__name__, "BACKBONE", "backbone")
#: All names in alphabetical order, and a backbone by its name.
names, backbone = _REGISTRY.names, _REGISTRY.find
