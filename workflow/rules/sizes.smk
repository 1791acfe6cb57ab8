"""How inputs and memory of the large jobs follow from the configuration."""


def covariance_memory(wildcards, attempt):
    """Weights, features and copies of them, float32, at the largest width; torch itself takes about 600 MB."""
    largest = settings_of(wildcards.scale, "pennington2017.figure_1").input_dimensions[-1]
    return int(attempt * (1000 + 40 * largest**2 / 1e6))


def kernel_data(wildcards):
    """The data set that a network's inputs are taken from, if any."""
    return {"figure_2": ["resources/data/cifar10.h5"]}.get(wildcards.item, [])


def kernel_memory(wildcards, attempt):
    """Weights and one copy (4 bytes each), pre-activations of all layers, and a dozen kernels."""
    node = settings_of(wildcards.scale, f"fan2020.{wildcards.item}")
    number = 4 if node.dtype == "float32" else 8
    entries = 3 * node.width**2 + (node.depth + 3) * node.width * node.samples + 10 * node.samples**2
    return int(attempt * (1500 + entries * number / 1e6))


def eigenvalue_memory(wildcards, attempt):
    """A few float64 matrices of n x n."""
    samples = settings_of(wildcards.scale, f"fan2020.{wildcards.item}").samples
    return int(attempt * (1000 + 5 * 8 * samples**2 / 1e6))
