"""Figures and tables of Thamm, Staats and Rosenow (2024)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from deepspectra.papers.item import Item
from deepspectra.papers.thamm2024.networks import swept_networks, tested_networks

if TYPE_CHECKING:
    from deepspectra.papers.thamm2024.settings import Thamm2024

__all__ = ["ITEMS"]

_CALIBRATED = (
    "Insets: distribution functions. Spacings: p of the Kolmogorov-Smirnov test against the Wigner surmise; "
    "calibrated: against random matrices of the same shape through the same unfolding, with its Monte Carlo error. "
    "Number variance: over intervals of the bulk, which keep 2 a + 1 levels away from the edges of the "
    "Marchenko-Pastur law, since the broadening squeezes levels beside an outlier. Grey band: central 95 % of the "
    "same random matrices, cut alike; p: of the largest deviation from them at l from 1 to 10. Dotted: trained, over "
    "all intervals, as published. The GOE's curve (an asymptote, drawn from l = 1) is for intervals at any place and "
    "a known density: centring on levels makes the difference below l of about 2, the unfolding, fitted to the same "
    "levels, above."
)
_VECTORS = (
    "Vectors: p of Kolmogorov-Smirnov tests of the m entries of a singular vector against N(0, 1/m), mean over the "
    "window (15 neighbours in the paper), for vectors of the smaller side, or of a square matrix the output side; "
    "rank 1 is the largest singular value"
)
_LEVELS = ("nulls.matrices", "nulls.longest_interval", "nulls.seed", "unfolding")


def _files(networks: Iterable[str], *kinds: str) -> dict[str, list[str]]:
    """Tables of networks by kind: levels, curves, vectors, linearised; and history, of their training."""
    folder = {kind: "networks" if kind == "history" else "statistics/thamm2024/networks" for kind in kinds}
    return {kind: [f"{folder[kind]}/{network}_{kind}.csv" for network in networks] for kind in kinds}


def _figure(item: str, title: str, note: str, kinds: Sequence[str], shaped_by: Sequence[str]) -> Item:
    return Item(
        title=title,
        note=note,
        numbers=f"statistics:{item}",
        drawing=f"figures:{item}",
        inputs=lambda paper: _files(tested_networks(paper, item), *kinds),
        parameters=lambda paper: {
            "figure": getattr(paper, item).model_dump(),
            "networks": tested_networks(paper, item),
        },
        spectra=lambda paper: tested_networks(paper, item),
        shaped_by=lambda paper: [*shaped_by, *(f"networks.{name}" for name in _shown(paper, item))],
    )


def _shown(paper: Thamm2024, item: str) -> list[str]:
    """The networks of a figure that are trained here, at their own output scales."""
    seeds = {"figure_3": [paper.figure_3.network, *paper.figure_3.further], "figure_4": paper.figure_4.networks}
    return [name for name in seeds.get(item) or tested_networks(paper, item) if name in paper.networks]


def _published(item: str) -> dict[str, list[str]]:
    return {"published": [f"resources/published/thamm2024_{item}.csv"]}


def _trained(paper: Thamm2024) -> list[str]:
    return [name for name in paper.networks if name not in paper.left_out]


def _test_images(paper: Thamm2024) -> dict[str, int]:
    return {name: paper.networks[name].test_images or paper.training.test_images for name in _trained(paper)}


ITEMS = {
    "figure_1": _figure(
        "figure_1",
        "Spacings and number variance of the singular values of four weight matrices, beside random matrices",
        f"{_CALIBRATED} Assumed: the paper's window of 15 means a = 7. Its own panels (MLP1024 dense 2, "
        "miniAlexNet conv 2, AlexNet dense 2, VGG19 dense 3) are captioned p = 0.81, 0.85, 0.31 and 0.96; its table 2 "
        "prints 0.812, 0.859, 0.229 and 0.557 for them. Its section 2 takes VGG19 from TensorFlow, its appendix A from "
        "PyTorch.",
        kinds=("levels", "curves"),
        shaped_by=("training", "left_out", *_LEVELS),
    ),
    "figure_2": _figure(
        "figure_2",
        "Singular values of a weight matrix before and after training, and tests of singular vectors by rank",
        f"{_VECTORS}. Thick: plain; thin: calibrated with random unit vectors, whose mean is 0.5 (dotted line; "
        "plain ones have more, since the norm is fixed). Dashed in (a): Marchenko-Pastur law of the initial weights; "
        "dotted: modified law fitted to the trained ones. Both sides are in the CSV.",
        kinds=("levels", "curves", "vectors"),
        shaped_by=("training", "left_out", "nulls.vectors", "nulls.seed"),
    ),
    "figure_3": _figure(
        "figure_3",
        "Spectra, spacings, number variance and vector tests of one layer in the rich, typical and lazy regime",
        f"{_CALIBRATED} {_VECTORS} (black: calibrated; light grey: the other side; dotted: 0.5). Red in (a): modified "
        "Marchenko-Pastur law of the trained weights; dotted, that of the initial ones. Above (a): how many singular "
        "values are above the largest initial one. The paper's test accuracies at alpha 0.5, "
        "1 and 5 are 52.7, 55.2 and 50.4 %. Assumed: the paper's window of 15 means a = 7.",
        kinds=("levels", "curves", "vectors", "history"),
        shaped_by=("training", *_LEVELS, "nulls.vectors"),
    ),
    "figure_4": Item(
        title="Test and train accuracy of full and of linearised networks against the scale alpha",
        note="Full networks, and the same trained networks linearised around the initial weights of their second "
        "layer (eq. 6); below, what they lose by it; black: alpha = 1. Train accuracies are those after training "
        "(table 1 has those of the batches as they were met). Assumed: the values of alpha.",
        numbers="statistics:figure_4",
        drawing="figures:figure_4",
        inputs=lambda paper: _files(swept_networks(paper), "linearised"),
        shaped_by=lambda paper: ["training", *(f"networks.{name}" for name in _shown(paper, "figure_4"))],
    ),
    "table_1": Item(
        title="Network performance",
        numbers="tables:table_1",
        inputs=lambda paper: _published("table_1") | _files(_trained(paper), "history"),
        parameters=lambda paper: {"test_images": _test_images(paper), "left_out": paper.left_out},
        shaped_by=lambda paper: ["training", "networks", "left_out"],
        tables=("table_1",),
    ),
    "table_2": Item(
        title="Spacings against the Wigner surmise",
        numbers="tables:table_2",
        inputs=lambda paper: (
            _published("table_2")
            | _files(paper.known_networks, "levels")
            | {"level_tests": ["statistics/thamm2024/level_tests.csv"]}
        ),
        spectra=lambda paper: paper.known_networks,
        shaped_by=lambda paper: ["training", "networks", "left_out", *_LEVELS],
        tables=("table_2", "table_2_unfolding", "table_2_tests", "table_2_window"),
    ),
}
