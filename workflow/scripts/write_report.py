"""One page with all figures, tables, limit laws, networks and claims of a scale."""

from pathlib import Path

from deepspectra.report.claims import read_claims
from deepspectra.report.page import figure_entry, own_network_entry, read_entries, render_page
from deepspectra.runtime.files import write_text
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    page = Path(snakemake.output[0])
    folder = page.parent
    entries = {paper: read_entries(folder, paper, names) for paper, names in snakemake.params.contents.items()}
    limits, captions = folder / "limits", folder / "captions" / "limits"
    laws = [figure_entry(law, folder, limits / law, captions / f"{law}.txt") for law in snakemake.params.laws]
    networks = [own_network_entry(name, folder) for name in snakemake.params.networks]
    claims = read_claims(snakemake.input.claims)
    scale, reduced, record = snakemake.params.scale, snakemake.params.reduced, folder.parent / "recorded"
    contents = snakemake.params.recorded
    recorded = {paper: read_entries(folder, paper, names, record) for paper, names in contents.items()}
    judged = read_claims(record / "claims.csv") if contents else []
    name = snakemake.wildcards.scale
    options = "" if name in ("preview", "recorded") else f"--config scale={name} -- "
    write_text(render_page(scale, reduced, entries, laws, claims, networks, recorded, judged, options), page)
