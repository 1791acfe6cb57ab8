"""One plain line for each mistake in a configuration."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from deepspectra.config.settings import Settings

__all__ = ["explain"]

#: Pydantic's words and plainer ones, in the order in which they are replaced.
_PLAINER = (
    ("Input should be", "expected"),
    ("a valid integer", "an integer"),
    ("a valid dictionary or instance of", "a mapping of keys to values:"),
    ("a valid dictionary", "a mapping of keys to values"),
    ("a valid", "a"),
)


def explain(problem: Mapping[str, Any]) -> str:
    """One line for one pydantic error: the path of the key, what was expected, what was found."""
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
    for wording, plainer in _PLAINER:
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
