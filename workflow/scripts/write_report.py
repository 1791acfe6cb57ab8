"""One page with all figures, tables, limit laws and claims of a scale."""

from pathlib import Path

from deepspectra.report.claims import read_claims
from deepspectra.report.page import figure_item, render_page, table_item
from deepspectra.runtime.files import write_text
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    page = Path(snakemake.output[0])
    folder = page.parent
    items = {}
    for paper, names in snakemake.params.contents.items():
        items[paper] = []
        for name in names:
            if name.startswith("table"):
                base = folder / "tables" / paper / name
                item = table_item(name, folder, [base.with_suffix(f".{suffix}") for suffix in ("md", "csv")])
            else:
                base = folder / "figures" / paper / name
                files = [base.with_suffix(f".{suffix}") for suffix in ("png", "pdf", "csv")]
                item = figure_item(name, folder, files, folder / "captions" / paper / f"{name}.txt")
            items[paper].append(item)
    laws = []
    for law in snakemake.params.laws:
        files = [folder / "limits" / f"{law}.{suffix}" for suffix in ("png", "pdf", "csv")]
        laws.append(figure_item(law, folder, files, folder / "captions" / "limits" / f"{law}.txt"))
    claims = read_claims(snakemake.input.claims)
    write_text(render_page(snakemake.wildcards.scale, snakemake.params.reduced, items, laws, claims), page)
