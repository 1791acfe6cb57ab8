"""Training stage: data -> initial and final weights, history."""


rule train_network:
    """Train one network; a killed job goes on from its last checkpoint."""
    input:
        plan(networks.network_data),
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
    # One thread: two networks side by side take less time than one after the other with two threads each.
    resources:
        gpu=GPU,
        mem_mb=plan.grow(costs.training_memory),
        runtime=plan.grow(costs.training_minutes),
    params:
        paper=plan(networks.network_paper),
        network=plan(networks.network_entry),
        training=plan(networks.training_entry),
        may_diverge=plan(networks.may_diverge),
        code=code("train_network", networks.recipe_modules),
    script:
        "../scripts/train_network.py"
