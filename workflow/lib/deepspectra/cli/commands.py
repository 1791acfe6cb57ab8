"""What the commands print: plain text for a terminal."""

import argparse
import json
import textwrap
from pathlib import Path

from deepspectra.config import Settings, explain_keys, load_settings, read_overrides
from deepspectra.papers.registry import PAPERS, items_of, name_of
from deepspectra.runtime.errors import UserError

__all__ = ["checkout", "print_costs", "print_schema", "print_settings", "print_targets"]

#: Downloads, which happen once, and their sizes.
_DOWNLOADS = {
    "cifar10": "140 to 170 MB to download, 184 MB on disk",
    "mnist": "12 MB, 55 MB on disk",
    "bike": "1 MB",
    "the network that makes features": "18 to 87 MB",
}


def checkout() -> Path:
    """The folder of the workflow: the working directory or one above it, or else where the library lies.

    :raises UserError: if neither is a checkout.
    """
    here, library = Path.cwd(), Path(__file__).resolve().parents[4]
    for folder in (here, *here.parents, library):
        if (folder / "config" / "config.yaml").is_file() and (folder / "resources" / "costs.csv").is_file():
            return folder
    raise UserError(f"{here} is not in a checkout of the workflow. Change to the folder that has config/config.yaml.")


def print_settings(options: argparse.Namespace) -> None:
    """Print keys of the configuration that begin with ``options.key``, with their meaning and values.

    :raises UserError: if there is no such key, or the settings have a mistake.
    """
    settings = load_settings(checkout() / "config", read_overrides(options.configfile, options.config))
    chosen = [row for row in explain_keys(settings) if not options.key or f"{row.key}.".startswith(f"{options.key}.")]
    if not chosen:
        raise UserError(f"no key begins with {options.key!r}. `deepspectra settings` prints all keys.")
    for key, meaning, values in chosen:
        print(key)
        print(textwrap.fill(meaning, 100, initial_indent="    ", subsequent_indent="    "))
        if len(values) == 1:
            values = {"all scales": values["paper"]}
        if values:
            print("    " + ", ".join(f"{scale}: {value}" for scale, value in values.items()))


def print_schema() -> None:
    """Print the JSON schema of the configuration, by which editors check YAML files."""
    print(json.dumps(Settings.model_json_schema(), indent=2, sort_keys=True))


def print_targets() -> None:
    """Print all figures and tables, by paper, and the other targets."""
    for paper, about in PAPERS.items():
        print(f"{paper}: {about.name}, {about.title}")
        for key, item in items_of(paper).items():
            print(f"    {paper + '_' + key:<32}  {name_of(key)}: {item.title}")
    print("all, data, claims, limit_laws and report: see `snakemake --list-target-rules`")


def print_costs(scale: str, cores: int) -> None:
    """Print what every target takes at a scale, from the measurements in ``resources/costs.csv``.

    :raises UserError: if the number of cores is not positive.
    """
    import pandas as pd

    if cores < 1:
        raise UserError(f"expected at least 1 core, found {cores}")
    known = pd.read_csv(checkout() / "resources" / "costs.csv")
    known = known[known.scale == scale].set_index("target")
    measured = known.reindex([f"{paper}_{key}" for paper in PAPERS for key in items_of(paper)])
    # If the whole was not measured, its parts stand for it; shared jobs then count several times.
    whole = known.loc["all"] if "all" in known.index else measured[["seconds", "disk_mb"]].sum()
    # However many cores there are, a target takes as long as its longest job.
    minutes = (measured.seconds / cores).clip(lower=measured.longest_seconds) / 60
    total = max(whole.seconds / cores, measured.longest_seconds.max()) / 60
    table = measured.astype({"jobs": "Int64", "memory_mb": "Int64"}).assign(minutes=minutes.round(1))
    table = table[["jobs", "minutes", "memory_mb", "disk_mb", "basis"]].astype(object)
    table = table.rename(columns={"memory_mb": "memory MB", "disk_mb": "disk MB"})
    downloads = ", ".join(f"{name} ({size})" for name, size in _DOWNLOADS.items())
    print(f"At {scale} scale with {cores} cores, on two-core machines of 2 GHz without a GPU:\n")
    print(table.where(table.notna(), "not measured").to_string())
    print(
        f"\nTogether about {total:.0f} minutes and {whole.disk_mb:.0f} MB of disk while it runs. Targets share jobs; "
        f"memory is that of one job, and up to {cores} run at once.\nDownloads, once: {downloads}."
    )
