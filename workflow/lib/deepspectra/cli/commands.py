"""What the commands print: plain text for a terminal."""

import argparse
import json
import textwrap
from pathlib import Path

from deepspectra.config import Settings, explain_keys, load_settings, read_overrides
from deepspectra.papers.registry import PAPERS, items_of, name_of
from deepspectra.runtime.errors import UserError

__all__ = ["checkout", "print_schema", "print_settings", "print_targets"]


def checkout() -> Path:
    """The folder of the workflow: the working directory or one above it, or else where the library lies.

    :raises UserError: if neither is a checkout.
    """
    here, library = Path.cwd(), Path(__file__).resolve().parents[4]
    for folder in (here, *here.parents, library):
        if (folder / "config" / "config.yaml").is_file() and (folder / "resources" / "job_costs.csv").is_file():
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
    print("all, data, claims, compare, limit_laws, my_networks, record and report: see `snakemake --list-target-rules`")
