"""Figures stage: plotted numbers -> PDF, PNG, the same numbers as CSV, and the caption."""


rule draw_figure:
    """One figure of a paper, from its plotted numbers and its summary."""
    input:
        curves="results/{scale}/statistics/{paper}/{item}_curves.csv",
        summary="results/{scale}/statistics/{paper}/{item}.csv",
    output:
        pdf=report(
            "results/{scale}/figures/{paper}/{item}.pdf",
            category=paper_name,
            caption="../report/figure.rst",
            labels=file_labels("pdf"),
        ),
        png=report(
            "results/{scale}/figures/{paper}/{item}.png",
            category=paper_name,
            caption="../report/figure.rst",
            labels=file_labels("png"),
        ),
        csv=report(
            "results/{scale}/figures/{paper}/{item}.csv",
            category=paper_name,
            caption="../report/figure.rst",
            labels=file_labels("csv"),
        ),
        caption="results/{scale}/captions/{paper}/{item}.txt",
    log:
        "results/{scale}/logs/draw_figure/{paper}_{item}.log",
    benchmark:
        "results/{scale}/benchmarks/{paper}_{item}/draw_figure.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(15),
    params:
        # A path, which templates of Snakemake's report can read; no part of the result.
        caption=lambda wildcards, output: Path(output.caption),
        scale_note=scale_note,
        # The paper's module is imported by its name.
        code=lambda wildcards: code_digest("draw_figure", f"papers.{wildcards.paper}.figures"),
    script:
        "../scripts/draw_figure.py"
