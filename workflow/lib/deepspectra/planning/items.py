"""Files behind figures, tables, limit laws and claims, and their small print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from deepspectra.config import describe_scale, differences
from deepspectra.config.settings import Settings
from deepspectra.papers.item import Item
from deepspectra.papers.naming import labels_of
from deepspectra.papers.registry import PAPERS, items_of
from deepspectra.runtime.errors import UserError

__all__ = [
    "claim_notes",
    "drawing_modules",
    "inputs",
    "item_of",
    "law_file",
    "law_files",
    "law_modules",
    "law_settings",
    "numbers_modules",
    "numbers_parameters",
    "own_claims",
    "report_files",
    "result_tables",
    "scale_note",
    "spectra",
    "tables",
    "targets",
]


def item_of(paper: str, item: str) -> Item:
    """The registry's entry of a figure or table.

    :raises UserError: if there is none.
    """
    items = items_of(paper)
    if item not in items:
        raise UserError(f"{paper} has no {item!r}; it has {', '.join(items)}")
    return items[item]


def inputs(
    settings: Settings, paper: str, item: str, scale: str, shipped: Callable[[str], str]
) -> dict[str, list[str]]:
    """Files that an item's numbers are made from, by name.

    :param shipped: where a file is that comes with the workflow; all others are made below the working directory.
    """

    def path(name: str) -> str:
        if name.startswith("resources/published/"):
            return shipped(name)
        return name if name.startswith("resources/") else f"results/{scale}/{name}"

    files = item_of(paper, item).inputs(getattr(settings, paper))
    return {key: [path(name) for name in names] for key, names in files.items()}


def numbers_parameters(settings: Settings, paper: str, item: str) -> dict[str, Any]:
    """Values that an item's numbers depend on."""
    return dict(item_of(paper, item).parameters(getattr(settings, paper)))


def numbers_modules(paper: str, item: str) -> list[str]:
    """The module that makes an item's numbers."""
    return [_module(paper, item_of(paper, item).numbers)]


def drawing_modules(paper: str, item: str) -> list[str]:
    """The module that draws a figure."""
    return [_module(paper, item_of(paper, item).drawing)]


def _module(paper: str, reference: str) -> str:
    return f"papers.{paper}.{reference.partition(':')[0]}"


def numbers_function(paper: str, item: str) -> str:
    """``module:function`` that makes an item's numbers."""
    return item_of(paper, item).numbers


def drawing_function(paper: str, item: str) -> str:
    """``module:function`` that draws a figure."""
    return item_of(paper, item).drawing


def title(paper: str, item: str) -> str:
    """What a figure shows in a line."""
    return item_of(paper, item).title


def note(paper: str, item: str) -> str:
    """What a figure assumes."""
    return item_of(paper, item).note


def memory(settings: Settings, paper: str, item: str) -> float:
    """MB that the numbers of an item take."""
    amount = item_of(paper, item).memory_mb
    return amount(getattr(settings, paper)) if callable(amount) else amount


def minutes(paper: str, item: str) -> float:
    """Time that they take."""
    return item_of(paper, item).minutes


def paper_name(paper: str) -> str:
    """Who wrote a paper: the category in Snakemake's report."""
    return PAPERS[paper].name


def labels(item: str, suffix: str) -> dict[str, str]:
    """What Snakemake's report says of one file of an item."""
    return labels_of(item, suffix)


def table_items(paper: str) -> list[str]:
    """The tables of a paper."""
    return [item for item, entry in items_of(paper).items() if not entry.drawing]


def table_files(paper: str, item: str, suffix: str) -> list[str]:
    """Files of a table, with the scale left open."""
    return [f"results/{{scale}}/tables/{paper}/{table}.{suffix}" for table in tables(paper, item)]


def tables(paper: str, item: str) -> tuple[str, ...]:
    """Names of the files of a table: its own, and its supplement's if it has one."""
    return item_of(paper, item).tables or (item,)


def spectra(settings: Settings, paper: str, item: str, scale: str) -> list[str]:
    """The eigenvalues that an item stands on."""
    names = item_of(paper, item).spectra(getattr(settings, paper))
    return [f"results/{scale}/spectra/{paper}/{name}.h5" for name in names]


def targets(settings: Settings, paper: str, item: str, scale: str) -> list[str]:
    """All that an item's short name stands for: the figure or table, its numbers and its spectra.

    Named by the figure alone, numbers or spectra that somebody deleted would not be made again.
    """
    folder, entry = f"results/{scale}", item_of(paper, item)
    stands_on = spectra(settings, paper, item, scale)
    if not entry.drawing:
        names = [f"{folder}/tables/{paper}/{table}" for table in tables(paper, item)]
        return [*(f"{name}.{suffix}" for name in names for suffix in ("csv", "md", "json", "html")), *stands_on]
    kernels = []
    if paper == "fan2020" and settings.keep_matrices:
        kernels = [name.replace("/spectra/", "/kernels/") for name in stands_on]
    return [
        *(f"{folder}/figures/{paper}/{item}.{suffix}" for suffix in ("pdf", "png", "csv")),
        f"{folder}/captions/{paper}/{item}.txt",
        *(f"{folder}/statistics/{paper}/{item}{part}.csv" for part in ("", "_curves")),
        *stands_on,
        *kernels,
    ]


def _nodes(settings: Settings, paper: str, item: str) -> list[str]:
    """Nodes of the settings that determine an item."""
    own = [f"{paper}.{item}"] if hasattr(getattr(settings, paper), item) else []
    shared = item_of(paper, item).shaped_by(getattr(settings, paper))
    return [*(f"{paper}.{node}" for node in shared), *own]


def scale_note(
    filed: Mapping[str, Settings], all_settings: Mapping[str, Settings], paper: str, item: str, scale: str
) -> str:
    """For small print: the scale of an item, what it reduces, and what the user set.

    :param filed: settings by scale of the files alone; ``all_settings``: with the user's own values.
    """
    return describe_scale(filed, all_settings, scale, *_nodes(all_settings[scale], paper, item))


# Limit laws -----------------------------------------------------------------------------------------------------------


def law_settings(settings: Settings, law: str) -> dict[str, Any]:
    """An entry of the configuration as plain values.

    :raises UserError: if there is none.
    """
    if law not in settings.limit_laws:
        known = ", ".join(settings.limit_laws) or "none"
        raise UserError(f"the configuration has no limit law {law!r}; it has {known}")
    return settings.limit_laws[law].model_dump()


# Random matrices ------------------------------------------------------------------------------------------------------


def covariance_settings(paper: Any) -> dict[str, Any]:
    """What the spectra of pennington2017's figure 1 depend on."""
    keys = {"phi", "psi", "input_dimensions", "layers", "pooled_eigenvalues", "seed"}
    return paper.figure_1.model_dump(include=keys)


def random_feature_settings(paper: Any) -> dict[str, Any]:
    """What the spectra of pennington2017's figure 2 depend on, besides a panel's shape."""
    return paper.figure_2.model_dump(exclude={"panels", "curve_points"})


def random_feature_shape(paper: Any, panel: str) -> dict[str, float]:
    """phi and psi of a panel."""
    return paper.figure_2.panels[panel].model_dump()


def ensemble_settings(paper: Any, item: str) -> dict[str, Any]:
    """Size, number and seed of GOE matrices of baskerville2022."""
    return getattr(paper, item).ensemble.model_dump()


def process_settings(paper: Any) -> dict[str, Any]:
    """What the Hessians of Gaussian processes depend on."""
    return paper.gaussian_process.model_dump(exclude={"bins"})


def resnet34_settings(paper: Any) -> dict[str, Any]:
    """Batch and seed of the large network."""
    return paper.figure_resnet34.model_dump()


def law_file(settings: Settings, law: str) -> str | list[str]:
    """The user's file of eigenvalues that a law starts from, if it does."""
    file = law_settings(settings, law)["input"]["eigenvalues"]
    return str(Path(file).expanduser()) if file else []


def law_modules(settings: Settings, law: str) -> list[str]:
    """The module of a law's activation; a function of the user's own has none."""
    activation = law_settings(settings, law)["activation"]
    return [] if ":" in activation else [f"nn.activations.{activation}"]


def law_activation(settings: Settings, law: str) -> str:
    """Digest of the file of a user's own activation function; empty for one that has a name."""
    from deepspectra.nn.activations.own import source_of

    return source_of(law_settings(settings, law)["activation"])


def law_files(law: str, scale: str) -> list[str]:
    """All that a law's short name stands for."""
    files = [f"results/{scale}/limits/{law}{suffix}" for suffix in (".csv", "_summary.csv", ".pdf", ".png")]
    return [*files, f"results/{scale}/captions/limits/{law}.txt"]


# Claims and report ----------------------------------------------------------------------------------------------------


def result_tables(settings: Settings) -> list[str]:
    """Tables that the claims are read from, by their names below the scale's folder.

    Vectors of a network that no figure shows are left out: it would be trained for the claims alone.
    """
    from deepspectra.papers.readings import READINGS

    read = {file for paper in settings.claims.papers for entry in READINGS[paper].values() for file in entry.files}
    thamm = items_of("thamm2024")
    shown = {
        name.removesuffix(".csv")
        for item in ("figure_2", "figure_3")
        for name in thamm[item].inputs(settings.thamm2024)["vectors"]
    }
    return sorted(file for file in read if "/networks/" not in file or file in shown)


def result_files(settings: Settings, scale: str) -> list[str]:
    """The same as files."""
    return [f"results/{scale}/{name}.csv" for name in result_tables(settings)]


def judged_papers(settings: Settings) -> list[str]:
    """Papers whose claims are judged."""
    return settings.claims.papers


def claim_notes(filed: Mapping[str, Settings], all_settings: Mapping[str, Settings], scale: str) -> dict[str, str]:
    """Small print of every item whose claims are judged, by ``paper/item``."""
    papers = all_settings[scale].claims.papers
    return {
        f"{paper}/{item}": scale_note(filed, all_settings, paper, item, scale)
        for paper in papers
        for item in items_of(paper)
    }


def own_claims(filed: Mapping[str, Settings], all_settings: Mapping[str, Settings], scale: str) -> list[str]:
    """Items that the user's own settings change: results that depend on them get no verdict."""
    settings = all_settings[scale]
    return [
        f"{paper}/{item}"
        for paper in settings.claims.papers
        for item in items_of(paper)
        if differences(filed[scale], settings, *_nodes(settings, paper, item))
    ]


def paper_notes(filed: Mapping[str, Settings], all_settings: Mapping[str, Settings], scale: str) -> dict[str, str]:
    """What a scale makes smaller, by paper."""
    return {paper: describe_scale(filed, all_settings, scale, paper) for paper in PAPERS}


def judged_note(filed: Mapping[str, Settings], all_settings: Mapping[str, Settings], scale: str) -> str:
    """The same as small print, of the papers whose claims are judged."""
    notes = paper_notes(filed, all_settings, scale)
    return " ".join(f"{paper}: {notes[paper]}" for paper in all_settings[scale].claims.papers)


def law_names(settings: Settings) -> list[str]:
    """Limit laws that the settings ask for."""
    return list(settings.limit_laws)


def report_files(settings: Settings, scale: str) -> list[str]:
    """Figures, tables and limit laws with what the page of results says of them and links to."""
    folder, files = f"results/{scale}", []
    for paper in PAPERS:
        for item, entry in items_of(paper).items():
            if entry.drawing:
                files += [f"{folder}/figures/{paper}/{item}.{suffix}" for suffix in ("png", "pdf", "csv")]
                files.append(f"{folder}/captions/{paper}/{item}.txt")
            else:
                bases = [f"{folder}/tables/{paper}/{table}" for table in tables(paper, item)]
                files += [f"{base}.{suffix}" for base in bases for suffix in ("json", "md", "csv")]
    for law in settings.limit_laws:
        files += [f"{folder}/limits/{law}.{suffix}" for suffix in ("png", "pdf", "csv")]
        files.append(f"{folder}/captions/limits/{law}.txt")
    return files


def report_contents() -> dict[str, list[str]]:
    """Names of the files of figures and tables, by paper, in the order of the page."""
    return {paper: [name for item in items_of(paper) for name in _file_names(paper, item)] for paper in PAPERS}


def _file_names(paper: str, item: str) -> tuple[str, ...]:
    return (item,) if item_of(paper, item).drawing else tables(paper, item)


def claim_files(scale: str) -> list[str]:
    """The claims as tables and as a picture."""
    return [f"results/{scale}/claims.{suffix}" for suffix in ("csv", "md", "pdf", "png")]


def paper_targets(settings: Settings, paper: str, scale: str) -> list[str]:
    """Every figure and table of a paper."""
    return [file for item in items_of(paper) for file in targets(settings, paper, item, scale)]


def everything(settings: Settings, scale: str) -> list[str]:
    """Every figure, table and limit law, the claims and the page."""
    files = [file for paper in PAPERS for file in paper_targets(settings, paper, scale)]
    files += [file for law in settings.limit_laws for file in law_files(law, scale)]
    return [*files, *claim_files(scale), f"results/{scale}/report.html"]
