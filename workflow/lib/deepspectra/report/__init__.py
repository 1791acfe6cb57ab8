"""The report: captions, claims with their verdicts, and one page that shows all results of a scale.

``contents``       what readers call an item
``captions``       the text of a figure, for this page and for Snakemake's report
``tables``         a table as people read it, as data and as a page of its own
``verdicts``       the rule by which a claim is judged
``ledger``         the list of claims in ``resources/claims.csv``
``claims``         the claims beside what was measured
``claims_figure``  the same as a picture
``page``           figures, tables and claims as one page that needs no network and no script
"""
