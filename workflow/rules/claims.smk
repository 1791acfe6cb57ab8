"""Claims stage: tables of all papers and the ledger -> what was measured beside what is claimed, with verdicts."""

#: All that the short name stands for, at the scale of the configuration.
CLAIM_FILES = [f"results/{SCALE}/claims.{suffix}" for suffix in ("csv", "md", "pdf", "png")]


rule check_claims:
    """Every claim of the ledger with the number that was measured, its error and a verdict."""
    input:
        ledger="resources/claims.csv",
        results=lambda wildcards: [f"results/{wildcards.scale}/{name}.csv" for name in claim_results(wildcards)],
    output:
        csv="results/{scale}/claims.csv",
        md=report(
            "results/{scale}/claims.md",
            category="claims",
            labels={"item": "claims", "scale": "{scale}"},
        ),
    log:
        "results/{scale}/logs/check_claims.log",
    benchmark:
        "results/{scale}/benchmarks/claims/check_claims.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(15),
    params:
        names=claim_results,
        papers=lambda wildcards: SETTINGS[wildcards.scale].claims.papers,
        notes=lambda wildcards: {
            f"{paper}/{item}": item_note(wildcards.scale, paper, item)
            for paper in SETTINGS[wildcards.scale].claims.papers
            for item in FIGURES[paper]
        },
        changed=lambda wildcards: [
            f"{paper}/{item}"
            for paper in SETTINGS[wildcards.scale].claims.papers
            for item in FIGURES[paper]
            if differences(FILED[wildcards.scale], SETTINGS[wildcards.scale], *item_settings(paper, item))
        ],
        code=code_digest("check_claims"),
    script:
        "../scripts/check_claims.py"


rule draw_claims:
    """The claims as a picture."""
    input:
        "results/{scale}/claims.csv",
    output:
        pdf="results/{scale}/claims.pdf",
        png=report(
            "results/{scale}/claims.png",
            category="claims",
            labels={"item": "claims, drawn", "scale": "{scale}"},
        ),
    log:
        "results/{scale}/logs/draw_claims.log",
    benchmark:
        "results/{scale}/benchmarks/claims/draw_claims.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(15),
    params:
        note=lambda wildcards: " ".join(
            f"{paper}: {describe_scale(FILED, SETTINGS, wildcards.scale, paper)}"
            for paper in SETTINGS[wildcards.scale].claims.papers
        ),
        code=code_digest("draw_claims"),
    script:
        "../scripts/draw_claims.py"
