"""Figures and tables of Baskerville, Granziol and Keating (2022)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from deepspectra.papers.baskerville2022 import spectra as planned
from deepspectra.papers.item import Item

if TYPE_CHECKING:
    from deepspectra.papers.baskerville2022.settings import Baskerville2022

__all__ = ["ITEMS"]

_FOLDER = "spectra/baskerville2022"
_SHOWN: dict[str, Any] = {"panels": planned.curvature_panels, "spectra": planned.curvature_spectra}
_TITLES = {
    "figure_1": "Spectral densities of random matrices and of the Hessians of a perceptron and of softmax regression",
    "figure_2": "The Wigner surmise and the exact law of spacings, beside spacings of large random matrices",
    "figure_3": "Softmax regression on features: unfolded spacings and spacing ratios, as published and resolved",
    "figure_4": "Deep perceptron: unfolded spacings and spacing ratios, as published and resolved",
    "figure_5": "Densities of the Hessians of Gaussian processes beside the semicircle",
    "figure_6": "Spacing ratios of the Hessians of Gaussian processes, as published and as captioned",
    "figure_7": "Small LeNet: density and spacing ratios of the Hessian, as published and resolved",
    "figure_8": "Regression on Bike Sharing: density and spacing ratios of the Hessian, as published and resolved",
    "figure_9": "Regression on Bike Sharing: density and ratios of the Gauss-Newton matrix, as published and resolved",
    "figure_a10": "Softmax regression after training: unfolded spacings of batches and whole sets",
    "figure_a11": "Softmax regression after training: spacing ratios of batches and whole sets",
    "figure_a12": "Softmax regression before training: unfolded spacings of batches and whole sets",
    "figure_a13": "Softmax regression before training: spacing ratios of batches and whole sets",
    "figure_a14": "Unfolded spacings with and without cut-off, and resolved, for each network",
    "figure_controls": "Spacing ratios and eigenvectors along resolved spectra, beside controls",
    "figure_resnet34": "Gauss-Newton spectrum of a full ResNet-34: eigenvalues, spacing ratios, and ratios along the "
    "spectrum",
}
#: Drawings of spectra of trained networks, where they are not comparisons.
_DRAWINGS = {
    "figure_1": "hessians:hessian_densities",
    "figure_a14": "hessians:cut_off_comparison",
    "figure_controls": "controls:controls_comparison",
}
#: Figures made from one file of eigenvalues: the file, a node of the settings, and how numbers and drawing are made.
_ONE_FILE = {
    "figure_2": ("figure_2_ensemble", "figure_2", "compare_spacings", "ensemble_spacings"),
    "figure_5": ("gaussian_process", "gaussian_process", "compare_process_densities", "process_densities"),
    "figure_6": ("gaussian_process", "gaussian_process", "compare_process_ratios", "process_ratios"),
    "figure_resnet34": ("figure_resnet34", "figure_resnet34", "compare_gauss_newton_ratios", "gauss_newton_spectrum"),
}

# Numbers stand here as text: their laws need SciPy. A test compares them.
_REFERENCE = (
    "As published: all eigenvalues of the dense float32 matrix above the authors' cut-off, rounding noise included "
    "(Hessians by forward-over-reverse differentiation, of whole sets by products of pairs of classes; the authors "
    "differentiate twice in reverse), solved for in double precision and rounded to float32 as NumPy does. Rows that "
    "are zero or equal to the last bit give exact zeros here, where solvers return noise below 1e-10. Resolved: the "
    "eigenvalues that are not zero in float64, above their error bound; unresolved: more than 1 % of the spacings are "
    "below it. Mean min(r, 1/r): 0.5359 for the surmise, 0.5307 for large GOE matrices, 0.3863 for independent levels; "
    "its standard error is from resampling whole batches, of fewer than ten at least that of blocks of ten neighbours. "
    "Last batches that are not full are left out."
)
_NARROWER = (
    "levels of one matrix vary less, about half as much near the middle, so that a curve outside deviates and one "
    "inside may too"
)
#: Small print on each statistic.
_NOTES = {
    "unfolded": "Unfolded: some batches (a third in the paper) by the distribution function of the others; dashed, "
    "in the colour of what is compared, and KS in brackets: random matrices of the GOE, as many, unfolded alike. KS: "
    "Kolmogorov-Smirnov distance to the surmise. Spacings are whole steps of that function: bars hold one or more, "
    "points (steps above 0.2) one each; the first is centred on 0, so that half of its bar is seen. Differences are "
    "between distribution functions F, as published or resolved less that of the GOE; shaded: where 95 % of those of "
    "as many independent values lie, at each point, with the noise of the GOE's 60 000 spacings; "
    f"{_NARROWER}. "
    "Drawn up to 4, to 7 in the CSV as in the paper.",
    "ratios": "Densities of r are those of all ratios, those beyond 10 too. Differences are between distribution "
    "functions F, as published or resolved less that of large GOE matrices (the surmise and its correction by Atas et "
    "al. 2013); shaded: where 95 % of those of as many independent values lie, at each point; "
    f"{_NARROWER}.",
    "density": "Eigenvalues are divided by 2 sqrt(P), as the authors divide them; densities are those of all P, on a "
    "logarithmic axis as published, and below with logarithms of eigenvalues outside the bin of zero too. "
    "Resolved zeros, exact, are not drawn. Outliers beyond the axis (one in a thousand) are clipped.",
    "deciles": "Deciles: ratios by rank, the smallest eigenvalues first; bars are standard errors. Bands: where 95 % "
    "of such means of a control lie, of as many batches, resolved. Gaussian inputs have the set's mean and covariance; "
    "softmax regression keeps the batch's factors S_n = diag(p_n) - p_n p_n', other networks see them as inputs "
    "(labels drawn with their own probabilities, or the batch's residuals). GOE, equal density: unfolded by "
    "the semicircle, placed by the data's mean logarithms at equal rank; no band where there are too few of one sign.",
    "participation": "By class: mean and covariance of the sample's class. Equal traces: S_n / tr S_n. Uniform p: S_n "
    "of probabilities that are uniform on the simplex. Participation ratio of an eigenvector of F' F, where H = F F': "
    "1 / (sum over samples of the squared share that each has of it); random vectors have 52 of 64 for softmax "
    "regression of ten classes, 22 for Gauss-Newton matrices of one output.",
}
#: Small print before that on the references and statistics, and after it.
_BEFORE = {
    "figure_1": "(a) matrices of the GOE and the semicircle, in units of its radius, on a logarithmic axis as "
    "published and a linear one. (d) as (c), of the whole training set.",
    "figure_a14": "Hessians of test batches.",
}
_SPLIT_BIKE = (
    "Training set, as in the authors' code (their captions say test). Their split shuffles the rows anew for either "
    "part, so that most test rows were trained on; here the parts are disjoint."
)
_AFTER = {
    "figure_4": "The paper counts 0.29 to 0.40 of the eigenvalues of a batch below 1e-20, for a network of "
    "784-10-100-100-10. Exact zeros are counted for all batches: parameters without effect, and weights of a unit "
    "whose inputs are equal in every image. In a float32 matrix last bits hide a few of them.",
    "figure_8": _SPLIT_BIKE,
    "figure_9": f"{_SPLIT_BIKE} The matrix is the authors': the mean of g g' over n samples, g the output's "
    "gradient: 2 n times smaller than the curvature of the summed squared error, and of rank n at most.",
    "figure_a14": "All eigenvalues: zeros retained, as the text says. The authors' code drops exact zeros alone, of "
    "which their solver returns 5 %; the others are noise of 1e-40 to 1e-10, which makes a tail of wide spacings "
    "instead of a peak at 0. Shares below 1e-20 differ for the same reason: that noise depends on the solver. Authors' "
    "shares: from the vector graphics in their public repository (of features, of ResNet-34).",
}
_PROCESS = (
    "Gaussian-process Hessians by eq. 14, k'(0) = 1; the fourth derivative of a stationary kernel has k''(0) where "
    "eq. 14 prints k'(0)^2, the variance that all diagonal entries share."
)
#: Small print of figures made from one file.
_PRINT = {
    "figure_2": "The paper shows the surmise alone. Spacings of large matrices are unfolded by the semicircle's "
    "staircase, eq. 9 (for variance 1/2 off the diagonal), and taken between its heights of 10 and 90 %: at the "
    "edges it is not exact. The surmise is exact for 2 x 2 matrices; the exact law of large ones (footnote 4) is "
    "computed from a Fredholm determinant. Band: where 95 % of distribution functions of as many independent values of "
    f"that law lie, at each point; {_NARROWER}. "
    "KS: Kolmogorov-Smirnov distance. Assumed: size and number of the matrices.",
    "figure_5": f"{_PROCESS} It moves each spectrum as a whole: pooled over samples, a density is the semicircle of "
    "radius 2 sqrt(n k''(0)) blurred by that shift (dashed), and where k''(0) is small little but the shift is "
    "left. Red: the semicircle with mean and variance of what is pooled. KS: Kolmogorov-Smirnov distance to it; in "
    "brackets, with each spectrum's own mean removed, to the process's own semicircle. * degenerate directions, "
    "whose zeros are not drawn. † outliers s(1 + z^2) on the diagonal, z standard normal, s = 10 and 5 by the "
    "authors' public code, drawn once for all samples. Assumed: the bins.",
    "figure_6": f"{_PROCESS} * degenerate directions. † outliers s(1 + z^2) on the diagonal, z standard normal, s = 10 "
    "and 5, drawn once for all samples. (d) to (f) as published are plain samples: the authors' code drops "
    "degeneracy and outliers from the ratios by mistake. As captioned: the same random numbers with them; the zeros of "
    "degenerate directions are exact by construction and left out, so that (d) is the plain sample again. Outliers "
    "far outside the bulk have nearly fixed places: their own spacings are not the ensemble's. Below: distribution "
    "functions F less that of large GOE matrices (the surmise and its correction by Atas et al. 2013), on one scale; "
    "grey: range of the plain samples of all panels. Ratios above 10 are "
    "not drawn, but counted. Mean of min(r, 1/r): error by bootstrap over matrices; 0.5359 for the surmise, 0.5307 "
    "for large orthogonal matrices, 0.3863 for independent levels.",
    "figure_resnet34": "Not in the paper. Gauss-Newton matrix of the cross-entropy, summed over a batch of CIFAR-10 "
    "test images (32 x 32, ImageNet's channel statistics), of a full ResNet-34 with ten outputs. Weights are "
    "torchvision's random initial ones; batch normalisation has its means and variances from one pass over 1000 "
    "training images, and is in evaluation mode. In float64, by the Gram matrix of the batch, layer by layer: all "
    "eigenvalues but 9 for each image are zero exactly. Bound: of the absolute error of each eigenvalue. Ratios "
    "above 10 are not drawn, but counted. Error by bootstrap over blocks of ten neighbours; p: share of orthogonal "
    "matrices of as many levels whose mean is as far off. Band in (c): where 95 % of such matrices have each "
    "tenth.",
}


def _hessian(item: str) -> Item:
    _, statistics = planned.HESSIAN_FIGURES[item]
    notes = [_REFERENCE, *dict.fromkeys(_NOTES[statistic] for _, statistic in statistics)]
    return Item(
        _TITLES[item],
        "curvature_figures:gather_panels",
        f"figures.{_DRAWINGS.get(item, 'hessians:comparison')}",
        " ".join(filter(None, [_BEFORE.get(item), *notes, _AFTER.get(item)])),
        inputs=partial(_panel_files, item=item),
        parameters=lambda paper: {name: find(paper, item) for name, find in _SHOWN.items()},
        spectra=partial(_spectra, item=item),
        shaped_by=partial(planned.hessian_settings, item=item),
        takes_record=item != "figure_controls",
        memory_mb=1000,
    )


def _from_one_file(item: str) -> Item:
    spectrum, node, numbers, drawing = _ONE_FILE[item]
    return Item(
        _TITLES[item],
        f"random_matrices:{numbers}",
        f"figures.random_matrices:{drawing}",
        _PRINT[item],
        inputs=lambda paper: {"spectra": [f"{_FOLDER}/{spectrum}.h5"]},
        parameters=lambda paper: getattr(paper, node).model_dump(),
        spectra=lambda paper: [spectrum],
        shaped_by=lambda paper: [] if node == item else [node],
    )


def _spectra(paper: Baskerville2022, item: str) -> list[str]:
    files = (planned.spectrum_files(paper, spectrum) for spectrum in planned.curvature_spectra(paper, item))
    paths = (path for named in files for paths in named.values() for path in paths)
    return [path.removeprefix(f"{_FOLDER}/").removesuffix(".h5") for path in paths]


def _panel_files(paper: Baskerville2022, item: str) -> dict[str, list[str]]:
    spectra = planned.curvature_spectra(paper, item)
    return {
        "curves": planned.statistics_files(spectra, "_curves"),
        "summaries": planned.statistics_files(spectra),
        "ensemble": [f"{_FOLDER}/figure_1_ensemble.h5"] if item == "figure_1" else [],
        # It knows which network made the features.
        "features": planned.feature_files(paper, spectra),
    }


def _table_files(paper: Baskerville2022) -> dict[str, list[str]]:
    files = _panel_files(paper, "table_networks")
    histories = [f"networks/{network}_history.csv" for network in paper.networks]
    return {"summaries": files["summaries"], "histories": histories, "features": files["features"]}


ITEMS: dict[str, Item] = {item: _from_one_file(item) if item in _ONE_FILE else _hessian(item) for item in _TITLES}
ITEMS["table_networks"] = Item(
    "Networks of baskerville2022: spectra as published and resolved",
    "tables:tabulate_networks",
    inputs=_table_files,
    parameters=lambda paper: {"spectra": _SHOWN["spectra"](paper, "table_networks"), "networks": list(paper.networks)},
    spectra=partial(_spectra, item="table_networks"),
    shaped_by=partial(planned.hessian_settings, item="table_networks"),
    tables=("table_networks",),
    memory_mb=1000,
)
