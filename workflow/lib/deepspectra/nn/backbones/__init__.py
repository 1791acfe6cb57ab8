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
#: All names in alphabetical order, and a backbone by its name.
names, backbone = _REGISTRY.names, _REGISTRY.find
