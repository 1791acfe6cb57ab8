"""Why one source did not give a data set. The message is a short reason, to stand behind the source's name."""

from __future__ import annotations


class SourceError(Exception):
    """One source of a data set failed; another one may serve."""


class UnreachableError(SourceError):
    """A download failed. ``permanent`` if trying again cannot help."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class AbsentError(SourceError):
    """The files of a source are not there."""


class IncompleteError(SourceError):
    """Some of a source's files are there and others are not."""


class CorruptError(SourceError):
    """A file is there but is not what it must be: cut short, malformed, or with the wrong hash."""
