"""Figures and tables of Baskerville, Granziol and Keating (2022)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from deepspectra.papers.baskerville2022.spectra import (
    curvature_panels,
    curvature_spectra,
    feature_files,
    hessian_settings,
    spectrum_files,
    statistics_files,
)
from deepspectra.papers.item import Item

if TYPE_CHECKING:
    from deepspectra.papers.baskerville2022.settings import Baskerville2022

__all__ = ["ITEMS"]

_FOLDER = "spectra/baskerville2022"
# Numbers stand here as text: their laws need SciPy. A test compares them.
_REFERENCE = (
    "As published: all eigenvalues of the dense float32 matrix above the authors' cut-off, rounding noise included "
    "(Hessians by forward-over-reverse differentiation, of whole sets by products of pairs of classes; the authors "
    "differentiate twice in reverse). Resolved: the eigenvalues that are not zero in float64, above their error bound; "
    "unresolved: more than 1 % of the spacings are below it. "
    "Mean min(r, 1/r): 0.5359 for the surmise, 0.5307 for large GOE matrices, "
    "0.3863 for independent levels; its standard error is from resampling whole batches, of fewer than "
    "ten at least that of blocks of ten neighbours. Last batches that are not full are left out."
)
_UNFOLDED = (
    "Unfolded: some batches (a third in the paper) by the distribution function of the others; thin line, and KS in "
    "brackets: random matrices of the GOE, as many, unfolded alike. KS: Kolmogorov-Smirnov distance to the surmise. "
    "Bars hold whole steps of that function, which are wide where batches are few; the first is that of s = 0 and has "
    "half its width here. Drawn up to 4, to 7 in the CSV as in the paper."
)
_RATIOS = "Densities of r are those of all ratios, those beyond 10 too."
_DENSITY = (
    "Eigenvalues are divided by 2 sqrt(P), as the authors divide them; densities are those of all P. Resolved zeros, "
    "exact, are not drawn. Outliers beyond the axis (one in a thousand) are clipped."
)
_DECILES = "Deciles: ratios by rank, the smallest eigenvalues first; bars are standard errors."
_SPLIT_BIKE = (
    "Training set, as in the authors' code (their captions say test). Their split shuffles the rows anew for either "
    "part, so that most test rows were trained on; here the parts are disjoint."
)
_PROCESS = (
    "Gaussian-process Hessians by eq. 14, k'(0) = 1; the fourth derivative of a stationary kernel has k''(0) where "
    "eq. 14 prints k'(0)^2, the variance that all diagonal entries share."
)


def _spectra(paper: Baskerville2022, item: str) -> list[str]:
    return [
        path.removeprefix(f"{_FOLDER}/").removesuffix(".h5")
        for spectrum in curvature_spectra(paper, item)
        for paths in spectrum_files(paper, spectrum).values()
        for path in paths
    ]


def _panel_files(paper: Baskerville2022, item: str) -> dict[str, list[str]]:
    spectra = curvature_spectra(paper, item)
    return {
        "curves": statistics_files(spectra, "_curves"),
        "summaries": statistics_files(spectra),
        "ensemble": [f"{_FOLDER}/figure_1_ensemble.h5"] if item == "figure_1" else [],
        # It knows which network made the features.
        "features": feature_files(paper, spectra),
    }


def _panels(paper: Baskerville2022, item: str) -> dict[str, Any]:
    return {"panels": curvature_panels(paper, item), "spectra": curvature_spectra(paper, item)}


def _table_files(paper: Baskerville2022) -> dict[str, list[str]]:
    spectra = curvature_spectra(paper, "table_networks")
    return {
        "summaries": statistics_files(spectra),
        "histories": [f"networks/{network}_history.csv" for network in paper.networks],
        "features": feature_files(paper, spectra),
    }


def _table_parameters(paper: Baskerville2022) -> dict[str, list[str]]:
    return {"spectra": curvature_spectra(paper, "table_networks"), "networks": list(paper.networks)}


def _hessian(item: str, title: str, *notes: str, drawing: str = "comparison") -> Item:
    """A figure of spectra of trained networks."""
    return Item(
        title,
        "curvature_figures:gather_panels",
        f"figures.hessians:{drawing}",
        " ".join(notes),
        inputs=partial(_panel_files, item=item),
        parameters=partial(_panels, item=item),
        spectra=partial(_spectra, item=item),
        shaped_by=partial(hessian_settings, item=item),
        memory_mb=1000,
    )


def _of_one_file(
    spectrum: str, node: str, title: str, numbers: str, drawing: str, note: str, shaped_by: Sequence[str] = ()
) -> Item:
    """A figure made from one file of eigenvalues and one node of the settings."""

    def parameters(paper: Baskerville2022) -> Mapping[str, Any]:
        return getattr(paper, node).model_dump()

    return Item(
        title,
        numbers,
        drawing,
        note,
        inputs=lambda paper: {"spectra": [f"{_FOLDER}/{spectrum}.h5"]},
        parameters=parameters,
        spectra=lambda paper: [spectrum],
        shaped_by=lambda paper: shaped_by,
    )


def _process(title: str, numbers: str, drawing: str, note: str) -> Item:
    """A figure of the Gaussian processes."""
    node = "gaussian_process"
    return _of_one_file(
        node, node, title, f"processes:{numbers}", f"figures.random_matrices:{drawing}", f"{_PROCESS} {note}", [node]
    )


ITEMS: dict[str, Item] = {
    "figure_1": _hessian(
        "figure_1",
        "Spectral densities of random matrices and of the Hessians of a perceptron and of softmax regression",
        "(a) matrices of the GOE and the semicircle, in units of its radius.",
        _REFERENCE,
        _DENSITY,
        drawing="hessian_densities",
    ),
    "figure_2": _of_one_file(
        "figure_2_ensemble",
        "figure_2",
        "The Wigner surmise and the exact law of spacings, beside spacings of large random matrices",
        "ensemble:compare_spacings",
        "figures.random_matrices:ensemble_spacings",
        "The paper shows the black line alone. Spacings of large matrices are unfolded by the semicircle's "
        "staircase, eq. 9 (for variance 1/2 off the diagonal), and taken between its heights of 10 and 90 %: at the "
        "edges it is not exact. The surmise is exact for 2 x 2 matrices; the exact law of large ones (footnote 4) is "
        "computed from a Fredholm determinant. KS: Kolmogorov-Smirnov distance. Assumed: size and number of the "
        "matrices.",
    ),
    "figure_3": _hessian(
        "figure_3",
        "Softmax regression on features: unfolded spacings and spacing ratios, as published and resolved",
        *(_REFERENCE, _UNFOLDED, _RATIOS, _DECILES),
    ),
    "figure_4": _hessian(
        "figure_4",
        "Deep perceptron: unfolded spacings and spacing ratios, as published and resolved",
        *(_REFERENCE, _UNFOLDED, _RATIOS, _DECILES),
        "The paper counts 0.29 to 0.40 of the eigenvalues of a batch below 1e-20, for a network of 784-10-100-100-10.",
    ),
    "figure_5": _process(
        "Densities of the Hessians of Gaussian processes beside the semicircle",
        "compare_process_densities",
        "process_densities",
        "It moves each spectrum as a whole: pooled over samples, a density is the semicircle of "
        "radius 2 sqrt(n k''(0)) blurred by that shift (dotted), and where k''(0) is small little but the shift is "
        "left. Red: the semicircle with mean and variance of what is pooled. KS: Kolmogorov-Smirnov distance to it; in "
        "brackets, with each spectrum's own mean removed, to the process's own semicircle. * degenerate directions, "
        "whose zeros are not drawn. † outliers s(1 + z^2) on the diagonal, z standard normal, s = 10 and 5 by the "
        "authors' public code, drawn once for all samples. Assumed: the bins.",
    ),
    "figure_6": _process(
        "Spacing ratios of the Hessians of Gaussian processes, as published and as captioned",
        "compare_process_ratios",
        "process_ratios",
        "* degenerate directions. † outliers s(1 + z^2) on the diagonal, z standard normal, s = 10 "
        "and 5, drawn once for all samples. (d) to (f) as published are plain samples: the authors' code drops "
        "degeneracy and outliers from the ratios by mistake. Last row: the same random numbers with them; the zeros of "
        "degenerate directions are exact by construction and left out, so that (d) is the plain sample again. Outliers "
        "far outside the bulk have nearly fixed places: their own spacings are not the ensemble's. Ratios above 10 are "
        "not drawn, but counted. Mean of min(r, 1/r): error by bootstrap over matrices; 0.5359 for the surmise, 0.5307 "
        "for large orthogonal matrices, 0.3863 for independent levels.",
    ),
    "figure_7": _hessian(
        "figure_7",
        "Small LeNet: density and spacing ratios of the Hessian, as published and resolved",
        *(_REFERENCE, _DENSITY, _RATIOS, _DECILES),
    ),
    "figure_8": _hessian(
        "figure_8",
        "Regression on Bike Sharing: density and spacing ratios of the Hessian, as published and resolved",
        *(_REFERENCE, _DENSITY, _RATIOS, _DECILES, _SPLIT_BIKE),
    ),
    "figure_9": _hessian(
        "figure_9",
        "Regression on Bike Sharing: density and ratios of the Gauss-Newton matrix, as published and resolved",
        *(_REFERENCE, _DENSITY, _RATIOS, _DECILES, _SPLIT_BIKE),
        "A batch of 64 residuals has a Gauss-Newton matrix of rank 64 at most.",
    ),
    "figure_a10": _hessian(
        "figure_a10",
        "Softmax regression after training: unfolded spacings of batches and whole sets",
        *(_REFERENCE, _UNFOLDED),
    ),
    "figure_a11": _hessian(
        "figure_a11",
        "Softmax regression after training: spacing ratios of batches and whole sets",
        *(_REFERENCE, _RATIOS),
    ),
    "figure_a12": _hessian(
        "figure_a12",
        "Softmax regression before training: unfolded spacings of batches and whole sets",
        *(_REFERENCE, _UNFOLDED),
    ),
    "figure_a13": _hessian(
        "figure_a13",
        "Softmax regression before training: spacing ratios of batches and whole sets",
        *(_REFERENCE, _RATIOS),
    ),
    "figure_a14": _hessian(
        "figure_a14",
        "Unfolded spacings with and without cut-off, and resolved, for each network",
        "Hessians of test batches.",
        *(_REFERENCE, _UNFOLDED),
        "Without cut-off the authors drop exact zeros alone.",
        drawing="cut_off_comparison",
    ),
    "figure_resnet34": _of_one_file(
        "figure_resnet34",
        "figure_resnet34",
        "Gauss-Newton spectrum of a full ResNet-34: eigenvalues, spacing ratios, and ratios along the spectrum",
        "resnet34:compare_gauss_newton_ratios",
        "figures.resnet34:gauss_newton_spectrum",
        "Not in the paper. Gauss-Newton matrix of the cross-entropy, summed over a batch of CIFAR-10 "
        "test images (32 x 32, ImageNet's channel statistics), of a full ResNet-34 with ten outputs. Weights are "
        "torchvision's random initial ones; batch normalisation has its means and variances from one pass over 1000 "
        "training images, and is in evaluation mode. In float64, by the Gram matrix of the batch, layer by layer: all "
        "eigenvalues but 9 for each image are zero exactly. Bound: of the absolute error of each eigenvalue. Ratios "
        "above 10 are not drawn, but counted. Error by bootstrap over blocks of ten neighbours; p: share of orthogonal "
        "matrices of as many levels whose mean is as far off. Band in (c): where 95 % of such matrices have each "
        "tenth.",
    ),
    "table_networks": Item(
        "Networks of baskerville2022: spectra as published and resolved",
        "tables:tabulate_networks",
        inputs=_table_files,
        parameters=_table_parameters,
        spectra=partial(_spectra, item="table_networks"),
        shaped_by=partial(hessian_settings, item="table_networks"),
        tables=("table_networks",),
        memory_mb=1000,
    ),
}
