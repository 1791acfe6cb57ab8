"""How much work a job is, in units of its own: what its seconds are proportional to from one size to another.

A law is a function of the settings and the job's wildcards. It returns the ``case`` within which jobs are alike but for
their size (an architecture, say, or a figure), and the number of dominant operations as it grows with the sizes.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from deepspectra.config.settings import Settings
from deepspectra.data.sources.tables import WeightsEntry
from deepspectra.nn.architectures import architecture
from deepspectra.papers.baskerville2022 import spectra
from deepspectra.papers.baskerville2022.settings import Kind, Split
from deepspectra.papers.thamm2024.networks import weight_layers
from deepspectra.planning import costs, my_networks
from deepspectra.planning.binding import Binder
from deepspectra.planning.networks import network_entry, network_paper, training_entry
from deepspectra.planning.operations import (
    CALLS,
    DOUBLE,
    ENTRY,
    NORMAL,
    PIXELS,
    eigenvalues,
    linear_operations,
    network_operations,
    singular_values,
)

__all__ = ["LAWS", "Work", "law_of", "work_of"]

#: Case and work of a job.
Work = tuple[str, float]

# Of a limit law: points that find it before its curve is drawn, and how many layers a point's other work equals.
_LAW_POINTS, _LAW_STEPS = 14_000, 4
# Seconds of a tested image over those of one that is trained on, where there are convolutions.
_TESTED = {"lenet": 0.5, "minialexnet": 0.5}
# An image of ResNet-34 and one of EfficientNet-Lite0.
_IMAGES = {"resnet34": 2.2, "efficientnet_lite0": 1.0}
# Samples whose part in a second derivative takes as long as to store it.
_STORED = 150
# A level of a random matrix, against an entry of a vector.
_LEVEL = 20


def work_of(
    rule: str, wildcards: Mapping[str, str], settings: Mapping[str, Settings], weights: Mapping[str, WeightsEntry]
) -> Work:
    """Case and work of a job; of a rule without a law its other wildcards are the case, and all its jobs are alike.

    :param settings: by scale. :param weights: the table of pretrained weights.
    """
    if law := law_of(rule, wildcards):
        return Binder(settings, weights=weights)(law)(wildcards)
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
        # A test after each epoch is forward alone; of dense layers it takes next to no time.
        samples += _TESTED.get(name, _TESTED["lenet"]) * entry["test_images"]
    return case, entry["epochs"] * samples * seconds


def _linearised(settings: Settings, network: str, weights: Mapping[str, WeightsEntry]) -> Work:
    return "", costs.linearised_minutes(settings, network, weights) - 20


# thamm2024 ------------------------------------------------------------------------------------------------------------


def _given(settings: Settings, network: str) -> str:
    """A network by its name if its weights are not given: where they cannot be had its jobs take no time."""
    without = [name for name, entry in settings.thamm2024.pretrained.items() if entry.file is None]
    return network if network in (*without, *settings.thamm2024.left_out) else ""


def _decomposition(settings: Settings, network: str, weights: Mapping[str, WeightsEntry]) -> Work:
    shapes = weight_layers(settings.thamm2024, network, weights).values()
    return _given(settings, network), sum(max(shape) * min(shape) ** 2 for shape in shapes)


def _weight_statistics(settings: Settings, network: str, weights: Mapping[str, WeightsEntry]) -> Work:
    """Vectors are sorted, entry by entry; of each level of a random matrix the neighbours are found at 30 lengths."""
    shapes = weight_layers(settings.thamm2024, network, weights).values()
    vectors = sum(min(shape) * sum(shape) for shape in shapes)
    levels = settings.thamm2024.nulls.matrices * sum(min(shape) for shape in {tuple(sorted(each)) for each in shapes})
    return _given(settings, network), vectors + _LEVEL * levels


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
    """P^2 second derivatives of a batch, each of which is then hashed and stored; of a whole set a product has them."""
    samples = spectra.samples_of(settings.baskerville2022, network, split, batch)
    scope = "whole" if batch == "whole" else "batch"
    work = costs.largest_parameters(settings, network) ** 2 * (samples / (10 if batch == "whole" else 1) + _STORED)
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
    """Without a choice, with the first in the table of backbones, which is the paper's."""
    node = settings.baskerville2022.features
    return "", _IMAGES["resnet34" if node.backbone == "auto" else node.backbone] * (node.images + node.test_images)


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
    """A network's kernels, and those of a linear one forward alone."""
    node = getattr(settings.fan2020, item)
    sizes = node.samples, node.width, node.depth, getattr(node, "input_dimension", PIXELS)
    return "", linear_operations(*sizes) + network_operations(*sizes)


def _kernel_eigenvalues(settings: Settings, item: str) -> Work:
    node = getattr(settings.fan2020, item)
    return "", node.samples**3 * node.depth


def _trained_kernels(settings: Settings, network: str) -> Work:
    return "", costs.trained_kernel_minutes(settings, network) - 20


def _drawn(settings: Settings, inputs: str) -> Work:
    """Kernels of every draw, and in float64 eigenvalues of three matrices, of Gaussian inputs also of all other layers
    and of the inputs; a linear network once a size.
    """
    entry, work = settings.fan2020.draws(inputs), 0.0
    matrices = 3 + entry["depth"] if inputs == "gaussian" else 3
    for size in entry["sizes"]:
        sizes = size["samples"], size["width"], entry["depth"], size.get("input_dimension", PIXELS)
        solved = eigenvalues(size["samples"], DOUBLE)
        work += size["draws"] * (network_operations(*sizes) + matrices * solved)
        work += linear_operations(*sizes) + 3 * solved
    return inputs.partition("_")[0], work


# pennington2017 -------------------------------------------------------------------------------------------------------


def _covariance(settings: Settings) -> Work:
    """As many networks of each size as give all eigenvalues: three spectra each, and a product a layer."""
    node, work = settings.pennington2017.figure_1, 0.0
    for inputs in node.input_dimensions:
        width, samples = inputs / node.psi, inputs / node.phi
        weights = width * (inputs + (node.layers - 1) * width)
        products = (samples + NORMAL) * weights + NORMAL * samples * (inputs + width) + 3 * width**2 * samples / 2
        layers = node.layers * (CALLS + ENTRY * width * samples)
        work += node.pooled_eigenvalues / width * (products + layers + 3 * eigenvalues(width))
    return "", work


def _random_features(settings: Settings, panel: Literal["a", "b"]) -> Work:
    """A matrix for each gamma and one more, and smaller ones of the same shape, all in float64."""
    node = settings.pennington2017.figure_2
    shape, work = node.panels[panel], 0.0
    for inputs, matrices in (
        (node.input_dimension, node.simulated_points + 1),
        (node.smaller_dimension, node.simulated_points),
    ):
        width, samples = inputs / shape.psi, inputs / shape.phi
        less, more = sorted((width, samples))
        product = width * inputs * samples + NORMAL * inputs * (width + samples)
        work += len(node.betas) * matrices * (product + singular_values(more, less))
    return "", work


def _own_network(settings: Settings, model: str) -> Work:
    """By the size of its files: its layers are not known yet."""
    return "", 1 + my_networks.megabytes(settings, model)


def _limit_law(settings: Settings, law: str) -> Work:
    """Newton's method by layer, at points that find the law and at those of its curve; with a given Gram matrix each
    takes sums over its eigenvalues, a thousand where the settings do not say.
    """
    entry = settings.limit_laws[law]
    layers = len(entry.ratios or entry.widths or [1])
    work = (_LAW_POINTS + entry.points) * (_LAW_STEPS + layers)
    if entry.input and (entry.input.gram or entry.input.data):
        return "given Gram matrix", work * (entry.samples or 1000) / 30
    return entry.kernel, work


# Figures --------------------------------------------------------------------------------------------------------------


def _compared_draws(settings: Settings, item: str) -> Work:
    """Every spectrum, and one more of each size, is compared with its laws at 342 common factors, whose cost hardly
    grows with n; to solve for the laws of a size takes as long as ten draws.
    """
    paper = settings.fan2020
    drawn = paper.drawn_inputs if item == "figure_scaling" else paper.drawn_components
    sizes = [size for inputs in drawn for size in paper.draws(inputs)["sizes"]]
    return item, sum((size["draws"] + 1) * (1 + size["samples"] / 1500) + 10 for size in sizes)


def _compared_kernels(settings: Settings, item: str) -> Work:
    """Laws are solved with all eigenvalues of the inputs, in figure S4 those of every layer of two networks."""
    paper = settings.fan2020
    nodes = [paper.figure_1, paper.figure_2] if item == "figure_s4" else [getattr(paper, item)]
    return item, sum(node.samples * node.depth for node in nodes)


def law_of(rule: str, wildcards: Mapping[str, str]) -> Callable[..., Any] | None:
    """The law of a job, or None: then its seconds are known at the sizes that were measured alone."""
    return LAWS.get(rule) or LAWS.get(f"{rule} {wildcards.get('paper')} {wildcards.get('item')}")


#: Laws by rule, and of what makes the numbers of some figures.
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
    **{f"make_numbers fan2020 {item}": _compared_draws for item in ("figure_scaling", "figure_components")},
    **{f"make_numbers fan2020 figure_{name}": _compared_kernels for name in ("1", "2", "s2", "s4")},
}
