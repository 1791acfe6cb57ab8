"""The plotted numbers and the summary of one figure of a paper."""

from importlib import import_module

from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

module, _, function = snakemake.params.numbers.partition(":")
# Before the job, with the other imports: its time is part of the start.
make = getattr(import_module(f"deepspectra.papers.{snakemake.wildcards.paper}.{module}"), function)

with job(snakemake.log[0], snakemake.threads):
    numbers = make(dict(snakemake.input.items()), snakemake.params.parameters)
    digits = None if numbers.digits is None else f"%.{numbers.digits}g"
    write_table(numbers.curves, snakemake.output.curves, float_format=digits)
    write_table(numbers.summary, snakemake.output.summary, float_format=digits)
