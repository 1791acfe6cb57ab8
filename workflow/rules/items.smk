"""Figures and tables: spectra and statistics -> plotted numbers -> figure, or table. What they are made of stands in
``deepspectra.papers.{paper}.items``."""


rule make_numbers:
    """Plotted numbers and summary of one figure."""
    input:
        unpack(plan(items.inputs)),
    output:
        curves="results/{scale}/statistics/{paper}/{item}_curves.csv",
        summary="results/{scale}/statistics/{paper}/{item}.csv",
    log:
        "results/{scale}/logs/make_numbers/{paper}_{item}.log",
    benchmark:
        "results/{scale}/benchmarks/{paper}_{item}/make_numbers.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(items.memory),
        runtime=plan.grow(items.attribute, name="minutes"),
    params:
        numbers=plan(items.attribute, name="numbers"),
        parameters=plan(items.parameters),
        code=code("make_numbers", items.numbers_modules),
    script:
        "../scripts/make_numbers.py"


rule draw_figure:
    """One figure as PDF and PNG, from its plotted numbers and its summary, with its caption beside it."""
    input:
        curves="results/{scale}/statistics/{paper}/{item}_curves.csv",
        summary="results/{scale}/statistics/{paper}/{item}.csv",
        recorded=plan(items.recorded_numbers),
    output:
        pdf=report(
            "results/{scale}/figures/{paper}/{item}.pdf",
            category=plan(items.paper_name),
            caption="../report/figure.rst",
            labels=plan(labels_of, suffix="pdf"),
        ),
        png=report(
            "results/{scale}/figures/{paper}/{item}.png",
            category=plan(items.paper_name),
            caption="../report/figure.rst",
            labels=plan(labels_of, suffix="png"),
        ),
        csv=report(
            "results/{scale}/figures/{paper}/{item}.csv",
            category=plan(items.paper_name),
            caption="../report/figure.rst",
            labels=plan(labels_of, suffix="csv"),
        ),
        caption="results/{scale}/captions/{paper}/{item}.txt",
    log:
        "results/{scale}/logs/draw_figure/{paper}_{item}.log",
    benchmark:
        "results/{scale}/benchmarks/{paper}_{item}/draw_figure.tsv"
    wildcard_constraints:
        scale=DRAWN,
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(1000),
        runtime=plan.grow(15),
    params:
        # A path, which templates of Snakemake's report can read; no part of the result.
        caption=lambda wildcards, output: Path(output.caption),
        drawing=plan(items.attribute, name="drawing"),
        title=plan(items.attribute, name="title"),
        note=plan(items.attribute, name="note"),
        scale_note=plan(items.scale_note),
        code=code("draw_figure", items.drawing_modules),
    script:
        "../scripts/draw_figure.py"
