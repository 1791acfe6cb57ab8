"""What a scale costs before it is started."""


localrules:
    cost,


rule cost:
    """Print time, memory and disk of every target at the scale of the configuration, as measured before."""
    params:
        scale=SCALE,
    log:
        "resources/logs/cost.log",
    conda:
        "../../envs/workflow.yaml"
    script:
        "../scripts/print_costs.py"
