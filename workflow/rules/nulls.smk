"""Null stage: random matrices through the same pipeline, for calibrated p-values."""


rule draw_null_levels:
    """Spacing tests and number variances of random matrices of one shape."""
    input:
        pretrained_alone,
    output:
        "results/{scale}/nulls/levels_{rows}x{columns}.h5",
    log:
        "results/{scale}/logs/draw_null_levels/{rows}x{columns}.log",
    benchmark:
        "results/{scale}/benchmarks/draw_null_levels/{rows}x{columns}.tsv"
    # Tests wait for them.
    priority: 5
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=null_level_minutes,
    params:
        nulls=lambda wildcards: SETTINGS[wildcards.scale].thamm2024.nulls.model_dump(exclude={"vectors"}),
        unfolding=unfolding_parameters,
        # What is judged by them goes through the same code: an edit of it has to reach both.
        code=code_digest("draw_null_levels"),
    script:
        "../scripts/draw_null_levels.py"


rule draw_null_vectors:
    """Porter-Thomas tests of random unit vectors of one dimension."""
    output:
        "results/{scale}/nulls/vectors_{dimension}.h5",
    log:
        "results/{scale}/logs/draw_null_vectors/{dimension}.log",
    benchmark:
        "results/{scale}/benchmarks/draw_null_vectors/{dimension}.tsv"
    priority: 5
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1000),
        runtime=null_vector_minutes,
    params:
        nulls=lambda wildcards: SETTINGS[wildcards.scale].thamm2024.nulls.model_dump(include={"vectors", "seed"}),
        code=code_digest("draw_null_vectors"),
    script:
        "../scripts/draw_null_vectors.py"
