"""Names in tables of curvature spectra; jobs that read them depend on nothing else of how spectra are planned."""

from typing import Literal, NamedTuple, cast

__all__ = ["AUTHORS_SHARES", "CONTROLS", "CUT_OFFS", "UNCUT", "SpectrumParts", "parts_of"]

#: The statistic of unfolded spacings without the cut-off, as curves name it.
UNCUT = "unfolded without cut-off"
#: That of shares of eigenvalues below cut-offs; it begins with the name of the statistic that needs these.
CUT_OFFS = "unfolded share below"
_CUTS = (1e-40, 1e-30, 1e-20, 1e-10, 1e-8, 1e-6, 1e-4)
#: Shares of eigenvalues below cut-offs, by spectrum and cut-off, from vector graphics in the authors' repository:
#: figures/*/test/proportion_hessian_evals_below_cutoff.pdf
AUTHORS_SHARES = {
    spectrum: dict(zip(_CUTS, shares, strict=True))
    for spectrum, shares in {
        "logistic_mnist/initial_test_hessian": (0.048, 0.128, 0.333, 0.370, 0.375, 0.610, 0.927),
        "logistic_mnist/final_test_hessian": (0.048, 0.128, 0.333, 0.370, 0.375, 0.611, 0.927),
        "logistic_features/final_test_hessian": (0.0, 0.0, 0.0, 0.0, 0.004, 0.294, 0.888),
    }.items()
}
#: Controls of resolved spectra: key in files, and name in tables and figures.
CONTROLS = {
    "mapped": "GOE, equal density",
    "gaussian": "Gaussian inputs",
    "classwise": "Gaussian inputs by class",
    "equal": "Gaussian inputs, equal traces",
    "uniform": "Gaussian inputs, uniform p",
}


class SpectrumParts(NamedTuple):
    """What the name of a spectrum says: network/state_split_kind, such as ``logistic_mnist/final_test_hessian``."""

    network: str
    state: Literal["initial", "final"]
    split: Literal["train", "test"]
    kind: Literal["hessian", "gauss_newton"]


def parts_of(spectrum: str) -> SpectrumParts:
    """The parts of a name."""
    network, _, rest = spectrum.partition("/")
    return SpectrumParts(network, *cast(tuple, rest.split("_", 2)))
