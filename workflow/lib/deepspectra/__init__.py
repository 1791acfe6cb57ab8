"""Random matrix theory in deep learning: the science behind the workflow.

Mostly pure functions on arrays, one module per concept. Nothing here knows Snakemake's objects or rules.
"""
