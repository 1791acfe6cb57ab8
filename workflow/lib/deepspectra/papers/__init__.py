"""The four papers, and what they share."""

__all__ = ["NOTE_SHARE", "PLOTTED"]

#: Text entry of a PNG: the share of its height, from below, that is small print. The report shows that as text instead.
NOTE_SHARE = "Note"
#: Another: the points that are plotted, see :func:`deepspectra.papers.plotted.plotted_values`.
PLOTTED = "Plotted"
