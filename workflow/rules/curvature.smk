"""Curvature (baskerville2022): weights and samples -> float32 matrices and spectra as published, exact zeros, and
resolved spectra."""

from deepspectra.papers.baskerville2022 import spectra as baskerville2022

curvature_of = plan.of("baskerville2022")


rule compute_curvature:
    """The float32 Hessian or Gauss-Newton matrix of one batch, or of a whole set, as published."""
    input:
        weights="results/{scale}/networks/{network}.h5",
        data=plan(networks.network_data),
    output:
        matrix("results/{scale}/matrices/baskerville2022/{network}/{state}_{split}_{kind}/{batch}.h5"),
    log:
        "results/{scale}/logs/compute_curvature/{network}_{state}_{split}_{kind}_{batch}.log",
    benchmark:
        "results/{scale}/benchmarks/compute_curvature/{network}_{state}_{split}_{kind}_{batch}.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        gpu=GPU,
        mem_mb=plan.grow(costs.curvature_memory),
        disk_mb=plan.grow(costs.curvature_disk),
        runtime=plan.grow(costs.curvature_minutes),
    params:
        network=plan(networks.network_entry),
        samples=curvature_of(baskerville2022.samples_of),
        code=code("compute_curvature", networks.network_modules),
    script:
        "../scripts/compute_curvature.py"


rule decompose_curvature:
    """Eigenvalues of a float32 matrix as NumPy has them, as published; exact zeros are counted and not solved for."""
    input:
        "results/{scale}/matrices/baskerville2022/{network}/{state}_{split}_{kind}/{batch}.h5",
    output:
        "results/{scale}/spectra/baskerville2022/{network}/{state}_{split}_{kind}/published_{batch}.h5",
    log:
        "results/{scale}/logs/decompose_curvature/{network}_{state}_{split}_{kind}_{batch}.log",
    benchmark:
        "results/{scale}/benchmarks/decompose_curvature/{network}_{state}_{split}_{kind}_{batch}.tsv"
    # Before the next matrix is made: a large one takes 1.6 GB of disk until its eigenvalues are known.
    priority: 30
    conda:
        "../../envs/workflow.yaml"
    resources:
        gpu=GPU,
        mem_mb=plan.grow(costs.curvature_eigenvalue_memory),
        runtime=plan.grow(costs.curvature_eigenvalue_minutes),
    params:
        code=code("decompose_curvature"),
    script:
        "../scripts/decompose_curvature.py"


rule count_zeros:
    """How many eigenvalues of each batch are exactly zero, from activation patterns: no matrix is computed."""
    input:
        weights="results/{scale}/networks/{network}.h5",
        data=plan(networks.network_data),
    output:
        "results/{scale}/spectra/baskerville2022/{network}/{state}_{split}_hessian/zeros.h5",
    log:
        "results/{scale}/logs/count_zeros/{network}_{state}_{split}.log",
    benchmark:
        "results/{scale}/benchmarks/count_zeros/{network}_{state}_{split}.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(costs.zeros_memory),
        runtime=plan.grow(20),
    params:
        network=plan(networks.network_entry),
        batch_size=plan.values("baskerville2022.curvature.batch_size"),
        code=code("count_zeros", networks.network_modules),
    script:
        "../scripts/count_zeros.py"


rule resolve_curvature:
    """Non-zero eigenvalues in float64 of some batches, without the P x P matrix."""
    input:
        weights="results/{scale}/networks/{network}.h5",
        data=plan(networks.network_data),
    output:
        "results/{scale}/spectra/baskerville2022/{network}/{state}_{split}_{kind}/resolved_{first}_{last}.h5",
    log:
        "results/{scale}/logs/resolve_curvature/{network}_{state}_{split}_{kind}_{first}_{last}.log",
    benchmark:
        "results/{scale}/benchmarks/resolve_curvature/{network}_{state}_{split}_{kind}_{first}_{last}.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        gpu=GPU,
        mem_mb=plan.grow(costs.resolved_memory),
        runtime=plan.grow(costs.resolved_minutes),
    params:
        network=plan(networks.network_entry),
        batch_size=plan.values("baskerville2022.curvature.batch_size"),
        method=plan.values("baskerville2022.networks.{network}.method"),
        code=code("resolve_curvature", networks.network_modules),
    script:
        "../scripts/resolve_curvature.py"


rule resolve_whole_set:
    """Non-zero eigenvalues in float64 of the Hessian of softmax regression over a whole set."""
    input:
        weights="results/{scale}/networks/{network}.h5",
        data=plan(networks.network_data),
    output:
        "results/{scale}/spectra/baskerville2022/{network}/{state}_{split}_hessian/resolved_whole.h5",
    log:
        "results/{scale}/logs/resolve_whole_set/{network}_{state}_{split}.log",
    benchmark:
        "results/{scale}/benchmarks/resolve_whole_set/{network}_{state}_{split}.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        gpu=GPU,
        mem_mb=plan.grow(costs.whole_set_memory),
        runtime=plan.grow(costs.whole_set_minutes),
    params:
        network=plan(networks.network_entry),
        whole_samples=curvature_of(baskerville2022.whole_samples),
        code=code("resolve_whole_set", networks.network_modules),
    script:
        "../scripts/resolve_whole_set.py"


rule draw_controls:
    """Spectra with Gaussian inputs in place of the samples: controls of resolved spectra."""
    input:
        weights="results/{scale}/networks/{network}.h5",
        data=plan(networks.network_data),
    output:
        "results/{scale}/spectra/baskerville2022/{network}/{state}_{split}_{kind}/controls.h5",
    log:
        "results/{scale}/logs/draw_controls/{network}_{state}_{split}_{kind}.log",
    benchmark:
        "results/{scale}/benchmarks/draw_controls/{network}_{state}_{split}_{kind}.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        gpu=GPU,
        mem_mb=plan.grow(costs.resolved_memory),
        runtime=plan.grow(costs.control_minutes),
    params:
        network=plan(networks.network_entry),
        batches=curvature_of(baskerville2022.control_plan),
        softmax=curvature_of(baskerville2022.of_softmax_regression),
        seed=plan.values("baskerville2022.controls.seed"),
        method=plan.values("baskerville2022.networks.{network}.method"),
        code=code("draw_controls", networks.network_modules),
    script:
        "../scripts/draw_controls.py"


rule analyse_curvature:
    """Densities, unfolded spacings and ratios of one spectrum, as published and resolved."""
    input:
        unpack(curvature_of(baskerville2022.analysed_files)),
    output:
        curves="results/{scale}/statistics/baskerville2022/{network}/{state}_{split}_{kind}_curves.csv",
        summary="results/{scale}/statistics/baskerville2022/{network}/{state}_{split}_{kind}.csv",
    log:
        "results/{scale}/logs/analyse_curvature/{network}_{state}_{split}_{kind}.log",
    benchmark:
        "results/{scale}/benchmarks/analyse_curvature/{network}_{state}_{split}_{kind}.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(2000),
        runtime=plan.grow(30),
    params:
        curvature=plan.values("baskerville2022.curvature", include={"batch_size", "unfolded_share", "seed"}),
        full_batches=curvature_of(baskerville2022.full_batches),
        data=plan.values("baskerville2022.networks.{network}.data"),
        mapped=curvature_of(baskerville2022.mapped_levels_plan),
        code=code("analyse_curvature"),
    script:
        "../scripts/analyse_curvature.py"
