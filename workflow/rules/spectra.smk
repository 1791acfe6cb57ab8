"""Spectra stage: weights -> singular values and vectors."""

#: Larger sides up to this have their vectors computed and tested too; the smaller side's always are.
BOTH_SIDES = 8192


def weight_layers(scale, network):
    """Layer -> (outputs, inputs) of the weight matrices that are studied: all but the output layer's of networks that
    are trained here."""
    if network in WEIGHTS:
        return dict(WEIGHTS[network].shapes)
    shapes = SETTINGS[scale].thamm2024.network(network).weight_shapes
    return {layer: matrix_shape(shape) for layer, shape in shapes.items() if layer != "output"}


def weight_file(wildcards):
    """Where a network's weights are."""
    if wildcards.network in WEIGHTS:
        return f"resources/weights/{wildcards.network}.h5"
    return f"results/{wildcards.scale}/networks/{wildcards.network}.h5"


def stored_shapes(wildcards):
    """Layer -> shape of its weight as it is stored."""
    if wildcards.network in WEIGHTS:
        return weight_layers(wildcards.scale, wildcards.network)
    shapes = SETTINGS[wildcards.scale].thamm2024.network(wildcards.network).weight_shapes
    return {layer: list(shape) for layer, shape in shapes.items() if layer != "output"}


def weight_states(wildcards):
    """Before and after training; of pretrained networks only the weights after it are known."""
    return ["final"] if wildcards.network in WEIGHTS else ["initial", "final"]


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
        runtime=lambda wildcards, attempt: attempt * 60,
    params:
        layers=stored_shapes,
        both_sides=lambda wildcards: {
            layer: max(shape) <= BOTH_SIDES
            for layer, shape in weight_layers(wildcards.scale, wildcards.network).items()
        },
        states=weight_states,
        version=1,
    script:
        "../scripts/decompose_weights.py"
