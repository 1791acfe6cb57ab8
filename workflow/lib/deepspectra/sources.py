"""Which source code a result depends on.

Snakemake reruns a job when its script changes, but not when a module does that the script imports. A digest of those
modules, given to a rule as a parameter, closes the gap: an edit of the library never leaves a stale figure.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = __package__
FOLDER = Path(__file__).parent


def source_digest(*modules: str) -> str:
    """Short digest of the named modules of this package and of all that they import from it, in any depth.

    :param modules: names below the package, such as ``"figures.fan2020"``.
    :raises KeyError: if there is no such module.
    """
    pending, seen = list(modules), set()
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            pending.extend(_imports(name))
    digest = hashlib.sha256()
    for name in sorted(seen):
        digest.update(name.encode() + b"\0" + _path(name).read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _path(name: str) -> Path:
    base = FOLDER.joinpath(*name.split(".")) if name else FOLDER
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    raise KeyError(f"{PACKAGE} has no module {name!r}")


@cache
def _imports(name: str) -> frozenset[str]:
    """Modules of this package that a module imports anywhere in its text, and the packages that hold it."""
    found = {name.rpartition(".")[0]} - {name}
    for node in ast.walk(ast.parse(_path(name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == PACKAGE:
            module = node.module.removeprefix(PACKAGE).lstrip(".")
            found.add(module)
            for alias in node.names:
                try:
                    _path(child := f"{module}.{alias.name}".lstrip("."))
                except KeyError:
                    continue
                found.add(child)
        elif isinstance(node, ast.Import):
            found.update(
                alias.name.removeprefix(PACKAGE).lstrip(".")
                for alias in node.names
                if alias.name.split(".")[0] == PACKAGE
            )
    return frozenset(found)
