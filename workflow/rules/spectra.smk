"""Spectra stage: weights -> singular values and vectors."""


rule decompose_weights:
    """Singular values and vectors of every weight matrix of a network."""
    input:
        weight_file,
    output:
        values="results/{scale}/spectra/thamm2024/{network}.h5",
        vectors=(
            "results/{scale}/vectors/thamm2024/{network}.h5"
            if RUN.keep_matrices
            else temp("results/{scale}/vectors/thamm2024/{network}.h5")
        ),
    log:
        "results/{scale}/logs/decompose_weights/{network}.log",
    benchmark:
        "results/{scale}/benchmarks/decompose_weights/{network}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=decomposition_memory,
        disk_mb=decomposition_disk,
        runtime=decomposition_minutes,
    params:
        layers=stored_shapes,
        states=weight_states,
        code=code_digest("decompose_weights"),
    script:
        "../scripts/decompose_weights.py"
