"""What Sphinx learns of this project: tables made from the code, and docstrings as they are written here."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import latex2mathml.converter
from docutils import nodes
from docutils.statemachine import StringList
from matplotlib.sphinxext.plot_directive import PlotDirective
from numpy.typing import ArrayLike
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import stringify_annotation

from deepspectra.cli.__main__ import main
from deepspectra.config import explain_keys, load_settings
from deepspectra.papers.registry import items_of, name_of

ROOT = Path(__file__).resolve().parents[1]


class Markdown(SphinxDirective, ABC):
    """A directive whose content is Markdown that Python writes."""

    @abstractmethod
    def written(self) -> Iterator[str]:
        """The Markdown, in parts that are lines or several of them."""

    def run(self) -> list[nodes.Node]:
        lines = [line for text in self.written() for line in text.split("\n")]
        holder = nodes.container()
        self.state.nested_parse(StringList(lines, self.get_source_info()[0]), self.content_offset, holder)
        return holder.children


class Items(Markdown):
    """Figures and tables of a paper, with their titles."""

    required_arguments = 1

    def written(self) -> Iterator[str]:
        paper = self.arguments[0]
        yield "| target | shows |\n|---|---|"
        for key, item in items_of(paper).items():
            yield f"| `{paper}_{key}` | {name_of(key)}: {plain(item.title)} |"


class Claims(Markdown):
    """The claims of a paper, with what they are judged by."""

    required_arguments = 1

    def written(self) -> Iterator[str]:
        with (ROOT / "resources" / "claims.csv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["paper"] == self.arguments[0]]
        self.env.note_dependency(str(ROOT / "resources" / "claims.csv"))
        yield "| | claim | where | as published | under scrutiny |\n|---|---|---|---|---|"
        for row in rows:
            published, scrutiny = (
                f"{plain(row[name])}: {bounds(row[f'{short}_low'], row[f'{short}_high'])}"
                for name, short in (("quantity", "published"), ("scrutiny", "scrutiny"))
            )
            yield f"| {row['id']} | {plain(row['claim'])} | {plain(row['source'])} | {published} | {scrutiny} |"


class Commands(Markdown):
    """The help of every command of the command line."""

    def written(self) -> Iterator[str]:
        general = help_of()
        yield f"```text\n{general}```"
        for name in re.findall(r"^    (\w+)\b", general.partition("COMMAND\n")[2], re.MULTILINE):
            yield f"\n## {name}\n\n```text\n{help_of(name)}```"


class Keys(Markdown):
    """Keys of the configuration below the given ones, with meaning and values."""

    required_arguments = 1
    final_argument_whitespace = True

    def written(self) -> Iterator[str]:
        below = self.arguments[0].split()
        found = [row for row in explain_keys(load_settings(ROOT / "config")) if row.key.split(".")[0] in below]
        yield "| key | meaning | values |\n|---|---|---|"
        for key, meaning, values in found:
            if len(values) == 1:
                values = {"all scales": values["paper"]}
            shown = ", ".join(f"{scale} {code(value)}" for scale, value in values.items())
            # Below a heading that names it, a paper need not be named again.
            name = key.removeprefix(f"{below[0]}.") if len(below) == 1 else key
            yield f"| `{name}` | {plain(meaning)} | {shown} |"


class Plot(PlotDirective):
    """Matplotlib's directive, which inserts reStructuredText, on a page of Markdown."""

    def run(self) -> list[nodes.Node]:
        inserted: list[str] = []
        self.state_machine.insert_input = lambda lines, source: inserted.extend(lines)
        errors = super().run()
        holder = nodes.container()
        lines = StringList(["````{eval-rst}", *inserted, "````"], self.state_machine.document["source"])
        self.state.nested_parse(lines, self.content_offset, holder)
        return [*holder.children, *errors]


def help_of(*command: str) -> str:
    """What the command line says of itself, 100 characters wide."""
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.suppress(SystemExit):
        os.environ["COLUMNS"] = "100"
        main([*command, "--help"])
    return printed.getvalue()


def bounds(low: str, high: str) -> str:
    """In words."""
    if low and high:
        return low if low == high else f"{low} to {high}"
    return f"at least {low}" if low else f"at most {high}"


def plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_$|<>\[\]])", r"\\\1", text)


def code(value: Any) -> str:
    return f"`{str(value).replace('|', chr(92) + '|')}`"


def as_written(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Docstrings here are prose in which X_0'X_0 and f*g mean what they say: only code, roles and fields are markup."""
    text = "\n".join(lines)
    # Fields begin on a line of their own.
    text = re.sub(r"(?<=\S)[ ]+(?=:(?:param \w+|raises \w+|returns?):)", "\n", text)
    text = re.sub(r"(?<=\S)\n(?=:(?:param|raises|returns?)\b)", "\n\n", text)
    text = re.sub(r"(^:(?:param|raises|return).*(?:\n(?!:|\n).*)*)\n\n(?=:)", r"\1\n", text, flags=re.MULTILINE)
    blocks = re.split(r"\n{2,}", text)
    lines[:] = "\n\n".join(map(as_markup, blocks)).split("\n")


def as_markup(block: str) -> str:
    """A paragraph, or a formula that stands by itself, whose lines are indented."""
    if all(line.startswith("    ") for line in block.split("\n")):
        return f"::\n\n{block}"
    pieces = re.split(r"(``.*?``|:[\w:]+:`.*?`|^:[^:\n]+:)", block, flags=re.DOTALL | re.MULTILINE)
    pieces[::2] = [re.sub(r"([*|`]|_(?=\W|$))", r"\\\1", piece) for piece in pieces[::2]]
    return "".join(pieces)


def skip_fields_of_tuples(app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Fields of named tuples are in the signature; Python's own words for them say nothing."""
    return True if (getattr(obj, "__doc__", None) or "").startswith("Alias for field number") else None


def short_types(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """NumPy's union of all that becomes an array, by its name."""
    union = stringify_annotation(ArrayLike, "smart")
    return tuple(text and text.replace(union, "ArrayLike") for text in (signature, returned))


def write_inline(translator: Any, node: nodes.math) -> None:
    """Formulas as MathML, which browsers show without a script."""
    translator.body.append(latex2mathml.converter.convert(node.astext()))
    raise nodes.SkipNode


def write_display(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(translator.starttag(node, "div", CLASS="formula"))
    translator.body.append(latex2mathml.converter.convert(node.astext(), display="block"))
    translator.body.append("</div>")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    for name, directive in (("items", Items), ("claims", Claims), ("commands", Commands), ("keys", Keys)):
        app.add_directive(f"deepspectra-{name}", directive)
    app.add_directive("plot", Plot, override=True)
    app.connect("autodoc-skip-member", skip_fields_of_tuples)
    app.connect("autodoc-process-signature", short_types)
    app.add_html_math_renderer("mathml", (write_inline, None), (write_display, None))
    app.connect("autodoc-process-docstring", as_written)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
