"""The four papers: settings, recipe, statistics, figures, claims and items of each, and what they share."""

#: A PNG's own record of the share of its height, from below, that is small print. The report has that as text.
NOTE_SHARE = "Note"
