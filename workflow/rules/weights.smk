"""Weight matrices (thamm2024): singular values and vectors, random matrices beside them, and their tests."""

from deepspectra.papers.thamm2024 import networks as thamm2024

weights_of = plan.of("thamm2024")


rule decompose_weights:
    """Singular values and vectors of every weight matrix of a network."""
    input:
        weights_of(thamm2024.weight_files),
    output:
        values="results/{scale}/spectra/thamm2024/{network}.h5",
        vectors=matrix("results/{scale}/vectors/thamm2024/{network}.h5"),
    log:
        "results/{scale}/logs/decompose_weights/{network}.log",
    benchmark:
        "results/{scale}/benchmarks/decompose_weights/{network}.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(costs.decomposition_memory),
        disk_mb=plan.grow(costs.decomposition_disk),
        runtime=plan.grow(costs.decomposition_minutes),
    params:
        layers=weights_of(thamm2024.stored_shapes),
        states=weights_of(thamm2024.weight_states),
        code=code("decompose_weights"),
    script:
        "../scripts/decompose_weights.py"


rule draw_null_levels:
    """Spacing tests and number variances of random matrices of one shape."""
    input:
        weights_of(thamm2024.pretrained_alone),
    output:
        "results/{scale}/nulls/levels_{rows}x{columns}.h5",
    log:
        "results/{scale}/logs/draw_null_levels/{rows}x{columns}.log",
    benchmark:
        "results/{scale}/benchmarks/draw_null_levels/{rows}x{columns}.tsv"
    # Tests wait for them.
    priority: 5
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(1000),
        disk_mb=plan.grow(costs.null_level_disk),
        runtime=plan.grow(costs.null_level_minutes),
    params:
        nulls=plan.values("thamm2024.nulls", exclude={"vectors"}),
        unfolding=weights_of(thamm2024.unfolding_parameters),
        # Random matrices go through the code that the weights go through: an edit of it reaches both.
        code=code("draw_null_levels"),
    script:
        "../scripts/draw_null_levels.py"


rule draw_null_vectors:
    """Porter-Thomas tests of random unit vectors of one dimension."""
    output:
        "results/{scale}/nulls/vectors_{dimension}.h5",
    log:
        "results/{scale}/logs/draw_null_vectors/{dimension}.log",
    benchmark:
        "results/{scale}/benchmarks/draw_null_vectors/{dimension}.tsv"
    priority: 5
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(1000),
        runtime=plan.grow(costs.null_vector_minutes),
    params:
        nulls=plan.values("thamm2024.nulls", include={"vectors", "seed"}),
        code=code("draw_null_vectors"),
    script:
        "../scripts/draw_null_vectors.py"


rule analyse_weights:
    """Every statistic of every weight matrix of one network, plain and calibrated."""
    input:
        values="results/{scale}/spectra/thamm2024/{network}.h5",
        vectors="results/{scale}/vectors/thamm2024/{network}.h5",
        nulls=weights_of(thamm2024.null_files),
    output:
        levels="results/{scale}/statistics/thamm2024/networks/{network}_levels.csv",
        curves="results/{scale}/statistics/thamm2024/networks/{network}_curves.csv",
        vectors="results/{scale}/statistics/thamm2024/networks/{network}_vectors.csv",
    log:
        "results/{scale}/logs/analyse_weights/{network}.log",
    benchmark:
        "results/{scale}/benchmarks/analyse_weights/{network}.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(costs.decomposition_memory),
        runtime=plan.grow(30),
    params:
        layers=weights_of(thamm2024.weight_layers),
        states=weights_of(thamm2024.weight_states),
        unfolding=weights_of(thamm2024.unfolding_parameters),
        code=code("analyse_weights"),
    script:
        "../scripts/analyse_weights.py"


rule simulate_level_tests:
    """Level and power of the tests of levels: matrices of which the truth is known, through the same pipeline."""
    input:
        null=weights_of(thamm2024.tested_null),
    output:
        "results/{scale}/statistics/thamm2024/level_tests.csv",
    log:
        "results/{scale}/logs/simulate_level_tests.log",
    benchmark:
        "results/{scale}/benchmarks/simulate_level_tests.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(1000),
        runtime=plan.grow(costs.level_test_minutes),
    params:
        table=plan.values("thamm2024.table_2"),
        half_window=plan.values("thamm2024.unfolding.half_window"),
        code=code("simulate_level_tests"),
    script:
        "../scripts/simulate_level_tests.py"


rule evaluate_linearised:
    """Accuracies of a network and of its linearisation around one layer's initial weights."""
    input:
        weights="results/{scale}/networks/{network}.h5",
        data="resources/data/cifar10.h5",
    output:
        "results/{scale}/statistics/thamm2024/networks/{network}_linearised.csv",
    log:
        "results/{scale}/logs/evaluate_linearised/{network}.log",
    benchmark:
        "results/{scale}/benchmarks/evaluate_linearised/{network}.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        gpu=GPU,
        mem_mb=plan.grow(costs.training_memory),
        runtime=plan.grow(costs.linearised_minutes),
    params:
        network=plan(networks.network_entry),
        training=plan(networks.evaluated_samples),
        layer=plan.values("thamm2024.figure_4.layer"),
        code=code("evaluate_linearised", networks.network_modules),
    script:
        "../scripts/evaluate_linearised.py"
