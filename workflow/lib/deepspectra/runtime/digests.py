"""Which code a result depends on.

Snakemake sees when a script is edited, by its time stamp, but not when a module is that the script imports. A digest of
all that code, given to a rule as a parameter, closes the gap: an edit of the library never leaves a stale figure.

What cannot change a result is left out: comments, docstrings and formatting, imports for type checkers alone, and the
layer :mod:`deepspectra.runtime`, which carries bytes and makes no numbers. Golden files guard the bytes it writes, and
:data:`deepspectra.runtime.FORMAT` is raised when they change on purpose. Everything else counts, messages and captions
too. The digest is made from the syntax tree, so it is the same under every version of Python.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import secrets
from functools import cache
from pathlib import Path
from typing import NamedTuple

from deepspectra.runtime import FORMAT

__all__ = ["Source", "code_digest", "counted_modules", "read_source"]

PACKAGE = __package__.partition(".")[0]
FOLDER = Path(__file__).parents[1]
#: The layer that is left out.
UNCOUNTED = "runtime"

# Fields of the syntax tree that repeat what the rest says, or say how a string was written.
_IDLE_FIELDS = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class Source(NamedTuple):
    """One file: digest of what it does, names below the package that it imports, and those that may be modules or
    things in one (``from package.module import name``)."""

    digest: str
    imported: list[str]
    perhaps: list[str]


def code_digest(script: str | os.PathLike, *modules: str) -> str:
    """Short digest of a script and of all that it imports from this package, at any depth.

    :param modules: names below the package, such as ``"nn.activations.arctan"``, of what the script loads by name.
    :raises KeyError: if there is no such module.
    """
    counted = counted_modules(script, *modules)
    first = _known().of(Path(script)).digest
    return _hash("\0".join([str(FORMAT), first, *(f"{name} {counted[name]}" for name in sorted(counted))]))[:16]


def counted_modules(script: str | os.PathLike, *modules: str) -> dict[str, str]:
    """The modules behind :func:`code_digest`, by their names below the package, and their digests."""
    known = _known()
    pending, seen = [*modules, *_reached(known.of(Path(script)))], {}
    while pending:
        name = pending.pop()
        if name not in seen and name.partition(".")[0] != UNCOUNTED:
            source = known.of(_path(name, FOLDER))
            seen[name] = source.digest
            pending += [name.rpartition(".")[0], *_reached(source)]
    known.keep()
    return seen


def _known() -> _Sources:
    return _sources(FOLDER / "__pycache__" / "sources.json")


def _reached(source: Source) -> list[str]:
    """Modules of this package that a file imports anywhere in its text."""
    return source.imported + [name for name in source.perhaps if _is_module(name, FOLDER)]


@cache
def _path(name: str, folder: Path) -> Path:
    base = folder.joinpath(*name.split(".")) if name else folder
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    raise KeyError(f"{PACKAGE} has no module {name!r}")


@cache
def _is_module(name: str, folder: Path) -> bool:
    try:
        return bool(_path(name, folder))
    except KeyError:
        return False


class _Sources:
    """What files say, by the hash of their bytes; kept on the disk, since every job of a cluster asks for all of it.

    Where they cannot be kept, a start takes most of a second more.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.new = path, False
        # Whoever changes how the digest is made does not want old ones.
        self.method = _hash(Path(__file__).read_bytes())
        self.entries: dict[str, Source] = {}
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["method"] == self.method:
                self.entries = {key: Source(*entry) for key, entry in kept["entries"].items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            pass

    def of(self, path: Path) -> Source:
        content = path.read_bytes()
        key = _hash(content)
        if key not in self.entries:
            self.entries[key], self.new = read_source(content.decode("utf-8")), True
        return self.entries[key]

    def keep(self) -> None:
        if not self.new:
            return
        try:
            self.path.parent.mkdir(exist_ok=True)
            temporary = self.path.with_suffix(f".{secrets.token_hex(4)}.part")
            temporary.write_text(json.dumps({"method": self.method, "entries": self.entries}), encoding="utf-8")
            os.replace(temporary, self.path)
            self.new = False
        except OSError:
            pass


_sources = cache(_Sources)


def read_source(text: str) -> Source:
    """What a module's text does and imports."""
    parts: list[str] = []
    imported: dict[str, None] = {}
    perhaps: dict[str, None] = {}

    def write(value: object) -> None:
        if isinstance(value, list):
            parts.append("[")
            for entry in value:
                write(entry)
            parts.append("]")
        elif isinstance(value, ast.AST):
            if isinstance(value, ast.Import | ast.ImportFrom):
                note(value)
            parts.append(type(value).__name__)
            for field in value._fields:
                content = getattr(value, field, None)
                if field == "body" and isinstance(content, list):
                    content = _counted(value)
                elif isinstance(value, ast.JoinedStr):
                    content = _joined(content)
                # Versions of Python differ in fields that are empty.
                if field not in _IDLE_FIELDS and content is not None and content != []:
                    parts.append(field)
                    write(content)
            parts.append(")")
        else:
            parts.append(ascii(value))

    def note(node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            imported.update(dict.fromkeys(_below(alias.name) for alias in node.names if _is_ours(alias.name)))
        elif _is_ours(node.module):
            module = _below(node.module)
            imported[module] = None
            perhaps.update(dict.fromkeys(f"{module}.{alias.name}".lstrip(".") for alias in node.names))

    write(ast.parse(text))
    return Source(_hash("\0".join(parts)), list(imported), list(perhaps))


def _counted(node: ast.AST) -> list[ast.AST]:
    """A body without its docstring; nothing of one that type checkers alone see."""
    body = node.body
    if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
        return []
    if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
        return body[1:]
    return body


def _joined(values: list[ast.expr]) -> list[ast.expr]:
    """The parts of an f-string: some versions of Python add empty ones, or cut a fixed one in two."""
    joined: list[ast.expr] = []
    for value in values:
        if joined and isinstance(value, ast.Constant) and isinstance(joined[-1], ast.Constant):
            joined[-1] = ast.Constant(joined[-1].value + value.value)
        elif not (isinstance(value, ast.Constant) and value.value == ""):
            joined.append(value)
    return joined


def _is_ours(module: str | None) -> bool:
    return bool(module) and module.split(".")[0] == PACKAGE


def _below(module: str) -> str:
    return module.removeprefix(PACKAGE).lstrip(".")


def _hash(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
