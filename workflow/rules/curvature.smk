"""Curvature stage: weights and samples -> Hessians and Gauss-Newton matrices as published, and resolved spectra."""


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
        runtime=curvature_minutes,
    params:
        network=network_entry,
        samples=lambda wildcards: (whole_samples if wildcards.batch == "whole" else batch_size)(wildcards),
        code=code_digest("compute_curvature"),
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
        runtime=eigenvalue_minutes,
    params:
        code=code_digest("decompose_curvature"),
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
        runtime=resolved_minutes,
    params:
        network=network_entry,
        batch_size=batch_size,
        method=lambda wildcards: SETTINGS[wildcards.scale].baskerville2022.network(wildcards.network).method,
        code=code_digest("resolve_curvature"),
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
        runtime=whole_set_minutes,
    params:
        network=network_entry,
        whole_samples=whole_samples,
        code=code_digest("resolve_whole_set"),
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
        mem_mb=by_attempt(2000),
        runtime=by_attempt(30),
    params:
        curvature=lambda wildcards: SETTINGS[wildcards.scale].baskerville2022.curvature.model_dump(
            include={"unfolded_share", "seed"}
        ),
        data=lambda wildcards: SETTINGS[wildcards.scale].baskerville2022.network(wildcards.network).data,
        code=code_digest("analyse_curvature"),
    script:
        "../scripts/analyse_curvature.py"
