"""One figure of a paper as PDF and PNG, with the plotted numbers beside it."""

import importlib
import shutil

import pandas as pd

from deepspectra.figures import style
from deepspectra.files import replacing
from deepspectra.job import job

with job(snakemake.log[0], snakemake.threads):
    paper, item = snakemake.wildcards.paper, snakemake.wildcards.item
    module = importlib.import_module(f"deepspectra.figures.{paper}")
    curves = pd.read_csv(snakemake.input.curves)
    summary = pd.read_csv(snakemake.input.summary)
    figure = getattr(module, item)(curves, summary, f"{snakemake.params.scale_note} {module.NOTES[item]}")
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
    with replacing(snakemake.output.csv) as temporary:
        shutil.copyfile(snakemake.input.curves, temporary)
