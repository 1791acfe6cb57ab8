"""One plain line for each mistake in a configuration."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import get_args, get_origin

from pydantic import BaseModel

from deepspectra.config.settings import Settings

#: Pydantic's words, in the order in which they are replaced, and plainer ones.
_PLAINER = (
    ("Input should be", "expected"),
    ("a valid integer", "an integer"),
    ("a valid dictionary or instance of", "a mapping of keys to values:"),
    ("a valid dictionary", "a mapping of keys to values"),
    ("a valid", "a"),
)


def explain(problem: Mapping[str, object]) -> str:
    """One line for one pydantic error: the key's path, what was expected, what was found."""
    location = [part for part in problem["loc"] if part != "[key]"]
    path = ".".join(str(part) for part in location) or "the configuration"
    if problem["type"] == "extra_forbidden":
        known = _known_keys(location[:-1])
        close = difflib.get_close_matches(str(location[-1]), known, n=1)
        return f"{path}: unknown key; {f'did you mean {close[0]}? ' if close else ''}known here: {', '.join(known)}"
    if problem["type"] == "missing":
        return f"{path}: this key is missing"
    found = problem["input"]
    if isinstance(found, float) and math.isnan(found):
        return f"{path}: expected a number, found nan"
    if problem["type"] == "model_type":
        return f"{path}: expected a mapping with the keys {', '.join(_known_keys(location))}; found {found!r}"
    if problem["type"] in ("too_short", "too_long"):
        bound = "at least" if problem["type"] == "too_short" else "at most"
        length = problem["ctx"]["min_length" if problem["type"] == "too_short" else "max_length"]
        return f"{path}: expected {bound} {length} {'entry' if length == 1 else 'entries'}, found {len(found)}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    for wording, plainer in _PLAINER:
        message = message.replace(wording, plainer)
    suffix = "" if isinstance(found, (Mapping, BaseModel)) else f", found {found!r}"
    return f"{path}: {message}{suffix}"


def _known_keys(location: list[object]) -> list[str]:
    """Names of the fields of the model at a path; names in a mapping of models are the user's own."""
    current: object = Settings
    for part in location:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = current.model_fields[str(part)].annotation
        elif get_origin(current) in (dict, list):
            current = get_args(current)[-1]
    return list(current.model_fields) if hasattr(current, "model_fields") else []
