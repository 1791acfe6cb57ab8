"""Every dependency has one exact version, the same in both files, and it is the one that is installed."""

from __future__ import annotations

import tomllib
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = PROJECT["tool"]["uv"]["constraint-dependencies"]
#: Groups that are installed on request, each with a package of its own.
ON_REQUEST = {"docs": "sphinx", "peers": "freealg"}
GROUPS = {
    name: group
    for name, group in PROJECT["dependency-groups"].items()
    if name not in ON_REQUEST or find_spec(ON_REQUEST[name])
}
DIRECT = sum(GROUPS.values(), PROJECT["project"]["dependencies"])


def pinned_here() -> dict[str, str]:
    """Version by name of the pins whose markers hold on this platform."""
    requirements = [Requirement(pin) for pin in PINS]
    return {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate()
    }


def needed_here() -> set[str]:
    """Names of all that the direct dependencies need on this platform, transitively."""
    pending = [(Requirement(text), "") for text in DIRECT]
    found: set[tuple[str, str]] = set()
    while pending:
        requirement, extra = pending.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in ("", *requirement.extras):
            if (name, wanted) not in found:
                found.add((name, wanted))
                pending += [(Requirement(text), wanted) for text in metadata.requires(name) or []]
    return {name for name, _ in found}


def test_every_pin_is_exact():
    assert all(Requirement(pin).specifier and str(Requirement(pin).specifier).startswith("==") for pin in PINS)


def test_conda_environment_holds_the_same_pins():
    environment = yaml.safe_load((ROOT / "envs" / "workflow.yaml").read_text(encoding="utf-8"))
    (listed,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert listed == PINS


def test_everything_that_is_needed_is_pinned_at_the_installed_version():
    pins = pinned_here()
    needed = needed_here()
    assert {"torch", "numpy", "snakemake", "jinja2"} <= needed
    unpinned = needed - pins.keys()
    assert not unpinned, f"run envs/update_pins.py: {sorted(unpinned)} are not pinned"
    different = {
        name: (metadata.version(name), pins[name])
        for name in needed
        if metadata.version(name).split("+")[0] != pins[name]
    }
    assert not different, f"installed and pinned versions differ: {different}"


def test_the_image_leaves_out_what_git_ignores():
    ignored = (ROOT / ".gitignore", ROOT / "envs" / "Containerfile.dockerignore")
    entries = [[line for line in path.read_text().splitlines() if line and line[0] != "#"] for path in ignored]
    # A name without a slash before it is ignored at any depth by git, at the top by builders of images.
    anywhere = [line if line[0] in "/!" else f"**/{line}" for line in entries[0]]
    assert sorted(entries[1]) == sorted([*anywhere, "/.git"])


@pytest.mark.parametrize("path", ["pyproject.toml", "envs/workflow.yaml"])
def test_no_registry_is_named(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    assert "://" not in text
    assert "index" not in text
