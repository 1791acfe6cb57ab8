"""Which networks and weight matrices the items of thamm2024 study, and the files they need.

Every start of Snakemake imports this module: no NumPy, pandas or torch here. ``paper`` is the paper's settings at one
scale, ``pretrained`` the shapes of the pretrained matrices: network -> layer -> (outputs, inputs).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from deepspectra.nn.architectures import matrix_shape

if TYPE_CHECKING:
    from deepspectra.papers.thamm2024.settings import Thamm2024

__all__ = [
    "null_files",
    "pretrained_alone",
    "stored_shapes",
    "swept_networks",
    "tested_networks",
    "unfolding_parameters",
    "weight_file",
    "weight_layers",
    "weight_states",
]

PretrainedShapes = Mapping[str, Mapping[str, tuple[int, int]]]


def tested_networks(paper: Thamm2024, item: str) -> list[str]:
    """Networks whose matrices an item shows, each once, in the order of the item; figure 4 and table 1 show none."""
    if item == "table_2":
        return list(paper.known_networks)
    if item == "figure_1":
        names = [place.network for place in paper.figure_1.panels]
    elif item == "figure_2":
        places = [paper.figure_2.spectrum, *(place for panel in paper.figure_2.panels.values() for place in panel)]
        names = [place.network for place in places]
    elif item == "figure_3":
        names = [paper.at_alpha(paper.figure_3.network, alpha) for alpha in paper.figure_3.alphas]
    else:
        names = []
    return list(dict.fromkeys(names))


def swept_networks(paper: Thamm2024) -> list[str]:
    """The networks of figure 4: every seed at every output scale."""
    return [paper.at_alpha(name, alpha) for name in paper.figure_4.networks for alpha in paper.figure_4.alphas]


def weight_file(paper: Thamm2024, network: str) -> str:
    """Weights of a network: a path below resources/ for a pretrained one, else below results/{scale}/."""
    return f"resources/weights/{network}.h5" if network in paper.pretrained else f"networks/{network}.h5"


def weight_states(paper: Thamm2024, network: str) -> list[str]:
    """Before and after training; of a pretrained network only the final weights are known."""
    return ["final"] if network in paper.pretrained else ["initial", "final"]


def stored_shapes(paper: Thamm2024, network: str, pretrained: PretrainedShapes) -> dict[str, tuple[int, ...]]:
    """Layer -> shape of its weight as stored, without the output layer of networks that are trained here."""
    if network in paper.pretrained:
        return dict(pretrained[network])
    return {layer: shape for layer, shape in paper.network(network).weight_shapes.items() if layer != "output"}


def weight_layers(paper: Thamm2024, network: str, pretrained: PretrainedShapes) -> dict[str, tuple[int, int]]:
    """The same as matrices: layer -> (outputs, inputs)."""
    return {layer: matrix_shape(shape) for layer, shape in stored_shapes(paper, network, pretrained).items()}


def unfolding_parameters(paper: Thamm2024) -> dict[str, int]:
    """The integer parameter of each unfolding, by name."""
    window = paper.unfolding.half_window
    return {"gaussian": window, "staircase": window, "polynomial": paper.unfolding.polynomial_degree}


def null_files(paper: Thamm2024, network: str, pretrained: PretrainedShapes) -> tuple[dict[str, str], dict[int, str]]:
    """Nulls that a network's matrices are judged by, below results/{scale}/.

    :returns: layer -> file of random matrices of its shape, and dimension -> file of random vectors.
    """
    layers = weight_layers(paper, network, pretrained)
    levels = {layer: f"nulls/levels_{max(shape)}x{min(shape)}.h5" for layer, shape in layers.items()}
    sides = sorted({side for shape in layers.values() for side in shape})
    return levels, {side: f"nulls/vectors_{side}.h5" for side in sides}


def pretrained_alone(paper: Thamm2024, rows: int, columns: int, pretrained: PretrainedShapes) -> list[str]:
    """Pretrained networks with a rows x columns matrix (either way round), if no network trained here has one.

    Without their weights there is nothing to calibrate, and the largest nulls take long.
    """

    def with_shape(networks: Iterable[str]) -> list[str]:
        shapes = {name: weight_layers(paper, name, pretrained).values() for name in networks}
        return [name for name, sizes in shapes.items() if {rows, columns} in map(set, sizes)]

    return [] if with_shape(paper.networks) else with_shape(paper.pretrained)
