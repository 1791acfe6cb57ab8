"""The user's own code, named as ``module:function`` in a command or in settings; no fetched file can name one."""

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from deepspectra.runtime.errors import UserError

__all__ = ["load_function", "load_module"]

_REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


def load_module(reference: str, what: str, expected: str, command: str) -> ModuleType:
    """Import the module of a ``module:function``, which is looked up in the current folder first.

    :param what: that the function is, for messages. :param expected: in place of a reference that is none.
    :param command: what to do in the module's folder.
    :raises UserError: if there is no such module, or it cannot be imported.
    """
    named = f"{what} {reference!r}"
    if not _REFERENCE.fullmatch(reference):
        raise UserError(f"{named}: expected {expected}.")
    name, folder = reference.partition(":")[0], str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except Exception as error:  # a user's module can fail in any way
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{name}.".startswith(f"{missing}."):
            told = f"there is no module {missing!r} in {folder} or among the installed packages"
            raise UserError(f"{named}: {told}. {command} in the folder that holds it.") from None
        if missing:
            raise UserError(f"{named}: its module imports {missing!r}, which is missing.") from None
        raise UserError(f"{named}: its module cannot be imported: {type(error).__name__}: {error}.") from None
    except SystemExit as error:
        advice = "If it is a script, put what it runs below: if __name__ == '__main__':"
        raise UserError(f"{named}: its module ends the program when it is imported (exit {error}). {advice}") from None


def load_function(reference: str, what: str, expected: str, command: str) -> Callable[..., Any]:
    """The function of a ``module:function``; see :func:`load_module`.

    :raises UserError: if the module has no such function, too.
    """
    module, name = load_module(reference, what, expected, command), reference.partition(":")[2]
    where = f"{module.__name__!r} ({getattr(module, '__file__', None) or 'built in'})"
    if not hasattr(module, name):
        own = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        known = f"; it has {', '.join(sorted(own)[:10])}" if own else ""
        raise UserError(f"{what} {reference!r}: module {where} has no function {name!r}{known}.")
    if not callable(function := getattr(module, name)):
        told = f"{name!r} in module {where} is not a function but a {type(function).__name__!r}"
        raise UserError(f"{what} {reference!r}: {told}.")
    return function
