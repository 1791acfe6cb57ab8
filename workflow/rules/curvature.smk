"""Curvature stage: weights and samples -> Hessians and Gauss-Newton matrices as published, and resolved spectra.

A spectrum is called network/state_split_kind, such as logistic_mnist/final_test_hessian.
"""


def whole_samples(wildcards):
    """How many samples the whole-set Hessian of a network is over."""
    paper = SETTINGS[wildcards.scale].baskerville2022
    return min(paper.samples(wildcards.network, wildcards.split), paper.curvature.whole_samples)


def batch_size(wildcards):
    """Samples a batch."""
    return SETTINGS[wildcards.scale].baskerville2022.curvature.batch_size


def spectrum_name(wildcards):
    """The name of the spectrum that a job is about."""
    return f"{wildcards.network}/{wildcards.state}_{wildcards.split}_{wildcards.kind}"


def spectrum_parts(spectrum):
    """Network, state, split and kind of a spectrum's name."""
    network, _, rest = spectrum.partition("/")
    state, split, kind = rest.split("_", 2)
    return network, state, split, kind


def published_files(scale, spectrum):
    """Float32 eigenvalues of every batch, as published."""
    network, _, split, _ = spectrum_parts(spectrum)
    count = SETTINGS[scale].baskerville2022.published_batches(network, split)
    return [f"results/{scale}/spectra/baskerville2022/{spectrum}/published_{batch}.h5" for batch in range(count)]


def resolved_files(scale, spectrum):
    """Resolved spectra of all batches: few batches a job where one takes long."""
    network, _, split, kind = spectrum_parts(spectrum)
    paper = SETTINGS[scale].baskerville2022
    count, entry = paper.batches(network, split, kind), paper.network(network)
    slow = kind == "hessian" and not entry.is_softmax_regression
    step = paper.curvature.batches_a_job if slow else count
    return [
        f"results/{scale}/spectra/baskerville2022/{spectrum}/resolved_{first}_{min(first + step, count) - 1}.h5"
        for first in range(0, count, step)
    ]


def whole_files(scale, spectrum, series):
    """Whole-set spectra, of softmax regression alone; as published only where the settings ask for them."""
    network, _, _, kind = spectrum_parts(spectrum)
    paper = SETTINGS[scale].baskerville2022
    if kind != "hessian" or not paper.network(network).is_softmax_regression:
        return []
    if series == "published" and not (paper.curvature.published_whole and paper.published_batches(network, "test")):
        return []
    return [f"results/{scale}/spectra/baskerville2022/{spectrum}/{series}_whole.h5"]


def spectrum_files(scale, spectrum):
    """All eigenvalues of a spectrum, of either series."""
    return [
        *published_files(scale, spectrum),
        *resolved_files(scale, spectrum),
        *whole_files(scale, spectrum, "published"),
        *whole_files(scale, spectrum, "resolved"),
    ]


rule compute_curvature:
    """The float32 Hessian or Gauss-Newton matrix of one batch, or of a whole set, as published."""
    input:
        weights="results/{scale}/networks/{network}.h5",
        data=network_data,
    output:
        (
            "results/{scale}/matrices/baskerville2022/{network}/{state}_{split}_{kind}/{batch}.h5"
            if RUN.keep_matrices
            else temp("results/{scale}/matrices/baskerville2022/{network}/{state}_{split}_{kind}/{batch}.h5")
        ),
    log:
        "results/{scale}/logs/compute_curvature/{network}_{state}_{split}_{kind}_{batch}.log",
    benchmark:
        "results/{scale}/benchmarks/compute_curvature/{network}_{state}_{split}_{kind}_{batch}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=curvature_memory,
        disk_mb=curvature_disk,
        runtime=lambda wildcards, attempt: attempt * 60,
    params:
        network=network_entry,
        batch_size=batch_size,
        whole_samples=lambda wildcards: whole_samples(wildcards) if wildcards.batch == "whole" else None,
        version=1,
    script:
        "../scripts/compute_curvature.py"


rule decompose_curvature:
    """Float32 eigenvalues of a float32 matrix, as published."""
    input:
        "results/{scale}/matrices/baskerville2022/{network}/{state}_{split}_{kind}/{batch}.h5",
    output:
        "results/{scale}/spectra/baskerville2022/{network}/{state}_{split}_{kind}/published_{batch}.h5",
    log:
        "results/{scale}/logs/decompose_curvature/{network}_{state}_{split}_{kind}_{batch}.log",
    benchmark:
        "results/{scale}/benchmarks/decompose_curvature/{network}_{state}_{split}_{kind}_{batch}.tsv"
    # Before the next matrix is made: a large one takes 1.6 GB of disk as long as its eigenvalues are not known.
    priority: 30
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=curvature_memory,
        runtime=lambda wildcards, attempt: attempt * 120,
    params:
        version=1,
    script:
        "../scripts/decompose_curvature.py"


rule resolve_curvature:
    """Non-zero eigenvalues in float64 of some batches, without the P x P matrix."""
    input:
        weights="results/{scale}/networks/{network}.h5",
        data=network_data,
    output:
        "results/{scale}/spectra/baskerville2022/{network}/{state}_{split}_{kind}/resolved_{first}_{last}.h5",
    log:
        "results/{scale}/logs/resolve_curvature/{network}_{state}_{split}_{kind}_{first}_{last}.log",
    benchmark:
        "results/{scale}/benchmarks/resolve_curvature/{network}_{state}_{split}_{kind}_{first}_{last}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=resolved_memory,
        runtime=lambda wildcards, attempt: attempt * 120,
    params:
        network=network_entry,
        batch_size=batch_size,
        method=lambda wildcards: SETTINGS[wildcards.scale].baskerville2022.network(wildcards.network).method,
        version=1,
    script:
        "../scripts/resolve_curvature.py"


rule resolve_whole_set:
    """Non-zero eigenvalues in float64 of the Hessian of softmax regression over a whole set."""
    input:
        weights="results/{scale}/networks/{network}.h5",
        data=network_data,
    output:
        "results/{scale}/spectra/baskerville2022/{network}/{state}_{split}_hessian/resolved_whole.h5",
    log:
        "results/{scale}/logs/resolve_whole_set/{network}_{state}_{split}.log",
    benchmark:
        "results/{scale}/benchmarks/resolve_whole_set/{network}_{state}_{split}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=resolved_memory,
        runtime=lambda wildcards, attempt: attempt * 120,
    params:
        network=network_entry,
        whole_samples=whole_samples,
        version=1,
    script:
        "../scripts/resolve_whole_set.py"


rule analyse_curvature:
    """Densities, unfolded spacings and ratios of one spectrum, as published and resolved."""
    input:
        published=lambda wildcards: published_files(wildcards.scale, spectrum_name(wildcards)),
        resolved=lambda wildcards: resolved_files(wildcards.scale, spectrum_name(wildcards)),
        published_whole=lambda wildcards: whole_files(wildcards.scale, spectrum_name(wildcards), "published"),
        resolved_whole=lambda wildcards: whole_files(wildcards.scale, spectrum_name(wildcards), "resolved"),
    output:
        curves="results/{scale}/statistics/baskerville2022/{network}/{state}_{split}_{kind}_curves.csv",
        summary="results/{scale}/statistics/baskerville2022/{network}/{state}_{split}_{kind}.csv",
    log:
        "results/{scale}/logs/analyse_curvature/{network}_{state}_{split}_{kind}.log",
    benchmark:
        "results/{scale}/benchmarks/analyse_curvature/{network}_{state}_{split}_{kind}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        curvature=lambda wildcards: SETTINGS[wildcards.scale].baskerville2022.curvature.model_dump(
            include={"unfolded_share", "seed"}
        ),
        data=lambda wildcards: SETTINGS[wildcards.scale].baskerville2022.network(wildcards.network).data,
        library=source_digest("curvature_statistics", "store"),
    script:
        "../scripts/analyse_curvature.py"
