"""Mappings of entries of the user's own, by names that become parts of paths and targets."""

from collections.abc import Collection
from typing import Any

from pydantic import AfterValidator, BeforeValidator

from deepspectra.papers.types import is_name

__all__ = ["WITHOUT_NULLS", "names_of"]


def _without_nulls(value: object) -> object:
    """null in place of the mapping removes all entries, and null in place of an entry removes that one."""
    if value is None:
        return {}
    return {key: entry for key, entry in value.items() if entry is not None} if isinstance(value, dict) else value


WITHOUT_NULLS = BeforeValidator(_without_nulls)


def names_of(what: str, taken: Collection[str], ending: str = "") -> AfterValidator:
    """Check the names of entries.

    :param what: what has the names, for messages. :param taken: words that other targets have.
    :param ending: what no name may end with, if anything.
    :raises ValueError: when entries are checked, for another name.
    """

    def check(entries: dict[str, Any]) -> dict[str, Any]:
        for name in entries:
            if not is_name(name) or name in taken or (ending and name.endswith(ending)):
                others = " or ".join(map(repr, taken))
                no = f"neither {others} nor with '{ending}' at the end" if ending else f"not {others}"
                rule = f"small letters, digits and _, a letter first, {no}"
                raise ValueError(f"names of {what} are {rule}; found {name!r}")
        return entries

    return AfterValidator(check)
