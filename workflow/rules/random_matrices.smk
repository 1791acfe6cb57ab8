"""What needs no training: random features (pennington2017), the GOE, Gaussian processes and a large random network
(baskerville2022)."""


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
    resources:
        gpu=GPU,
        mem_mb=plan.grow(costs.covariance_memory),
        runtime=plan.grow(costs.covariance_minutes),
    params:
        item=plan.values("pennington2017.figure_1", exclude={"alphas", "bins"}),
        code=code("simulate_data_covariance"),
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
    resources:
        gpu=GPU,
        mem_mb=plan.grow(costs.random_feature_memory),
        runtime=plan.grow(costs.random_feature_minutes),
    params:
        item=plan.values("pennington2017.figure_2", exclude={"panels", "curve_points"}),
        shape=plan.values("pennington2017.figure_2.panels.{panel}"),
        code=code("simulate_random_features"),
    script:
        "../scripts/simulate_random_features.py"


rule draw_orthogonal_ensemble:
    """Eigenvalues of matrices of the GOE: a density for figure 1, spacings for figure 2."""
    output:
        "results/{scale}/spectra/baskerville2022/{item}_ensemble.h5",
    log:
        "results/{scale}/logs/draw_orthogonal_ensemble/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/baskerville2022_{item}/draw_orthogonal_ensemble.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(1000),
        runtime=plan.grow(30),
    params:
        ensemble=plan.values("baskerville2022.{item}.ensemble"),
        code=code("draw_orthogonal_ensemble"),
    script:
        "../scripts/draw_orthogonal_ensemble.py"


rule draw_process_hessians:
    """Eigenvalues of Hessians of Gaussian processes, as drawn and with degenerate directions or outliers."""
    output:
        "results/{scale}/spectra/baskerville2022/gaussian_process.h5",
    log:
        "results/{scale}/logs/draw_process_hessians.log",
    benchmark:
        "results/{scale}/benchmarks/draw_process_hessians.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(1500),
        runtime=plan.grow(costs.process_minutes),
    params:
        process=plan.values("baskerville2022.gaussian_process", exclude={"bins"}),
        code=code("draw_process_hessians"),
    script:
        "../scripts/draw_process_hessians.py"


rule resolve_resnet34:
    """Non-zero spectrum of the Gauss-Newton matrix of a full ResNet-34, random weights, on CIFAR-10 test images.

    Weights that were trained on ImageNet would be a second input here.
    """
    input:
        "resources/data/cifar10.h5",
    output:
        "results/{scale}/spectra/baskerville2022/figure_resnet34.h5",
    log:
        "results/{scale}/logs/resolve_resnet34.log",
    benchmark:
        "results/{scale}/benchmarks/baskerville2022_figure_resnet34/resolve_resnet34.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(costs.gauss_newton_memory),
        runtime=plan.grow(costs.gauss_newton_minutes),
    params:
        item=plan.values("baskerville2022.figure_resnet34"),
        # Training images that batch normalisation has its means and variances from.
        statistics_images=1000,
        code=code("resolve_resnet34"),
    script:
        "../scripts/resolve_resnet34.py"
