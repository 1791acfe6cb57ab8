"""One limit law of the configuration: density and distribution function, edges, atoms and moments."""

from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job
from deepspectra.spectra.limit_laws import entry_activation, solve_limit_law

with job(snakemake.log[0], snakemake.threads):
    law = snakemake.params.law
    curve, summary = solve_limit_law(law, entry_activation(law))
    write_table(curve, snakemake.output.curve)
    write_table(summary, snakemake.output.summary)
