"""Baskerville, Granziol and Keating (2022): statistics of curvature spectra -> plotted numbers and the table."""


rule gather_curvature:
    """The panels of one figure from the statistics of its spectra."""
    input:
        curves=curvature_statistics("_curves"),
        summaries=curvature_statistics(""),
        ensemble=lambda wildcards: (
            [f"results/{wildcards.scale}/spectra/baskerville2022/figure_1_ensemble.h5"]
            if wildcards.item == "figure_1"
            else []
        ),
        # It knows which network made the features.
        features=shown_features,
    output:
        curves="results/{scale}/statistics/baskerville2022/{item}_curves.csv",
        summary="results/{scale}/statistics/baskerville2022/{item}.csv",
    log:
        "results/{scale}/logs/gather_curvature/{item}.log",
    benchmark:
        "results/{scale}/benchmarks/baskerville2022_{item}/gather_curvature.tsv"
    wildcard_constraints:
        item="|".join(HESSIAN_FIGURES),
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(15),
    params:
        panels=lambda wildcards: curvature_panels(wildcards.scale, wildcards.item),
        spectra=lambda wildcards: curvature_spectra(wildcards.scale, wildcards.item),
        code=code_digest("gather_curvature"),
    script:
        "../scripts/gather_curvature.py"


rule tabulate_networks:
    """Every network and spectrum: eigenvalues as published and resolved, and what their ratios say."""
    input:
        summaries=curvature_statistics(""),
        histories=lambda wildcards: [
            f"results/{wildcards.scale}/networks/{network}_history.csv"
            for network in SETTINGS[wildcards.scale].baskerville2022.networks
        ],
        features=shown_features,
    output:
        csv="results/{scale}/tables/baskerville2022/table_networks.csv",
        md="results/{scale}/tables/baskerville2022/table_networks.md",
    log:
        "results/{scale}/logs/tabulate_networks/table_networks.log",
    benchmark:
        "results/{scale}/benchmarks/baskerville2022_table_networks/tabulate_networks.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=by_attempt(15),
    params:
        spectra=lambda wildcards: curvature_spectra(wildcards.scale, "table_networks"),
        networks=lambda wildcards: list(SETTINGS[wildcards.scale].baskerville2022.networks),
        scale_note=lambda wildcards: describe_scale(
            FILED, SETTINGS, wildcards.scale, *SHARED_SETTINGS["baskerville2022"]["table_networks"]
        ),
        code=code_digest("tabulate_networks"),
    script:
        "../scripts/tabulate_networks.py"
