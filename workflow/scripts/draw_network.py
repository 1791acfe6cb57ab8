"""The page of one network of the user's own, and its overview as a picture."""

from pathlib import Path

from deepspectra.analysis.overview import overview
from deepspectra.analysis.page import write_page
from deepspectra.analysis.tables import read_tables
from deepspectra.papers import style
from deepspectra.report.captions import caption
from deepspectra.runtime.files import write_text
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    output = snakemake.output
    folder = Path(output.page).parent
    analysis = read_tables(folder)
    write_page(analysis, folder)
    style.save(overview(analysis), output.pdf, output.png)
    title = f"{snakemake.wildcards.model}: every weight matrix beside random matrices of its shape"
    write_text(caption(title, f"Checkpoint: {analysis.origin}", lines=analysis.findings), output.caption)
