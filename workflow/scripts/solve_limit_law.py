"""One limit law of the configuration: density and distribution function, edges, atoms and moments."""

from deepspectra.nn.activations.own import resolve_activation
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job
from deepspectra.spectra.limit_laws import solve_limit_law

with job(snakemake.log[0], snakemake.threads):
    law = snakemake.params.law
    curve, summary = solve_limit_law(law, resolve_activation(law["activation"], law["breakpoints"]))
    write_table(curve, snakemake.output.curve)
    write_table(summary, snakemake.output.summary)
