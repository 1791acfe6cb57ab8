"""What a scale costs before it is started.

Ask with --nolock beside a run: Snakemake takes all locks of a folder at its end, and that of the run has to be put
back then.
"""


localrules:
    cost,


rule cost:
    """Print time, memory and disk of every target at the scale of the configuration, as measured before."""
    log:
        "resources/logs/cost.log",
    conda:
        "../../envs/workflow.yaml"
    params:
        scale=SCALE,
        cores=lambda wildcards: workflow.cores,
        targets=[f"{paper}_{item}" for paper, items in FIGURES.items() for item in items],
        table=str(Path(workflow.basedir) / "resources" / "costs.csv"),
        downloads={
            "cifar10": "140 to 170 MB to download, 184 MB on disk",
            "mnist": "12 MB, 55 MB on disk",
            "bike": "1 MB",
            "the network that makes features": "18 to 87 MB",
        },
    script:
        "../scripts/print_costs.py"
