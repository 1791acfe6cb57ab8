"""Settings in words: for captions, for the table in config/README.md, and as a JSON schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import get_args, get_origin

import yaml
from pydantic import BaseModel

from deepspectra.config.settings import Settings
from deepspectra.papers.types import Node


def describe_scale(filed: Mapping[str, Settings], settings: Mapping[str, Settings], scale: str, *items: str) -> str:
    """A sentence for a caption: the scale, what it makes smaller than paper scale, and what the user changed.

    :param filed: settings of the files alone; ``settings``: with the user's own values.
    :param items: nodes of the settings that shape the result, such as "fan2020.figure_1".
    """
    reduced = differences(filed["paper"], filed[scale], *items)
    own = differences(filed[scale], settings[scale], *items)
    note = f"{scale.capitalize()} scale" + (f": {reduced}." if reduced else ".")
    return note + (f" Own settings: {own}." if own else "")


def differences(base: Settings, other: Settings, *items: str) -> str:
    """What items ("fan2020.figure_1", "thamm2024.nulls.matrices") have in ``other`` instead of ``base``, in few words
    for a caption."""
    found = []
    for item in items:
        node, changed, entry = base, other, ""
        for part in item.split("."):
            parent = node
            if isinstance(node, dict):
                entry = part
                if part not in node or part not in changed:
                    # An entry of the user's own is in neither file; beside the files it is one more.
                    if part in changed or part in node:
                        found.append(f"with {part} ({_entry(changed[part])})" if part in changed else f"without {part}")
                    node = changed = {}
                    break
            node, changed = (of[part] if isinstance(of, dict) else getattr(of, part) for of in (node, changed))
        if isinstance(node, Node | dict):
            told = _differences(node, changed)
            # Of one of several entries its name has to be told too.
            found += [f"{entry} with {' and '.join(told)}"] if entry and told else told
        elif node != changed:
            found.append(_told(parent, part, node, changed))
    return ", ".join(found)


def _differences(node: Node | dict[str, Node], changed: Node | dict[str, Node]) -> list[str]:
    """The same for one node, or for a mapping of nodes by name."""
    if isinstance(node, dict):
        return _changed_entries(node, changed)
    found = []
    for name in type(node).model_fields:
        old, new = getattr(node, name), getattr(changed, name)
        if isinstance(old, dict) and all(isinstance(entry, Node) for entry in (*old.values(), *new.values())):
            found += _changed_entries(old, new)
        elif isinstance(old, Node) and isinstance(new, Node):
            found += _differences(old, new)
        elif old != new:
            found.append(_told(node, name, old, new))
    return found


def _entry(node: Node) -> str:
    """What the user wrote for an entry."""
    return ", ".join(f"{key} {value}" for key, value in node.model_dump(exclude_unset=True).items())


def _told(node: Node, name: str, old: object, new: object) -> str:
    """A value of a node that differs, under its name for readers."""
    return f"{type(node).model_fields[name].title or name.replace('_', ' ')} {_shorten(new, old)}"


def _changed_entries(old: dict[str, Node], new: dict[str, Node]) -> list[str]:
    found = []
    for key in dict.fromkeys((*old, *new)):
        if key not in old or key not in new:
            found.append(f"with {key} ({_entry(new[key])})" if key in new else f"without {key}")
        elif old[key] != new[key]:
            found.append(f"{key} with {' and '.join(_differences(old[key], new[key]))}")
    return found


def _shorten(value: object, full: object) -> str:
    """A value beside the one it replaces; of lists (numbers, ascending) the ends or else the length say it."""
    if full is None:
        return f"{value}"
    if isinstance(value, list) and isinstance(full, list):
        if not all(isinstance(entry, float | int) for entry in (*value, *full)):
            return "as set"
        if value[0] != full[0]:
            short, whole = (f"{entries[0]:g} to {entries[-1]:g} ({len(entries)})" for entries in (value, full))
            return f"{short} instead of {whole}"
        if value[-1] != full[-1]:
            return f"up to {value[-1]:g} instead of {full[-1]:g}"
        return f"{len(value)} instead of {len(full)}"
    if isinstance(value, Node | dict):
        return "as set"
    return f"{value:g} instead of {full:g}" if isinstance(value, float) else f"{value} instead of {full}"


def json_schema() -> str:
    """The JSON schema of the configuration, as text for ``workflow/schemas/config.schema.json``."""
    return json.dumps(Settings.model_json_schema(), indent=2, sort_keys=True) + "\n"


def describe_keys(settings: Mapping[str, Settings]) -> str:
    """A Markdown table of every key: meaning, and value at each scale.

    Of what an entry of a mapping or list may hold there are rows without values: ``networks.NAME.seed``.
    """
    header = "| key | meaning | paper | preview | smoke |\n|---|---|---|---|---|\n"
    rows = []
    for path, description in _walk(Settings):
        description = description.replace("|", r"\|")
        shown = ["", "", ""]
        if "NAME" not in path and "[]" not in path:
            paper, *reduced = [_value(settings[scale], path) for scale in ("paper", "preview", "smoke")]
            shown = [_cell(paper)] + [_cell(_changed(value, paper)) if value != paper else "" for value in reduced]
        rows.append(f"| `{path}` | {description} | " + " | ".join(shown) + " |")
    return header + "\n".join(rows) + "\n"


def _walk(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        path, inner = f"{prefix}{name}", _model_of(field.annotation)
        if inner is field.annotation and inner is not None:
            yield from _walk(inner, f"{path}.")
            continue
        yield path, field.description or ""
        if inner is not None:
            yield from _walk(inner, f"{path}.NAME." if get_origin(field.annotation) is dict else f"{path}[].")


def _model_of(annotation: object) -> type[BaseModel] | None:
    """The model that an annotation is, or that its entries are if it is a mapping or a list."""
    while get_origin(annotation) in (dict, list):
        annotation = get_args(annotation)[-1]
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _value(settings: Settings, path: str) -> object:
    """The value of a key as the files give it, without defaults."""
    value: object = settings.model_dump(exclude_unset=True)
    for part in path.split("."):
        value = value[part]
    return value


def _changed(value: object, full: object) -> object:
    """Of a mapping the entries alone that differ."""
    if not isinstance(value, dict) or not isinstance(full, dict):
        return value
    return {key: _changed(entry, full.get(key)) for key, entry in value.items() if entry != full.get(key)}


def _cell(value: object) -> str:
    return "`" + yaml.safe_dump(value, default_flow_style=True, width=10000).replace("\n...", "").strip() + "`"
