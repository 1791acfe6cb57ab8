"""The report: tables as pages, and one page with all results of a scale."""


def report_inputs(wildcards):
    """Figures, tables and limit laws with what the page says of them and links to."""
    folder = f"results/{wildcards.scale}"
    files = []
    for paper, items in FIGURES.items():
        for item in items:
            if item.startswith("table"):
                names = [f"{folder}/tables/{paper}/{table}" for table in tables_of(paper, item)]
                files += [f"{name}.{suffix}" for name in names for suffix in ("md", "csv")]
            else:
                files += [f"{folder}/figures/{paper}/{item}.{suffix}" for suffix in ("png", "pdf", "csv")]
                files.append(f"{folder}/captions/{paper}/{item}.txt")
    for law in SETTINGS[wildcards.scale].limit_laws:
        files += [f"{folder}/limits/{law}{suffix}" for suffix in (".png", ".pdf", ".csv", "_summary.csv")]
        files.append(f"{folder}/captions/limits/{law}.txt")
    return files


def report_files(scale):
    """All that the short name stands for: the page, and the tables as pages for Snakemake's own report."""
    tables = [
        f"results/{scale}/tables/{paper}/{table}.html"
        for paper, items in FIGURES.items()
        for item in items
        if item.startswith("table")
        for table in tables_of(paper, item)
    ]
    return [f"results/{scale}/report.html", *tables]


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
