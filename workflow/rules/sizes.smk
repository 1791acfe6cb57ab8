"""How inputs, memory and disk of the large jobs follow from the configuration."""

#: Python, torch and the libraries behind it.
BASE_MB = 1200


def covariance_memory(wildcards, attempt):
    """Ten float32 matrices of the largest size: data, features, pre-activations and what the eigensolver needs."""
    largest = settings_of(wildcards.scale, "pennington2017.figure_1").input_dimensions[-1]
    return int(attempt * (BASE_MB + 10 * 4 * largest**2 / 1e6))


def random_feature_memory(wildcards, attempt):
    """Six float64 matrices of features x samples of the larger panel, and all eigenvalues."""
    node = settings_of(wildcards.scale, "pennington2017.figure_2")
    entries = max(node.input_dimension**2 / (panel.phi * panel.psi) for panel in node.panels.values())
    return int(attempt * (BASE_MB + 6 * 8 * entries / 1e6))


def kernel_data(wildcards):
    """The data set that a network's inputs are taken from, if any."""
    node = settings_of(wildcards.scale, f"fan2020.{wildcards.item}")
    return ["resources/data/cifar10.h5"] if hasattr(node, "removed_components") else []


def kernel_memory(wildcards, attempt):
    """Slopes of all layers and a few matrices like them, and a dozen kernels; weights are drawn in blocks."""
    node = settings_of(wildcards.scale, f"fan2020.{wildcards.item}")
    number = 4 if node.dtype == "float32" else 8
    entries = (node.depth + 4) * node.width * node.samples + 12 * node.samples**2
    return int(attempt * (BASE_MB + entries * number / 1e6))


def kernel_disk(wildcards, attempt):
    """Five kernels in the network's precision and the input's Gram matrix in float64."""
    node = settings_of(wildcards.scale, f"fan2020.{wildcards.item}")
    number = 4 if node.dtype == "float32" else 8
    return int(100 + (5 * number + 8) * node.samples**2 / 1e6)


def eigenvalue_memory(wildcards, attempt):
    """All kernels as they are stored, and a few float64 matrices of their size."""
    node = settings_of(wildcards.scale, f"fan2020.{wildcards.item}")
    return int(BASE_MB * attempt + attempt * (kernel_disk(wildcards, attempt) + 5 * 8 * node.samples**2 / 1e6))


def training_memory(wildcards, attempt):
    """The images as they are stored and as the network takes them, activations of a test batch, and a few parameters."""
    training = training_entry(wildcards)
    images = (training["images"] + 10_000) * 3 * 32**2 * 4 / 1e6
    activations = 2000 * 300 * 28**2 * 4 * 2 / 1e6 if network_entry(wildcards)["architecture"] == "minialexnet" else 100
    return int(attempt * (BASE_MB + 400 + 1.3 * images + activations))


def training_minutes(wildcards, attempt):
    """On one slow core; a job that reaches the end of its time goes on from its checkpoint when it is run again."""
    training, network = training_entry(wildcards), network_entry(wildcards)
    seconds_an_image = 0.05 if network["architecture"] == "minialexnet" else 0.0008
    return int(attempt * (20 + training["epochs"] * training["images"] * seconds_an_image / 60))


def decomposition_memory(wildcards, attempt):
    """The largest matrix in float64, the vectors of both sides, and what the decomposition needs."""
    shapes = weight_layers(wildcards.scale, wildcards.network).values()
    largest = max(3 * outputs * inputs + 6 * min(outputs, inputs) ** 2 for outputs, inputs in shapes)
    return int(attempt * (600 + 8 * largest / 1e6))


def decomposition_disk(wildcards, attempt):
    """Vectors of both sides, before and after training."""
    shapes = weight_layers(wildcards.scale, wildcards.network).values()
    entries = sum((outputs + inputs) * min(outputs, inputs) for outputs, inputs in shapes)
    return int(100 + 2 * 8 * entries / 1e6)


def gauss_newton_memory(wildcards, attempt):
    """Gradients of nine combinations of outputs in all layers of ResNet-34, and a few blocks of one layer's factor."""
    images = settings_of(wildcards.scale, "baskerville2022.figure_resnet34").batch_size
    return int(attempt * (BASE_MB + 1200 + 30 * images))
