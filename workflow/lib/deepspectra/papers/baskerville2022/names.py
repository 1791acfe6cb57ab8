"""Names in tables of curvature spectra; jobs that read them depend on nothing else of how spectra are planned."""

from typing import Literal, NamedTuple, cast

__all__ = ["CONTROLS", "CUT_OFFS", "UNCUT", "SpectrumParts", "parts_of"]

#: The statistic of unfolded spacings without the cut-off, as curves name it.
UNCUT = "unfolded without cut-off"
#: That of shares of eigenvalues below cut-offs; it begins with the name of the statistic that needs these.
CUT_OFFS = "unfolded share below"
#: Controls of resolved spectra: keys in files, and series in tables and figures.
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
