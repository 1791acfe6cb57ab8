"""The report: captions, claims with their verdicts, and one page that shows all results of a scale.

``captions``         the text of a figure, for this page and for Snakemake's report
``tables``           a table as people read it, as data and as a page of its own
``verdicts``         the rule by which a claim is judged
``claims``           the ledger of claims in ``resources/claims.csv``, and the claims beside what was measured
``claims_figure``    the same as a picture
``limit_law_figure`` density and distribution function of a limit law
``page``             figures, tables and claims as one page that needs no network and no script
"""
