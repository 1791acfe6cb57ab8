"""All kernel matrices of a random network, of its stand-ins and of its linear equivalent, under the names in files."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deepspectra.nn.activations import Activation
from deepspectra.spectra.kernels.equivalents import lemma_tangent, linear_equivalent
from deepspectra.spectra.kernels.means import mean_tangent
from deepspectra.spectra.kernels.networks import LayerReport, random_network_kernels, silent

__all__ = ["initial_matrices"]

logger = logging.getLogger(__name__)


def initial_matrices(
    x: np.ndarray,
    widths: Sequence[int],
    activation: Activation,
    seed: int,
    *,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    accumulation: torch.dtype | None = None,
    scratch: Path | None = None,
    report: LayerReport = silent,
) -> dict[str, np.ndarray]:
    """Kernels at initialisation, each of shape (n, n) and in the dtype of the accumulation.

    Parameters are those of :func:`~deepspectra.spectra.kernels.networks.random_network_kernels`; ``report`` is called
    three times for each layer.

    :returns: ``conjugate_1``, ..., ``tangent``; ``lemma_tangent`` and ``mean_tangent``, its stand-ins; the linear
        equivalent's ``equivalent_conjugate_1``, ..., ``equivalent_tangent``; ``input``, always float64. Where the
        accumulation differs from dtype, also ``difference/{kernel}``, shape (2,): the largest entry and the relative
        norm of what sums in dtype would have changed.
    """
    options: dict[str, Any] = {
        "device": device,
        "dtype": dtype,
        "accumulation": accumulation,
        "scratch": scratch,
        "report": report,
    }
    network = random_network_kernels(x, widths, activation, seed, **options)
    assert network.tangent is not None
    matrices = _conjugate("", network.grams) | {"tangent": network.tangent.cpu().numpy()}
    lemma = lemma_tangent(network.grams, activation.b_sigma, activation.a_sigma)
    mean, cut_off = mean_tangent(network.grams, activation)
    matrices |= {"lemma_tangent": lemma.cpu().numpy(), "mean_tangent": mean.cpu().numpy()}
    logger.info("mean sensitivities: entries are accurate to %.2g", cut_off)
    differences = {}
    if network.tangent_difference and network.gram_differences:
        found = {f"conjugate_{layer}": each for layer, each in enumerate(network.gram_differences[1:], 1)}
        found["tangent"] = network.tangent_difference
        differences = {
            f"difference/{name}": np.array([each.largest_entry, each.relative_norm]) for name, each in found.items()
        }
    del network, lemma, mean  # the linear equivalent needs the memory
    linear = linear_equivalent(x, widths, activation.b_sigma, activation.a_sigma, seed, **options)
    assert linear.tangent is not None
    matrices |= _conjugate("equivalent_", linear.grams) | {"equivalent_tangent": linear.tangent.cpu().numpy()}
    # Many eigenvalues of X'X are zero: in float64, whatever dtype is, they can be told from small ones.
    return matrices | {"input": x.T @ x} | differences


def _conjugate(prefix: str, grams: Sequence[torch.Tensor]) -> dict[str, np.ndarray]:
    return {f"{prefix}conjugate_{layer}": gram.cpu().numpy() for layer, gram in enumerate(grams[1:], 1)}
