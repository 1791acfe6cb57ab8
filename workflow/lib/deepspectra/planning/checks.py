"""Files that the settings name, checked before anything is planned: a missing one would stop a run hours later."""

import os
from pathlib import Path
from typing import Any

from deepspectra.config.settings import Settings
from deepspectra.planning import my_networks
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.files import check_folder

__all__ = ["check_files_of", "check_run"]


def check_files_of(settings: Settings) -> None:
    """Check the folder and files that a user's settings name.

    :raises UserError: if a folder or file is not there, or weights are required that an earlier run did without.
    """
    if (folder := settings.data.folder) and not _place(folder).is_dir():
        raise UserError(f"data.folder: expected an existing folder with data files, found {folder!r}")
    for network, entry in settings.thamm2024.pretrained.items():
        if entry.file and not _place(entry.file).is_file():
            raise UserError(
                f"thamm2024.pretrained.{network}.file: expected a file of weights, found nothing at {entry.file!r}"
            )
    for name, law in settings.limit_laws.items():
        file = law.input.file if law.input else None
        # A file below results/ may be one that a rule makes.
        if law.input and file and not file.startswith("results/") and not _place(file).is_file():
            key = next(key for key in ("eigenvalues", "gram", "data") if getattr(law.input, key) == file)
            what = "eigenvalues" if key == "eigenvalues" else "a matrix"
            raise UserError(f"limit_laws.{name}.input.{key}: expected a file of {what}, found nothing at {file!r}")
    for name in settings.my_networks:
        _check_network(settings, name)
    if settings.pretrained == "require" and (reasons := _unavailable(settings)):
        raise UserError(
            f"pretrained: require, but an earlier run did without the weights of {len(reasons)} networks."
            + "".join(f"\n  - {reason}" for reason in reasons)
            + "\n  Or name a file of your own for each: thamm2024: {pretrained: {alexnet: {file: PATH}}}."
        )


def _place(path: str) -> Path:
    """Where a path with ``~`` leads; without such a home, where it is spelt."""
    return Path(os.path.expanduser(path))


def _check_network(settings: Settings, name: str) -> None:
    entry = settings.my_networks[name]
    for key, path in (("file", entry.file), ("initial", entry.initial)):
        if path is None or path.startswith("results/"):
            continue
        if not _place(path).exists():
            raise UserError(f"my_networks.{name}.{key}: expected a checkpoint, found nothing at {path!r}")
        try:
            # A folder must hold one checkpoint.
            (my_networks.network_files if key == "file" else my_networks.initial_files)(settings, name)
        except UserError as error:
            raise UserError(f"my_networks.{name}.{key}: {error}") from error


def check_run(scale: str, resources: Any, *, dry: bool, listed: bool) -> None:
    """Check that a run can start jobs, and write in the working directory and to the folder of temporary files.

    :param resources: Snakemake's settings with ``cores`` and ``nodes``.
    :param dry: whether it only plans. :param listed: whether it only lists rules.
    :raises UserError: if there is no core, or a folder cannot be written.
    """
    written = not dry and not listed
    if written and resources.cores == 0 and not resources.nodes:
        raise UserError("--cores: expected at least 1, found 0: the run would wait for ever.")
    for folder in ("results", f"results/{scale}"):
        check_folder(folder, written=written)
    # Snakemake keeps what it has planned there, of a dry run too.
    check_folder(".snakemake", written=not listed)
    # Where there is no such folder, all take another.
    if written and Path(temporary := os.environ.get("TMPDIR", "/tmp")).is_dir():
        try:
            check_folder(temporary)
        except UserError as error:
            raise UserError(f"temporary files: {error} Or name another folder: export TMPDIR=FOLDER") from error


def _unavailable(settings: Settings) -> list[str]:
    """Why weights are missing, from files of an earlier run that was content without them."""
    # Imported here: h5py costs every start of Snakemake a tenth of a second.
    from deepspectra.runtime import store

    reasons = []
    for network, entry in settings.thamm2024.pretrained.items():
        path = Path(f"resources/weights/{network}.h5")
        if path.exists() and not entry.file:
            status = store.read(path, {}).attributes["parameters"]
            if not status["available"]:
                reasons.append(f"{status['reason']}. {status['how_to_supply']}")
    return reasons
