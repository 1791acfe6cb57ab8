"""Fan and Wang (2020): kernels -> spectra -> limit laws, the plotted numbers and the summary of every figure."""



def kernel_data(wildcards):
    """The data set that a network's inputs are taken from, if any."""
    return {"figure_2": ["resources/data/cifar10.h5"]}.get(wildcards.item, [])


def kernel_memory(wildcards, attempt):
    """Weights and one copy (4 bytes each), pre-activations of all layers, and a dozen kernels."""
    node = settings_of(wildcards.scale, f"fan2020.{wildcards.item}")
    number = 4 if node.dtype == "float32" else 8
    entries = 3 * node.width**2 + (node.depth + 3) * node.width * node.samples + 10 * node.samples**2
    return int(attempt * (1500 + entries * number / 1e6))


rule compute_kernels:
    """Input Gram matrix, conjugate and tangent kernel at initialisation, and their linear equivalents."""
    input:
        kernel_data,
    output:
        (
            "results/{scale}/kernels/fan2020/{item}.h5"
            if SETTINGS["paper"].keep_matrices
            else temp("results/{scale}/kernels/fan2020/{item}.h5")
        ),
    params:
        item=lambda wildcards: {
            key: value
            for key, value in settings_of(wildcards.scale, f"fan2020.{wildcards.item}").model_dump().items()
            if key not in ("bins", "curve_points")
        },
        version=1,
    log:
        "results/{scale}/logs/compute_kernels/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_{item}/compute_kernels.tsv"
    # One thread a job: two networks side by side take less time than one after the other with two threads each, and a
    # threaded eigensolver can be many times slower where cores are shared.
    threads: 1
    resources:
        gpu=1,
        mem_mb=kernel_memory,
        disk_mb=2000,
        runtime=lambda wildcards, attempt: attempt * 60,
    conda:
        "../../envs/workflow.yaml"
    script:
        "../scripts/compute_kernels.py"


def eigenvalue_memory(wildcards, attempt):
    """A few float64 matrices of n x n."""
    samples = settings_of(wildcards.scale, f"fan2020.{wildcards.item}").samples
    return int(attempt * (1000 + 5 * 8 * samples**2 / 1e6))


rule decompose_kernels:
    """Eigenvalues, in float64, of every matrix that compute_kernels left."""
    input:
        "results/{scale}/kernels/fan2020/{item}.h5",
    output:
        "results/{scale}/spectra/fan2020/{item}.h5",
    params:
        version=1,
    log:
        "results/{scale}/logs/decompose_kernels/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_{item}/decompose_kernels.tsv"
    threads: 1
    resources:
        mem_mb=eigenvalue_memory,
        runtime=lambda wildcards, attempt: attempt * 60,
    conda:
        "../../envs/workflow.yaml"
    script:
        "../scripts/decompose_kernels.py"


rule compare_kernel_spectra:
    """Limit laws of theorems 3.4 and 3.7, histograms, and Kolmogorov-Smirnov distances."""
    input:
        "results/{scale}/spectra/fan2020/{item}.h5",
    output:
        curves="results/{scale}/statistics/fan2020/{item}_curves.csv",
        summary="results/{scale}/statistics/fan2020/{item}.csv",
    params:
        item=parameters("fan2020.{item}"),
        library=source_digest("statistics", "limits.layered", "activations", "laws", "store"),
    log:
        "results/{scale}/logs/compare_kernel_spectra/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/fan2020_{item}/compare_kernel_spectra.tsv"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    conda:
        "../../envs/workflow.yaml"
    script:
        "../scripts/compare_kernel_spectra.py"
