"""Limit laws by themselves: an entry of the settings -> its law as numbers -> its figure."""


rule solve_limit_law:
    """Density, distribution function, edges, atoms and moments of one limit law."""
    input:
        plan(items.law_file),
    output:
        curve="results/{scale}/limits/{law}.csv",
        summary="results/{scale}/limits/{law}_summary.csv",
    log:
        "results/{scale}/logs/solve_limit_law/{law}.log",
    benchmark:
        "results/{scale}/benchmarks/limits_{law}/solve_limit_law.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(1000),
        runtime=plan.grow(30),
    params:
        law=plan(items.law_settings),
        # The file of an activation function of the user's own.
        activation=plan(items.law_activation),
        code=code("solve_limit_law", items.law_modules),
    script:
        "../scripts/solve_limit_law.py"


rule draw_limit_law:
    """The figure of one limit law."""
    input:
        curve="results/{scale}/limits/{law}.csv",
        summary="results/{scale}/limits/{law}_summary.csv",
    output:
        pdf=report(
            "results/{scale}/limits/{law}.pdf",
            category=LIMIT_LAWS,
            caption="../report/figure.rst",
            labels={"item": "{law}", "kind": "limit law", "file": "PDF"},
        ),
        png=report(
            "results/{scale}/limits/{law}.png",
            category=LIMIT_LAWS,
            caption="../report/figure.rst",
            labels={"item": "{law}", "kind": "limit law", "file": "PNG"},
        ),
        caption="results/{scale}/captions/limits/{law}.txt",
    log:
        "results/{scale}/logs/draw_limit_law/{law}.log",
    benchmark:
        "results/{scale}/benchmarks/limits_{law}/draw_limit_law.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(1000),
        runtime=plan.grow(15),
    params:
        # A path, which templates of Snakemake's report can read; no part of the result.
        caption=lambda wildcards, output: Path(output.caption),
        law=plan(items.law_settings),
        code=code("draw_limit_law"),
    script:
        "../scripts/draw_limit_law.py"
