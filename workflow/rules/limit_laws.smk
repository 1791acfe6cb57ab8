"""Limit laws by themselves: an entry of the configuration -> its law as numbers -> its figure."""


rule solve_limit_law:
    """Density, distribution function, edges, atoms and moments of one limit law."""
    input:
        limit_law_file,
    output:
        curve="results/{scale}/limits/{law}.csv",
        summary="results/{scale}/limits/{law}_summary.csv",
    log:
        "results/{scale}/logs/solve_limit_law/{law}.log",
    benchmark:
        "results/{scale}/benchmarks/limits_{law}/solve_limit_law.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(30),
    params:
        law=limit_law_of,
        # The file of an activation function of the user's own.
        activation=lambda wildcards: source_of(limit_law_of(wildcards)["activation"]),
        code=code_digest("solve_limit_law"),
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
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(15),
    params:
        # A path, which templates of Snakemake's report can read; no part of the result.
        caption=lambda wildcards, output: Path(output.caption),
        law=limit_law_of,
        code=code_digest("draw_limit_law"),
    script:
        "../scripts/draw_limit_law.py"
