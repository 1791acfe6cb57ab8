"""Random matrix theory in deep learning: the science behind the workflow.

Pure functions on arrays, one module per concept. Nothing here knows Snakemake or the workflow's paths.
"""
