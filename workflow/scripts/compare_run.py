"""The numbers of a run beside those of the record; fails if seeds do not explain a difference."""

from argparse import Namespace

from deepspectra.cli.compare import compare_run
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    if compare_run(Namespace(scale=snakemake.params.scale, directory=".")):
        raise UserError("the numbers above differ from the record's by more than the spread of seeds")
