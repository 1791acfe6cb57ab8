"""Environments of peers, made from exact pins: never the project's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.comparison import PROJECT
from deepspectra.runtime.errors import UserError

__all__ = ["interpreter", "pins_of"]

FOLDER = Path(__file__).parent
PINS, ENVIRONMENTS = FOLDER / "environments", FOLDER / ".environments"


def pins_of(environment: str) -> str:
    """The text of an environment's pins: one ``name==version`` a line, of which ``python`` chooses the interpreter.

    :raises UserError: if there is no such file.
    """
    file = PINS / f"{environment}.txt"
    if environment == PROJECT:
        return ""
    if not file.exists():
        raise UserError(f"there is no environment {environment!r}: {file} is missing. Write its pins there.")
    return file.read_text(encoding="utf-8")


def interpreter(environment: str) -> Path:
    """The Python of an environment, which is made if it is not there or its pins have changed.

    :raises UserError: if it cannot be made.
    """
    pins = pins_of(environment)
    if environment == PROJECT:
        return Path(sys.executable)
    folder = ENVIRONMENTS / environment
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    # Written last: half an environment does not have it.
    made = folder / "pins.txt"
    if made.exists() and made.read_text(encoding="utf-8") == pins:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    lines = dict.fromkeys(pins.splitlines())
    version = next((line.partition("==")[2] for line in lines if line.startswith("python==")), "")
    wanted = folder.with_suffix(".txt")
    folder.parent.mkdir(parents=True, exist_ok=True)
    wanted.write_text("".join(f"{line}\n" for line in lines if not line.startswith("python==")), encoding="utf-8")
    if shutil.which("uv"):
        make = ["uv", "venv", *(["--python", version] if version else []), str(folder)]
        # Without the constraints of this project, which uv takes from pyproject.toml.
        install = ["uv", "pip", "install", "--no-config", "--python", str(python)]
    else:
        make = [f"python{version}" if version else sys.executable, "-m", "venv", str(folder)]
        install = [str(python), "-m", "pip", "install"]
    for command in (make, [*install, "--no-deps", "-r", str(wanted)]):
        print(" ".join(command), file=sys.stderr, flush=True)
        try:
            subprocess.run(command, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise UserError(f"cannot make the environment of {environment}: {error}. See the messages above.") from None
    wanted.unlink()
    made.write_text(pins, encoding="utf-8")
    return python
