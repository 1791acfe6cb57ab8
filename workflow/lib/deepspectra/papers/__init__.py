"""The four papers, and what they share."""

__all__ = ["NOTE_SHARE"]

#: Text entry of a PNG: the share of its height, from below, that is small print. The report shows that as text instead.
NOTE_SHARE = "Note"
