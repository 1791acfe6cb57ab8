"""The command that analyses a checkpoint."""

import argparse
import os
import re
from pathlib import Path

from deepspectra.runtime.errors import UserError

__all__ = ["run_analysis"]


def run_analysis(options: argparse.Namespace) -> None:
    """Analyse the checkpoint ``options.source``, write tables and the page, and print what was found.

    :raises UserError: if the checkpoint cannot be read, or an option makes no sense.
    """
    # Imported here: other commands start faster without.
    from deepspectra.analysis.network import analyse
    from deepspectra.analysis.page import terminal_table

    workers = (
        options.workers or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    if workers < 1:
        raise UserError(f"--workers {workers}: at least one process is needed.")
    found = analyse(
        options.source,
        initial=options.initial,
        include=options.include,
        exclude=options.exclude,
        by_head=options.by_head or options.head_size is not None,
        head_size=options.head_size,
        draws=options.draws,
        seed=options.seed,
        cache=options.cache,
        workers=workers,
    )
    page = found.write(options.out or _folder(Path(options.source)))
    print(terminal_table(found))
    for sentence in found.findings:
        print(f"- {sentence}")
    for note in found.notes:
        print(f"Note: {note}")
    print(f"\n{len(found.left_out)} other tensors are left out; the page says why.\nOpen {page}")


def _folder(source: Path) -> Path:
    # A folder's file says less than the folder: "model.safetensors" is everybody's name.
    name = source.resolve().name if source.is_dir() else source.stem
    return Path("spectra_" + re.sub(r"[^A-Za-z0-9._-]+", "_", name))
