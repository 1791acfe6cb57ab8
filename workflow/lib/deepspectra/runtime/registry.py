"""Entries that are looked up by name, one module each in the folder of a package."""

import importlib
import pkgutil
from collections.abc import Collection
from typing import Generic, TypeVar

from deepspectra.runtime.errors import UserError

__all__ = ["Registry"]

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """The modules in a package's folder by name; listing imports none, and a lookup one, on which the job depends.

    :param package: full name of the package. :param attribute: what each module calls its entry.
    :param kind: what messages call an entry. :param helpers: modules in the folder that are no entries.
    """

    def __init__(self, package: str, attribute: str, kind: str, helpers: Collection[str] = ("base",)) -> None:
        self.package, self.attribute, self.kind, self.helpers = package, attribute, kind, helpers

    def names(self) -> tuple[str, ...]:
        """All names in alphabetical order; imports none of the modules."""
        modules = pkgutil.iter_modules(importlib.import_module(self.package).__path__)
        return tuple(sorted(name for _, name, package in modules if not package and name not in self.helpers))

    def find(self, name: str) -> Entry:
        """The entry of this name.

        :raises UserError: if there is none.
        """
        if name not in self.names():
            raise UserError(f"no {self.kind} is called {name!r}; there are {', '.join(self.names())}.")
        return getattr(importlib.import_module(f"{self.package}.{name}"), self.attribute)
