"""Level and power of the tests of levels, on matrices of which the truth is known (thamm2024, table 2)."""

from deepspectra.papers.thamm2024.level_tests import level_tests
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    table = level_tests(snakemake.params.table, snakemake.params.half_window, snakemake.input.null)
    write_table(table, snakemake.output[0], float_format="%.8g")
