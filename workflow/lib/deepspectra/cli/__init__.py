"""The command line, ``deepspectra``: settings, targets and costs without starting Snakemake."""
