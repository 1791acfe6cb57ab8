"""Which code a result depends on, as a digest of a script and of all that it imports, given to its rule.

Left out is what cannot change a result: comments, docstrings and formatting, imports for type checkers alone, and the
layer :mod:`deepspectra.runtime`, which carries bytes: golden files guard these.
"""

import ast
import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from deepspectra.runtime import FORMAT
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.files import write_text

__all__ = ["Source", "code_digest", "counted_modules", "read_source"]

PACKAGE = __package__.partition(".")[0]
FOLDER = Path(__file__).parents[1]
#: The layer that is left out.
UNCOUNTED = "runtime"
#: Fields of the syntax tree that repeat what the rest says, or say how a string was written.
_IDLE_FIELDS = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


class Source(NamedTuple):
    """Digest of what one file does, and names below the package that it imports: modules, and things in modules."""

    digest: str
    imported: list[str]


@cache
def code_digest(script: Path, *modules: str) -> str:
    """Short digest of a script and of all that it imports from this package, at any depth.

    :param modules: names below the package, such as ``"nn.activations.arctan"``, of what the script loads by name.
    :raises KeyError: if there is no such module.
    """
    source = read_source(script.read_text(encoding="utf-8"))
    counted = _reached(source, modules)
    return _hash("\0".join([str(FORMAT), source.digest, *(f"{name} {counted[name]}" for name in sorted(counted))]))[:16]


def counted_modules(script: Path, *modules: str) -> dict[str, str]:
    """The modules behind :func:`code_digest`, by their names below the package, and their digests."""
    return _reached(read_source(script.read_text(encoding="utf-8")), modules)


def _reached(source: Source, modules: Iterable[str]) -> dict[str, str]:
    library = _library()
    if unknown := [name for name in modules if name not in library]:
        raise KeyError(f"{PACKAGE} has no module {unknown[0]!r}")
    pending, seen = [*modules, *source.imported], {}
    while pending:
        name = pending.pop()
        if name in library and name not in seen and name.partition(".")[0] != UNCOUNTED:
            seen[name], imported = library[name]
            pending += [name.rpartition(".")[0], *imported]
    return seen


@cache
def _library() -> dict[str, Source]:
    """What every module does and imports, by its name; kept on disk, since parsing all takes half a second."""
    file = FOLDER / "__pycache__" / "sources.json"
    kept: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        kept = json.loads(file.read_text(encoding="utf-8"))
    # Whoever changes how the digest is made does not want old ones.
    method = Path(__file__).read_bytes()
    library, entries = {}, {}
    for path in FOLDER.rglob("*.py"):
        content = path.read_bytes()
        key = _hash(method + content)
        source = Source(*kept[key]) if key in kept else read_source(content.decode("utf-8"))
        library[".".join(path.relative_to(FOLDER).with_suffix("").parts).removesuffix("__init__").strip(".")] = source
        entries[key] = source
    if entries.keys() != kept.keys():
        with suppress(OSError, UserError):
            write_text(json.dumps(entries), file)
    return library


def read_source(text: str) -> Source:
    """What a module's text does and imports."""
    imported: dict[str, None] = {}

    def plain(node: Any) -> Any:
        """A syntax tree as lists and constants."""
        if isinstance(node, list):
            return [plain(entry) for entry in node]
        if not isinstance(node, ast.AST):
            return node
        _strip(node)
        imported.update(dict.fromkeys(_imports(node)))
        fields = [(name, getattr(node, name, None)) for name in node._fields if name not in _IDLE_FIELDS]
        # Versions of Python differ in fields that are empty.
        return [type(node).__name__, [[name, plain(value)] for name, value in fields if value not in (None, [])]]

    return Source(_hash(ascii(plain(ast.parse(text)))), list(imported))


def _strip(node: ast.AST) -> None:
    """Take docstrings, and what type checkers alone see, out of a node; join cut strings."""
    if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
        node.body = []
    elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        node.body = node.body[ast.get_docstring(node, clean=False) is not None :]
    elif isinstance(node, ast.JoinedStr):
        # Some versions of Python add empty parts to an f-string, or cut a fixed one in two.
        joined: list[ast.expr] = []
        for value in node.values:
            if joined and isinstance(value, ast.Constant) and isinstance(joined[-1], ast.Constant):
                joined[-1] = ast.Constant(str(joined[-1].value) + str(value.value))
            elif not (isinstance(value, ast.Constant) and value.value == ""):
                joined.append(value)
        node.values = joined


def _imports(node: ast.AST) -> list[str]:
    names = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name.removeprefix(PACKAGE).lstrip(".") for name in names if name.partition(".")[0] == PACKAGE]


def _hash(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
