"""Files behind figures, tables, limit laws and claims, and their small print."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from deepspectra.config import RECORDED, SCALES, describe_scale, differences, scale_name, sizes_of
from deepspectra.config.settings import Settings
from deepspectra.papers.item import Item
from deepspectra.papers.registry import PAPERS, items_of
from deepspectra.planning.my_networks import network_targets
from deepspectra.planning.recorded import Recorded
from deepspectra.runtime.errors import UserError

__all__ = ["attribute", "claim_files", "drawing_modules", "everything", "inputs", "item_modules", "judged_note"]
__all__ += ["law_activation", "law_file", "law_files", "law_modules", "law_names", "law_settings", "memory"]
__all__ += ["absent_words", "compared_claims", "own_claims", "paper_name", "paper_notes", "paper_targets", "parameters"]
__all__ += ["recorded_contents", "recorded_files", "report_contents", "report_files", "report_pages", "run_options"]
__all__ += ["scale_words"]
__all__ += ["result_files", "result_tables", "scale_note", "table_files", "table_items", "targets"]

#: Settings of all scales, by scale.
AllSettings = Mapping[str, Settings]
Shipped = Callable[[str], str]


def _item(paper: str, item: str) -> Item:
    items = items_of(paper)
    if item not in items:
        raise UserError(f"{paper} has no {item!r}; it has {', '.join(items)}")
    return items[item]


def attribute(paper: str, item: str, name: str) -> Any:
    """What the registry says of an item: its title, note, minutes, ...

    :raises UserError: here and below, if there is no such item.
    """
    return getattr(_item(paper, item), name)


def inputs(settings: Settings, paper: str, item: str, scale: str, shipped: Shipped) -> dict[str, list[str]]:
    """Files that an item's numbers are made from, by name.

    :param shipped: where a file is that comes with the workflow; all others are made below the working directory.
    """

    def path(name: str) -> str:
        if name.startswith("resources/published/"):
            return shipped(name)
        return name if name.startswith("resources/") else f"results/{scale}/{name}"

    files = _item(paper, item).inputs(getattr(settings, paper))
    return {key: [path(name) for name in names] for key, names in files.items()}


def parameters(settings: Settings, paper: str, item: str) -> dict[str, Any]:
    """Values that an item's numbers depend on."""
    return dict(_item(paper, item).parameters(getattr(settings, paper)))


def memory(settings: Settings, paper: str, item: str) -> float:
    """MB that the job takes which makes an item's numbers."""
    amount = _item(paper, item).memory_mb
    return amount(getattr(settings, paper)) if callable(amount) else amount


def numbers_modules(settings: Settings, paper: str, item: str) -> list[str]:
    """The module that makes an item's numbers, and those that it loads by name."""
    return [_module(paper, item, "numbers"), *_item(paper, item).loads(getattr(settings, paper))]


def drawing_modules(paper: str, item: str) -> list[str]:
    """The module that draws a figure."""
    return [_module(paper, item, "drawing")]


def _module(paper: str, item: str, part: str) -> str:
    return f"papers.{paper}.{attribute(paper, item, part).partition(':')[0]}"


def paper_name(paper: str) -> str:
    """Who wrote a paper: the category in Snakemake's report."""
    return PAPERS[paper].name


def table_items(paper: str) -> list[str]:
    """The tables of a paper."""
    return [item for item, entry in items_of(paper).items() if not entry.drawing]


def table_files(paper: str, item: str, *suffixes: str, scale: str = "{scale}") -> list[str]:
    """Files of a table and its supplement, with the scale left open unless it is given."""
    names = _item(paper, item).tables or (item,)
    return [f"results/{scale}/tables/{paper}/{table}.{suffix}" for table in names for suffix in suffixes]


def targets(settings: Settings, paper: str, item: str, scale: str) -> list[str]:
    """All that an item's short name stands for: the figure or table, its numbers and its spectra.

    Named by the figure alone, numbers or spectra that somebody deleted would not be made again.
    """
    folder = f"results/{scale}"
    names = _item(paper, item).spectra(getattr(settings, paper))
    spectra = [f"{folder}/spectra/{paper}/{name}.h5" for name in names]
    if not _item(paper, item).drawing:
        return [*table_files(paper, item, "csv", "md", "json", "html", scale=scale), *spectra]
    # Matrices of many draws are never written.
    kept = paper == "fan2020" and settings.keep_matrices
    return [
        *_figure_files(paper, item, scale),
        *(f"{folder}/statistics/{paper}/{item}{part}.csv" for part in ("", "_curves")),
        *spectra,
        *(name.replace("/spectra/", "/kernels/") for name in spectra if kept and "/draws_" not in name),
    ]


def _figure_files(paper: str, item: str, scale: str) -> list[str]:
    figure = [f"results/{scale}/figures/{paper}/{item}.{suffix}" for suffix in ("pdf", "png", "csv")]
    return [*figure, f"results/{scale}/captions/{paper}/{item}.txt"]


def recorded_numbers(
    filed: AllSettings, all_settings: AllSettings, paper: str, item: str, scale: str, kept: Recorded
) -> list[str]:
    """The record's plotted numbers and summary of a figure of smaller sizes, where these stand in for what it lacks.

    Of a figure that the user's own settings shape there are none: the record is of other networks.
    """
    is_smaller = sizes_of(all_settings, scale) == "preview"
    if not (is_smaller and _item(paper, item).takes_record and f"{paper}/{item}" in kept.items):
        return []
    settings = all_settings[scale]
    if differences(filed[scale], settings, *_own_nodes(settings, paper, item)):
        return []
    return [f"results/{RECORDED}/statistics/{paper}/{item}{part}.csv" for part in ("_curves", "")]


def paper_targets(settings: Settings, paper: str, scale: str) -> list[str]:
    """Every figure and table of a paper."""
    return [file for item in items_of(paper) for file in targets(settings, paper, item, scale)]


def everything(settings: Settings, scale: str) -> list[str]:
    """Every figure, table, limit law and network of the user's own, the claims and the pages."""
    files = [file for paper in PAPERS for file in paper_targets(settings, paper, scale)]
    files += [file for law in settings.limit_laws for file in law_files(law, scale)]
    files += [file for model in settings.my_networks for file in network_targets(model, scale)]
    return [*files, *claim_files(scale), *report_pages(scale, Recorded(), settings)]


# Small print ----------------------------------------------------------------------------------------------------------


def _nodes(settings: Settings, paper: str, item: str) -> list[str]:
    """Nodes of the settings that determine an item."""
    shared = _item(paper, item).shaped_by(getattr(settings, paper))
    own = [item] if hasattr(getattr(settings, paper), item) else []
    return [f"{paper}.{node}" for node in (*shared, *own)]


def _own_nodes(settings: Settings, paper: str, item: str) -> list[str]:
    """Nodes in which the user's own values are told, and take the verdicts off."""
    return [*_nodes(settings, paper, item), *(f"{paper}.{node}" for node in _item(paper, item).proportions)]


def scale_note(filed: AllSettings, all_settings: AllSettings, paper: str, item: str, scale: str) -> str:
    """The scale of an item, what it reduces, and what the user set.

    :param filed: settings of the files alone. :param all_settings: with the user's own values.
    """
    shown, own = (nodes(all_settings[scale], paper, item) for nodes in (_nodes, _own_nodes))
    return describe_scale(filed, all_settings, scale, *shown, own=own)


def paper_notes(filed: AllSettings, all_settings: AllSettings, scale: str) -> dict[str, str]:
    """What a scale makes smaller, by paper."""
    return {paper: describe_scale(filed, all_settings, scale, paper) for paper in PAPERS}


def judged_note(filed: AllSettings, all_settings: AllSettings, scale: str) -> str:
    """The same in one text, of the papers whose claims are judged."""
    notes = paper_notes(filed, all_settings, scale)
    return " ".join(f"{paper}: {notes[paper]}" for paper in all_settings[scale].claims.papers)


# Limit laws -----------------------------------------------------------------------------------------------------------


def law_names(settings: Settings) -> list[str]:
    """Limit laws that the settings ask for."""
    return list(settings.limit_laws)


def law_settings(settings: Settings, law: str) -> dict[str, Any]:
    """An entry of the configuration as plain values.

    :raises UserError: if there is none.
    """
    if law not in settings.limit_laws:
        known = ", ".join(settings.limit_laws) or "none"
        raise UserError(f"the configuration has no limit law {law!r}; it has {known}")
    return settings.limit_laws[law].model_dump()


def law_file(settings: Settings, law: str) -> list[str]:
    """The user's file that a law starts from, if it does."""
    law_settings(settings, law)
    source = settings.limit_laws[law].input
    file = source.file if source else None
    return [str(Path(file).expanduser())] if file else []


def law_modules(settings: Settings, law: str) -> list[str]:
    """The module of a law's activation; a function of the user's own has none."""
    activation = law_settings(settings, law)["activation"]
    return [] if ":" in activation else [f"nn.activations.{activation}"]


def law_activation(settings: Settings, law: str) -> str:
    """Digest of the file of a user's own activation function; empty for one that has a name."""
    # Imported here: it imports NumPy.
    from deepspectra.nn.activations.own import source_of

    return source_of(law_settings(settings, law)["activation"])


def law_files(law: str, scale: str) -> list[str]:
    """All that a law's short name stands for."""
    files = [f"results/{scale}/limits/{law}{suffix}" for suffix in (".csv", "_summary.csv", ".pdf", ".png")]
    return [*files, f"results/{scale}/captions/limits/{law}.txt"]


# Claims and report ----------------------------------------------------------------------------------------------------


def claim_files(scale: str) -> list[str]:
    """The claims as tables and as a picture."""
    return [f"results/{scale}/claims.{suffix}" for suffix in ("csv", "md", "pdf", "png")]


def compared_claims(scale: str) -> str:
    """The claims of a run that can be compared with the record.

    :raises UserError: if no record has its sizes: before anything is made.
    """
    if scale not in ("preview", "record", "paper"):
        raise UserError(f"there is no record to compare {scale!r} with: the scales preview, record and paper have one")
    return f"results/{scale}/claims.csv"


def result_tables(settings: Settings, scale: str, kept: Recorded) -> list[str]:
    """Tables that the claims are read from, by their names below the scale's folder; of the record, those it has.

    Tables of a network that no other item analyses are left out: it would be trained for the claims alone.
    """
    # Imported here: only these jobs need the readings.
    from deepspectra.papers.readings import READINGS

    read = {file for paper in settings.claims.papers for entry in READINGS[paper].values() for file in entry.files}
    needed = [_item("thamm2024", item).inputs(settings.thamm2024) for item in items_of("thamm2024")]
    kinds = ("levels", "curves", "vectors", "history")  # the first three of one job
    shown = {name.rpartition("_")[0] for files in needed for kind in kinds for name in files.get(kind, ())}
    found = sorted(file for file in read if "networks/" not in file or file.rpartition("_")[0] in shown)
    return [file for file in found if scale != RECORDED or f"{file}.csv" in kept.names]


def result_files(settings: Settings, scale: str, kept: Recorded) -> list[str]:
    """The same as files."""
    return [f"results/{scale}/{name}.csv" for name in result_tables(settings, scale, kept)]


def scale_words(all_settings: AllSettings, scale: str) -> str:
    """The scale of a run in words."""
    return scale_name(scale, sizes_of(all_settings, scale))


def run_options(all_settings: AllSettings, scale: str) -> str:
    """What a command line needs before a target to make it in this run; nothing in a preview."""
    if scale in ("preview", RECORDED):
        return ""
    sizes = sizes_of(all_settings, scale)
    name = [] if scale in SCALES else [f"run={scale}"]
    return " ".join(["--config", *name, *([f"scale={sizes}"] if sizes != "preview" else []), "--", ""])


def absent_words(scale: str) -> str:
    """What the claims say of a table that is not there; {} stands for its name."""
    return "not in the record yet" if scale == RECORDED else "{}.csv is not made with these settings"


def own_claims(filed: AllSettings, all_settings: AllSettings, scale: str) -> list[str]:
    """Items that the user's own settings change: results that depend on them get no verdict."""
    settings = all_settings[scale]
    return [
        f"{paper}/{item}"
        for paper in settings.claims.papers
        for item in items_of(paper)
        if differences(filed[scale], settings, *_own_nodes(settings, paper, item))
    ]


def report_files(settings: Settings, scale: str, kept: Recorded) -> list[str]:
    """Figures, tables, limit laws and the user's networks, with what the page of results says of them and links to."""
    files = [
        file
        for paper, names in _shown_items(scale, kept).items()
        for item in names
        for file in _shown_files(paper, item, scale)
    ]
    for law in settings.limit_laws:
        files += law_files(law, scale)
    return files + [file for model in settings.my_networks for file in network_targets(model, scale)]


def _shown_files(paper: str, item: str, scale: str) -> list[str]:
    if _item(paper, item).drawing:
        return [*_figure_files(paper, item, scale), f"results/{scale}/statistics/{paper}/{item}.csv"]
    return table_files(paper, item, "json", "md", "csv", scale=scale)


def _shown_items(scale: str, kept: Recorded) -> dict[str, list[str]]:
    """Items on the page of a scale, by paper: all, or those that the record has."""
    return {
        paper: [item for item in items_of(paper) if scale != RECORDED or f"{paper}/{item}" in kept.items]
        for paper in PAPERS
    }


def item_modules() -> list[str]:
    """What the page loads by name: the descriptions of all items."""
    return [f"papers.{paper}.items" for paper in PAPERS]


def report_contents(scale: str, kept: Recorded) -> dict[str, list[str]]:
    """Names of the files of figures and tables, by paper, in the order of the page."""
    return {
        paper: [name for item in names for name in (_item(paper, item).tables or (item,))]
        for paper, names in _shown_items(scale, kept).items()
    }


def report_pages(scale: str, kept: Recorded, settings: Settings | None = None, shown: str = "") -> list[str]:
    """The first page of results, and one for each figure and table, and for each limit law and network of the settings.

    :param scale: in the paths, perhaps left open as ``{scale}``. :param shown: then whose contents there are.
    """
    contents = report_contents(shown or scale, kept)
    pages = [f"results/{scale}/items/{paper}/{name}.html" for paper, names in contents.items() for name in names]
    if settings:
        own = [f"limit_laws/{law}" for law in settings.limit_laws] + [
            f"my_networks/{name}" for name in settings.my_networks
        ]
        pages += [f"results/{scale}/items/{name}.html" for name in own]
    return [f"results/{scale}/report.html", *pages]


def recorded_contents(all_settings: AllSettings, scale: str, kept: Recorded) -> dict[str, list[str]]:
    """The same of the record, which the page of a run shows too; at smoke scale, which tries the rules, nothing."""
    without = sizes_of(all_settings, scale) in (RECORDED, "smoke")
    return {} if without or not kept.items else report_contents(RECORDED, kept)


def recorded_files(all_settings: AllSettings, scale: str, kept: Recorded) -> list[str]:
    """Files behind :func:`recorded_contents`, with the verdicts of the record."""
    if not recorded_contents(all_settings, scale, kept):
        return []
    contents = _shown_items(RECORDED, kept)
    files = [
        file for paper, names in contents.items() for item in names for file in _shown_files(paper, item, RECORDED)
    ]
    return [*files, f"results/{RECORDED}/claims.csv"]
