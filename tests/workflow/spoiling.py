"""Ways to spoil a file, small inputs to spoil, and the message that a run printed."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import re
import tarfile
from pathlib import Path

import h5py
import numpy as np

from deepspectra.runtime import store

#: What a file must never make when it is read.
CANARY = "canary"


class Bomb:
    """Unpickling it makes a folder."""

    def __reduce__(self):
        return os.mkdir, (CANARY,)


def pickled_code(path: Path) -> None:
    """A pickle that makes the canary beside the project's Snakefile where it is loaded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps({"weight": Bomb()}, protocol=2))


def cut_short(path: Path, share: float) -> None:
    """Keep the beginning alone."""
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


def error_page(path: Path) -> None:
    """What a portal sends in the place of a file."""
    path.write_text("<!DOCTYPE html>\n<html><body><h1>503 Service Unavailable</h1></body></html>\n")


def replace_cell(path: Path, line: int, column: str, text: str) -> None:
    """Put a text in the place of one cell of a CSV file; its heading is line 1."""
    lines = path.read_text().splitlines()
    cells = lines[line - 1].split(",")
    cells[lines[0].split(",").index(column)] = text
    lines[line - 1] = ",".join(cells)
    path.write_text("\n".join([*lines, ""]))


def replace_array(path: Path, name: str, array: object) -> None:
    """Put an array in the place of another, whose checksum stays; None takes it away."""
    with h5py.File(path, "r+") as file:
        del file[name]
        if array is not None:
            file[name] = array


def write_network(path: Path, name: str, shape: tuple[int, ...]) -> None:
    """Weights of both states with one array."""
    arrays = {f"{state}/{name}": np.full(shape, 0.1, np.float32) for state in ("initial", "final")}
    store.write(path, arrays, parameters={})


def archive_with_a_way_out(path: Path) -> None:
    """A .tar.gz whose one member would lie outside of the folder that it is unpacked in."""
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(f"../{CANARY}")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"bad"))


def digits(folder: Path) -> None:
    """The four files of MNIST: small, and the last three cut short."""
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        content = gzip.compress(b"\0\0\x08\x01\0\0\0\x05hello" + os.urandom(500))
        (folder / f"{name}-ubyte.gz").write_bytes(content if name < "train-labels" else content[:200])


def write_inputs(project: Path) -> None:
    """Data sets of noise, no larger than smoke scale takes."""
    draw = np.random.default_rng(1)
    for name, shape in {"cifar10": (32, 32, 3), "mnist": (28, 28)}.items():
        arrays = {}
        for part in ("train", "test"):
            arrays[f"{part}_images"] = draw.integers(0, 256, (200, *shape), np.uint8)
            arrays[f"{part}_labels"] = draw.integers(0, 10, 200, np.uint8)
        store.write(project / "resources" / "data" / f"{name}.h5", arrays, parameters={"dataset": name})
    table = {"table": draw.random((500, 15))}
    store.write(project / "resources" / "data" / "bike.h5", table, parameters={"columns": {"table": []}})


def message_with(output: str, words: tuple[str, ...]) -> str:
    """The part of an output that says all of the words: what follows ``error: ``, or else a paragraph of Snakemake's.

    Its lines become one, and it ends where Snakemake goes on in its own name.
    """
    own = re.split(r"^error: ", output, flags=re.MULTILINE)[1:]
    for block in [*own, *re.split(r"\n\s*\n", output)]:
        text = re.split(r"\n\s*\n|\n  File \"|\nRuleException", block)[0]
        if all(word in text for word in words):
            return " ".join(text.split())
    return ""
