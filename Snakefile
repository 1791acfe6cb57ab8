"""Random matrix theory in deep learning: every figure and table of four papers, from the data to the page.

This file is the table of contents: what exists, and the short names of targets. `uv run deepspectra targets` prints the
targets, `uv run deepspectra cost` what they take; README.md has the rest.
"""

from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/common.smk"


wildcard_constraints:
    scale="|".join(SETTINGS.names),
    paper="|".join(PAPERS),
    item="|".join(sorted({item for paper in PAPERS for item in items_of(paper)})),
    table="table_[a-z0-9_]+",
    dataset="|".join(DATASETS),
    alpha=r"-?[0-9.]+",
    rows="[0-9]+",
    columns="[0-9]+",
    dimension="[0-9]+",
    panel="[ab]",
    network="[a-z][a-z0-9_]*(_alpha[0-9.]+)?",
    state="initial|final",
    split="train|test",
    kind="hessian|gauss_newton",
    batch="[0-9]+|whole",
    first="[0-9]+",
    last="[0-9]+",
    law="[a-z][a-z0-9_]*(?<!_summary)",
    model="[a-z][a-z0-9_]*",
    draws="[0-9]+",
    window="[0-9]+",
    seed="[0-9]+",


report: "workflow/report/workflow.rst"


include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/weights.smk"
include: "workflow/rules/curvature.smk"
include: "workflow/rules/kernels.smk"
include: "workflow/rules/random_matrices.smk"
include: "workflow/rules/items.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/limit_laws.smk"
include: "workflow/rules/my_networks.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/record.smk"


rule all:
    """Every figure, table and limit law, the claims, and the page that shows all, at the scale of the settings."""
    default_target: True
    input:
        items.everything(SETTINGS[SCALE], SCALE),


# Short names: a target for each paper, figure, table, limit law and network of the user's own.
for paper in PAPERS:

    rule:
        name:
            paper
        input:
            items.paper_targets(SETTINGS[SCALE], paper, SCALE),

    for item in items_of(paper):

        rule:
            name:
                f"{paper}_{item}"
            input:
                items.targets(SETTINGS[SCALE], paper, item, SCALE),


rule claims:
    """What the papers claim beside what was measured, with verdicts: a table, a page and a picture."""
    input:
        items.claim_files(SCALE),


rule report:
    """The page of results, and one for each figure, table, limit law and network."""
    input:
        items.report_pages(SCALE, KEPT, SETTINGS[SCALE]),


rule record:
    """The record at published sizes: its figures, tables, claims and page, without data and without training."""
    input:
        record_targets(KEPT),


rule limit_laws:
    """Every limit law that the settings ask for by itself."""
    input:
        [items.law_files(law, SCALE) for law in SETTINGS[SCALE].limit_laws],


for law in SETTINGS[SCALE].limit_laws:

    rule:
        name:
            f"limit_{law}"
        input:
            items.law_files(law, SCALE),


rule my_networks:
    """Spectra of every checkpoint of your own that the settings name."""
    input:
        lambda wildcards: my_networks.every_network(SETTINGS[SCALE], SCALE),


for model in SETTINGS[SCALE].my_networks:

    rule:
        name:
            f"my_{model}"
        input:
            my_networks.network_targets(model, SCALE),
