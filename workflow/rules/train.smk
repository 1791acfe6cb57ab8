"""Training stage: data -> initial and final weights, history."""


rule train_network:
    """Train one network; a job that was killed goes on from its last checkpoint."""
    input:
        network_data,
    output:
        weights="results/{scale}/networks/{network}.h5",
        history="results/{scale}/networks/{network}_history.csv",
    log:
        "results/{scale}/logs/train_network/{network}.log",
    benchmark:
        "results/{scale}/benchmarks/train_network/{network}.tsv"
    # The longest jobs first.
    priority: 20
    conda:
        "../../envs/workflow.yaml"
    # Two networks side by side take less time than one after the other with two threads each.
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=training_memory,
        runtime=training_minutes,
    params:
        paper=lambda wildcards: network_paper(wildcards.scale, wildcards.network),
        network=network_entry,
        training=training_entry,
        # Not among the outputs, which Snakemake deletes when a job fails.
        checkpoint="results/{scale}/checkpoints/{network}.h5",
        code=code_digest("train_network"),
    script:
        "../scripts/train_network.py"
