"""Networks of the user's own: their files, the random matrices that they share, their results, and what these cost."""

import csv
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from deepspectra.analysis.null_files import (
    FORMAT,
    HALF_WINDOW,
    LARGE_MATRIX,
    VECTOR_DRAWS,
    NullKey,
    default_draws,
    level_file,
    vector_file,
)
from deepspectra.config.my_networks import NetworkEntry
from deepspectra.config.settings import Settings
from deepspectra.planning.costs import BASE_MB
from deepspectra.runtime.errors import UserError

__all__ = ["LEVELS", "PAGE", "TABLES", "VECTORS", "analysis_memory", "analysis_minutes", "analysis_options"]
__all__ += [
    "every_network",
    "initial_files",
    "layer_choice",
    "level_memory",
    "level_minutes",
    "listing_disk",
    "listing_memory",
]
__all__ += ["megabytes", "network_files", "network_names", "network_targets", "own_nulls", "page_memory"]
__all__ += ["page_minutes"]

#: Draws, by shape and by dimension, in the files that ``deepspectra analyse`` looks for.
LEVELS = f"results/{{scale}}/nulls/my_networks/levels_{{rows}}x{{columns}}_{{draws}}_{{window}}_{{seed}}_{FORMAT}.h5"
VECTORS = f"results/{{scale}}/nulls/my_networks/vectors_{{dimension}}_{{draws}}_{{seed}}_{FORMAT}.h5"
#: What an analysis leaves below a network's folder: what was found, and how it is shown.
TABLES = ("matrices.csv", "left_out.csv", "curves.csv", "vectors.csv", "about.json")
PAGE = ("index.html", "summary.md", "overview.pdf", "overview.png")


class _Shape(NamedTuple):
    outputs: int
    inputs: int

    @property
    def sides(self) -> tuple[int, int]:
        return max(self), min(self)


def network_names(settings: Settings) -> list[str]:
    """Networks of the user's own that the settings name."""
    return list(settings.my_networks)


def _entry(settings: Settings, model: str) -> NetworkEntry:
    if model not in settings.my_networks:
        known = ", ".join(settings.my_networks) or "none"
        raise UserError(f"my_networks: there is no {model!r} in the configuration; it has {known}")
    return settings.my_networks[model]


# Files ----------------------------------------------------------------------------------------------------------------


def network_files(settings: Settings, model: str) -> list[str]:
    """The files of a checkpoint.

    :raises UserError: here and below, if the settings have no such network; and if a folder holds no checkpoint.
    """
    return _files(_entry(settings, model).file)


def initial_files(settings: Settings, model: str) -> list[str]:
    """The files of the network before training, if the settings name one."""
    initial = _entry(settings, model).initial
    return _files(initial) if initial is not None else []


def _files(path: str) -> list[str]:
    # Imported here: only those who have an entry need NumPy and h5py.
    from deepspectra.data.checkpoints import checkpoint_files

    place = Path(path).expanduser()
    # What another rule is to make is not there yet.
    return [str(file) for file in checkpoint_files(place)] if place.exists() else [str(place)]


def own_nulls(settings: Settings, scale: str, model: str, layers: str | Path) -> list[str]:
    """Draws for all shapes and dimensions of a network, each once; networks with equal ones share them.

    :param layers: the table of its matrices, of which those count whose column ``left_out`` is empty.
    """
    entry, shapes = _entry(settings, model), _shapes(layers)
    keys = [
        NullKey(*sides, entry.draws or default_draws(sides[1]), HALF_WINDOW, entry.seed)
        for sides in {shape.sides for shape in shapes}
    ]
    names = {level_file(key) for key in keys}
    names |= {vector_file(side, VECTOR_DRAWS, entry.seed) for shape in shapes for side in shape}
    return [f"results/{scale}/nulls/my_networks/{name}" for name in sorted(names)]


def _shapes(layers: str | Path) -> list[_Shape]:
    with Path(layers).open(encoding="utf-8", newline="") as file:
        return [_Shape(int(row["outputs"]), int(row["inputs"])) for row in csv.DictReader(file) if not row["left_out"]]


def network_targets(model: str, scale: str) -> list[str]:
    """All that a network's short name stands for."""
    folder = f"results/{scale}/my_networks/{model}"
    files = [f"{folder}/{name}" for name in ("layers.csv", *TABLES, *PAGE)]
    return [*files, f"results/{scale}/captions/my_networks/{model}.txt"]


def every_network(settings: Settings, scale: str) -> list[str]:
    """The same of all networks, of which there must be one.

    :raises UserError: if there is none.
    """
    if not settings.my_networks:
        example = "my_networks: {mine: {file: model.safetensors}}"
        raise UserError(f"my_networks: there are none; add an entry to your settings, as {example}")
    return [file for model in settings.my_networks for file in network_targets(model, scale)]


# Parameters -----------------------------------------------------------------------------------------------------------


def layer_choice(settings: Settings, model: str) -> dict[str, Any]:
    """Where a checkpoint is and which of its layers are analysed: ``file`` and arguments of ``chosen_layers``."""
    options = analysis_options(settings, model)
    return {key: options[key] for key in ("file", "include", "exclude", "by_head", "head_size")}


def analysis_options(settings: Settings, model: str) -> dict[str, Any]:
    """Where a checkpoint is and how it is analysed: ``file`` and arguments of :func:`deepspectra.analyse`."""
    found = _entry(settings, model).model_dump()
    return found | {key: str(Path(found[key]).expanduser()) for key in ("file", "initial") if found[key] is not None}


# Costs ----------------------------------------------------------------------------------------------------------------


def _mb(numbers: float) -> float:
    return 8 * numbers / 1e6


def megabytes(settings: Settings, model: str) -> float:
    """Size of a checkpoint's files; nothing for those that are not there."""
    return sum(_megabytes(file) for file in network_files(settings, model))


def _megabytes(file: str) -> float:
    return Path(file).stat().st_size / 1e6 if Path(file).is_file() else 0.0


def _read_whole(files: Iterable[str]) -> float:
    """MB of files in torch's older format, which are not read piece by piece."""
    older = [file for file in files if Path(file).suffix in (".pt", ".pth", ".bin", ".ckpt", ".tar")]
    return sum(_megabytes(file) for file in older if Path(file).is_file() and not zipfile.is_zipfile(file))


def listing_memory(settings: Settings, model: str) -> float:
    """Names and shapes alone, unless the file cannot but be read whole."""
    return BASE_MB + 2 * _read_whole(network_files(settings, model))


def listing_disk(settings: Settings, model: str) -> float:
    """Weights are taken out of archives of Keras for as long as they are read."""
    files = [*network_files(settings, model), *initial_files(settings, model)]
    return 100 + sum(_megabytes(file) for file in files if file.endswith(".keras"))


def level_memory(columns: str, draws: str) -> float:
    """Levels of all random matrices, a few times."""
    return BASE_MB + _mb(6 * int(draws) * int(columns))


def level_minutes(columns: str, draws: str) -> float:
    """Ten times 6 s for 999 matrices of 256 columns; bidiagonal matrices and counts of levels cost as n^2."""
    return 20 + 16 * int(draws) / 999 * (int(columns) / 1024) ** 2


def analysis_memory(settings: Settings, model: str, layers: str | Path, threads: int) -> float:
    """The largest matrix with its vectors and workspace, or one of moderate size in each process."""
    whole = 2 * _read_whole([*network_files(settings, model), *initial_files(settings, model)])
    needs = [
        (outputs * inputs, _mb(8 * outputs * inputs + 6 * min(outputs, inputs) ** 2))
        for outputs, inputs in _shapes(layers)
    ]
    small = max((amount for entries, amount in needs if entries <= LARGE_MATRIX), default=0)
    return BASE_MB + whole + max(max(amount for _, amount in needs), threads * (500 + small))


def analysis_minutes(layers: str | Path) -> float:
    """Ten times 30 s for a matrix of 4096 x 4096, as much for each that training moved, and 1 s for each matrix."""
    shapes = _shapes(layers)
    return 20 + len(shapes) / 6 + 1e-10 * sum(max(shape) * min(shape) ** 2 for shape in shapes)


def page_memory(layers: str | Path) -> float:
    """Tables, with every value and vector, and a picture of a few hundred kB for each matrix, several times."""
    return 1500 + sum(2 + 0.005 * min(shape) for shape in _shapes(layers))


def page_minutes(layers: str | Path) -> float:
    """Ten times 1 s for the panels of a matrix."""
    return 60 + len(_shapes(layers)) / 6
