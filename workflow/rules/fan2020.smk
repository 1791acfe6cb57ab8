"""Fan and Wang (2020): kernels -> spectra -> limit laws, the plotted numbers and the summary of every figure."""

SPECTRA["fan2020"] = {item: lambda scale, item=item: [item] for item in ("figure_1", "figure_2")}


rule compute_kernels:
    """Input Gram matrix, conjugate and tangent kernel at initialisation, and their linear equivalents."""
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
    conda:
        "../../envs/workflow.yaml"
    # One thread a job: two networks side by side take less time than one after the other with two threads each, and a
    # threaded eigensolver can be many times slower where cores are shared.
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=kernel_memory,
        disk_mb=kernel_disk,
        runtime=lambda wildcards, attempt: attempt * 60,
    params:
        item=lambda wildcards: {
            key: value
            for key, value in settings_of(wildcards.scale, f"fan2020.{wildcards.item}").model_dump().items()
            if key not in ("bins", "curve_points")
        },
        version=1,
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
    threads: 1
    resources:
        mem_mb=eigenvalue_memory,
        runtime=lambda wildcards, attempt: attempt * 60,
    params:
        version=1,
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
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        item=parameters("fan2020.{item}"),
        library=source_digest("statistics", "limits.layered", "activations", "laws", "store"),
    script:
        "../scripts/compare_kernel_spectra.py"
