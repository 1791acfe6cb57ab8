"""The four papers, and what they share.

``registry``  names of the papers and of their items, and where these are
``item``      what the workflow knows of one figure or table
``rows``      rows of a figure's summary
``style``     the look of all figures
``types``     pieces that settings are typed with
``reading``   reads the numbers of claims from finished tables; ``readings``: those of all papers
``{paper}``   settings, recipe, statistics, figures, claims and items of one paper
"""

__all__ = ["NOTE_SHARE"]

#: Text entry of a PNG: the share of its height, from below, that is small print. The report shows that as text instead.
NOTE_SHARE = "Note"
