"""The command that analyses a checkpoint."""

import argparse
import json
import os
from contextlib import suppress
from pathlib import Path

from deepspectra.cli.output import output_folder, print_sentences, terminal_width
from deepspectra.runtime.errors import UserError

__all__ = ["run_analysis"]


def run_analysis(options: argparse.Namespace) -> None:
    """Analyse the checkpoint ``options.source``, write tables and the page, and print what was found.

    :raises UserError: if the checkpoint cannot be read, or an option makes no sense; and after all is written and
        printed, if no matrix could be judged.
    """
    # Imported here: other commands start faster without.
    from deepspectra.analysis.network import analyse
    from deepspectra.analysis.page import terminal_notes, terminal_table

    workers = _cores() if options.workers is None else options.workers
    if workers < 1:
        raise UserError(f"--workers {workers}: at least one process is needed.")
    folder = output_folder(options.out, "spectra", _name(Path(options.source)))
    if not options.out:
        _keep_others(folder, Path(options.source))
    found = analyse(
        options.source,
        initial=options.initial,
        include=options.include,
        exclude=options.exclude,
        by_head=options.by_head,
        head_size=options.head_size,
        draws=options.draws,
        seed=options.seed,
        cache=options.cache,
        workers=workers,
    )
    page = found.write(folder, workers)
    print(terminal_table(found, terminal_width()))
    print_sentences([*found.findings, *(f"Note: {note}" for note in found.notes), *terminal_notes(found)])
    if count := len(found.left_out):
        print(f"\n{count} other {'tensor is' if count == 1 else 'tensors are'} left out; the page says why.")
    print(f"Open {page}")
    if found.matrices["rank"].isna().all():
        count = len(found.matrices)
        words = "the only matrix could not" if count == 1 else f"none of {count} matrices could"
        raise UserError(f"{words} be judged; {page} says why.")


def _keep_others(folder: Path, source: Path) -> None:
    """Two checkpoints may have one folder by default, as ``net.pt`` and ``../net.pt``: the first keeps it.

    :raises UserError: if the folder has another one's analysis.
    """
    with suppress(FileNotFoundError):
        origin = json.loads((folder / "about.json").read_text("utf-8"))["origin"]
        # Of a folder it is the file within.
        if source.resolve() not in (other := Path(origin).resolve(), other.parent):
            raise UserError(f"{folder} has the spectra of {origin}. Name another folder for {source}: --out FOLDER")


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _name(source: Path) -> str:
    """The way to the source from here, so that networks of several runs have folders of their own."""
    # A folder's file says less than the folder: "model.safetensors" is everybody's name.
    place = source.resolve() if source.is_dir() else source.absolute().with_suffix("")
    parts = [part for part in Path(os.path.relpath(place)).parts if part not in ("..", ".")]
    # Names of files have at most 255 letters.
    return ("_".join(parts) or place.name)[-200:]
