"""Figures: the common style, and one module per paper, from plotted numbers to a Matplotlib figure."""

#: What a PNG says of itself: the share of its height, from below, that is small print. The report has that as text.
NOTE_SHARE = "Note"
