"""Limit laws by themselves: an entry of the configuration -> its law as numbers -> its figure."""

from deepspectra.own_activations import source_of

for name, entry in RUN.limit_laws.items():
    file = entry.input.eigenvalues
    # A spectrum below results/ may be one that a rule makes.
    if file and workflow.is_main_process and not file.startswith("results/") and not Path(file).expanduser().is_file():
        stop(f"limit_laws.{name}.input.eigenvalues: expected a file of eigenvalues, found nothing at {file!r}")


def limit_law_of(wildcards):
    """An entry of the configuration, as plain values."""
    laws = SETTINGS[wildcards.scale].limit_laws
    if wildcards.law not in laws:
        stop(f"the configuration has no limit law {wildcards.law!r}; it has {', '.join(laws) or 'none'}")
    return laws[wildcards.law].model_dump()


def limit_law_files(name):
    """All that the short name of a law stands for, at the scale of the configuration."""
    return [f"results/{SCALE}/limits/{name}{suffix}" for suffix in (".csv", "_summary.csv", ".pdf", ".png")]


rule solve_limit_law:
    """Density, distribution function, edges, atoms and moments of one limit law."""
    input:
        lambda wildcards: limit_law_of(wildcards)["input"]["eigenvalues"] or [],
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
        mem_mb=1000,
        runtime=30,
    params:
        law=limit_law_of,
        # The file of an activation function of the user's own.
        activation=lambda wildcards: source_of(limit_law_of(wildcards)["activation"]),
        library=source_digest("limits.report", "limits.specification", "own_activations"),
    script:
        "../scripts/solve_limit_law.py"


rule draw_limit_law:
    """The figure of one limit law."""
    input:
        curve="results/{scale}/limits/{law}.csv",
        summary="results/{scale}/limits/{law}_summary.csv",
    output:
        pdf="results/{scale}/limits/{law}.pdf",
        png=report(
            "results/{scale}/limits/{law}.png",
            category="limit laws",
            caption="../report/limit_law.rst",
            labels={"law": "{law}", "scale": "{scale}"},
        ),
    log:
        "results/{scale}/logs/draw_limit_law/{law}.log",
    benchmark:
        "results/{scale}/benchmarks/limits_{law}/draw_limit_law.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        law=limit_law_of,
        library=source_digest("figures.limit_laws"),
    script:
        "../scripts/draw_limit_law.py"
