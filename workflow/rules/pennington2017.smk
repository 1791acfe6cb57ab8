"""Pennington and Worah (2017): random matrices -> spectra -> the plotted numbers and the summary of every figure."""

SPECTRA["pennington2017"] = {
    "figure_1": lambda scale: [
        f"figure_1/alpha_{alpha:g}" for alpha in settings_of(scale, "pennington2017.figure_1").alphas
    ],
    "figure_2": lambda scale: [
        f"figure_2/panel_{panel}" for panel in settings_of(scale, "pennington2017.figure_2").panels
    ],
    "figure_3": lambda scale: [],
}


rule simulate_data_covariance:
    """Pooled spectra of Y Y'/m after the first and the last layer of random networks, for every width."""
    output:
        "results/{scale}/spectra/pennington2017/figure_1/alpha_{alpha}.h5",
    log:
        "results/{scale}/logs/simulate_data_covariance/alpha_{alpha}.log",
    benchmark:
        "results/{scale}/benchmarks/pennington2017_figure_1/simulate_data_covariance_{alpha}.tsv"
    # The longest jobs first: shorter ones fill the cores at the end.
    priority: 10
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=covariance_memory,
        runtime=covariance_minutes,
    params:
        item=parameters(
            "pennington2017.figure_1", "phi", "psi", "input_dimensions", "layers", "pooled_eigenvalues", "seed"
        ),
        code=code_digest("simulate_data_covariance"),
    script:
        "../scripts/simulate_data_covariance.py"


rule simulate_random_features:
    """Eigenvalues of Y'Y/m for a new random quintic at every ridge parameter."""
    output:
        "results/{scale}/spectra/pennington2017/figure_2/panel_{panel}.h5",
    log:
        "results/{scale}/logs/simulate_random_features/panel_{panel}.log",
    benchmark:
        "results/{scale}/benchmarks/pennington2017_figure_2/simulate_random_features_{panel}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=random_feature_memory,
        runtime=random_feature_minutes,
    params:
        item=parameters(
            "pennington2017.figure_2",
            "betas",
            "smallest_gamma",
            "largest_gamma",
            "simulated_points",
            "input_dimension",
            "seed",
        ),
        shape=lambda wildcards: parameters("pennington2017.figure_2", "panels")(wildcards)["panels"][wildcards.panel],
        code=code_digest("simulate_random_features"),
    script:
        "../scripts/simulate_random_features.py"


rule compare_data_covariance:
    """L1 distance of pooled spectra to the limit of theorem 1, beside what the limit's own samples have."""
    input:
        lambda wildcards: spectra_files(wildcards.scale, "pennington2017", "figure_1"),
    output:
        curves="results/{scale}/statistics/pennington2017/figure_1_curves.csv",
        summary="results/{scale}/statistics/pennington2017/figure_1.csv",
    log:
        "results/{scale}/logs/compare_data_covariance.log",
    benchmark:
        "results/{scale}/benchmarks/pennington2017_figure_1/compare_data_covariance.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1500),
        runtime=by_attempt(15),
    params:
        item=parameters("pennington2017.figure_1", "phi", "psi", "alphas", "input_dimensions", "layers", "bins"),
        code=code_digest("compare_data_covariance"),
    script:
        "../scripts/compare_data_covariance.py"


rule compare_training_loss:
    """Training loss of simulated random features beside theory."""
    input:
        lambda wildcards: spectra_files(wildcards.scale, "pennington2017", "figure_2"),
    output:
        curves="results/{scale}/statistics/pennington2017/figure_2_curves.csv",
        summary="results/{scale}/statistics/pennington2017/figure_2.csv",
    log:
        "results/{scale}/logs/compare_training_loss.log",
    benchmark:
        "results/{scale}/benchmarks/pennington2017_figure_2/compare_training_loss.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1500),
        runtime=by_attempt(15),
    params:
        item=parameters("pennington2017.figure_2"),
        code=code_digest("compare_training_loss"),
    script:
        "../scripts/compare_training_loss.py"


rule evaluate_activations:
    """The four activation functions with zeta = 0, their derivatives, and their Gaussian constants by quadrature."""
    output:
        curves="results/{scale}/statistics/pennington2017/figure_3_curves.csv",
        summary="results/{scale}/statistics/pennington2017/figure_3.csv",
    log:
        "results/{scale}/logs/evaluate_activations.log",
    benchmark:
        "results/{scale}/benchmarks/pennington2017_figure_3/evaluate_activations.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1500),
        runtime=by_attempt(15),
    params:
        item=parameters("pennington2017.figure_3"),
        code=code_digest("evaluate_activations"),
    script:
        "../scripts/evaluate_activations.py"
