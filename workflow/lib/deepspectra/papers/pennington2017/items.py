"""Figures of Pennington and Worah (2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepspectra.papers.item import Item

if TYPE_CHECKING:
    from deepspectra.papers.pennington2017.settings import Pennington2017

__all__ = ["ITEMS"]


def _covariance_spectra(paper: Pennington2017) -> list[str]:
    return [f"figure_1/alpha_{alpha:g}" for alpha in paper.figure_1.alphas]


def _feature_spectra(paper: Pennington2017) -> list[str]:
    return [f"figure_2/panel_{panel}" for panel in paper.figure_2.panels]


def _files(names: list[str]) -> dict[str, list[str]]:
    return {"spectra": [f"spectra/pennington2017/{name}.h5" for name in names]}


ITEMS = {
    "figure_1": Item(
        title="Distance of the first and of a deep layer's spectrum to the first layer's limit, against width",
        note="Densities are compared on equal bins over the limit's support and the two outsides. Assumed: the values "
        "of alpha, the widths, the bins, the number of pooled eigenvalues. The text sets psi to 1, the caption to 3/2: "
        "here the first layer and its limit have 3/2, and later layers keep width n1. Dotted: what as many independent "
        "draws from the limit would give, mean over alpha (eigenvalues repel, so that theirs may lie below). Crosses: "
        "the first layer with its nonlinear part replaced by Gaussian noise, which has the same limit law (in (b), "
        "grey: their mean over alpha). A curve that still falls at the largest width has not shown a limit.",
        numbers="statistics:compare_with_limit",
        drawing="figures:draw_covariance_distance",
        inputs=lambda paper: _files(_covariance_spectra(paper)),
        parameters=lambda paper: paper.figure_1.model_dump(
            include={"phi", "psi", "alphas", "input_dimensions", "layers", "bins"}
        ),
        spectra=_covariance_spectra,
    ),
    "figure_2": Item(
        title="Training loss of random features against the ridge parameter: simulated points on theoretical lines",
        note="Assumed: phi, psi and the values of beta. Each point is one realisation with a random quintic of its "
        "own; loss = gamma^2 tr Q^2 / m, the mean squared residual (eq. 21). Quintics approach theory more slowly with "
        "n0 than Gaussian noise in their place does. Its summary tells how far quintics "
        "of one beta differ.",
        numbers="statistics:compare_with_theory",
        drawing="figures:draw_memorisation",
        inputs=lambda paper: _files(_feature_spectra(paper)),
        parameters=lambda paper: paper.figure_2.model_dump(
            include={"panels", "betas", "smallest_gamma", "largest_gamma", "curve_points"}
        ),
        spectra=_feature_spectra,
    ),
    "figure_3": Item(
        title="Four activation functions that preserve the spectrum, and their derivatives",
        note="The third term of f(2) is read as 2 exp(-2) x; with the printed 2 exp(-2x) its mean would not be zero.",
        numbers="statistics:evaluate_activations",
        drawing="figures:draw_activation_curves",
        parameters=lambda paper: paper.figure_3.model_dump(),
    ),
}
