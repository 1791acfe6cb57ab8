"""Every public name of the library says what it is, and what it raises."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import deepspectra

ROOT = Path(deepspectra.__file__).parent
MODULES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in ROOT.rglob("*.py")}
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def public(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Functions, classes and methods whose names have no underscore in front."""
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{prefix}{node.name}.")


def undocumented(tree: ast.Module) -> list[str]:
    names = [] if ast.get_docstring(tree) else ["the module"]
    return names + [name for name, node in public(tree.body) if not ast.get_docstring(node)]


def silent(tree: ast.Module) -> list[str]:
    """Functions that raise an error of their own and do not tell of it."""
    return [
        name
        for name, node in public(tree.body)
        if not isinstance(node, ast.ClassDef)
        and ":raises" not in (ast.get_docstring(node) or "")
        and any(isinstance(inner, ast.Raise) and inner.exc for inner in ast.walk(node))
    ]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_public_name_has_a_docstring_that_tells_of_errors(name):
    assert not undocumented(MODULES[name])
    assert not silent(MODULES[name])


def test_what_is_missing_is_found():
    tree = ast.parse("class A:\n    '''A.'''\n    def b(self): raise ValueError(1)\n    def _c(self): ...")
    assert undocumented(tree) == ["the module", "A.b"]
    assert silent(tree) == ["A.b"]
