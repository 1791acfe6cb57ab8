"""Resolve all dependencies and write their exact versions to pyproject.toml and envs/workflow.yaml.

Run it after a change of the dependencies in pyproject.toml:

    uv run envs/update_pins.py [name==version ...]

Arguments fix single versions; all others become the newest that fit together. This looks for wheels
of all pins, for every Python and system of the README, and names what would be compiled:

    uv run envs/update_pins.py --check
"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT, CONDA = ROOT / "pyproject.toml", ROOT / "envs" / "workflow.yaml"
BLOCK = re.compile(r"(# pins: begin\n).*?(# pins: end\n)", re.DOTALL)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "aarch64-apple-darwin")
#: torch has wheels from this macOS on.
MACOS = {"MACOSX_DEPLOYMENT_TARGET": "14.0"}
CONDA_HEADER = """\
# The same versions as in pyproject.toml, for `snakemake --sdm conda`. Made by update_pins.py; a test compares them.
name: deepspectra
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python=3.11
  - pip
  - pip:
"""


def compile_with_uv(more: list[str], options: str) -> subprocess.CompletedProcess[str]:
    """What uv finds for all requirements, and for ``more`` that limit them."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    wanted = sum(project["dependency-groups"].values(), project["project"]["dependencies"]) + more
    command = f"uv pip compile - {options} --no-config --prerelease if-necessary --no-header --no-annotate"
    command += " --no-emit-index-url --no-emit-find-links"
    environment = os.environ | MACOS
    return subprocess.run(command.split(), input="\n".join(wanted), text=True, capture_output=True, env=environment)


def resolve(fixed: list[str]) -> list[str]:
    """Exact versions of all requirements, with markers for the platforms that need them."""
    result = compile_with_uv(fixed, "--universal --python-version 3.11")
    if result.returncode != 0:
        raise SystemExit(f"uv found no versions that fit together:\n{result.stderr}")
    return [line.strip() for line in result.stdout.splitlines() if line.strip()]


def write(pins: list[str]) -> None:
    """Put the pins into both files."""
    lines = "".join(f'    "{pin}",\n' for pin in pins)
    block = f"# pins: begin\nconstraint-dependencies = [\n{lines}]\n# pins: end\n"
    PYPROJECT.write_text(BLOCK.sub(lambda _: block, PYPROJECT.read_text(encoding="utf-8")), encoding="utf-8")
    CONDA.write_text(CONDA_HEADER + "".join(f'      - "{pin}"\n' for pin in pins), encoding="utf-8")


def compiled(python: str, system: str) -> list[str]:
    """Names of the pinned packages that have no wheel for this Python and system, and are compiled."""
    pins = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["uv"]["constraint-dependencies"]
    names: list[str] = []
    while True:
        options = f"--python-version {python} --python-platform {system} --only-binary :all:"
        result = compile_with_uv(pins, options + "".join(f" --no-binary {name}" for name in names))
        if result.returncode == 0:
            return names
        missing = re.search(r"([\w-]+)==\S+\s+has\s+no\s+usable\s+wheels", result.stderr)
        if not missing or missing[1] in names:
            raise SystemExit(f"Python {python}, {system}:\n{result.stderr}")
        names.append(missing[1])


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        for python in PYTHONS:
            for system in SYSTEMS:
                names = ", ".join(compiled(python, system))
                print(f"Python {python} on {system}: wheels of all pins, but for {names or 'none'}", flush=True)
    else:
        write(resolve(sys.argv[1:]))
