"""Resolve all dependencies and write their exact versions to pyproject.toml and envs/workflow.yaml.

Run it after a change of the dependencies in pyproject.toml:

    uv run envs/update_pins.py [name==version ...]

Arguments fix single versions; all others become the newest that fit together.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT, CONDA = ROOT / "pyproject.toml", ROOT / "envs" / "workflow.yaml"
BLOCK = re.compile(r"(# pins: begin\n).*?(# pins: end\n)", re.DOTALL)
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


def resolve(fixed: list[str]) -> list[str]:
    """Exact versions of all requirements, with markers for the platforms that need them."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    wanted = sum(project["dependency-groups"].values(), project["project"]["dependencies"]) + fixed
    command = "uv pip compile - --universal --python-version 3.11 --no-config --prerelease if-necessary --no-header"
    command += " --no-annotate --no-emit-index-url --no-emit-find-links"
    result = subprocess.run(command.split(), input="\n".join(wanted), text=True, capture_output=True)
    if result.returncode != 0:
        raise SystemExit(f"uv found no versions that fit together:\n{result.stderr}")
    return [line.strip() for line in result.stdout.splitlines() if line.strip()]


def write(pins: list[str]) -> None:
    """Put the pins into both files."""
    lines = "".join(f'    "{pin}",\n' for pin in pins)
    block = f"# pins: begin\nconstraint-dependencies = [\n{lines}]\n# pins: end\n"
    PYPROJECT.write_text(BLOCK.sub(lambda _: block, PYPROJECT.read_text(encoding="utf-8")), encoding="utf-8")
    CONDA.write_text(CONDA_HEADER + "".join(f'      - "{pin}"\n' for pin in pins), encoding="utf-8")


if __name__ == "__main__":
    write(resolve(sys.argv[1:]))
