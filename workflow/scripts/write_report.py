"""The first page of a scale's results, and a page for each figure, table, limit law and network."""

from pathlib import Path

from deepspectra.report.claims import read_claims
from deepspectra.report.entries import PageContents, law_entry, own_network_entry, read_entries
from deepspectra.report.item_page import render_items
from deepspectra.report.page import render_page
from deepspectra.runtime.files import write_text
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    page = Path(snakemake.output[0])
    folder = page.parent
    record = folder.parent / "recorded"
    kept = snakemake.params.recorded
    contents = PageContents(
        scale=snakemake.params.scale,
        reduced=snakemake.params.reduced,
        entries={paper: read_entries(folder, paper, names) for paper, names in snakemake.params.contents.items()},
        claims=read_claims(snakemake.input.claims),
        laws=[law_entry(law, folder) for law in snakemake.params.laws],
        networks=[own_network_entry(network, folder) for network in snakemake.params.networks],
        recorded={paper: read_entries(folder, paper, names, record) for paper, names in kept.items()},
        recorded_claims=read_claims(record / "claims.csv") if kept else [],
        options=snakemake.params.options,
    )
    for address, text in render_items(contents, folder):
        write_text(text, folder / address)
    write_text(render_page(contents), page)
