"""Settings and the few helpers that all rules share."""

import sys
from pathlib import Path
from shlex import quote

# The one place that puts the library on the path: for this file by sys.path, for the jobs by their environment.
LIBRARY = str(Path(workflow.basedir) / "workflow" / "lib")
sys.path.insert(0, LIBRARY)
# HDF5's file locks are not for network file systems without a lock daemon; no file here has two writers, and none is
# read before it is whole. The library has to know a job before anything else is imported.
shell.prefix(
    f"export PYTHONPATH={quote(LIBRARY)}${{{{PYTHONPATH:+:$PYTHONPATH}}}}"
    " HDF5_USE_FILE_LOCKING=${{HDF5_USE_FILE_LOCKING:-FALSE}} DEEPSPECTRA_JOB=; "
)

from deepspectra.runtime import digests as sources
from deepspectra.nn.architectures import DATA_SIZES, matrix_shape
from deepspectra.papers.readings import READINGS
from deepspectra.config import SCALES, check_files, describe_scale, differences, load_settings
from deepspectra.spectra.curvature.sizes import reduced_rows
from deepspectra.data.sources.tables import BackboneEntry, DataSetEntry, WeightsEntry, load_table
from deepspectra.runtime.errors import UserError
from deepspectra.nn.own_activations import source_of
from deepspectra.report.contents import LIMIT_LAWS, PAPERS, labels_of


def stop(message):
    """End before anything is computed, with one message for the user."""
    raise WorkflowError(f"error: {message}") from None


try:
    if workflow.is_main_process:
        check_files(workflow.overwrite_configfiles)
    # What the user gives by --config and --configfile wins over the files at every scale. Only the scale that is asked
    # for is checked here; another one when a path asks for it.
    SETTINGS = load_settings(Path(workflow.basedir) / "config", config)
    # The same as the files alone have it.
    FILED = load_settings(Path(workflow.basedir) / "config")
    DATASETS = load_table(Path(workflow.basedir) / "resources" / "datasets.yaml", DataSetEntry)
    WEIGHTS = load_table(Path(workflow.basedir) / "resources" / "weights.yaml", WeightsEntry)
    BACKBONES = load_table(Path(workflow.basedir) / "resources" / "backbones.yaml", BackboneEntry)
except UserError as error:
    stop(error)

SCALE = SETTINGS.scale
RUN = SETTINGS[SCALE]
# For `resources:` of rules that gain from a GPU.
GPU = 0 if RUN.device == "cpu" else 1
# What says how to run but not what to compute reaches the scripts by the configuration: as a parameter of a rule, a
# change of it would make finished results look outdated.
config["device"] = RUN.device
config["data"] = RUN.data.model_dump()
config["pretrained"] = RUN.pretrained
config["checkpoint_epochs"] = RUN.checkpoint_epochs
# For the first page of Snakemake's report.
config["scale"] = SCALE


def code_digest(script, *modules):
    """For `params:`: digest of a script, of what it imports from the library, and of modules that it imports by name.

    A job reruns when one of them changes, since Snakemake does not see the imports.
    """
    return sources.code_digest(Path(workflow.basedir) / "workflow" / "scripts" / f"{script}.py", *modules)


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


#: Eigenvalues that each figure is made from: paper -> item -> function of the scale. Filled by the papers' own files.
SPECTRA = {}


def spectra_files(scale, paper, item):
    """The eigenvalues that a figure is made from."""
    return [f"results/{scale}/spectra/{paper}/{name}.h5" for name in SPECTRA[paper][item](scale)]


def tables_of(paper, item):
    """A table and its supplement, if it has one."""
    return [item, f"{item}_unfolding"] if (paper, item) == ("thamm2024", "table_2") else [item]


def target_files(paper, item):
    """All that a short name stands for, at the scale of the configuration: a figure, its numbers and its spectra.

    With the figure alone Snakemake would not miss numbers or spectra that somebody deleted.
    """
    spectra = spectra_files(SCALE, paper, item)
    if item.startswith("table"):
        names = [f"results/{SCALE}/tables/{paper}/{table}" for table in tables_of(paper, item)]
        return [*(f"{name}.{suffix}" for name in names for suffix in ("csv", "md")), *spectra]
    caption = f"results/{SCALE}/captions/{paper}/{item}.txt"
    statistics = [f"results/{SCALE}/statistics/{paper}/{item}{suffix}.csv" for suffix in ("", "_curves")]
    figure = [f"results/{SCALE}/figures/{paper}/{item}.{suffix}" for suffix in ("pdf", "png", "csv")]
    kept = SPECTRA[paper][item](SCALE) if paper == "fan2020" and RUN.keep_matrices else []
    kernels = [f"results/{SCALE}/kernels/{paper}/{name}.h5" for name in kept]
    return [*figure, caption, *statistics, *spectra, *kernels]


#: Settings beside an item's own that shape it, by paper and item; for its small print. Filled by the papers' own files.
SHARED_SETTINGS = {}


def item_settings(paper, item):
    """The nodes of the settings that shape a figure or table."""
    # Tables, and figures that are made from shared settings alone, have none of their own.
    own = [f"{paper}.{item}"] if hasattr(getattr(RUN, paper), item) else []
    return [*SHARED_SETTINGS.get(paper, {}).get(item, []), *own]


def item_note(scale, paper, item):
    """The scale of a figure or table, what it makes smaller than config.yaml, and what the user set, for small print."""
    return describe_scale(FILED, SETTINGS, scale, *item_settings(paper, item))


def scale_note(wildcards):
    """The same of the item that a job is about."""
    return item_note(wildcards.scale, wildcards.paper, wildcards.item)


def limit_law_of(wildcards):
    """An entry of the configuration, as plain values."""
    laws = SETTINGS[wildcards.scale].limit_laws
    if wildcards.law not in laws:
        stop(f"the configuration has no limit law {wildcards.law!r}; it has {', '.join(laws) or 'none'}")
    return laws[wildcards.law].model_dump()


def limit_law_file(wildcards):
    """The user's file of eigenvalues that a law starts from, if it does."""
    file = limit_law_of(wildcards)["input"]["eigenvalues"]
    return str(Path(file).expanduser()) if file else []


def limit_law_files(name):
    """All that the short name of a law stands for, at the scale of the configuration."""
    law = [f"results/{SCALE}/limits/{name}{suffix}" for suffix in (".csv", "_summary.csv", ".pdf", ".png")]
    return [*law, f"results/{SCALE}/captions/limits/{name}.txt"]


def claim_results(wildcards):
    """Tables that the claims are read from, by their name below the scale's folder; those alone that figures ask for."""
    settings = SETTINGS[wildcards.scale]
    files = {file for paper in settings.claims.papers for reading in READINGS[paper].values() for file in reading.files}
    # Vectors of a network that no figure shows would have it trained for the claims alone.
    shown = {
        f"statistics/thamm2024/networks/{network}_vectors"
        for item in ("figure_2", "figure_3")
        for network in tested_networks(wildcards.scale, item)
    }
    return sorted(file for file in files if "/networks/" not in file or file in shown)


def paper_name(wildcards):
    """For `category:` of Snakemake's report: who wrote the paper of a result."""
    return PAPERS[wildcards.paper].name


def file_labels(suffix):
    """For `labels:` of Snakemake's report: what a file of that type shows."""
    return lambda wildcards: labels_of(wildcards.item, suffix)


def report_inputs(wildcards):
    """Figures, tables and limit laws with what the page of results says of them and links to."""
    folder = f"results/{wildcards.scale}"
    files = []
    for paper, items in FIGURES.items():
        for item in items:
            if item.startswith("table"):
                bases = [f"{folder}/tables/{paper}/{table}" for table in tables_of(paper, item)]
                files += [f"{base}.{suffix}" for base in bases for suffix in ("md", "csv")]
            else:
                files += [f"{folder}/figures/{paper}/{item}.{suffix}" for suffix in ("png", "pdf", "csv")]
                files.append(f"{folder}/captions/{paper}/{item}.txt")
    for law in SETTINGS[wildcards.scale].limit_laws:
        files += [f"{folder}/limits/{law}.{suffix}" for suffix in ("png", "pdf", "csv")]
        files.append(f"{folder}/captions/limits/{law}.txt")
    return files


def report_files():
    """The page of results, and the tables as pages for Snakemake's own report, at the scale of the configuration."""
    tables = [
        f"results/{SCALE}/tables/{paper}/{table}.html"
        for paper, items in FIGURES.items()
        for item in items
        if item.startswith("table")
        for table in tables_of(paper, item)
    ]
    return [f"results/{SCALE}/report.html", *tables]
