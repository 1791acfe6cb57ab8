"""Kernels (fan2020): inputs and networks -> conjugate and tangent kernels -> eigenvalues."""


rule compute_kernels:
    """Input Gram matrix, conjugate kernels of all layers and tangent kernel at initialisation, their linear equivalents."""
    input:
        plan(networks.kernel_data),
    output:
        matrix("results/{scale}/kernels/fan2020/{item}.h5"),
    log:
        "results/{scale}/logs/compute_kernels/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_{item}/compute_kernels.tsv"
    conda:
        "../../envs/workflow.yaml"
    # One thread: two networks side by side take less time than one after the other with two threads each, and a
    # threaded eigensolver can be many times slower where cores are shared.
    resources:
        gpu=GPU,
        mem_mb=plan.grow(costs.kernel_memory),
        disk_mb=plan.grow(costs.kernel_disk),
        runtime=plan.grow(costs.kernel_minutes),
    params:
        item=plan.values("fan2020.{item}", exclude={"bins", "curve_points"}),
        code=code("compute_kernels", networks.kernel_modules),
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
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(costs.kernel_eigenvalue_memory),
        runtime=plan.grow(costs.kernel_eigenvalue_minutes),
    params:
        depth=plan.values("fan2020.{item}.depth"),
        compared=plan(networks.sums_are_compared),
        code=code("decompose_kernels"),
    script:
        "../scripts/decompose_kernels.py"


rule average_gram:
    """What the law of the given Gram matrix is solved with, and the network's own scale."""
    input:
        "results/{scale}/kernels/fan2020/{item}.h5",
    output:
        "results/{scale}/laws/fan2020/{item}.h5",
    log:
        "results/{scale}/logs/average_gram/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_{item}/average_gram.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(costs.gram_memory),
        runtime=plan.grow(costs.kernel_eigenvalue_minutes),
    params:
        item=plan.values("fan2020.{item}", exclude={"bins", "curve_points"}),
        code=code("average_gram", networks.kernel_modules),
    script:
        "../scripts/average_gram.py"


rule compute_trained_kernels:
    """Input Gram matrix, conjugate kernels of all layers and tangent kernel before and after training."""
    input:
        weights="results/{scale}/networks/{network}.h5",
        history="results/{scale}/networks/{network}_history.csv",
        data=plan(networks.network_data),
    output:
        matrix("results/{scale}/kernels/fan2020/{network}.h5"),
    log:
        "results/{scale}/logs/compute_trained_kernels/{network}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_networks/compute_trained_kernels_{network}.tsv"
    wildcard_constraints:
        network="(?!figure_|draws_).*",
    conda:
        "../../envs/workflow.yaml"
    resources:
        gpu=GPU,
        mem_mb=plan.grow(costs.trained_kernel_memory),
        disk_mb=plan.grow(costs.trained_kernel_disk),
        runtime=plan.grow(costs.trained_kernel_minutes),
    params:
        network=plan(networks.network_entry),
        training=plan(networks.training_entry),
        code=code("compute_trained_kernels", networks.network_modules),
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
        network="(?!figure_|draws_).*",
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(costs.trained_kernel_memory),
        runtime=plan.grow(costs.trained_kernel_minutes),
    params:
        kernels=plan(networks.network_kernel_names),
        code=code("decompose_trained_kernels"),
    script:
        "../scripts/decompose_trained_kernels.py"


rule draw_kernels:
    """Spectra of many networks of figures 1, 2 or S2 at several sizes, which show how distances to the limits fall."""
    input:
        plan(networks.drawn_data),
    output:
        "results/{scale}/spectra/fan2020/draws_{inputs}.h5",
    log:
        "results/{scale}/logs/draw_kernels/{inputs}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_figure_scaling/draw_kernels_{inputs}.tsv"
    wildcard_constraints:
        inputs="gaussian|images_[0-9]+",
    conda:
        "../../envs/workflow.yaml"
    resources:
        gpu=GPU,
        mem_mb=plan.grow(costs.drawn_memory),
        runtime=plan.grow(costs.drawn_minutes),
    params:
        entry=plan(networks.drawn_entry),
        code=code("draw_kernels", networks.drawn_modules),
    script:
        "../scripts/draw_kernels.py"
