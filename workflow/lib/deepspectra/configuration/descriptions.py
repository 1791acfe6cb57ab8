"""Settings in words: for captions, for the table in config/README.md, and as a JSON schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import yaml
from pydantic import BaseModel

from deepspectra.configuration.settings import Settings


def describe_scale(filed: Mapping[str, Settings], settings: Mapping[str, Settings], scale: str, item: str) -> str:
    """A sentence for a caption: the scale, what it makes smaller than paper scale, and what the user changed.

    :param filed: settings of the files alone; ``settings``: with the user's own values.
    """
    reduced = differences(filed["paper"], filed[scale], item)
    own = differences(filed[scale], settings[scale], item)
    note = f"{scale.capitalize()} scale" + (f": {reduced}." if reduced else ".")
    return note + (f" Own settings: {own}." if own else "")


def differences(base: Settings, other: Settings, item: str) -> str:
    """What one item ("fan2020.figure_1") has in ``other`` instead of ``base``, in few words for a caption."""
    node, changed = base, other
    for part in item.split("."):
        node, changed = getattr(node, part), getattr(changed, part)
    found = []
    for name, field in type(node).model_fields.items():
        old, new = getattr(node, name), getattr(changed, name)
        if old != new:
            found.append(f"{field.title or name.replace('_', ' ')} {_shorten(new, old)}")
    return ", ".join(found)


def _shorten(value: object, full: object) -> str:
    """A value beside the one it replaces; of lists (numbers, ascending) the end or else the length says it."""
    if isinstance(value, list) and isinstance(full, list):
        if value[-1] != full[-1]:
            return f"up to {value[-1]:g} instead of {full[-1]:g}"
        return f"{len(value)} instead of {len(full)}"
    if isinstance(value, dict):
        return "as set"
    return f"{value:g} instead of {full:g}" if isinstance(value, float) else f"{value} instead of {full}"


def json_schema() -> str:
    """The JSON schema of the configuration, as text for ``workflow/schemas/config.schema.json``."""
    return json.dumps(Settings.model_json_schema(), indent=2, sort_keys=True) + "\n"


def describe_keys(settings: Mapping[str, Settings]) -> str:
    """A Markdown table of every key: meaning, and value at each scale."""
    header = "| key | meaning | paper | preview | smoke |\n|---|---|---|---|---|\n"
    rows = []
    for path, description in _walk(Settings):
        description = description.replace("|", r"\|")
        values = [_cell(settings[scale], path) for scale in ("paper", "preview", "smoke")]
        shown = [values[0]] + ["" if value == values[0] else value for value in values[1:]]
        rows.append(f"| `{path}` | {description} | " + " | ".join(shown) + " |")
    return header + "\n".join(rows) + "\n"


def _walk(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from _walk(annotation, f"{path}.")
        else:
            yield path, field.description or ""


def _cell(settings: Settings, path: str) -> str:
    value: object = settings
    for part in path.split("."):
        value = getattr(value, part)
    if isinstance(value, dict):
        value = {key: node.model_dump() if isinstance(node, BaseModel) else node for key, node in value.items()}
    return "`" + yaml.safe_dump(value, default_flow_style=True, width=1000).replace("\n...", "").strip() + "`"
