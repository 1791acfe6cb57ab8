"""Random matrix theory in deep learning: every figure and table of four papers, from the data to the page.

This file is the table of contents: settings, what exists, and the short names of targets.
`snakemake --list` prints the targets, `snakemake --cores 1 --nolock cost` what they take, README.md all else.
"""

from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/common.smk"


if workflow.is_main_process:

    include: "workflow/rules/checks.smk"


include: "workflow/rules/sizes.smk"


#: Every figure and table that exists, by paper.
FIGURES = {
    "thamm2024": ["figure_1", "figure_2", "figure_3", "figure_4", "table_1", "table_2"],
    "pennington2017": ["figure_1", "figure_2", "figure_3"],
    "fan2020": [*(f"figure_{number}" for number in range(1, 4)), *(f"figure_s{number}" for number in range(1, 7))],
    "baskerville2022": [
        *(f"figure_{number}" for number in range(1, 10)),
        *(f"figure_a{number}" for number in range(10, 15)),
        *("figure_resnet34", "table_networks"),
    ],
}


wildcard_constraints:
    scale="|".join(SCALES),
    paper="|".join(FIGURES),
    item="|".join(sorted({item for items in FIGURES.values() for item in items})),
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


report: "workflow/report/workflow.rst"


include: "workflow/rules/networks.smk"
include: "workflow/rules/hessians.smk"
include: "workflow/rules/kernels.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/spectra.smk"
include: "workflow/rules/nulls.smk"
include: "workflow/rules/curvature.smk"
include: "workflow/rules/thamm2024.smk"
include: "workflow/rules/pennington2017.smk"
include: "workflow/rules/fan2020.smk"
include: "workflow/rules/baskerville2022.smk"
include: "workflow/rules/random_matrices.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/limit_laws.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/cost.smk"


rule all:
    """Every figure, table and limit law, the claims, and the page that shows all, at the scale of the configuration."""
    default_target: True
    input:
        [target_files(paper, item) for paper, items in FIGURES.items() for item in items],
        [limit_law_files(name) for name in RUN.limit_laws],
        CLAIM_FILES,
        report_files(),


rule report:
    """One page with all figures, tables and claims."""
    input:
        report_files(),


# Short names: one target for each paper, one for each figure and, at the end, one for each limit law.
for paper, items in FIGURES.items():

    rule:
        name:
            paper
        input:
            [target_files(paper, item) for item in items],

    for item in items:

        rule:
            name:
                f"{paper}_{item}"
            input:
                target_files(paper, item),


rule claims:
    """What the papers claim beside what was measured, with verdicts: a table, a page and a picture."""
    input:
        CLAIM_FILES,


rule limit_laws:
    """Every limit law that the configuration asks for by itself."""
    input:
        [limit_law_files(name) for name in RUN.limit_laws],


for name in RUN.limit_laws:

    rule:
        name:
            f"limit_{name}"
        input:
            limit_law_files(name),
