"""Settings and the few helpers that all rules share."""

import sys
from pathlib import Path
from shlex import quote

# The one place that puts the library on the path: for this file by sys.path, for the jobs by their environment.
LIBRARY = str(Path(workflow.basedir) / "workflow" / "lib")
sys.path.insert(0, LIBRARY)
shell.prefix(f"export PYTHONPATH={quote(LIBRARY)}${{{{PYTHONPATH:+:$PYTHONPATH}}}}; ")

from deepspectra.configuration import SCALES, load_settings, reductions, whole_quotient
from deepspectra.datasets.table import load_table
from deepspectra.errors import UserError
from deepspectra.sources import source_digest

DATA_TABLE = str(Path(workflow.basedir) / "resources" / "datasets.yaml")

try:
    # What the user gives by --config and --configfile wins over the files at every scale.
    SETTINGS = load_settings(Path(workflow.basedir) / "config", config)
    DATASETS = load_table(DATA_TABLE)
except UserError as error:
    raise WorkflowError(str(error)) from None

SCALE = SETTINGS["paper"].scale
# What says how to run but not what to compute reaches the scripts by the configuration: as a parameter of a rule, a
# change of it would make finished results look outdated.
config["device"] = SETTINGS["paper"].device
config["data"] = SETTINGS["paper"].data.model_dump() | {"table": DATA_TABLE}


def settings_of(scale, item):
    """The settings node of an item such as "fan2020.figure_1" at a scale."""
    node = SETTINGS[scale]
    for part in item.split("."):
        node = getattr(node, part)
    return node


def parameters(item, *keys):
    """For `params:`: the named settings of an item, all if none is named, as plain values.

    A job reruns when one of them changes, so that a rule names just those that shape its result.
    """

    def of_wildcards(wildcards):
        node = settings_of(wildcards.scale, item.format(**wildcards))
        values = node.model_dump(mode="python")
        return {key: values[key] for key in keys} if keys else values

    return of_wildcards


def spectra_files(scale, paper, item):
    """The eigenvalues that a figure is made from."""
    folder, node = f"results/{scale}/spectra/{paper}", settings_of(scale, f"{paper}.{item}")
    if (paper, item) == ("pennington2017", "figure_1"):
        return [f"{folder}/{item}/alpha_{alpha:g}.h5" for alpha in node.alphas]
    if (paper, item) == ("pennington2017", "figure_2"):
        return [f"{folder}/{item}/panel_{panel}.h5" for panel in node.panels]
    return [f"{folder}/{item}.h5"] if paper == "fan2020" else []


def target_files(paper, item):
    """All that a short name stands for, at the scale of the configuration: a figure, its numbers and its spectra.

    With the figure alone Snakemake would not miss numbers or spectra that somebody deleted.
    """
    statistics = [f"results/{SCALE}/statistics/{paper}/{item}{suffix}.csv" for suffix in ("", "_curves")]
    figure = [f"results/{SCALE}/figures/{paper}/{item}.{suffix}" for suffix in ("pdf", "png", "csv")]
    return [*figure, *statistics, *spectra_files(SCALE, paper, item)]


def scale_note(wildcards):
    """The scale of a figure and what it made smaller than the paper, for its small print."""
    changes = reductions(SETTINGS["paper"], SETTINGS[wildcards.scale], f"{wildcards.paper}.{wildcards.item}")
    return f"{wildcards.scale.capitalize()} scale" + (f": {changes}." if changes else ", sizes as published.")
