"""What is known of a network's curvature, from which its sentences, tables and picture are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from deepspectra.analysis.curvature.ratios import RatioTest
from deepspectra.spectra.curvature.resolved import ResolvedSpectrum

__all__ = ["CurvatureTables"]


@dataclass(frozen=True)
class CurvatureTables:
    """What was found.

    :ivar name: of the network. :ivar loss: its name. :ivar samples: of the batch. :ivar rows: of the Gram matrix, the
        number of samples times the rank of the loss's curvature in the outputs of one.
    :ivar spectrum: non-zero eigenvalues, ascending, with the error of each, estimated from above: how rounding
        of the factor moves it is proven, how large that rounding is (see :func:`.column_error`) is measured.
    :ivar ratios: ratios of neighbouring spacings beside those of random levels of equal density.
    :ivar levels: a row for each eigenvalue, the largest first: ``rank`` (from 1), ``eigenvalue``, ``error``; of the
        largest ones, on request, ``over_samples`` and ``over_parameters`` (participation ratios: over how many the
        eigenvector extends), and ``vector_error``, of the sine of the angle to the true eigenvector, as sure as
        the errors.
    :ivar shares: of these eigenvectors, squared norm in each parameter tensor: ``rank``, ``parameter``, ``share``.
    :ivar eigenvectors: float64, shape (count, P), on request; parameters in the order of ``parameter_names``.
    :ivar settings: what determines the result, for the files.
    """

    name: str
    loss: str
    samples: int
    rows: int
    precision: str
    spectrum: ResolvedSpectrum
    ratios: RatioTest
    levels: pd.DataFrame
    shares: pd.DataFrame
    eigenvectors: np.ndarray | None
    parameter_names: list[str]
    settings: dict[str, Any] = field(default_factory=dict)
