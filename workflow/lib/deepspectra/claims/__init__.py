"""The claims of the four papers, one by one: what a paper says, what was measured, and a verdict.

``resources/claims.csv`` holds what the papers say and what is accepted. For each of its rows a paper's module of this
package has a reading, which takes the number from finished tables.

``reading``   how a number is taken from finished tables
``papers``    the readings of all papers, one module for each
``verdicts``  whether a number bears a claim out
``ledger``    the claims with numbers and verdicts, as a table and as a page
"""
