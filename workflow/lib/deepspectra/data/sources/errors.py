"""Why one source failed. The message is a short reason that follows the source's name."""

__all__ = ["CorruptError", "IncompleteError", "NoFilesError", "SourceError", "UnreachableError"]


class SourceError(Exception):
    """One source failed; another may serve."""


class UnreachableError(SourceError):
    """A download failed. ``permanent`` if trying again cannot help."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class NoFilesError(SourceError):
    """A source's files are not there."""


class IncompleteError(SourceError):
    """Some of a source's files are missing."""


class CorruptError(SourceError):
    """A file is cut short, malformed, or has the wrong hash."""
