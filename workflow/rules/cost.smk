"""What a scale costs before it is started."""


localrules:
    cost,


rule cost:
    """Print time, memory and disk of every target at the scale of the configuration, as measured before."""
    input:
        "resources/costs.csv",
    log:
        "resources/logs/cost.log",
    conda:
        "../../envs/workflow.yaml"
    params:
        scale=SCALE,
        cores=lambda wildcards: workflow.cores,
        targets=[f"{paper}_{item}" for paper, items in FIGURES.items() for item in items],
        downloads={
            name: max(source.bytes for source in dataset.sources) // 1_000_000 for name, dataset in DATASETS.items()
        },
    script:
        "../scripts/print_costs.py"
