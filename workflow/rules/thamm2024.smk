"""Thamm et al. (2024): spectra and nulls -> tests of every weight matrix -> plotted numbers and tables."""


rule analyse_weights:
    """Every statistic of every weight matrix of one network, plain and calibrated."""
    input:
        values="results/{scale}/spectra/thamm2024/{network}.h5",
        vectors="results/{scale}/vectors/thamm2024/{network}.h5",
        nulls=lambda wildcards: sorted({path for files in null_files(wildcards) for path in files.values()}),
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
    threads: 1
    resources:
        mem_mb=decomposition_memory,
        runtime=by_attempt(30),
    params:
        layers=lambda wildcards: weight_layers(wildcards.scale, wildcards.network),
        states=weight_states,
        null_levels=lambda wildcards: null_files(wildcards)[0],
        null_vectors=lambda wildcards: null_files(wildcards)[1],
        unfolding=unfolding_parameters,
        code=code_digest("analyse_weights"),
    script:
        "../scripts/analyse_weights.py"


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
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=training_memory,
        runtime=linearised_minutes,
    params:
        network=network_entry,
        training=lambda wildcards: {key: training_entry(wildcards)[key] for key in ("images", "test_images")},
        layer=lambda wildcards: SETTINGS[wildcards.scale].thamm2024.figure_4.layer,
        code=code_digest("evaluate_linearised"),
    script:
        "../scripts/evaluate_linearised.py"


rule gather_level_statistics:
    """Spacings and number variance of the matrices of figure 1."""
    input:
        levels=tests_of("levels", "figure_1"),
        curves=tests_of("curves", "figure_1"),
    output:
        curves="results/{scale}/statistics/thamm2024/figure_1_curves.csv",
        summary="results/{scale}/statistics/thamm2024/figure_1.csv",
    log:
        "results/{scale}/logs/gather_level_statistics/figure_1.log",
    benchmark:
        "results/{scale}/benchmarks/thamm2024_figure_1/gather_level_statistics.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(15),
    params:
        places=lambda wildcards: SETTINGS[wildcards.scale].thamm2024.figure_1.model_dump()["panels"],
        networks=lambda wildcards: tested_networks(wildcards.scale, "figure_1"),
        code=code_digest("gather_level_statistics"),
    script:
        "../scripts/gather_level_statistics.py"


rule gather_vector_tests:
    """One spectrum and the Porter-Thomas tests of figure 2."""
    input:
        levels=tests_of("levels", "figure_2"),
        curves=tests_of("curves", "figure_2"),
        vectors=tests_of("vectors", "figure_2"),
    output:
        curves="results/{scale}/statistics/thamm2024/figure_2_curves.csv",
        summary="results/{scale}/statistics/thamm2024/figure_2.csv",
    log:
        "results/{scale}/logs/gather_vector_tests/figure_2.log",
    benchmark:
        "results/{scale}/benchmarks/thamm2024_figure_2/gather_vector_tests.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(15),
    params:
        figure=lambda wildcards: SETTINGS[wildcards.scale].thamm2024.figure_2.model_dump(),
        networks=lambda wildcards: tested_networks(wildcards.scale, "figure_2"),
        code=code_digest("gather_vector_tests"),
    script:
        "../scripts/gather_vector_tests.py"


rule gather_regimes:
    """Spectra, levels and vectors in the learning regimes of figure 3."""
    input:
        levels=tests_of("levels", "figure_3"),
        curves=tests_of("curves", "figure_3"),
        vectors=tests_of("vectors", "figure_3"),
        histories=lambda wildcards: [
            f"results/{wildcards.scale}/networks/{network}_history.csv"
            for network in tested_networks(wildcards.scale, "figure_3")
        ],
    output:
        curves="results/{scale}/statistics/thamm2024/figure_3_curves.csv",
        summary="results/{scale}/statistics/thamm2024/figure_3.csv",
    log:
        "results/{scale}/logs/gather_regimes/figure_3.log",
    benchmark:
        "results/{scale}/benchmarks/thamm2024_figure_3/gather_regimes.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(15),
    params:
        figure=lambda wildcards: SETTINGS[wildcards.scale].thamm2024.figure_3.model_dump(),
        networks=lambda wildcards: tested_networks(wildcards.scale, "figure_3"),
        code=code_digest("gather_regimes"),
    script:
        "../scripts/gather_regimes.py"


rule gather_accuracies:
    """Accuracies against the output scale, figure 4."""
    input:
        lambda wildcards: [
            f"results/{wildcards.scale}/statistics/thamm2024/networks/{network}_linearised.csv"
            for network in swept_networks(wildcards.scale)
        ],
    output:
        curves="results/{scale}/statistics/thamm2024/figure_4_curves.csv",
        summary="results/{scale}/statistics/thamm2024/figure_4.csv",
    log:
        "results/{scale}/logs/gather_accuracies/figure_4.log",
    benchmark:
        "results/{scale}/benchmarks/thamm2024_figure_4/gather_accuracies.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(15),
    params:
        code=code_digest("gather_accuracies"),
    script:
        "../scripts/gather_accuracies.py"


rule tabulate_accuracies:
    """Table 1: test accuracies beside the published ones."""
    input:
        published="resources/published/thamm2024_table_1.csv",
        histories=lambda wildcards: [
            f"results/{wildcards.scale}/networks/{network}_history.csv"
            for network in SETTINGS[wildcards.scale].thamm2024.networks
        ],
    output:
        csv="results/{scale}/tables/thamm2024/table_1.csv",
        md="results/{scale}/tables/thamm2024/table_1.md",
    log:
        "results/{scale}/logs/tabulate_accuracies/table_1.log",
    benchmark:
        "results/{scale}/benchmarks/thamm2024_table_1/tabulate_accuracies.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(15),
    params:
        test_images=lambda wildcards: {
            network: network_settings.test_images or SETTINGS[wildcards.scale].thamm2024.training.test_images
            for network, network_settings in SETTINGS[wildcards.scale].thamm2024.networks.items()
        },
        scale_note=lambda wildcards: describe_scale(
            FILED, SETTINGS, wildcards.scale, *SHARED_SETTINGS["thamm2024"]["table_1"]
        ),
        code=code_digest("tabulate_accuracies"),
    script:
        "../scripts/tabulate_accuracies.py"


rule tabulate_spacing_tests:
    """Table 2: spacing tests beside the published ones, plain and calibrated; what other unfoldings would give."""
    input:
        published="resources/published/thamm2024_table_2.csv",
        levels=tests_of("levels", "table_2"),
    output:
        csv="results/{scale}/tables/thamm2024/table_2.csv",
        md="results/{scale}/tables/thamm2024/table_2.md",
        unfolding="results/{scale}/tables/thamm2024/table_2_unfolding.csv",
        unfolding_md="results/{scale}/tables/thamm2024/table_2_unfolding.md",
    log:
        "results/{scale}/logs/tabulate_spacing_tests/table_2.log",
    benchmark:
        "results/{scale}/benchmarks/thamm2024_table_2/tabulate_spacing_tests.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(15),
    params:
        scale_note=lambda wildcards: describe_scale(
            FILED, SETTINGS, wildcards.scale, *SHARED_SETTINGS["thamm2024"]["table_2"]
        ),
        code=code_digest("tabulate_spacing_tests"),
    script:
        "../scripts/tabulate_spacing_tests.py"
