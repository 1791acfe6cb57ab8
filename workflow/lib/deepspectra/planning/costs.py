"""Memory (MB), time (minutes) and disk (MB) of the large jobs, on one slow core.

Times are four to ten times what was measured, so that a cluster ends no job that is merely slow.
"""

from collections.abc import Mapping
from itertools import pairwise

from deepspectra.config.settings import Settings
from deepspectra.data.sets import data_set
from deepspectra.data.sources.tables import WeightsEntry
from deepspectra.nn.architectures import architecture
from deepspectra.nn.images import image_inputs
from deepspectra.papers.baskerville2022.settings import Kind, Split
from deepspectra.papers.baskerville2022.spectra import control_plan, of_softmax_regression, whole_samples
from deepspectra.papers.thamm2024.networks import weight_layers
from deepspectra.planning.networks import network_entry, network_paper, training_entry
from deepspectra.spectra.curvature.sizes import reduced_rows

__all__ = ["BASE_MB", "batch_rows", "control_minutes", "covariance_memory", "covariance_minutes", "curvature_disk"]
__all__ += ["curvature_eigenvalue_memory", "curvature_eigenvalue_minutes", "curvature_memory", "curvature_minutes"]
__all__ += ["decomposition_disk", "decomposition_memory", "decomposition_minutes", "distinct_rows"]
__all__ += ["drawn_memory", "drawn_minutes"]
__all__ += ["embedding_disk", "embedding_memory", "embedding_minutes", "gauss_newton_memory", "gauss_newton_minutes"]
__all__ += ["gram_memory", "kernel_disk", "kernel_eigenvalue_memory", "kernel_eigenvalue_minutes", "kernel_memory"]
__all__ += ["kernel_minutes", "level_test_minutes", "linearised_minutes", "null_level_disk", "null_level_minutes"]
__all__ += ["largest_parameters", "null_vector_minutes", "process_minutes", "random_feature_memory"]
__all__ += ["random_feature_minutes"]
__all__ += ["resolved_memory", "resolved_minutes", "trained_kernel_disk", "trained_kernel_memory"]
__all__ += ["trained_kernel_minutes", "training_memory", "training_minutes", "whole_set_memory", "whole_set_minutes"]
__all__ += ["zeros_memory"]

#: Python, torch and the libraries behind it.
BASE_MB = 1200
#: Features of the widest backbone, and P of softmax on them.
_FEATURES = data_set("features").largest_inputs
_FEATURES_P = (_FEATURES + 1) * data_set("features").outputs


def _mb(*numbers: float, size: int = 8) -> float:
    return size * sum(numbers) / 1e6


# pennington2017 -------------------------------------------------------------------------------------------------------


def covariance_memory(settings: Settings) -> float:
    """Ten float32 matrices of the largest size: data, features, pre-activations and the eigensolver's workspace."""
    return BASE_MB + _mb(10 * settings.pennington2017.figure_1.input_dimensions[-1] ** 2, size=4)


def covariance_minutes(settings: Settings) -> float:
    """Products and eigenvalues cost as the size cubed."""
    return 20 + 40 * (settings.pennington2017.figure_1.input_dimensions[-1] / 3072) ** 3


def random_feature_memory(settings: Settings) -> float:
    """Six float64 matrices, features x samples, of the larger panel, and all eigenvalues."""
    node = settings.pennington2017.figure_2
    return BASE_MB + _mb(6 * max(node.input_dimension**2 / (panel.phi * panel.psi) for panel in node.panels.values()))


def random_feature_minutes(settings: Settings) -> float:
    """As the size cubed."""
    return 20 + 40 * (settings.pennington2017.figure_2.input_dimension / 768) ** 3


# fan2020 --------------------------------------------------------------------------------------------------------------


def kernel_memory(settings: Settings, item: str) -> float:
    """Inputs, a few matrices of one layer's size, and kernels of all layers, twice; slopes wait in a scratch file."""
    node = getattr(settings.fan2020, item)
    layers = _mb(4 * node.width * node.samples, size=_bytes(node.dtype))
    kernels = _mb((3 * node.depth + 8) * node.samples**2, size=_bytes(node.accumulation))
    return BASE_MB + layers + kernels + _mb(5 * getattr(node, "input_dimension", 3072) * node.samples)


def kernel_disk(settings: Settings, item: str) -> float:
    """Two kernels a layer and four more, the input's Gram matrix in float64, and slopes of all layers on the way."""
    node = getattr(settings.fan2020, item)
    kernels = _mb((2 * node.depth + 4) * node.samples**2, size=_bytes(node.accumulation)) + _mb(node.samples**2)
    return 100 + kernels + _mb(node.depth * node.width * node.samples, size=_bytes(node.dtype))


def kernel_minutes(settings: Settings, item: str) -> float:
    """Ten times 4 minutes for 5000 samples through five layers of 10,000."""
    node = getattr(settings.fan2020, item)
    return 20 + 40 * (node.samples / 5000) ** 2 * (node.width / 10_000) * (node.depth / 5)


def kernel_eigenvalue_memory(settings: Settings, item: str) -> float:
    """A few float64 matrices of a kernel's size."""
    return BASE_MB + _mb(6 * getattr(settings.fan2020, item).samples ** 2)


def gram_memory(settings: Settings, item: str) -> float:
    """Means of both kernels and of sensitivities in float64, and an eigensolver's workspace."""
    node = getattr(settings.fan2020, item)
    return BASE_MB + _mb((2 * node.depth + 8) * node.samples**2)


def kernel_eigenvalue_minutes(settings: Settings, item: str) -> float:
    """Ten times 4 minutes for kernels of 5000 samples."""
    return 20 + 40 * (getattr(settings.fan2020, item).samples / 5000) ** 3


def drawn_memory(settings: Settings, inputs: str) -> float:
    """Inputs, a few matrices of one layer's size, kernels of all layers and an eigensolver's copies; images besides."""
    entry = settings.fan2020.draws(inputs)
    largest = entry["sizes"][-1]
    n, images = largest["samples"], "removed_components" in entry
    layers = _mb(4 * largest["width"] * n, size=_bytes(entry["dtype"]))
    kernels = _mb((entry["depth"] + 6) * n**2, size=_bytes(entry["dtype"])) + _mb(6 * n**2)
    return BASE_MB + layers + kernels + _mb(5 * largest.get("input_dimension", 3072) * n) + 200 * images


def drawn_minutes(settings: Settings, inputs: str) -> float:
    """Ten times 5 minutes for a network of 5000 samples and its eigenvalues."""
    entry = settings.fan2020.draws(inputs)
    sizes = entry["sizes"]
    share = sum(size["draws"] * (size["samples"] / 5000) ** 2 * size["width"] / 10_000 for size in sizes)
    return 20 + 50 * share * entry["depth"] / 5


def trained_kernel_memory(settings: Settings, network: str) -> float:
    """Kernels of all layers before and after training in float64, slopes of all layers, and eigenvectors."""
    layers = len(settings.fan2020.network(network).hidden)
    return BASE_MB + 400 + _mb((4 * layers + 10) * _trained_kernel_entries(settings, network))


def trained_kernel_disk(settings: Settings, network: str) -> float:
    """Kernels of all layers before and after training, and the input's, in float64."""
    paper = settings.fan2020
    return 100 + _mb((2 * len(paper.network(network).hidden) + 3) * paper.training.samples**2)


def trained_kernel_minutes(settings: Settings, network: str) -> float:
    """Ten times 8 s, of either job, for 1000 samples through three layers of 800."""
    hidden, samples = settings.fan2020.network(network).hidden, settings.fan2020.training.samples
    return 20 + 1.5 * sum((samples / 1000) ** 2 * max(samples / 1000, size / 800) for size in hidden) / 3


def _trained_kernel_entries(settings: Settings, network: str) -> int:
    """Numbers in the samples, in the weights, and in one kernel."""
    paper = settings.fan2020
    sizes = [paper.network(network).dimension, *paper.network(network).hidden]
    weights = sum(after * before for before, after in pairwise(sizes))
    return (paper.training.samples + paper.training.test_samples) * max(sizes) + weights + paper.training.samples**2


def _bytes(dtype: str) -> int:
    return 4 if dtype == "float32" else 8


# Training -------------------------------------------------------------------------------------------------------------


def training_memory(settings: Settings, network: str) -> float:
    """The samples as stored and as the network takes them, activations of a test batch, and a few parameters."""
    if network_paper(settings, network) == "fan2020":
        return BASE_MB + 800 + _mb(6 * _trained_kernel_entries(settings, network), size=4)
    entry = training_entry(settings, network) | network_entry(settings, network)
    inputs = data_set(entry.get("data", "cifar10")).inputs
    samples = 1.3 * _mb((entry["images"] + 10_000) * inputs, size=4)
    return BASE_MB + 400 + samples + architecture(entry["architecture"]).megabytes(image_inputs(entry.get("crop")))


def training_minutes(settings: Settings, network: str) -> float:
    """A job that reaches the end of its time goes on from its checkpoint when it is retried."""
    entry = training_entry(settings, network) | network_entry(settings, network)
    node = getattr(settings, network_paper(settings, network)).network(network)
    seconds = architecture(entry.get("architecture", "ntk_mlp")).seconds(getattr(node, "weight_shapes", {}))
    return 20 + entry["epochs"] * entry.get("samples", entry.get("images")) * seconds / 60


def linearised_minutes(settings: Settings, network: str, weights: Mapping[str, WeightsEntry]) -> float:
    """Ten times 7 s for all images of CIFAR-10 through a perceptron with 2.1 million weights."""
    entry = training_entry(settings, network)
    shapes = weight_layers(settings.thamm2024, network, weights).values()
    number = sum(outputs * inputs for outputs, inputs in shapes)
    return 20 + 1.2 * (entry["images"] + entry["test_images"]) / 60_000 * number / 2.1e6


# thamm2024 ------------------------------------------------------------------------------------------------------------


def null_level_minutes(settings: Settings, rows: str, columns: str) -> float:
    """Ten times 0.07 s for a matrix of 1024 columns: singular values of a bidiagonal matrix cost as n^2."""
    return 20 + settings.thamm2024.nulls.matrices * 0.012 * (min(int(rows), int(columns)) / 1024) ** 2


def null_level_disk(settings: Settings, rows: str, columns: str) -> float:
    """The levels of every random matrix, in three unfoldings."""
    return 10 + _mb(3 * settings.thamm2024.nulls.matrices * min(int(rows), int(columns)))


def level_test_minutes(settings: Settings) -> float:
    """Ten times 1 s for a hundred matrices of 512 columns."""
    table = settings.thamm2024.table_2
    cases = 2 + len(table.independent) + len(table.outliers) + len(table.half_windows)
    return 20 + 2e-3 * cases * table.matrices * (table.columns / 512) ** 2


def null_vector_minutes(settings: Settings, dimension: str) -> float:
    """Ten times 8 s for 10,000 vectors of dimension 3072."""
    return 20 + 1.3 * settings.thamm2024.nulls.vectors / 10_000 * int(dimension) / 3072


def decomposition_memory(settings: Settings, network: str, weights: Mapping[str, WeightsEntry]) -> float:
    """The largest matrix in float64, the vectors of both sides, and the SVD's workspace."""
    shapes = weight_layers(settings.thamm2024, network, weights).values()
    return 600 + _mb(max(3 * outputs * inputs + 6 * min(outputs, inputs) ** 2 for outputs, inputs in shapes))


def decomposition_minutes(settings: Settings, network: str, weights: Mapping[str, WeightsEntry]) -> float:
    """Ten times 2 s for the layers of MLP1024 before and after training."""
    shapes = weight_layers(settings.thamm2024, network, weights).values()
    return 20 + 1e-10 * sum(max(shape) * min(shape) ** 2 for shape in shapes)


def decomposition_disk(settings: Settings, network: str, weights: Mapping[str, WeightsEntry]) -> float:
    """Vectors of both sides, before and after training."""
    shapes = weight_layers(settings.thamm2024, network, weights).values()
    return 100 + _mb(2 * sum((outputs + inputs) * min(outputs, inputs) for outputs, inputs in shapes))


# baskerville2022 ------------------------------------------------------------------------------------------------------


def process_minutes(settings: Settings) -> float:
    """Ten times 14 s for six ensembles of 100 matrices of 300 rows."""
    node = settings.baskerville2022.gaussian_process
    return 20 + 2.5 * node.samples * len(node.second_derivatives) / 600 * (node.dimension / 300) ** 3


def curvature_memory(settings: Settings, network: str) -> float:
    """A float32 matrix, a copy for the file, and the workspace."""
    return BASE_MB + _mb(3 * largest_parameters(settings, network) ** 2, size=4)


def curvature_disk(settings: Settings, network: str) -> float:
    """A float32 matrix."""
    return 100 + _mb(largest_parameters(settings, network) ** 2, size=4)


def curvature_minutes(settings: Settings, network: str, batch: str) -> float:
    """Ten times 7 s for a batch of softmax regression on MNIST (P = 7850), as P^3; three hours more for a whole set."""
    return 3 + 1.2 * (largest_parameters(settings, network) / 7850) ** 3 + (180 if batch == "whole" else 0)


def curvature_eigenvalue_memory(settings: Settings, network: str, batch: str) -> float:
    """A float32 matrix, and its distinct rows and columns in float64, twice."""
    matrix = _mb(largest_parameters(settings, network) ** 2, size=4)
    return BASE_MB + matrix + _mb(2 * distinct_rows(settings, network, batch) ** 2)


def curvature_eigenvalue_minutes(settings: Settings, network: str, batch: str) -> float:
    """Ten times 8 s for a batch of softmax regression on MNIST, as the cube of the distinct rows, 5000 there."""
    return 3 + 1.4 * (distinct_rows(settings, network, batch) / 5000) ** 3


def zeros_memory(settings: Settings, network: str, split: Split) -> float:
    """Samples as stored and as the network takes them, and a batch's patches."""
    samples = settings.baskerville2022.samples(network, split)
    return BASE_MB + 400 + _mb(2 * samples * _inputs(settings, network))


def resolved_memory(settings: Settings, network: str, split: Split, kind: str) -> float:
    """Samples in float64, a matrix of the size that the method needs, and the eigensolver's workspace."""
    return _resolved_memory(settings, network, split, batch_rows(settings, network, kind))


def resolved_minutes(settings: Settings, network: str, kind: str, first: str, last: str) -> float:
    """Ten times 70 s for a batch whose matrix has 11,000 rows."""
    rows = batch_rows(settings, network, kind)
    return 20 + 12 * (int(last) - int(first) + 1) * (rows / 11_000) ** 3


def control_minutes(settings: Settings, network: str, state: str, split: Split, kind: Kind) -> float:
    """Four controls of softmax regression at ten times 0.06 s a batch; others as :func:`resolved_minutes`."""
    drawn = control_plan(settings.baskerville2022, network, state, split, kind)["drawn"]
    if of_softmax_regression(settings.baskerville2022, network, kind):
        return 20 + 0.03 * drawn * (batch_rows(settings, network, kind) / 576) ** 3
    return resolved_minutes(settings, network, kind, "1", str(drawn))


def whole_set_memory(settings: Settings, network: str, split: Split) -> float:
    """As :func:`resolved_memory`, over a whole set, whose matrix is also scaled, factored and inverted."""
    rows = _whole_rows(settings, network, split)
    return _resolved_memory(settings, network, split, rows) + _mb(3 * rows**2)


def whole_set_minutes(settings: Settings, network: str, split: Split) -> float:
    """The same for a matrix, and ten times 1 s for 5000 samples of MNIST."""
    samples = whole_samples(settings.baskerville2022, network, split) * _inputs(settings, network) / (5000 * 784)
    return 20 + 12 * (_whole_rows(settings, network, split) / 11_000) ** 3 + samples / 6


def _resolved_memory(settings: Settings, network: str, split: Split, rows: float) -> float:
    samples = settings.baskerville2022.samples(network, split)
    return BASE_MB + _mb(3 * rows**2 + 2 * samples * _inputs(settings, network))


def batch_rows(settings: Settings, network: str, kind: str) -> float:
    """Rows at most of the matrix that one batch's resolved spectrum comes from."""
    paper = settings.baskerville2022
    entry, batch, rank = paper.network(network), paper.curvature.batch_size, _rank(settings, network)
    if entry.is_softmax_regression or kind == "gauss_newton":
        return rank * batch
    if entry.method == "dense" or entry.activation != "relu":
        return 1.3 * largest_parameters(settings, network)
    return reduced_rows(entry.weight_shapes, batch, rank)


def _whole_rows(settings: Settings, network: str, split: Split) -> int:
    """The same over a whole set: classes - 1 combinations of all inputs."""
    samples = settings.baskerville2022.samples(network, split)
    return _rank(settings, network) * min(_inputs(settings, network) + 1, samples)


def largest_parameters(settings: Settings, network: str) -> int:
    """P; on features, of the widest backbone."""
    entry = settings.baskerville2022.network(network)
    return _FEATURES_P if entry.data == "features" else entry.parameters


def distinct_rows(settings: Settings, network: str, batch: str) -> float:
    """About so many rows of a matrix are distinct and not zero: nearly all of a whole set and of features."""
    every = batch == "whole" or settings.baskerville2022.network(network).data == "features"
    return largest_parameters(settings, network) * (1 if every else 0.7)


def _inputs(settings: Settings, network: str) -> int:
    return data_set(settings.baskerville2022.network(network).data).largest_inputs


def _rank(settings: Settings, network: str) -> int:
    """Rank of the loss's Hessian in the outputs of one sample."""
    return data_set(settings.baskerville2022.network(network).data).rank


def embedding_memory(settings: Settings) -> float:
    """All images, twice the features, and activations of a batch."""
    return BASE_MB + 600 + 2 * _mb(_embedded(settings) * _FEATURES, size=4)


def embedding_disk(settings: Settings) -> float:
    """The features, and the same in parts."""
    return 100 + 2 * _mb(_embedded(settings) * _FEATURES, size=4)


def embedding_minutes(settings: Settings) -> float:
    """With the slower backbone; a job at the end of its time goes on when it is retried."""
    return 20 + _embedded(settings) * 0.25 / 60


def _embedded(settings: Settings) -> int:
    node = settings.baskerville2022.features
    return node.images + node.test_images


def gauss_newton_memory(settings: Settings) -> float:
    """Gradients of nine combinations of outputs in all layers of ResNet-34, and a few blocks of one layer's factor."""
    return BASE_MB + 1200 + 30 * settings.baskerville2022.figure_resnet34.batch_size


def gauss_newton_minutes(settings: Settings) -> float:
    """Ten times 70 s for 64 images; entries of the Gram matrix grow as the batch squared."""
    return 20 + 12 * (settings.baskerville2022.figure_resnet34.batch_size / 64) ** 2
