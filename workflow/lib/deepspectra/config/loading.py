"""From YAML files and the command line to checked settings."""

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from deepspectra.config.settings import RECORDED, SCALES, Settings, is_run_name, scale_name
from deepspectra.runtime.errors import UserError

__all__ = ["ScaledSettings", "check_files", "load_settings", "read_overrides"]

_PLAIN_SCALAR = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?|[-+]?\.(inf|[0-9]+)|\.nan|true|false|null")
#: Pydantic's words and plainer ones, in the order in which they are replaced.
_PLAINER = {
    "Input should be": "expected",
    "a valid integer": "an integer",
    "a valid dictionary or instance of": "a mapping of keys to values:",
    "a valid dictionary": "a mapping of keys to values",
    "a valid": "a",
}


class _StrictLoader(yaml.CSafeLoader):
    """Refuses keys that occur twice, of which YAML takes the last. In C: every start of Snakemake reads these files."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        places: dict[object, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                line = key.start_mark.line + 1
                if key.value in places:
                    twice = (
                        f"the key {key.value} is there twice in one mapping, in lines {places[key.value]} and {line}"
                    )
                    advice = "Put both parts below one key, or take one away."
                    raise UserError(f"{key.start_mark.name}: {twice}. {advice}")
                places[key.value] = line
        return super().construct_mapping(node, deep)


class ScaledSettings(dict[str, Settings]):
    """Settings by scale, each checked on first use.

    A user's value may be fine at the scale they run and impossible at another; that must not stop them.

    :ivar scale: the default scale, whose settings are checked at once; the run's name, if it has one.
    :ivar names: folders below ``results`` that may be made: the scales, and the run's.
    """

    def __init__(self, values: Mapping[str, Mapping[str, Any]], run: str | None = None) -> None:
        super().__init__()
        self._values = values
        self.names = tuple(name for name in values if name != RECORDED)
        wanted = run or str(values["paper"].get("scale"))
        # If the scale itself is a mistake, the check of any scale reports it.
        self.scale = wanted if wanted in values else "paper"
        self[self.scale]

    def __missing__(self, scale: str) -> Settings:
        """:raises UserError: listing every mistake with the path of its key and what was expected."""
        self[scale] = _validated(self._values[scale], scale)
        return self[scale]


def check_files(paths: Iterable[str | Path]) -> None:
    """Check the user's own configuration files, whose values Snakemake passes on, for what it overlooks.

    :raises UserError: if a key occurs twice.
    """
    for path in paths:
        # Snakemake has read the file: if it is not YAML it is JSON.
        with suppress(yaml.YAMLError), Path(path).open(encoding="utf-8") as file:
            yaml.load(file, _StrictLoader)


def load_settings(folder: str | Path, overrides: Mapping[str, Any] | None = None) -> ScaledSettings:
    """Settings of all scales, from the YAML files of a folder and the user's own values, which take precedence.

    :param folder: holds ``config.yaml`` and, for each reduced scale, ``{scale}.yaml``.
    :param overrides: with a name of the run, at ``run``, they make one more scale of that name and leave the others as
        they are.
    :returns: also those of the record, at :data:`RECORDED`, without the user's values.
    :raises UserError: listing every mistake at the default scale with the path of its key and what was expected.
    """
    base, own = _read_yaml(Path(folder, "config.yaml")), _typed(overrides or {})
    reduced = {scale: {} if scale == "paper" else _read_yaml(Path(folder, f"{scale}.yaml")) for scale in SCALES}
    scaled = {scale: _merge(base, reduced[scale]) for scale in SCALES}
    # The record is what the files say, whatever a user sets, and has nothing of users' own.
    recorded = scaled["record"] | {"limit_laws": {}, "my_networks": {}}
    run = own.get("run", base.get("run"))
    if is_run_name(run):
        scaled[run] = _merge(scaled.get(str(own.get("scale", base.get("scale"))), base), own)
    else:
        run, scaled = None, {scale: _merge(values, own) for scale, values in scaled.items()}
    return ScaledSettings({**scaled, RECORDED: recorded}, run)


def read_overrides(files: Iterable[str | Path] = (), assignments: Iterable[str] = ()) -> dict[str, Any]:
    """The user's own values as Snakemake takes them: files first, then ``key=value`` with the value in YAML.

    :raises UserError: if a file cannot be read, or an assignment has no ``=``.
    """
    own: dict[str, Any] = {}
    for path in files:
        own = _merge(own, _read_yaml(Path(path)))
    for text in assignments:
        key, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"expected key=value, found {text!r}")
        own = _merge(own, {key: yaml.safe_load(value)})
    return own


def _typed(value: Any) -> Any:
    """Turn text into numbers, booleans and null inside lists and mappings, where Snakemake leaves text."""
    if isinstance(value, Mapping):
        return {key: _typed(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_typed(entry) for entry in value]
    if isinstance(value, str) and _PLAIN_SCALAR.fullmatch(value):
        return yaml.safe_load(value)
    return value


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        with path.open(encoding="utf-8") as file:
            content = yaml.load(file, _StrictLoader)
    except FileNotFoundError as error:
        advice = "restore it from the repository, or name yours; before targets that follow put --"
        raise UserError(f"configuration file {path} is missing: {advice}") from error
    except yaml.YAMLError as error:
        raise UserError(f"configuration file {path} is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise UserError(f"configuration file {path} must hold a mapping of keys to values")
    return content


def _merge(base: Mapping[str, Any], layer: Mapping[str, Any]) -> dict[str, Any]:
    """``layer`` over ``base``: mappings are merged, everything else (lists too) is replaced."""
    result = dict(base)
    for key, value in layer.items():
        old = result.get(key)
        result[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def _validated(values: Mapping[str, Any], scale: str) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        lines = [f"\n  - {_explain(problem)}" for problem in error.errors()]
        # An unknown scale is checked with another scale's settings: name none.
        place = f" {'at' if scale in SCALES else 'of'} {scale_name(scale)}" if values.get("scale") in SCALES else ""
        raise UserError(
            f"the configuration{place} has {len(lines)} mistake{'s' * (len(lines) > 1)}:{''.join(lines)}\n"
            "`uv run deepspectra settings` explains every key (see config/README.md)."
        ) from error


def _explain(problem: Mapping[str, Any]) -> str:
    location = [part for part in problem["loc"] if part != "[key]"]
    path = ".".join(str(part) for part in location) or "the configuration"
    kind, found = problem["type"], problem["input"]
    if kind == "extra_forbidden":
        known = _known_keys(location[:-1])
        close = difflib.get_close_matches(str(location[-1]), known, n=1)
        return f"{path}: unknown key; {f'did you mean {close[0]}? ' if close else ''}known here: {', '.join(known)}"
    if kind == "missing":
        return f"{path}: this key is missing"
    if isinstance(found, float) and math.isnan(found):
        return f"{path}: expected a number, found nan"
    if kind == "model_type":
        return f"{path}: expected a mapping with the keys {', '.join(_known_keys(location))}; found {found!r}"
    if kind in ("too_short", "too_long"):
        words, key = ("at least", "min_length") if kind == "too_short" else ("at most", "max_length")
        length = problem["ctx"][key]
        return f"{path}: expected {words} {length} {'entry' if length == 1 else 'entries'}, found {len(found)}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    for wording, plainer in _PLAINER.items():
        message = message.replace(wording, plainer)
    suffix = "" if isinstance(found, (Mapping, BaseModel)) else f", found {found!r}"
    return f"{path}: {message}{suffix}"


def _known_keys(location: Sequence[int | str]) -> list[str]:
    """Fields of the model at a path; the names in a mapping of models are the user's own."""
    current: Any = Settings
    for part in location:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = current.model_fields[str(part)].annotation
        elif get_origin(current) in (dict, list):
            current = get_args(current)[-1]
    return list(current.model_fields) if hasattr(current, "model_fields") else []
