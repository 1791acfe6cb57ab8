"""Fan and Wang (2020): kernels -> spectra -> limit laws, the plotted numbers and the summary of every figure."""

KERNEL_FIGURES = "figure_1|figure_2|figure_s2"
TRAINED_FIGURES = "figure_3|figure_s5|figure_s6"
KERNEL_NETWORKS = "|".join(RUN.fan2020.networks)


rule compute_kernels:
    """Input Gram matrix, conjugate kernels of all layers and tangent kernel at initialisation, their linear equivalents."""
    input:
        kernel_data,
    output:
        (
            "results/{scale}/kernels/fan2020/{item}.h5"
            if RUN.keep_matrices
            else temp("results/{scale}/kernels/fan2020/{item}.h5")
        ),
    log:
        "results/{scale}/logs/compute_kernels/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_{item}/compute_kernels.tsv"
    wildcard_constraints:
        item=KERNEL_FIGURES,
    conda:
        "../../envs/workflow.yaml"
    # One thread a job: two networks side by side take less time than one after the other with two threads each, and a
    # threaded eigensolver can be many times slower where cores are shared.
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=kernel_memory,
        disk_mb=kernel_disk,
        runtime=kernel_minutes,
    params:
        item=kernel_settings,
        code=code_digest("compute_kernels"),
    script:
        "../scripts/compute_kernels.py"


rule decompose_kernels:
    """Eigenvalues, in float64, of every matrix that compute_kernels left."""
    input:
        "results/{scale}/kernels/fan2020/{item}.h5",
    output:
        "results/{scale}/spectra/fan2020/{item}.h5",
    log:
        "results/{scale}/logs/decompose_kernels/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_{item}/decompose_kernels.tsv"
    wildcard_constraints:
        item=KERNEL_FIGURES,
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=eigenvalue_memory,
        runtime=kernel_eigenvalue_minutes,
    params:
        depth=lambda wildcards: settings_of(wildcards.scale, f"fan2020.{wildcards.item}").depth,
        compared=lambda wildcards: sums_are_compared(wildcards.scale, wildcards.item),
        code=code_digest("decompose_kernels"),
    script:
        "../scripts/decompose_kernels.py"


rule compare_kernel_spectra:
    """Limit laws of theorems 3.4 and 3.7, histograms, and Kolmogorov-Smirnov distances."""
    input:
        lambda wildcards: spectra_files(wildcards.scale, "fan2020", wildcards.item),
    output:
        curves="results/{scale}/statistics/fan2020/{item}_curves.csv",
        summary="results/{scale}/statistics/fan2020/{item}.csv",
    log:
        "results/{scale}/logs/compare_kernel_spectra/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_{item}/compare_kernel_spectra.tsv"
    wildcard_constraints:
        item=KERNEL_FIGURES,
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1500),
        runtime=by_attempt(30),
    params:
        item=parameters("fan2020.{item}"),
        compared=lambda wildcards: sums_are_compared(wildcards.scale, wildcards.item),
        code=code_digest("compare_kernel_spectra"),
    script:
        "../scripts/compare_kernel_spectra.py"


rule compare_layer_spectra:
    """Conjugate kernels of all layers of figures 1 and 2 beside theorem 3.4's limits."""
    input:
        lambda wildcards: spectra_files(wildcards.scale, "fan2020", wildcards.item),
    output:
        curves="results/{scale}/statistics/fan2020/{item}_curves.csv",
        summary="results/{scale}/statistics/fan2020/{item}.csv",
    log:
        "results/{scale}/logs/compare_layer_spectra/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_{item}/compare_layer_spectra.tsv"
    wildcard_constraints:
        item="figure_s4",
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1500),
        runtime=by_attempt(30),
    params:
        figures=lambda wildcards: {
            item: settings_of(wildcards.scale, f"fan2020.{item}").model_dump()
            for item in SPECTRA["fan2020"]["figure_s4"](wildcards.scale)
        },
        code=code_digest("compare_layer_spectra"),
    script:
        "../scripts/compare_layer_spectra.py"


rule compute_trained_kernels:
    """Input Gram matrix, conjugate kernels of all layers and tangent kernel before and after training."""
    input:
        weights="results/{scale}/networks/{network}.h5",
        history="results/{scale}/networks/{network}_history.csv",
        data=network_data,
    output:
        (
            "results/{scale}/kernels/fan2020/{network}.h5"
            if RUN.keep_matrices
            else temp("results/{scale}/kernels/fan2020/{network}.h5")
        ),
    log:
        "results/{scale}/logs/compute_trained_kernels/{network}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_networks/compute_trained_kernels_{network}.tsv"
    wildcard_constraints:
        network=KERNEL_NETWORKS,
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=trained_kernel_memory,
        disk_mb=trained_kernel_disk,
        runtime=trained_kernel_minutes,
    params:
        network=network_entry,
        training=training_entry,
        code=code_digest("compute_trained_kernels"),
    script:
        "../scripts/compute_trained_kernels.py"


rule decompose_trained_kernels:
    """Their eigenvalues, and the share of the labels on each eigenvector."""
    input:
        "results/{scale}/kernels/fan2020/{network}.h5",
    output:
        "results/{scale}/spectra/fan2020/{network}.h5",
    log:
        "results/{scale}/logs/decompose_trained_kernels/{network}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_networks/decompose_trained_kernels_{network}.tsv"
    wildcard_constraints:
        network=KERNEL_NETWORKS,
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=trained_kernel_memory,
        runtime=trained_kernel_minutes,
    params:
        kernels=lambda wildcards: network_kernel_names(wildcards.scale, wildcards.network),
        code=code_digest("decompose_trained_kernels"),
    script:
        "../scripts/decompose_trained_kernels.py"


rule compare_trained_spectra:
    """Kernels before and after training beside the limits at random weights; outliers, labels, errors."""
    input:
        spectra=lambda wildcards: spectra_files(wildcards.scale, "fan2020", wildcards.item),
        history=trained_history,
    output:
        curves="results/{scale}/statistics/fan2020/{item}_curves.csv",
        summary="results/{scale}/statistics/fan2020/{item}.csv",
    log:
        "results/{scale}/logs/compare_trained_spectra/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_{item}/compare_trained_spectra.tsv"
    wildcard_constraints:
        item=TRAINED_FIGURES,
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1500),
        runtime=by_attempt(30),
    params:
        item=parameters("fan2020.{item}"),
        kernels=shown_kernels,
        network=lambda wildcards: trained_network(wildcards.scale, wildcards.item).model_dump(),
        training=lambda wildcards: SETTINGS[wildcards.scale].fan2020.training.model_dump(),
        code=code_digest("compare_trained_spectra"),
    script:
        "../scripts/compare_trained_spectra.py"


rule compare_inner_products:
    """Inner products of figure 2's images before and after the removal of their principal components."""
    input:
        "resources/data/cifar10.h5",
    output:
        curves="results/{scale}/statistics/fan2020/{item}_curves.csv",
        summary="results/{scale}/statistics/fan2020/{item}.csv",
    log:
        "results/{scale}/logs/compare_inner_products/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_{item}/compare_inner_products.tsv"
    wildcard_constraints:
        item="figure_s1",
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=image_memory,
        runtime=by_attempt(30),
    params:
        item=image_settings,
        code=code_digest("compare_inner_products"),
    script:
        "../scripts/compare_inner_products.py"


rule select_example_images:
    """Some of figure 2's images before and after the removal of their principal components."""
    input:
        "resources/data/cifar10.h5",
    output:
        curves="results/{scale}/statistics/fan2020/{item}_curves.csv",
        summary="results/{scale}/statistics/fan2020/{item}.csv",
    log:
        "results/{scale}/logs/select_example_images/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_{item}/select_example_images.tsv"
    wildcard_constraints:
        item="figure_s3",
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=image_memory,
        runtime=by_attempt(30),
    params:
        item=image_settings,
        code=code_digest("select_example_images"),
    script:
        "../scripts/select_example_images.py"
