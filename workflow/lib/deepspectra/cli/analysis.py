"""The command that analyses a checkpoint."""

import argparse
import os
import re
import shutil
import textwrap
from pathlib import Path

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.files import check_folder

__all__ = ["run_analysis"]


def run_analysis(options: argparse.Namespace) -> None:
    """Analyse the checkpoint ``options.source``, write tables and the page, and print what was found.

    :raises UserError: if the checkpoint cannot be read, or an option makes no sense.
    """
    # Imported here: other commands start faster without.
    from deepspectra.analysis.network import analyse
    from deepspectra.analysis.page import terminal_table

    workers = _cores() if options.workers is None else options.workers
    if workers < 1:
        raise UserError(f"--workers {workers}: at least one process is needed.")
    folder = Path(options.out or _folder(Path(options.source)))
    # Said before anything is computed.
    check_folder(folder)
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
    page = found.write(folder)
    width = shutil.get_terminal_size(fallback=(200, 24)).columns
    print(terminal_table(found, width))
    lines = [*found.findings, *(f"Note: {note}" for note in found.notes)]
    for line in lines:
        print(textwrap.fill(line, min(width, 120), initial_indent="- ", subsequent_indent="  "))
    if count := len(found.left_out):
        print(f"\n{count} other {'tensor is' if count == 1 else 'tensors are'} left out; the page says why.")
    print(f"Open {page}")


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _folder(source: Path) -> Path:
    # A folder's file says less than the folder: "model.safetensors" is everybody's name.
    name = source.resolve().name if source.is_dir() else source.stem
    return Path("spectra_" + re.sub(r"[^A-Za-z0-9._-]+", "_", name))
