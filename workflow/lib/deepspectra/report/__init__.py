"""The report: captions of figures, and one page with all results of a scale.

``contents``  what papers and items are called
``captions``  the text of a figure, for this page and for Snakemake's report
``claims``    what the papers claim, published beside reproduced
``page``      figures, tables and claims as a page that needs no network and no script
"""
