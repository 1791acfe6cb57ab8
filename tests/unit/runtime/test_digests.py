"""The digest follows every import and edit that can change a result, and nothing else."""

from __future__ import annotations

import ast
import json
import os
import time
from pathlib import Path

import pytest

from deepspectra.runtime import digests as sources
from deepspectra.runtime.digests import UNCOUNTED, code_digest, read_source

SCRIPTS = sources.FOLDER.parents[1] / "scripts"
MODULES = {
    "__init__.py": "",
    "runtime/__init__.py": "",
    "runtime/errors.py": "class Bad(Exception): ...\n",
    "store.py": "from toy.runtime.errors import Bad\nfrom toy.wide import x\n",
    "wide.py": "x = 1\n",
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
    "typed.py": "from typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n    from toy import laws\nelse:\n    from toy import wide\n",
    "runtime/job.py": "from toy import laws\n",
}
#: A function in which all that is written below is written in another way.
TEXT = '''"""A module."""
from typing import TYPE_CHECKING

import numpy as np

NOTE = "a caption"


class Law:
    """A law."""

    def density(self, x, scale=2.0):
        """Of it."""
        # Nothing yet.
        return np.exp(-x / scale) + f"{x!r:>{8}}"
'''


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A package of a few modules in place of the real one; a function that writes a module."""
    monkeypatch.setattr(sources, "FOLDER", tmp_path / "toy")
    monkeypatch.setattr(sources, "PACKAGE", "toy")

    def write(name, text):
        path = tmp_path / "toy" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
        forget()

    for name, text in MODULES.items():
        write(name, text)
    yield write
    forget()


def forget():
    """What one process remembers of files."""
    for remembered in (sources._library, sources.code_digest):
        remembered.cache_clear()


@pytest.fixture
def script(tmp_path):
    """Write a script and get its path."""

    def write(text):
        path = tmp_path / "script.py"
        path.write_text(text)
        forget()
        return path

    return write


@pytest.mark.parametrize(
    ("text", "reached"),
    [
        ("import toy.laws\n", {"laws"}),
        ("from toy.laws import x\n", {"laws"}),
        ("from toy import store\n", {"store", "wide"}),
        (
            "with open('x'):\n    import toy.limits.law\n",
            {"limits/law", "limits/__init__", "limits/inputs", "laws", "store", "wide"},
        ),
        ("import toy.limits\n", {"limits/__init__"}),
        ("from toy import lazy\n", {"lazy", "laws"}),
        ("from toy import plain\n", {"plain", "limits/inputs", "limits/__init__"}),
        ("from toy import circle_a\n", {"circle_a", "circle_b"}),
        (
            "from toy import named\n",
            {"named", "limits/law", "limits/__init__", "limits/inputs", "laws", "store", "wide"},
        ),
        ("from toy import lone\n", {"lone"}),
        ("from toy import typed\n", {"typed", "wide"}),
        ("from toy.runtime.job import job\nfrom toy.runtime import errors\n", set()),
    ],
)
def test_the_digest_changes_exactly_with_what_is_reached(toy, script, text, reached):
    """Every module is edited in turn; the package's own __init__ is reached by all that import a counted module."""
    path = script(text)
    before = code_digest(path)
    changing = set()
    for name, content in MODULES.items():
        toy(name, content + "edited = 1\n")
        if code_digest(path) != before:
            changing.add(name.removesuffix(".py"))
        toy(name, content)
    assert changing - {"__init__"} == reached
    assert ("__init__" in changing) == bool(reached)
    assert code_digest(path) == before
    assert code_digest(script(text + "edited = 1\n")) != before


def test_modules_that_are_imported_by_name_are_given(toy, script):
    path = script("import importlib\n")
    assert len({code_digest(path), code_digest(path, "laws"), code_digest(path, "laws", "wide")}) == 3
    assert code_digest(path, "laws", "wide") == code_digest(path, "wide", "laws", "laws")
    before = code_digest(path, "store")
    toy("wide.py", "x = 2\n")
    assert code_digest(path, "store") != before


def test_a_new_import_is_followed(toy, script):
    path = script("from toy import laws\n")
    toy("laws.py", "import toy.lone\n")
    before = code_digest(path)
    toy("lone.py", "x = 2\n")
    assert code_digest(path) != before


def test_text_that_moves_between_modules_changes_the_digest(toy, script):
    toy("one.py", "x = 1\n")
    toy("two.py", "y = 2\n")
    path = script("from toy import one, two\n")
    before = code_digest(path)
    toy("one.py", "x = 1\ny = 2\n")
    toy("two.py", "")
    assert code_digest(path) != before


def test_the_digest_does_not_depend_on_the_place_of_the_package(toy, script, tmp_path, monkeypatch):
    path = script("from toy.limits import law\n")
    before = code_digest(path)
    (tmp_path / "toy").rename(tmp_path / "elsewhere")
    monkeypatch.setattr(sources, "FOLDER", tmp_path / "elsewhere")
    forget()
    assert code_digest(path.rename(tmp_path / "other.py")) == before


@pytest.mark.parametrize("name", ["unknown", "limits.unknown", "laws.x"])
def test_an_unknown_module_is_refused(toy, script, name):
    with pytest.raises(KeyError, match=f"has no module '{name}'"):
        code_digest(script(""), name)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""A module."""\n', ""),
        ('        """Of it."""\n', ""),
        ('"""A law."""', "'''Another\n    law.'''"),
        ("        # Nothing yet.\n", ""),
        ("\n\n\n", "\n"),
        ("x, scale=2.0):", "\n        x,\n        scale=2.0,\n    ):"),
        ("return np.exp(-x / scale)", "return (np.exp((-x) / scale))"),
        ('"a caption"', "'a cap' \\\n    'tion'"),
        ('"a caption"', 'u"a caption"'),
        ("import numpy as np\n", "import numpy as np\nif TYPE_CHECKING:\n    import torch\n"),
    ],
)
def test_what_cannot_change_a_number_does_not_count(old, new):
    assert TEXT.count(old) == 1
    changed = TEXT.replace(old, new)
    before, after = read_source(TEXT), read_source(changed)
    if "TYPE_CHECKING:" not in changed:
        assert after == before
    # The empty `if` is left, what is below it is not.
    assert read_source(changed.replace("torch", "scipy")).digest == after.digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("scale=2.0", "scale=2.5"),
        ("scale=2.0", "scale=2"),
        ("-x", "x"),
        ("-x", "~x"),
        ("np.exp", "np.expm1"),
        ("a caption", "another caption"),
        ("x, scale=2.0", "x, /, scale=2.0"),
        ("x, scale=2.0", "x, *, scale=2.0"),
        ("!r", "!s"),
        (">{8}", ">{9}"),
        ("class Law", "class Laws"),
        ("numpy as np", "scipy as np"),
        ("    def density", "    @property\n    def density"),
        ("        return", "        if x:\n            pass\n        return"),
    ],
)
def test_what_can_change_a_number_or_a_figure_counts(old, new):
    assert TEXT.count(old) == 1
    assert read_source(TEXT.replace(old, new)).digest != read_source(TEXT).digest


def test_statements_that_move_between_bodies_count():
    assert read_source("if x:\n    y()\nz()\n").digest != read_source("if x:\n    y()\n    z()\n").digest
    assert read_source("x = [a, [b]]\n").digest != read_source("x = [[a], b]\n").digest


def test_the_digest_is_the_same_under_every_version_of_python():
    """Made under 3.11; the tests run under the others."""
    text = (
        TEXT
        + """
async def every(kind: type | None = None, *rest: int, **options) -> None:
    try:
        async with kind() as (first, *others):
            match first:
                case {"a": [1, _], **more} if more: x = lambda y: (y := 1j)
                case str() | None: del x
    except* OSError as error:
        raise ValueError("\\N{GREEK SMALL LETTER ALPHA}\\U0001fae8", b"\\xff", 1e-300, ...) from error
    finally:
        print(f"{rest[1:2]} and {kind = }" "tail", *rest, sep="")
    return {key: value async for key, value in first if key not in others}
"""
    )
    assert read_source(text).digest == "ff420e8ebe17869cd88f70a3603b8fd33b3a2f38a437a03b2ed27deef67eef97"


def test_what_was_read_is_kept_and_never_believed_blindly(toy, script, tmp_path, monkeypatch):
    path, kept = script("from toy.limits import law\n"), tmp_path / "toy/__pycache__/sources.json"
    before = code_digest(path)
    entries = json.loads(kept.read_text())
    # Several modules are empty.
    assert len(entries) == len(set(MODULES.values()))
    forget()
    with monkeypatch.context() as patch:
        read = []
        patch.setattr(sources, "read_source", lambda text: read.append(text) or read_source(text))
        assert code_digest(path) == before
        assert read == [path.read_text()]

    # The same size and time stamp as before.
    laws = tmp_path / "toy/laws.py"
    status = laws.stat()
    toy("laws.py", "import cmap\n")
    os.utime(laws, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert code_digest(path) != before
    toy("laws.py", MODULES["laws.py"])
    # Damaged, and made by another version of this module.
    for text in ("", "{", json.dumps({f"another {key}": ["lie", []] for key in entries})):
        kept.write_text(text)
        forget()
        assert code_digest(path) == before
    assert [child.name for child in kept.parent.iterdir()] == [kept.name]


def test_nothing_is_kept_where_nothing_can_be(toy, script, tmp_path, monkeypatch):
    (tmp_path / "toy/__pycache__").write_text("a file is in the way")
    assert len(code_digest(script("from toy import laws\n"))) == 16


def digests():
    return {path.stem: code_digest(path) for path in SCRIPTS.glob("*.py")}


def test_all_scripts_of_the_workflow_take_a_small_part_of_a_second():
    """Every job of a cluster reads the rules anew."""
    first = digests()
    forget()
    start = time.process_time()
    assert digests() == first
    assert time.process_time() - start < 0.3
    assert len(set(first.values())) == len(first) > 30


def test_the_layer_that_is_not_counted_imports_no_other():
    """So it can hide no numbers of theirs. Its golden files guard the bytes it writes."""
    for path in (sources.FOLDER / UNCOUNTED).glob("*.py"):
        layers = {name.partition(".")[0] for name in read_source(path.read_text("utf-8")).imported}
        assert layers <= {"", UNCOUNTED}, path


def test_nothing_reads_docstrings():
    """They are not counted."""
    for path in (*sources.FOLDER.rglob("*.py"), *SCRIPTS.glob("*.py")):
        assert "__doc__" not in path.read_text(encoding="utf-8"), path


def imports(path: Path):
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def test_every_import_of_the_library_is_one_that_is_followed():
    """Relative imports, and modules named in a string, would escape the digest."""
    by_name = set()
    for path in (*sources.FOLDER.rglob("*.py"), *SCRIPTS.glob("*.py")):
        for node in imports(path):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path.name} has a relative import in line {node.lineno}"
            if {"importlib", "import_module"} & {alias.name for alias in node.names}:
                by_name.add(path.relative_to(sources.FOLDER if sources.FOLDER in path.parents else SCRIPTS).as_posix())
    # Checksums guard what is fetched; own activations give their modules' digest themselves, rules that of all others.
    # Forked jobs load packages of others before they start. No job asks for the analysis of checkpoints by name, and
    # its pictures are none of its numbers.
    assert by_name == {
        *("papers/registry.py", "runtime/registry.py", "runtime/own_code.py", "data/sources/tables.py"),
        *("runtime/forked_jobs.py", "__init__.py", "analysis/network.py"),
        *("make_numbers.py", "make_table.py", "draw_figure.py", "train_network.py"),
    }


@pytest.mark.parametrize(
    ("script", "module"),
    [
        ("train_network", "train.training"),
        ("compute_kernels", "spectra.kernels.networks"),
        ("resolve_curvature", "spectra.curvature.coupling"),
        ("analyse_weights", "rmt.unfolding"),
        ("draw_limit_law", "papers.style"),
    ],
)
def test_the_real_package_is_followed(monkeypatch, script, module):
    """Known dependencies of the real scripts, through packages and in the depth."""
    path = SCRIPTS / f"{script}.py"
    library = sources._library()
    before = code_digest.__wrapped__(path)
    monkeypatch.setitem(library, module, library[module]._replace(digest="edited"))
    assert code_digest.__wrapped__(path) != before
