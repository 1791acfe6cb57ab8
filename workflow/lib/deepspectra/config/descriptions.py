"""Settings in words, for captions and for the command line."""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import getitem
from typing import Any, NamedTuple, get_args, get_origin

import yaml
from pydantic import BaseModel

from deepspectra.config.loading import ScaledSettings
from deepspectra.config.settings import RECORDED, SCALES, Settings, scale_name
from deepspectra.papers.types import Node

__all__ = ["Explanation", "describe_scale", "differences", "explain_keys", "sizes_of"]


def sizes_of(all_settings: Mapping[str, Settings], scale: str) -> str:
    """The scale whose sizes a run uses: itself, unless it is the name of a run."""
    return scale if scale in (*SCALES, RECORDED) else all_settings[scale].scale


def describe_scale(
    filed: Mapping[str, Settings],
    settings: Mapping[str, Settings],
    scale: str,
    *items: str,
    own: Sequence[str] | None = None,
) -> str:
    """A sentence for a caption: the scale, what it makes smaller than paper scale, and what the user changed.

    :param filed: settings of the files alone, at the same scale. :param settings: the same with the user's own values.
    :param items: nodes of the settings that determine the result, such as "fan2020.figure_1".
    :param own: nodes where the user's own values are told; None: the same.
    """
    reduced = differences(filed["paper"], filed[scale], *items)
    changed = differences(filed[scale], settings[scale], *(items if own is None else own))
    name = scale_name(scale, sizes_of(settings, scale))
    note = f"{name[0].upper()}{name[1:]}" + (f": {reduced}." if reduced else ".")
    return note + (f" Own settings: {changed}." if changed else "")


def differences(base: Settings, other: Settings, *items: str) -> str:
    """What ``other`` has in place of ``base``, in few words; items are nodes, values or entries of the settings."""
    # Two items may have the same difference.
    return ", ".join(dict.fromkeys(text for item in items for text in _at(base, other, item.split("."))))


def _at(old: Any, new: Any, path: list[str]) -> list[str]:
    key, *rest = path
    if isinstance(old, dict):
        # An entry of the user's own is in neither file, so that it may be missing on both sides.
        return _entries(*({key: node[key]} if key in node else {} for node in (old, new)))
    before, after = getattr(old, key), getattr(new, key)
    return _at(before, after, rest) if rest else _field(old, key, before, after)


def _field(node: Node, name: str, old: Any, new: Any) -> list[str]:
    """How one field of a node differs; of nested nodes and mappings of nodes, each field by itself."""
    if isinstance(old, Node) and isinstance(new, Node):
        return _fields(old, new)
    if isinstance(old, dict) and all(isinstance(entry, Node) for entry in (*old.values(), *new.values())):
        return _entries(old, new)
    title = type(node).model_fields[name].title or name.replace("_", " ")
    return [] if old == new else [f"{title} {_shorten(new, old)}"]


def _fields(old: Node, new: Node) -> list[str]:
    names = type(old).model_fields
    return [text for name in names for text in _field(old, name, getattr(old, name), getattr(new, name))]


def _entries(old: dict[str, Node], new: dict[str, Node]) -> list[str]:
    found = []
    for key in dict.fromkeys((*old, *new)):
        if key not in new:
            found.append(f"without {key}")
        elif key not in old:
            values = new[key].model_dump(exclude_unset=True).items()
            found.append(f"with {key} ({', '.join(f'{name} {value}' for name, value in values)})")
        elif old[key] != new[key]:
            found.append(f"{key} with {' and '.join(_fields(old[key], new[key]))}")
    return found


def _shorten(value: Any, full: Any) -> str:
    """A value and the one it replaces; lists of names in full, those of numbers (ascending) by their ends or length."""
    if full is None:
        return f"{value}"
    if isinstance(value, Node | dict):
        return "as set"
    if isinstance(value, bool):
        return "yes instead of no" if value else "no instead of yes"
    if isinstance(value, list) and isinstance(full, list):
        if all(isinstance(entry, str) for entry in (*value, *full)):
            return " and ".join(value) or "none"
        if not all(isinstance(entry, float | int) for entry in (*value, *full)):
            return "as set"
        if value[0] != full[0]:
            short, whole = (f"{entries[0]:g} to {entries[-1]:g} ({len(entries)})" for entries in (value, full))
            return f"{short} instead of {whole}"
        if value[-1] != full[-1]:
            return f"up to {value[-1]:g} instead of {full[-1]:g}"
        return f"{len(value)} instead of {len(full)}"
    return f"{value:g} instead of {full:g}" if isinstance(value, float) else f"{value} instead of {full}"


class Explanation(NamedTuple):
    """A key of the configuration.

    :ivar key: its path, such as "fan2020.figure_1.samples"; "NAME" and "[]" stand for any entry of a mapping or list.
    :ivar values: as YAML, by scale: paper, and the scales that differ from it; empty for keys inside entries.
    """

    key: str
    meaning: str
    values: dict[str, str]


def explain_keys(settings: ScaledSettings) -> list[Explanation]:
    """Every key: its meaning, and its value at each scale."""
    given = {scale: settings[scale].model_dump(exclude_unset=True) for scale in reversed(settings.names)}
    return [Explanation(key, meaning, _values(given, key)) for key, meaning in _walk(Settings)]


def _values(given: Mapping[str, Any], key: str) -> dict[str, str]:
    if "NAME" in key or "[]" in key:
        return {}
    values = {scale: reduce(getitem, key.split("."), node) for scale, node in given.items()}
    paper = values.pop("paper")
    changed = {scale: _changed(value, paper) for scale, value in values.items() if value != paper}
    return {scale: _yaml(value) for scale, value in {"paper": paper, **changed}.items()}


def _walk(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        inner, origin = _model_of(field.annotation), get_origin(field.annotation)
        if inner is None or origin is not None:
            yield f"{prefix}{name}", field.description or ""
        if inner is not None:
            yield from _walk(inner, prefix + name + {None: ".", dict: ".NAME.", list: "[]."}[origin])


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation is, or that its entries are if it is a mapping or a list."""
    while get_origin(annotation) in (dict, list):
        annotation = get_args(annotation)[-1]
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _changed(value: Any, full: Any) -> Any:
    if not isinstance(value, dict) or not isinstance(full, dict):
        return value
    return {key: _changed(entry, full.get(key)) for key, entry in value.items() if entry != full.get(key)}


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, default_flow_style=True, width=10000).replace("\n...", "").strip()
