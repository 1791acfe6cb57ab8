"""Which networks and weight matrices thamm2024 studies, and the files and settings that their jobs need.

Every start of Snakemake imports this module: no NumPy, pandas or torch here. The rules bind arguments by name:
``paper``, the paper's settings at one scale; ``weights``, the table of pretrained weights; others are wildcards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from deepspectra.nn.architectures import matrix_shape

if TYPE_CHECKING:
    from deepspectra.data.sources.tables import WeightsEntry
    from deepspectra.papers.thamm2024.settings import Thamm2024

__all__ = ["null_files", "pretrained_alone", "stored_shapes", "swept_networks", "tested_networks"]
__all__ += ["tested_null", "unfolding_parameters", "weight_files", "weight_layers", "weight_states"]


def tested_networks(paper: Thamm2024, item: str) -> list[str]:
    """Networks whose matrices figure 1, 2 or 3 shows, each once, in its order; further seeds of figure 3 last."""
    if item == "figure_3":
        figure = paper.figure_3
        return [paper.at_alpha(name, alpha) for name in (figure.network, *figure.further) for alpha in figure.alphas]
    return list(dict.fromkeys(place.network for key, place in paper.places if key.startswith(item)))


def swept_networks(paper: Thamm2024) -> list[str]:
    """The networks of figure 4: every seed at every output scale."""
    return [paper.at_alpha(name, alpha) for name in paper.figure_4.networks for alpha in paper.figure_4.alphas]


def weight_files(paper: Thamm2024, network: str, scale: str) -> list[str]:
    """The file of a network's weights; of a network that is left out there is none."""
    folder = "resources/weights" if network in paper.pretrained else f"results/{scale}/networks"
    return [] if network in paper.left_out else [f"{folder}/{network}.h5"]


def weight_states(paper: Thamm2024, network: str) -> list[str]:
    """Before and after training; of a pretrained network only the final weights are known."""
    return ["final"] if network in paper.pretrained else ["initial", "final"]


def stored_shapes(paper: Thamm2024, network: str, weights: Mapping[str, WeightsEntry]) -> dict[str, Sequence[int]]:
    """Layer -> shape of its weight as stored, without the output layer of networks that are trained here."""
    if network in paper.pretrained:
        return dict(weights[network].shapes)
    return {layer: list(shape) for layer, shape in paper.network(network).shown_shapes.items()}


def weight_layers(paper: Thamm2024, network: str, weights: Mapping[str, WeightsEntry]) -> dict[str, tuple[int, int]]:
    """The same as matrices: layer -> (outputs, inputs)."""
    return {layer: matrix_shape(shape) for layer, shape in stored_shapes(paper, network, weights).items()}


def unfolding_parameters(paper: Thamm2024) -> dict[str, int]:
    """The integer parameter of each unfolding, by name."""
    window = paper.unfolding.half_window
    return {"gaussian": window, "staircase": window, "polynomial": paper.unfolding.polynomial_degree}


def null_files(paper: Thamm2024, network: str, scale: str, weights: Mapping[str, WeightsEntry]) -> list[str]:
    """Files of null statistics: of random matrices of each layer's shape, either way round, and of random vectors."""
    if network in paper.left_out:
        return []
    names = set()
    for shape in weight_layers(paper, network, weights).values():
        names |= {f"levels_{max(shape)}x{min(shape)}", *(f"vectors_{side}" for side in shape)}
    return [f"results/{scale}/nulls/{name}.h5" for name in sorted(names)]


def tested_null(paper: Thamm2024, scale: str) -> str:
    """The file of null statistics by which the tests of levels are tried out."""
    return f"results/{scale}/nulls/levels_{paper.table_2.rows}x{paper.table_2.columns}.h5"


def pretrained_alone(
    paper: Thamm2024, rows: int | str, columns: int | str, weights: Mapping[str, WeightsEntry]
) -> list[str]:
    """Files of pretrained networks with this null, if none trained here has such a matrix; large nulls take long."""
    wanted = {int(rows), int(columns)}
    known = [name for name in paper.known_networks if name not in paper.left_out]
    shapes = {name: weight_layers(paper, name, weights).values() for name in known}
    owners = [name for name, sizes in shapes.items() if wanted in map(set, sizes)]
    return [] if set(owners) & set(paper.networks) else [f"resources/weights/{name}.h5" for name in owners]
