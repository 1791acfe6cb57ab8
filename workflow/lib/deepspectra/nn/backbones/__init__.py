"""Networks trained on ImageNet whose features are used here, by name.

Every module in this folder but ``base`` is one, and defines ``BACKBONE``. Their weights come from elsewhere; see
:mod:`deepspectra.nn.embedding` for how they make features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepspectra.runtime.registry import Registry

if TYPE_CHECKING:
    from deepspectra.nn.backbones.base import Backbone

__all__ = ["backbone", "names"]

_REGISTRY: Registry[Backbone] = Registry(__name__, "BACKBONE", "backbone")


def names() -> tuple[str, ...]:
    """The names of all backbones in alphabetical order; imports none of them."""
    return _REGISTRY.names


def backbone(name: str) -> Backbone:
    """The backbone of this name.

    :raises UserError: if there is none.
    """
    return _REGISTRY.find(name)
