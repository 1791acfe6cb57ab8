"""Figures and tables of Thamm, Staats and Rosenow (2024)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from deepspectra.papers.item import Item
from deepspectra.papers.thamm2024.networks import swept_networks, tested_networks

if TYPE_CHECKING:
    from deepspectra.papers.thamm2024.settings import Thamm2024

__all__ = ["ITEMS"]

_CALIBRATED = (
    "Insets: distribution functions. p: Kolmogorov-Smirnov test of the spacings against the Wigner surmise; "
    "calibrated: against random matrices of the same shape through the same unfolding, with its Monte Carlo error. "
    "Grey band: central 95 % of the same random matrices' number variance, which the unfolding, fitted to the same "
    "levels, takes away from the GOE's curve (an asymptote, drawn from l = 1)."
)
_VECTORS = (
    "p-values: Kolmogorov-Smirnov tests of the m entries of a singular vector against N(0, 1/m), mean over the "
    "window (15 neighbours in the paper), for vectors of the smaller side, or of a square matrix the output side; "
    "rank 1 is the largest singular value"
)
_LEVELS = ("nulls.matrices", "nulls.longest_interval", "nulls.seed", "unfolding")


def _tests(paper: Thamm2024, item: str, *kinds: str) -> dict[str, list[str]]:
    """Tables of the networks that an item shows, by kind: levels, curves, vectors."""
    folder = "statistics/thamm2024/networks"
    return {kind: [f"{folder}/{network}_{kind}.csv" for network in tested_networks(paper, item)] for kind in kinds}


def _histories(networks: Iterable[str]) -> dict[str, list[str]]:
    return {"histories": [f"networks/{network}_history.csv" for network in networks]}


def _published(item: str) -> dict[str, list[str]]:
    return {"published": [f"resources/published/thamm2024_{item}.csv"]}


def _test_images(paper: Thamm2024) -> dict[str, int]:
    return {name: network.test_images or paper.training.test_images for name, network in paper.networks.items()}


ITEMS = {
    "figure_1": Item(
        title="Spacings and number variance of the singular values of four weight matrices, beside random matrices",
        note=f"{_CALIBRATED} Assumed: the paper's window of 15 means a = 7. Its own panels (MLP1024 dense 2, "
        "miniAlexNet conv 2, AlexNet dense 2, VGG19 dense 3) are captioned p = 0.81, 0.85, 0.31 and 0.96; its table 2 "
        "prints 0.812, 0.859, 0.229 and 0.557 for them. Its section 2 takes VGG19 from TensorFlow, its appendix A from "
        "PyTorch.",
        numbers="statistics:figure_1",
        drawing="figures:figure_1",
        inputs=lambda paper: _tests(paper, "figure_1", "levels", "curves"),
        parameters=lambda paper: {
            "places": paper.figure_1.model_dump()["panels"],
            "networks": tested_networks(paper, "figure_1"),
        },
        spectra=lambda paper: tested_networks(paper, "figure_1"),
        shaped_by=lambda paper: ["training", "networks", *_LEVELS],
    ),
    "figure_2": Item(
        title="Singular values of a weight matrix before and after training, and tests of singular vectors by rank",
        note=f"{_VECTORS}. Thick: plain; thin: calibrated with random unit vectors, whose mean is 0.5 (dotted line; "
        "plain ones have more, since the norm is fixed). Dashed in (a): Marchenko-Pastur law of the initial weights; "
        "dotted: modified law fitted to the trained ones. Both sides are in the CSV.",
        numbers="statistics:figure_2",
        drawing="figures:figure_2",
        inputs=lambda paper: _tests(paper, "figure_2", "levels", "curves", "vectors"),
        parameters=lambda paper: {
            "figure": paper.figure_2.model_dump(),
            "networks": tested_networks(paper, "figure_2"),
        },
        spectra=lambda paper: tested_networks(paper, "figure_2"),
        shaped_by=lambda paper: ["training", "networks", "nulls.vectors", "nulls.seed"],
    ),
    "figure_3": Item(
        title="Spectra, spacings, number variance and vector tests of one layer in the rich, typical and lazy regime",
        note=f"{_CALIBRATED} {_VECTORS} (thin: calibrated; faint: the other side; dotted: 0.5). Dashed in "
        "(a): modified Marchenko-Pastur laws, in the colours of the spectra. The paper's test accuracies at alpha 0.5, "
        "1 and 5 are 52.7, 55.2 and 50.4 %. Assumed: the paper's window of 15 means a = 7.",
        numbers="statistics:figure_3",
        drawing="figures:figure_3",
        inputs=lambda paper: (
            _tests(paper, "figure_3", "levels", "curves", "vectors") | _histories(tested_networks(paper, "figure_3"))
        ),
        parameters=lambda paper: {
            "figure": paper.figure_3.model_dump(),
            "networks": tested_networks(paper, "figure_3"),
        },
        spectra=lambda paper: tested_networks(paper, "figure_3"),
        # miniAlexNet, whose settings differ from the others', is not in it.
        shaped_by=lambda paper: ["training", *_LEVELS, "nulls.vectors"],
    ),
    "figure_4": Item(
        title="Test and train accuracy of full and of linearised networks against the scale alpha",
        note="Full networks, and the same trained networks linearised around the initial weights of their second "
        "layer (eq. 6); black: alpha = 1. Train accuracies are those after training (table 1 has those of the batches "
        "as they were met). Assumed: the values of alpha.",
        numbers="statistics:figure_4",
        drawing="figures:figure_4",
        inputs=lambda paper: {
            "accuracies": [f"statistics/thamm2024/networks/{name}_linearised.csv" for name in swept_networks(paper)]
        },
        shaped_by=lambda paper: ["training"],
    ),
    "table_1": Item(
        title="Network performance",
        numbers="tables:table_1",
        inputs=lambda paper: _published("table_1") | _histories(paper.networks),
        parameters=lambda paper: {"test_images": _test_images(paper)},
        shaped_by=lambda paper: ["training", "networks"],
        tables=("table_1",),
    ),
    "table_2": Item(
        title="Spacings against the Wigner surmise",
        numbers="tables:table_2",
        inputs=lambda paper: _published("table_2") | _tests(paper, "table_2", "levels"),
        spectra=lambda paper: tested_networks(paper, "table_2"),
        shaped_by=lambda paper: ["training", "networks", *_LEVELS],
        tables=("table_2", "table_2_unfolding"),
    ),
}
