"""Laws of random matrix theory in closed form.

``marchenko_pastur``  eigenvalues of Gram matrices
``singular_values``   singular values, and the fit to a spectrum that is random in part (thamm2024)
``spacings``          unfolded levels: neighbours, number variance
``ratios``            neighbouring spacings, without unfolding
``vectors``           entries of singular vectors
"""

from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur, marchenko_pastur_bulk
from deepspectra.rmt.laws.ratios import ORTHOGONAL_MEAN, POISSON_MEAN, SURMISE_MEAN, ratio_surmise
from deepspectra.rmt.laws.singular_values import (
    ModifiedMarchenkoPastur,
    fit_modified_marchenko_pastur,
    singular_value_marchenko_pastur,
)
from deepspectra.rmt.laws.spacings import goe_number_variance, orthogonal_spacing_cdf, wigner_surmise
from deepspectra.rmt.laws.vectors import porter_thomas

__all__ = [
    "ORTHOGONAL_MEAN",
    "POISSON_MEAN",
    "SURMISE_MEAN",
    "MarchenkoPastur",
    "ModifiedMarchenkoPastur",
    "fit_modified_marchenko_pastur",
    "goe_number_variance",
    "marchenko_pastur_bulk",
    "orthogonal_spacing_cdf",
    "porter_thomas",
    "ratio_surmise",
    "singular_value_marchenko_pastur",
    "wigner_surmise",
]
