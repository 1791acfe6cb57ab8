"""The digest follows every import that can change a result, and nothing else."""

from __future__ import annotations

import ast

import pytest

from deepspectra import sources
from deepspectra.sources import source_digest

MODULES = {
    "__init__.py": "",
    "errors.py": "class Bad(Exception): ...\n",
    "store.py": "from toy.errors import Bad\n",
    "laws.py": "import math\n",
    "limits/__init__.py": "",
    "limits/law.py": "from toy import laws, store as kept\nfrom toy.limits.inputs import thing\n",
    "limits/inputs.py": "thing = 1\n",
    "lazy.py": "def late():\n    if True:\n        from toy.laws import x\n",
    "plain.py": "import toy.limits.inputs\nimport numpy.linalg\n",
    "circle_a.py": "import toy.circle_b\n",
    "circle_b.py": "import toy.circle_a\n",
    "named.py": "from toy.limits import law\n",
    "lone.py": "from toys import laws\nfrom numpy import store\n",
}


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A package of a few modules in place of the real one; a function writes a module and forgets what was read."""
    monkeypatch.setattr(sources, "FOLDER", tmp_path)
    monkeypatch.setattr(sources, "PACKAGE", "toy")
    sources._imports.cache_clear()

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        sources._imports.cache_clear()

    for name, text in MODULES.items():
        write(name, text)
    yield write
    sources._imports.cache_clear()


@pytest.mark.parametrize(
    ("module", "reached"),
    [
        ("laws", {"laws"}),
        ("store", {"store", "errors"}),
        ("limits.law", {"limits/law", "limits/__init__", "limits/inputs", "laws", "store", "errors"}),
        ("limits", {"limits/__init__"}),
        ("lazy", {"lazy", "laws"}),
        ("plain", {"plain", "limits/inputs", "limits/__init__"}),
        ("circle_a", {"circle_a", "circle_b"}),
        (
            "named",
            {"named", "limits/law", "limits/__init__", "limits/inputs", "laws", "store", "errors"},
        ),
        ("lone", {"lone"}),
    ],
)
def test_the_digest_changes_exactly_with_what_is_reached(toy, module, reached):
    """Every module is edited in turn, by a comment alone; the package's own __init__ is reached by all."""
    before = source_digest(module)
    changing = set()
    for name, text in MODULES.items():
        toy(name, text + "# edited\n")
        if source_digest(module) != before:
            changing.add(name.removesuffix(".py"))
        toy(name, text)
    assert changing == reached | {"__init__"}
    assert source_digest(module) == before


def test_a_new_import_is_followed(toy):
    toy("laws.py", "import toy.lone\n")
    before = source_digest("laws")
    toy("lone.py", "x = 2\n")
    assert source_digest("laws") != before


def test_several_modules_have_one_digest_whatever_their_order(toy):
    both = source_digest("laws", "store")
    assert both == source_digest("store", "laws", "laws")
    assert both not in (source_digest("laws"), source_digest("store"))


def test_text_that_moves_between_modules_changes_the_digest(toy):
    """The same bytes in a row: what separates modules enters as well."""
    toy("one.py", "x = 1\n")
    toy("two.py", "y = 2\n")
    before = source_digest("one", "two")
    toy("one.py", "x = 1\ny = 2\n")
    toy("two.py", "")
    assert source_digest("one", "two") != before


def test_the_digest_does_not_depend_on_the_place_of_the_package(toy, tmp_path, monkeypatch):
    before = source_digest("limits.law")
    moved = tmp_path.with_name(tmp_path.name + " elsewhere")
    tmp_path.rename(moved)
    monkeypatch.setattr(sources, "FOLDER", moved)
    sources._imports.cache_clear()
    assert source_digest("limits.law") == before
    moved.rename(tmp_path)


@pytest.mark.parametrize("name", ["unknown", "limits.unknown", "laws.x"])
def test_an_unknown_module_is_refused(toy, name):
    with pytest.raises(KeyError, match=f"has no module '{name}'"):
        source_digest(name)


def test_the_real_package_is_followed():
    """Known dependencies of the real modules; the digest is short enough to be read in a log."""
    sources._imports.cache_clear()
    assert sources._imports("nonlinear") == {"", "activations"}
    assert "figures.style" in sources._imports("figures.pennington2017")
    assert len(source_digest("figures.fan2020")) == 16
    # Papers whose figures are a package of modules.
    packages = {"baskerville2022": ("random_matrices", "resnet34"), "fan2020": ("images", "initialisation", "training")}
    for paper, modules in packages.items():
        assert sources._imports(f"figures.{paper}") >= {f"figures.{paper}.{name}" for name in modules}
    assert "figures.style" in sources._imports("figures.fan2020.training")
    assert "figures.style" in sources._imports("figures.baskerville2022.resnet34")


def test_every_import_of_the_library_is_one_that_is_followed():
    """Relative imports, and modules named in a string, would escape the digest."""
    for path in sources.FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path.name} has a relative import in line {node.lineno}"
            # This one imports modules of the user's own, whose digest it gives itself.
            if isinstance(node, ast.Import | ast.ImportFrom) and path.name != "own_activations.py":
                assert "importlib" not in {alias.name for alias in node.names}, path.name
