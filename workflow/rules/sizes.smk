"""How inputs, memory and disk of the large jobs follow from the configuration."""

#: Python, torch and the libraries behind it.
BASE_MB = 1200


def by_attempt(amount):
    """So much memory or time at first, twice as much when the job is tried again, then three times."""

    def of_attempt(wildcards, attempt):
        return attempt * amount

    return of_attempt


def covariance_memory(wildcards, attempt):
    """Ten float32 matrices of the largest size: data, features, pre-activations and what the eigensolver needs."""
    largest = settings_of(wildcards.scale, "pennington2017.figure_1").input_dimensions[-1]
    return int(attempt * (BASE_MB + 10 * 4 * largest**2 / 1e6))


def covariance_minutes(wildcards, attempt):
    """Four times 10 minutes for matrices of 3072 on one slow core; products and eigenvalues cost as the size cubed."""
    largest = settings_of(wildcards.scale, "pennington2017.figure_1").input_dimensions[-1]
    return int(attempt * (20 + 40 * (largest / 3072) ** 3))


def random_feature_minutes(wildcards, attempt):
    """Eight times 5 minutes for 768 inputs on one slow core."""
    node = settings_of(wildcards.scale, "pennington2017.figure_2")
    return int(attempt * (20 + 40 * (node.input_dimension / 768) ** 3))


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
    """Inputs, a few matrices of one layer's size, and kernels of all layers, twice; slopes wait in a scratch file."""
    node = settings_of(wildcards.scale, f"fan2020.{wildcards.item}")
    number = 4 if node.dtype == "float32" else 8
    kernels = (3 * node.depth + 8) * (4 if node.accumulation == "float32" else 8)
    inputs = getattr(node, "input_dimension", 3072)
    bytes = 4 * node.width * node.samples * number + kernels * node.samples**2 + 5 * 8 * inputs * node.samples
    return int(attempt * (BASE_MB + bytes / 1e6))


def kernel_disk(wildcards, attempt):
    """Two kernels a layer and four more, the input's Gram matrix in float64, and slopes of all layers on the way."""
    node = settings_of(wildcards.scale, f"fan2020.{wildcards.item}")
    number = 4 if node.accumulation == "float32" else 8
    slopes = node.depth * node.width * (4 if node.dtype == "float32" else 8)
    return int(100 + (((2 * node.depth + 4) * number + 8) * node.samples + slopes) * node.samples / 1e6)


def kernel_minutes(wildcards, attempt):
    """Ten times 4 minutes for 5000 samples through five layers of 10,000 on one slow core."""
    node = settings_of(wildcards.scale, f"fan2020.{wildcards.item}")
    return int(attempt * (20 + 40 * (node.samples / 5000) ** 2 * (node.width / 10_000) * (node.depth / 5)))


def kernel_eigenvalue_minutes(wildcards, attempt):
    """Ten times 4 minutes for kernels of 5000 samples on one slow core."""
    node = settings_of(wildcards.scale, f"fan2020.{wildcards.item}")
    return int(attempt * (20 + 40 * (node.samples / 5000) ** 3))


def eigenvalue_memory(wildcards, attempt):
    """A few float64 matrices of a kernel's size."""
    node = settings_of(wildcards.scale, f"fan2020.{wildcards.item}")
    return int(attempt * (BASE_MB + 6 * 8 * node.samples**2 / 1e6))


def training_memory(wildcards, attempt):
    """The samples as they are stored and as the network takes them, activations of a test batch, and a few parameters."""
    if network_paper(wildcards.scale, wildcards.network) == "fan2020":
        return int(attempt * (BASE_MB + 800 + 6 * 4 * trained_kernel_entries(wildcards) / 1e6))
    entry = training_entry(wildcards) | network_entry(wildcards)
    inputs, _ = DATA_SIZES[entry.get("data", "cifar10")]
    samples = (entry["images"] + 10_000) * inputs * 4 / 1e6
    activations = 2000 * 300 * 28**2 * 4 * 2 / 1e6 if entry["architecture"] == "minialexnet" else 100
    return int(attempt * (BASE_MB + 400 + 1.3 * samples + activations))


def trained_kernel_entries(wildcards):
    """Numbers in the samples, in the widest weight matrix of every layer, and in a kernel, of a network of fan2020."""
    paper = SETTINGS[wildcards.scale].fan2020
    network, samples = paper.network(wildcards.network), paper.training.samples
    sizes = [network.dimension, *network.hidden]
    weights = sum(after * before for before, after in zip(sizes[:-1], sizes[1:]))
    return (samples + paper.training.test_samples) * max(sizes) + weights + samples**2


def trained_kernel_memory(wildcards, attempt):
    """Kernels of all layers before and after training in float64, slopes of all layers, and what eigenvectors need.

    CIFAR-10 lies in memory as it is stored.
    """
    layers = len(SETTINGS[wildcards.scale].fan2020.network(wildcards.network).hidden)
    return int(attempt * (BASE_MB + 400 + 8 * (4 * layers + 10) * trained_kernel_entries(wildcards) / 1e6))


def trained_kernel_disk(wildcards, attempt):
    """Kernels of all layers before and after training, and the input's, in float64."""
    paper = SETTINGS[wildcards.scale].fan2020
    layers = len(paper.network(wildcards.network).hidden)
    return int(100 + 8 * (2 * layers + 3) * paper.training.samples**2 / 1e6)


def trained_kernel_minutes(wildcards, attempt):
    """Ten times 8 s, of either job, for 1000 samples through three layers of 800 on one slow core."""
    paper = SETTINGS[wildcards.scale].fan2020
    hidden, samples = paper.network(wildcards.network).hidden, paper.training.samples
    return int(
        attempt * (20 + 1.5 * sum((samples / 1000) ** 2 * max(samples / 1000, size / 800) for size in hidden) / 3)
    )


#: For a sample of an epoch, on one slow core.
TRAINING_SECONDS = {
    "thamm2024": {"mlp": 0.0008, "minialexnet": 0.05},
    "baskerville2022": {"mlp": 0.0001, "lenet": 0.001},
    # Adam moves every weight after every batch.
    "fan2020": {"mlp": 0.002},
}


def training_minutes(wildcards, attempt):
    """A job that reaches the end of its time goes on from its checkpoint when it is run again."""
    entry = training_entry(wildcards) | network_entry(wildcards)
    seconds = TRAINING_SECONDS[network_paper(wildcards.scale, wildcards.network)][entry.get("architecture", "mlp")]
    samples = entry["samples"] if "samples" in entry else entry["images"]
    return int(attempt * (20 + entry["epochs"] * samples * seconds / 60))


def linearised_minutes(wildcards, attempt):
    """Ten times 7 s for all images of CIFAR-10 through a perceptron with 2.1 million weights, on one slow core."""
    entry = training_entry(wildcards)
    weights = sum(outputs * inputs for outputs, inputs in weight_layers(wildcards.scale, wildcards.network).values())
    return int(attempt * (20 + 1.2 * (entry["images"] + entry["test_images"]) / 60_000 * weights / 2.1e6))


def null_level_minutes(wildcards, attempt):
    """Ten times 0.07 s for a matrix of 1024 columns on one slow core; values of a bidiagonal matrix cost as n^2."""
    smaller = min(int(wildcards.rows), int(wildcards.columns))
    matrices = SETTINGS[wildcards.scale].thamm2024.nulls.matrices
    return int(attempt * (20 + matrices * 0.012 * (smaller / 1024) ** 2))


def null_vector_minutes(wildcards, attempt):
    """Ten times 8 s for 10,000 vectors of dimension 3072 on one slow core."""
    vectors = SETTINGS[wildcards.scale].thamm2024.nulls.vectors
    return int(attempt * (20 + 1.3 * vectors / 10_000 * int(wildcards.dimension) / 3072))


def process_minutes(wildcards, attempt):
    """Ten times 14 s for six ensembles of 100 matrices of 300 rows on one slow core."""
    node = settings_of(wildcards.scale, "baskerville2022.gaussian_process")
    matrices = node.samples * len(node.second_derivatives) / 600
    return int(attempt * (20 + 2.5 * matrices * (node.dimension / 300) ** 3))


def decomposition_memory(wildcards, attempt):
    """The largest matrix in float64, the vectors of both sides, and what the decomposition needs."""
    shapes = weight_layers(wildcards.scale, wildcards.network).values()
    largest = max(3 * outputs * inputs + 6 * min(outputs, inputs) ** 2 for outputs, inputs in shapes)
    return int(attempt * (600 + 8 * largest / 1e6))


def decomposition_minutes(wildcards, attempt):
    """Ten times 2 s for the layers of MLP1024 before and after training, on one slow core."""
    shapes = weight_layers(wildcards.scale, wildcards.network).values()
    return int(attempt * (20 + 1e-10 * sum(max(shape) * min(shape) ** 2 for shape in shapes)))


def decomposition_disk(wildcards, attempt):
    """Vectors of both sides, before and after training."""
    shapes = weight_layers(wildcards.scale, wildcards.network).values()
    entries = sum((outputs + inputs) * min(outputs, inputs) for outputs, inputs in shapes)
    return int(100 + 2 * 8 * entries / 1e6)


def curvature_parameters(wildcards):
    """P of a network; of one on features at most, since EfficientNet-Lite0 has 1280 where ResNet-34 has 512."""
    entry = SETTINGS[wildcards.scale].baskerville2022.network(wildcards.network)
    return 12_810 if entry.data == "features" else entry.parameters


def curvature_memory(wildcards, attempt):
    """A float32 matrix, a copy for the eigensolver or the file, and what its products or its workspace take."""
    return int(attempt * (BASE_MB + 3 * 4 * curvature_parameters(wildcards) ** 2 / 1e6))


def curvature_disk(wildcards, attempt):
    """A float32 matrix."""
    return int(100 + 4 * curvature_parameters(wildcards) ** 2 / 1e6)


def curvature_cost(wildcards):
    """In units of softmax regression on MNIST (P = 7850): rows and eigenvalues of a dense matrix cost as P^3."""
    return (curvature_parameters(wildcards) / 7850) ** 3


def curvature_minutes(wildcards, attempt):
    """Ten times 7 s for a batch of softmax regression on one slow core; three hours more for a whole set."""
    return int(attempt * (3 + 1.2 * curvature_cost(wildcards) + (180 if wildcards.batch == "whole" else 0)))


def eigenvalue_minutes(wildcards, attempt):
    """Four times 28 s for softmax regression on one slow core."""
    return int(attempt * (3 + 2 * curvature_cost(wildcards)))


def curvature_inputs(wildcards):
    """Inputs of a network; of one on features at most."""
    data = SETTINGS[wildcards.scale].baskerville2022.network(wildcards.network).data
    return 1280 if data == "features" else DATA_SIZES[data][0]


def resolved_rows(wildcards):
    """Rows at most of the matrix that a resolved spectrum is had from, of a batch or of a whole set."""
    paper = SETTINGS[wildcards.scale].baskerville2022
    entry, batch = paper.network(wildcards.network), paper.curvature.batch_size
    rank = 1 if entry.data == "bike" else 9
    if "first" not in wildcards.keys():
        # Of a whole set: classes - 1 combinations of all inputs.
        return rank * min(curvature_inputs(wildcards) + 1, paper.samples(wildcards.network, wildcards.split))
    if entry.is_softmax_regression or wildcards.kind == "gauss_newton":
        return rank * batch
    if entry.method == "dense" or entry.activation != "relu":
        return 1.3 * curvature_parameters(wildcards)
    return reduced_rows(entry.weight_shapes, batch, rank)


def resolved_memory(wildcards, attempt):
    """Samples in float64, a matrix of the size that the method needs, and what the eigensolver takes."""
    samples = SETTINGS[wildcards.scale].baskerville2022.samples(wildcards.network, wildcards.split)
    entries = 3 * resolved_rows(wildcards) ** 2 + 2 * samples * curvature_inputs(wildcards)
    return int(attempt * (BASE_MB + 8 * entries / 1e6))


def resolved_minutes(wildcards, attempt):
    """Ten times 70 s for a batch that takes a matrix of 11,000 rows, on one slow core."""
    batches = int(wildcards.last) - int(wildcards.first) + 1
    return int(attempt * (20 + 12 * batches * (resolved_rows(wildcards) / 11_000) ** 3))


def whole_set_minutes(wildcards, attempt):
    """The same for a matrix, and ten times 1 s for 5000 samples of MNIST."""
    samples = whole_samples(wildcards) * curvature_inputs(wildcards) / (5000 * 784)
    return int(attempt * (20 + 12 * (resolved_rows(wildcards) / 11_000) ** 3 + samples / 6))


def embedded_images(wildcards):
    """Training and test images that become features."""
    node = settings_of(wildcards.scale, "baskerville2022.features")
    return node.images + node.test_images


def embedding_memory(wildcards, attempt):
    """All images, twice the features (of the backbone that has most), and activations of a batch."""
    return int(attempt * (BASE_MB + 600 + 2 * embedded_images(wildcards) * 1280 * 4 / 1e6))


def embedding_disk(wildcards, attempt):
    """The features, and the same in parts."""
    return int(100 + 2 * embedded_images(wildcards) * 1280 * 4 / 1e6)


def embedding_minutes(wildcards, attempt):
    """On one slow core, with the slower backbone; a job at the end of its time goes on when it is run again."""
    return int(attempt * (20 + embedded_images(wildcards) * 0.25 / 60))


def gauss_newton_memory(wildcards, attempt):
    """Gradients of nine combinations of outputs in all layers of ResNet-34, and a few blocks of one layer's factor."""
    images = settings_of(wildcards.scale, "baskerville2022.figure_resnet34").batch_size
    return int(attempt * (BASE_MB + 1200 + 30 * images))


def gauss_newton_minutes(wildcards, attempt):
    """Ten times 70 s for 64 images on one slow core; entries of the Gram matrix grow as the batch squared."""
    images = settings_of(wildcards.scale, "baskerville2022.figure_resnet34").batch_size
    return int(attempt * (20 + 12 * (images / 64) ** 2))
