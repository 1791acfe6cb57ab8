"""What the workflow knows of a figure or table. Snakemake's start imports this: no NumPy, pandas or torch here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Item", "Numbers", "Table"]


@dataclass(frozen=True)
class Item:
    """A figure or table of one paper; functions take the paper's settings at one scale (``Thamm2024`` and so on).

    :ivar title: what it shows in a line; the caption's title, and the text that stands for the picture.
    :ivar note: what it assumes where the paper is open, for the small print.
    :ivar numbers: ``module:function`` below ``deepspectra.papers.{paper}``; the function takes the input files by name
        and ``parameters``, and returns :class:`Numbers` for a figure, a list of :class:`Table` for a table.
    :ivar drawing: ``module:function`` likewise: (curves, summary, note) -> Matplotlib figure. Empty for a table.
    :ivar inputs: files that the numbers are made from, by name: below ``results/{scale}`` unless they begin with
        ``resources/``.
    :ivar parameters: values that the numbers depend on: a change of one makes them anew.
    :ivar spectra: names below ``results/{scale}/spectra/{paper}`` that the item stands on; they are part of its target.
    :ivar shaped_by: settings besides the item's own node that shape it, such as "training" or "networks.mlp"; the small
        print tells where they are smaller than published.
    :ivar proportions: settings of other items that shape it in proportion; the small print tells them only where they
        are the user's own, since their sizes are not this item's.
    :ivar loads: modules below the package that the numbers load by name, such as "nn.activations.arctan", for digests.
    :ivar takes_record: whether panels that have nothing as published show what the record has.
    :ivar tables: names of a table's files, its supplements' too. :ivar memory_mb: of the job that makes the numbers.
    """

    title: str
    numbers: str
    drawing: str = ""
    note: str = ""
    inputs: Callable[[Any], Mapping[str, Sequence[str]]] = lambda paper: {}
    parameters: Callable[[Any], Mapping[str, Any]] = lambda paper: {}
    spectra: Callable[[Any], Sequence[str]] = lambda paper: []
    shaped_by: Callable[[Any], Sequence[str]] = lambda paper: []
    proportions: tuple[str, ...] = ()
    loads: Callable[[Any], Sequence[str]] = lambda paper: []
    takes_record: bool = False
    tables: tuple[str, ...] = ()
    memory_mb: Callable[[Any], float] | float = 1500
    minutes: float = 15


@dataclass(frozen=True)
class Numbers:
    """What a figure is drawn from.

    :ivar curves: the plotted numbers, tidy: panel, series, x, y and what a paper needs besides.
    :ivar summary: the numbers that are told, see :func:`deepspectra.papers.rows.summary_table`.
    :ivar digits: significant digits in the files; None writes all.
    """

    curves: pd.DataFrame
    summary: pd.DataFrame
    digits: int | None = None


@dataclass(frozen=True)
class Table:
    """A table for people and for programs.

    :ivar frame: the numbers, one column each, as the CSV has them.
    :ivar shown: the same as people read it: texts, with headings. :ivar notes: paragraphs below it, after the scale's.
    :ivar digits: significant digits in the CSV.
    """

    frame: pd.DataFrame
    shown: pd.DataFrame
    title: str
    notes: Sequence[str]
    digits: int = 6
