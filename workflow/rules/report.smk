"""Claims and report: tables of all papers and the ledger -> verdicts -> pages with all results of a scale."""


rule check_claims:
    """Every claim of the ledger with what was measured and two verdicts: as published, and under scrutiny."""
    input:
        ledger=shipped("resources/claims.csv"),
        results=plan(items.result_files),
    output:
        csv="results/{scale}/claims.csv",
        md=report("results/{scale}/claims.md", category="claims", labels={"item": "claims", "scale": "{scale}"}),
    log:
        "results/{scale}/logs/check_claims.log",
    benchmark:
        "results/{scale}/benchmarks/claims/check_claims.tsv"
    wildcard_constraints:
        scale=DRAWN,
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(1000),
        runtime=plan.grow(15),
    params:
        names=plan(items.result_tables),
        papers=plan.values("claims.papers"),
        reduced=plan(items.paper_notes),
        changed=plan(items.own_claims),
        absent=plan(items.absent_words),
        sizes=plan(sizes_of),
        code=code("check_claims"),
    script:
        "../scripts/check_claims.py"


rule draw_claims:
    """The claims as a picture."""
    input:
        "results/{scale}/claims.csv",
    output:
        pdf="results/{scale}/claims.pdf",
        png=report(
            "results/{scale}/claims.png", category="claims", labels={"item": "claims, drawn", "scale": "{scale}"}
        ),
    log:
        "results/{scale}/logs/draw_claims.log",
    benchmark:
        "results/{scale}/benchmarks/claims/draw_claims.tsv"
    wildcard_constraints:
        scale=DRAWN,
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(1000),
        runtime=plan.grow(15),
    params:
        note=plan(items.judged_note),
        code=code("draw_claims"),
    script:
        "../scripts/draw_claims.py"


rule compare:
    """The run's numbers beside those of the record, as a table and a picture; fails if seeds do not explain a difference."""
    input:
        lambda wildcards: items.compared_claims(SCALE),
    log:
        f"results/{SCALE}/logs/compare.log",
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(1000),
        runtime=plan.grow(15),
    params:
        scale=SCALE,
        code=code("compare_run"),
    script:
        "../scripts/compare_run.py"


rule write_report:
    """The first page of results, with every claim, and a page for each figure, table, limit law and network."""
    input:
        plan(items.report_files),
        plan(items.recorded_files),
        claims="results/{scale}/claims.csv",
        templates=[
            shipped(f"workflow/lib/deepspectra/report/{name}")
            for name in ("page.html", "item.html", "parts.html", "cells.html", "style.css")
        ],
    output:
        # Others have other ones: see below.
        items.report_pages("{scale}", KEPT, SETTINGS[SCALE], shown=SCALE),
    log:
        "results/{scale}/logs/write_report/report.log",
    benchmark:
        "results/{scale}/benchmarks/report/write_report.tsv"
    wildcard_constraints:
        scale="|".join(SCALES) if SCALE in SCALES else SCALE,
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(1000),
        runtime=plan.grow(15),
    params:
        scale=plan(items.scale_words),
        contents=plan(items.report_contents),
        recorded=plan(items.recorded_contents),
        laws=plan(items.law_names),
        networks=plan(my_networks.network_names),
        reduced=plan(items.paper_notes),
        options=plan(items.run_options),
        code=code("write_report", items.item_modules),
    script:
        "../scripts/write_report.py"


use rule write_report as write_report_of_record with:
    output:
        items.report_pages("{scale}", KEPT, shown=RECORDED),
    wildcard_constraints:
        scale=RECORDED,


# Beside a run that has a name, scales have the limit laws and networks of the configuration's files.
if SCALE not in SCALES:

    use rule write_report as write_report_of_scale with:
        output:
            items.report_pages("{scale}", KEPT, SETTINGS["paper"], shown="paper"),
        wildcard_constraints:
            scale="|".join(SCALES),
