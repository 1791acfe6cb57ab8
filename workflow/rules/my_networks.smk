"""Networks of the user's own: a checkpoint -> its matrices -> random matrices of their shapes -> spectra -> a page."""

NETWORK = "results/{scale}/my_networks/{model}"


checkpoint list_layers:
    """Which matrices a checkpoint holds, from which follows what stands beside them."""
    input:
        plan(my_networks.network_files),
    output:
        f"{NETWORK}/layers.csv",
    log:
        "results/{scale}/logs/list_layers/{model}.log",
    benchmark:
        "results/{scale}/benchmarks/my_{model}/list_layers.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(my_networks.listing_memory),
        disk_mb=plan.grow(my_networks.listing_disk),
        runtime=plan.grow(15),
    params:
        network=plan(my_networks.layer_choice),
        code=code("list_layers"),
    script:
        "../scripts/list_layers.py"


rule draw_matrix_nulls:
    """Every statistic of random matrices of one shape."""
    output:
        my_networks.LEVELS,
    log:
        "results/{scale}/logs/draw_matrix_nulls/{rows}x{columns}_{draws}_{window}_{seed}.log",
    benchmark:
        "results/{scale}/benchmarks/my_networks/draw_matrix_nulls_{rows}x{columns}_{draws}_{window}_{seed}.tsv"
    # Networks wait for them.
    priority: 5
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(my_networks.level_memory),
        runtime=plan.grow(my_networks.level_minutes),
    params:
        code=code("draw_matrix_nulls"),
    script:
        "../scripts/draw_matrix_nulls.py"


rule draw_vector_nulls:
    """Porter-Thomas tests of random unit vectors of one dimension."""
    output:
        my_networks.VECTORS,
    log:
        "results/{scale}/logs/draw_vector_nulls/{dimension}_{draws}_{seed}.log",
    benchmark:
        "results/{scale}/benchmarks/my_networks/draw_vector_nulls_{dimension}_{draws}_{seed}.tsv"
    priority: 5
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(1000),
        runtime=plan.grow(20),
    params:
        code=code("draw_vector_nulls"),
    script:
        "../scripts/draw_vector_nulls.py"


rule analyse_network:
    """Every statistic of every weight matrix of one network, judged by random matrices."""
    input:
        plan(my_networks.network_files),
        plan(my_networks.initial_files),
        layers=f"{NETWORK}/layers.csv",
        # Known once the matrices are.
        nulls=lambda wildcards: plan(my_networks.own_nulls, layers=checkpoints.list_layers.get(**wildcards).output[0])(
            wildcards
        ),
    output:
        [f"{NETWORK}/{name}" for name in my_networks.TABLES],
    log:
        "results/{scale}/logs/analyse_network/{model}.log",
    benchmark:
        "results/{scale}/benchmarks/my_{model}/analyse_network.tsv"
    conda:
        "../../envs/workflow.yaml"
    # A process each, for matrices of moderate size.
    threads: 2
    resources:
        mem_mb=lambda wildcards, input, attempt, threads: int(
            attempt * my_networks.analysis_memory(SETTINGS[wildcards.scale], wildcards.model, input.layers, threads)
        ),
        disk_mb=plan.grow(my_networks.listing_disk),
        runtime=lambda wildcards, input, attempt: int(attempt * my_networks.analysis_minutes(input.layers)),
    params:
        network=plan(my_networks.analysis_options),
        code=code("analyse_network"),
    script:
        "../scripts/analyse_network.py"


rule draw_network:
    """The page of one network, and its overview as a picture."""
    input:
        [f"{NETWORK}/{name}" for name in my_networks.TABLES],
        layers=f"{NETWORK}/layers.csv",
        template=shipped("workflow/lib/deepspectra/analysis/page.html"),
    output:
        page=report(
            f"{NETWORK}/index.html", category=MY_NETWORKS, labels={"item": "{model}", "kind": "page", "file": "HTML"}
        ),
        summary=f"{NETWORK}/summary.md",
        pdf=f"{NETWORK}/overview.pdf",
        png=report(
            f"{NETWORK}/overview.png",
            category=MY_NETWORKS,
            caption="../report/figure.rst",
            labels={"item": "{model}", "kind": "overview", "file": "PNG"},
        ),
        caption="results/{scale}/captions/my_networks/{model}.txt",
    log:
        "results/{scale}/logs/draw_network/{model}.log",
    benchmark:
        "results/{scale}/benchmarks/my_{model}/draw_network.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=lambda wildcards, input, attempt: int(attempt * my_networks.page_memory(input.layers)),
        runtime=lambda wildcards, input, attempt: int(attempt * my_networks.page_minutes(input.layers)),
    params:
        # A path, which templates of Snakemake's report can read; no part of the result.
        caption=lambda wildcards, output: Path(output.caption),
        code=code("draw_network"),
    script:
        "../scripts/draw_network.py"
