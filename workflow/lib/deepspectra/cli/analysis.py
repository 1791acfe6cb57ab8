"""The command that analyses a checkpoint."""

import argparse
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
    """``after.pt`` and ``after.safetensors`` have one folder by default: the first keeps it. Names decide, not folders.

    :raises UserError: if the folder has another file's analysis.
    """
    with suppress(FileNotFoundError):
        title = (folder / "summary.md").read_text(encoding="utf-8").partition("\n")[0].removeprefix("# Spectra of ")
        if source.is_file() and Path(title).suffix != source.suffix:
            raise UserError(f"{folder} has the spectra of {title}. Name another folder for {source.name}: --out FOLDER")


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _name(source: Path) -> str:
    """The way to the source: networks of several runs have folders of their own."""
    # A folder's file says less than the folder: "model.safetensors" is everybody's name.
    place = source.resolve() if source.is_dir() else source.absolute().with_suffix("")
    parts = [part for part in Path(os.path.relpath(place)).parts if part not in ("..", ".")]
    return "_".join(parts) or place.name
