"""From YAML files and the command line to checked settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import yaml
from pydantic import ValidationError

from deepspectra.config.mistakes import explain
from deepspectra.config.settings import SCALES, Settings
from deepspectra.runtime.errors import UserError

_PLAIN_SCALAR = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?|[-+]?\.(inf|[0-9]+)|\.nan|true|false|null")


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """As YAML's own, which of a key that is there twice takes the last one in silence; the fast one where it is built.

    Every start of Snakemake reads these files.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        places: dict[object, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                line = key.start_mark.line + 1
                if key.value in places:
                    raise UserError(
                        f"{key.start_mark.name}: the key {key.value} is there twice in one mapping, in lines "
                        f"{places[key.value]} and {line}. Put both parts below one key, or take one away."
                    )
                places[key.value] = line
        return super().construct_mapping(node, deep)


class ScaledSettings(Mapping[str, Settings]):
    """Settings by scale: each is checked when it is asked for.

    A value of the user's own may be sound at the scale that they run and impossible at another (a shape that does not
    divide the small sizes of the tests, say): that must not stop them.

    :ivar scale: the one that the short target names make; its settings were checked when this was built.
    """

    def __init__(self, values: Mapping[str, Mapping[str, object]]) -> None:
        self._values = values
        self._checked: dict[str, Settings] = {}
        asked = str(next(iter(values.values())).get("scale"))
        # Where the scale itself is a mistake, any of them tells it.
        self.scale = self[asked if asked in values else "paper"].scale

    def __getitem__(self, scale: str) -> Settings:
        """:raises UserError: with the key's path and what was expected, for every mistake found."""
        if scale not in self._checked:
            self._checked[scale] = _validated(self._values[scale], scale)
        return self._checked[scale]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def check_files(paths: Iterable[str | Path]) -> None:
    """Check the user's own files of settings, of which Snakemake takes the values, for what it passes over.

    :raises UserError: if a key is there twice, of which only the last would count.
    """
    for path in paths:
        # Snakemake has read it: what is no YAML is JSON.
        with suppress(yaml.YAMLError), Path(path).open(encoding="utf-8") as file:
            yaml.load(file, _StrictLoader)


def load_settings(folder: str | Path, overrides: Mapping[str, object] | None = None) -> ScaledSettings:
    """Settings of all scales, from the YAML files of a folder and the user's own values.

    :param folder: holds ``config.yaml`` and, for each reduced scale, ``{scale}.yaml``.
    :param overrides: nested mapping that wins over the files at every scale (from the command line).
    :raises UserError: with the key's path and what was expected, for every mistake at the scale that is asked for.
    """
    folder = Path(folder)
    overrides = _typed(overrides or {})
    base = _read_yaml(folder / "config.yaml")
    values = {}
    for scale in SCALES:
        layers = [] if scale == "paper" else [_read_yaml(folder / f"{scale}.yaml")]
        values[scale] = base
        for layer in (*layers, overrides):
            values[scale] = _merge(values[scale], layer)
    return ScaledSettings(values)


def _typed(value: object) -> object:
    """Numbers, booleans and null inside lists and mappings of the command line, which Snakemake leaves as text."""
    if isinstance(value, Mapping):
        return {key: _typed(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_typed(entry) for entry in value]
    if isinstance(value, str) and _PLAIN_SCALAR.fullmatch(value):
        return yaml.safe_load(value)
    return value


def _read_yaml(path: Path) -> dict[str, object]:
    try:
        with path.open(encoding="utf-8") as file:
            content = yaml.load(file, _StrictLoader)
    except FileNotFoundError as error:
        raise UserError(f"configuration file {path} is missing; restore it from the repository") from error
    except yaml.YAMLError as error:
        raise UserError(f"configuration file {path} is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise UserError(f"configuration file {path} must hold a mapping of keys to values")
    return content


def _merge(base: Mapping[str, object], layer: Mapping[str, object]) -> dict[str, object]:
    """``layer`` over ``base``: mappings are merged, everything else (lists too) is replaced."""
    result = dict(base)
    for key, value in layer.items():
        old = result.get(key)
        result[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def _validated(values: Mapping[str, object], scale: str) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        lines = [explain(problem) for problem in error.errors()]
        # Of a scale that there is not, another one's settings are looked at.
        place = f" at {scale} scale" if values.get("scale") in SCALES else ""
        raise UserError(
            f"the configuration{place} has {len(lines)} mistake{'s' * (len(lines) > 1)}:\n"
            + "\n".join(f"  - {line}" for line in lines)
            + "\nEvery key is explained in config/README.md."
        ) from error
