"""The report: tables as pages, and one page with all results of a scale."""


rule show_table:
    """A table as a page of its own, which Snakemake's report shows as it is."""
    input:
        md="results/{scale}/tables/{paper}/{table}.md",
        template="workflow/lib/deepspectra/report/table.html",
    output:
        html=report(
            "results/{scale}/tables/{paper}/{table}.html",
            category=paper_name,
            caption="../report/table.rst",
            labels=lambda wildcards: labels_of(wildcards.table, "html"),
        ),
    log:
        "results/{scale}/logs/show_table/{paper}_{table}.log",
    benchmark:
        "results/{scale}/benchmarks/{paper}_{table}/show_table.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(15),
    params:
        # A path, which templates of Snakemake's report can read; no part of the result.
        text=lambda wildcards, input: Path(input.md),
        code=code_digest("show_table"),
    script:
        "../scripts/show_table.py"


rule write_report:
    """One page with all figures, tables, limit laws and claims, for a browser without network."""
    input:
        report_inputs,
        claims="results/{scale}/claims.csv",
        template="workflow/lib/deepspectra/report/page.html",
        style="workflow/lib/deepspectra/report/style.css",
    output:
        "results/{scale}/report.html",
    log:
        "results/{scale}/logs/write_report/report.log",
    benchmark:
        "results/{scale}/benchmarks/report/write_report.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(15),
    params:
        contents={paper: [name for item in FIGURES[paper] for name in tables_of(paper, item)] for paper in PAPERS},
        laws=lambda wildcards: list(SETTINGS[wildcards.scale].limit_laws),
        reduced=lambda wildcards: {paper: describe_scale(FILED, SETTINGS, wildcards.scale, paper) for paper in PAPERS},
        code=code_digest("write_report"),
    script:
        "../scripts/write_report.py"
