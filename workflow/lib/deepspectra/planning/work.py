"""How much work a job is, in units of its own: what its seconds are proportional to from one size to another.

A law is a function of the settings and the job's wildcards. It returns the ``case`` within which jobs are alike but for
their size (an architecture, say, or a figure), and the number of dominant operations as it grows with the sizes.
"""

from collections.abc import Callable, Mapping
from typing import Any

from deepspectra.config.settings import Settings
from deepspectra.data.sources.tables import WeightsEntry
from deepspectra.nn.architectures import architecture
from deepspectra.papers.baskerville2022 import spectra
from deepspectra.papers.baskerville2022.settings import Kind, Split
from deepspectra.papers.thamm2024.networks import weight_layers
from deepspectra.planning import costs, my_networks
from deepspectra.planning.binding import Binder
from deepspectra.planning.networks import network_entry, network_paper, training_entry

__all__ = ["LAWS", "Work", "work_of"]

#: Case and work of a job.
Work = tuple[str, float]


def work_of(
    rule: str, wildcards: Mapping[str, str], settings: Mapping[str, Settings], weights: Mapping[str, WeightsEntry]
) -> Work:
    """Case and work of a job; of a rule without a law its other wildcards are the case, and all its jobs are alike.

    :param settings: by scale. :param weights: the table of pretrained weights.
    """
    if rule in LAWS:
        return Binder(settings, weights=weights)(LAWS[rule])(wildcards)
    return " ".join(value for name, value in wildcards.items() if name != "scale"), 1.0


# Training -------------------------------------------------------------------------------------------------------------


def _training(settings: Settings, network: str) -> Work:
    entry = training_entry(settings, network) | network_entry(settings, network)
    name = entry.get("architecture", "ntk_mlp")
    shapes = getattr(getattr(settings, network_paper(settings, network)).network(network), "weight_shapes", {})
    seconds = architecture(name).seconds(shapes)
    # Steps of small networks cost by the layer, and those of small batches more a sample.
    case = f"{name} of {len(shapes)} layers, batch {entry['batch_size']}" if shapes else name
    samples = entry.get("samples", entry.get("images"))
    if any(len(shape) > 2 for shape in shapes.values()):
        # A test after each epoch, forward alone: of dense layers it costs little, in large batches.
        samples += entry["test_images"] / 3
    return case, entry["epochs"] * samples * seconds


def _linearised(settings: Settings, network: str, weights: Mapping[str, WeightsEntry]) -> Work:
    return "", costs.linearised_minutes(settings, network, weights) - 20


# thamm2024 ------------------------------------------------------------------------------------------------------------


def _given(settings: Settings, network: str) -> str:
    """A pretrained network by its name unless its weights are given: where they cannot be had its jobs take no time."""
    without = [name for name, entry in settings.thamm2024.pretrained.items() if entry.file is None]
    return network if network in without else ""


def _decomposition(settings: Settings, network: str, weights: Mapping[str, WeightsEntry]) -> Work:
    shapes = weight_layers(settings.thamm2024, network, weights).values()
    return _given(settings, network), sum(max(shape) * min(shape) ** 2 for shape in shapes)


def _weight_statistics(settings: Settings, network: str, weights: Mapping[str, WeightsEntry]) -> Work:
    shapes = weight_layers(settings.thamm2024, network, weights).values()
    return _given(settings, network), sum(min(shape) * sum(shape) for shape in shapes)


def _null_levels(settings: Settings, rows: str, columns: str, weights: Mapping[str, WeightsEntry]) -> Work:
    networks = [
        name for name in (*settings.thamm2024.networks, *settings.thamm2024.pretrained) if not _given(settings, name)
    ]
    shapes = {
        tuple(sorted(shape)) for name in networks for shape in weight_layers(settings.thamm2024, name, weights).values()
    }
    # Only the shapes of weights that are there are drawn.
    case = "" if tuple(sorted((int(rows), int(columns)))) in shapes else "not drawn"
    return case, settings.thamm2024.nulls.matrices * min(int(rows), int(columns)) ** 2


def _null_vectors(settings: Settings, dimension: str) -> Work:
    return "", settings.thamm2024.nulls.vectors * int(dimension)


def _level_tests(settings: Settings) -> Work:
    return "", costs.level_test_minutes(settings) - 20


# baskerville2022 ------------------------------------------------------------------------------------------------------


def _network_kind(settings: Settings, network: str) -> str:
    """Networks whose matrices are alike but for the seed."""
    entry = settings.baskerville2022.network(network)
    return " ".join([entry.data, entry.architecture, *map(str, entry.hidden)])


def _curvature(settings: Settings, network: str, split: Split, kind: Kind, batch: str) -> Work:
    """P rows, each differentiated anew; of a whole set a product for all rows, many times cheaper a sample."""
    samples = spectra.samples_of(settings.baskerville2022, network, split, batch)
    scope = "whole" if batch == "whole" else "batch"
    work = costs.largest_parameters(settings, network) ** 2 * samples / (64 if batch == "whole" else 1)
    return f"{_network_kind(settings, network)} {kind} {scope}", work


def _curvature_eigenvalues(settings: Settings, network: str, kind: Kind, batch: str) -> Work:
    scope = "whole" if batch == "whole" else "batch"
    rows = costs.distinct_rows(settings, network, batch)
    return f"{_network_kind(settings, network)} {kind} {scope}", rows**3


def _zeros(settings: Settings, network: str, split: Split) -> Work:
    samples = settings.baskerville2022.samples(network, split)
    return settings.baskerville2022.network(network).architecture, samples * costs.largest_parameters(settings, network)


def _resolved(settings: Settings, network: str, kind: str, first: str, last: str) -> Work:
    batches = int(last) - int(first) + 1
    return f"{_network_kind(settings, network)} {kind}", batches * costs.batch_rows(settings, network, kind) ** 3


def _controls(settings: Settings, network: str, state: str, split: Split, kind: Kind) -> Work:
    drawn = spectra.control_plan(settings.baskerville2022, network, state, split, kind)["drawn"]
    return f"{_network_kind(settings, network)} {kind}", drawn * costs.batch_rows(settings, network, kind) ** 3


def _whole_set(settings: Settings, network: str, split: Split) -> Work:
    return settings.baskerville2022.network(network).data, costs.whole_set_minutes(settings, network, split) - 20


def _curvature_statistics(settings: Settings, network: str, state: str, split: Split, kind: Kind) -> Work:
    """Eigenvalues of all matrices, and of all draws of controls."""
    paper = settings.baskerville2022
    batches, drawn = paper.batches(network, split, kind), spectra.control_plan(paper, network, state, split, kind)
    levels = (batches + drawn["drawn"]) * costs.batch_rows(settings, network, kind)
    return kind, levels + paper.published_batches(network, split) * costs.largest_parameters(settings, network)


def _embedding(settings: Settings) -> Work:
    return "", settings.baskerville2022.features.images + settings.baskerville2022.features.test_images


def _process(settings: Settings) -> Work:
    return "", costs.process_minutes(settings) - 20


def _ensemble(settings: Settings, item: str) -> Work:
    """Eigenvalues of a tridiagonal matrix cost as the square."""
    node = getattr(settings.baskerville2022, item).ensemble
    return item, node.matrices * node.dimension**2


def _gauss_newton(settings: Settings) -> Work:
    """Gradients take most of the time: 30 s for 16 images, 108 s for 64."""
    return "", settings.baskerville2022.figure_resnet34.batch_size


# fan2020 --------------------------------------------------------------------------------------------------------------


def _kernels(settings: Settings, item: str) -> Work:
    node = getattr(settings.fan2020, item)
    return "", node.samples**2 * node.width * node.depth


def _kernel_eigenvalues(settings: Settings, item: str) -> Work:
    node = getattr(settings.fan2020, item)
    return "", node.samples**3 * node.depth


def _trained_kernels(settings: Settings, network: str) -> Work:
    return "", costs.trained_kernel_minutes(settings, network) - 20


def _drawn(settings: Settings, inputs: str) -> Work:
    return inputs.partition("_")[0], costs.drawn_minutes(settings, inputs) - 20


# pennington2017 -------------------------------------------------------------------------------------------------------


def _covariance(settings: Settings) -> Work:
    """So many matrices of each size that eigenvalues are equally many: each as the cube, small ones at a lower rate.

    It fits 15 s of the preview and 548 s as published.
    """
    node = settings.pennington2017.figure_1
    return "", node.pooled_eigenvalues * sum(size * (size + 1000) for size in node.input_dimensions)


def _random_features(settings: Settings, panel: str) -> Work:
    """As the cube, small matrices at a lower rate: 9 s of the preview, 296 s as published."""
    node = settings.pennington2017.figure_2
    return panel, node.simulated_points * len(node.betas) * node.input_dimension**2 * (node.input_dimension + 200)


def _own_network(settings: Settings, model: str) -> Work:
    """By the size of its files: its layers are not known yet."""
    return "", 1 + my_networks.megabytes(settings, model)


def _limit_law(settings: Settings, law: str) -> Work:
    return "", settings.limit_laws[law].points


#: Laws by rule.
LAWS: dict[str, Callable[..., Any]] = {
    "train_network": _training,
    "evaluate_linearised": _linearised,
    "decompose_weights": _decomposition,
    "analyse_weights": _weight_statistics,
    "draw_null_levels": _null_levels,
    "draw_null_vectors": _null_vectors,
    "simulate_level_tests": _level_tests,
    "compute_curvature": _curvature,
    "decompose_curvature": _curvature_eigenvalues,
    "count_zeros": _zeros,
    "resolve_curvature": _resolved,
    "draw_controls": _controls,
    "resolve_whole_set": _whole_set,
    "analyse_curvature": _curvature_statistics,
    "embed_images": _embedding,
    "draw_process_hessians": _process,
    "draw_orthogonal_ensemble": _ensemble,
    "resolve_resnet34": _gauss_newton,
    "compute_kernels": _kernels,
    "decompose_kernels": _kernel_eigenvalues,
    "average_gram": _kernel_eigenvalues,
    "compute_trained_kernels": _trained_kernels,
    "decompose_trained_kernels": _trained_kernels,
    "draw_kernels": _drawn,
    "simulate_data_covariance": _covariance,
    "simulate_random_features": _random_features,
    "solve_limit_law": _limit_law,
    "list_layers": lambda: ("", 1.0),
    "draw_matrix_nulls": lambda columns, draws: ("", int(draws) * int(columns) ** 2),
    "draw_vector_nulls": lambda dimension, draws: ("", int(draws) * int(dimension)),
    "analyse_network": _own_network,
    "draw_network": _own_network,
}
