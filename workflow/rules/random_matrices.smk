"""Baskerville et al. (2022), what needs no training: random matrices, Gaussian processes, and a large random network."""

SPECTRA.setdefault("baskerville2022", {}).update(
    {
        "figure_2": lambda scale: ["figure_2_ensemble"],
        "figure_5": lambda scale: ["gaussian_process"],
        "figure_6": lambda scale: ["gaussian_process"],
        "figure_resnet34": lambda scale: ["figure_resnet34"],
    }
)
SHARED_SETTINGS.setdefault("baskerville2022", {}).update(
    {item: ["baskerville2022.gaussian_process"] for item in ("figure_5", "figure_6")}
)


rule draw_orthogonal_ensemble:
    """Eigenvalues of matrices of the Gaussian orthogonal ensemble: a density for figure 1, spacings for figure 2."""
    output:
        "results/{scale}/spectra/baskerville2022/{item}_ensemble.h5",
    log:
        "results/{scale}/logs/draw_orthogonal_ensemble/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/baskerville2022_{item}/draw_orthogonal_ensemble.tsv"
    wildcard_constraints:
        item="figure_[12]",
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(30),
    params:
        ensemble=lambda wildcards: parameters("baskerville2022.{item}")(wildcards)["ensemble"],
        code=code_digest("draw_orthogonal_ensemble"),
    script:
        "../scripts/draw_orthogonal_ensemble.py"


rule compare_ensemble_spacings:
    """Spacings of large orthogonal matrices beside the Wigner surmise."""
    input:
        lambda wildcards: spectra_files(wildcards.scale, "baskerville2022", "figure_2"),
    output:
        curves="results/{scale}/statistics/baskerville2022/figure_2_curves.csv",
        summary="results/{scale}/statistics/baskerville2022/figure_2.csv",
    log:
        "results/{scale}/logs/compare_ensemble_spacings.log",
    benchmark:
        "results/{scale}/benchmarks/baskerville2022_figure_2/compare_ensemble_spacings.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1500),
        runtime=by_attempt(15),
    params:
        item=parameters("baskerville2022.figure_2"),
        code=code_digest("compare_ensemble_spacings"),
    script:
        "../scripts/compare_ensemble_spacings.py"


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
    threads: 1
    resources:
        mem_mb=by_attempt(1500),
        runtime=process_minutes,
    params:
        process=lambda wildcards: {
            key: value
            for key, value in parameters("baskerville2022.gaussian_process")(wildcards).items()
            if key != "bins"
        },
        code=code_digest("draw_process_hessians"),
    script:
        "../scripts/draw_process_hessians.py"


rule compare_process_spectra:
    """Densities of Gaussian processes' Hessians (figure 5) or their spacing ratios (figure 6)."""
    input:
        lambda wildcards: spectra_files(wildcards.scale, "baskerville2022", wildcards.item),
    output:
        curves="results/{scale}/statistics/baskerville2022/{item}_curves.csv",
        summary="results/{scale}/statistics/baskerville2022/{item}.csv",
    log:
        "results/{scale}/logs/compare_process_spectra/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/baskerville2022_{item}/compare_process_spectra.tsv"
    wildcard_constraints:
        item="figure_[56]",
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1500),
        runtime=by_attempt(15),
    params:
        process=parameters("baskerville2022.gaussian_process"),
        code=code_digest("compare_process_spectra"),
    script:
        "../scripts/compare_process_spectra.py"


rule resolve_resnet34:
    """Non-zero spectrum of the Gauss-Newton matrix of a full ResNet-34, random weights, on CIFAR-10 test images.

    With weights that were trained on ImageNet their file would be a second input here.
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
    threads: 1
    resources:
        mem_mb=gauss_newton_memory,
        runtime=gauss_newton_minutes,
    params:
        item=parameters("baskerville2022.figure_resnet34"),
        # Training images that batch normalisation has its means and variances from.
        statistics_images=1000,
        code=code_digest("resolve_resnet34"),
    script:
        "../scripts/resolve_resnet34.py"


rule compare_resnet34:
    """Spacing ratios of ResNet-34's spectrum beside those of orthogonal matrices of as many levels."""
    input:
        lambda wildcards: spectra_files(wildcards.scale, "baskerville2022", "figure_resnet34"),
    output:
        curves="results/{scale}/statistics/baskerville2022/figure_resnet34_curves.csv",
        summary="results/{scale}/statistics/baskerville2022/figure_resnet34.csv",
    log:
        "results/{scale}/logs/compare_resnet34.log",
    benchmark:
        "results/{scale}/benchmarks/baskerville2022_figure_resnet34/compare_resnet34.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1500),
        runtime=by_attempt(15),
    params:
        item=parameters("baskerville2022.figure_resnet34"),
        code=code_digest("compare_resnet34"),
    script:
        "../scripts/compare_resnet34.py"
