"""Eigenvalues of one draw of a random network's kernels, for the many draws that show how distances fall with size."""

from collections.abc import Sequence
from typing import NamedTuple, Unpack

import numpy as np

from deepspectra.nn.activations import Activation
from deepspectra.spectra.eigenvalues import symmetric_eigenvalues
from deepspectra.spectra.kernels.equivalents import lemma_tangent, linear_equivalent
from deepspectra.spectra.kernels.grams import kernel_difference
from deepspectra.spectra.kernels.networks import KernelOptions, Matrix, random_network_kernels

__all__ = ["DrawnKernels", "drawn_equivalents", "drawn_kernels"]


class DrawnKernels(NamedTuple):
    """Eigenvalues of one network's kernels, float64 (n,), ascending.

    :ivar layers: of the conjugate kernels of the layers that were asked for, the last one last, shape (layers, n).
    :ivar lemma: of lemma 3.5's approximation of the tangent kernel.
    :ivar lemma_error: relative Frobenius norm of the difference between the tangent kernel and that approximation.
    """

    layers: np.ndarray
    tangent: np.ndarray
    lemma: np.ndarray
    lemma_error: float


def drawn_kernels(
    x: Matrix,
    widths: Sequence[int],
    activation: Activation,
    seed: int,
    *,
    every_layer: bool,
    **options: Unpack[KernelOptions],
) -> DrawnKernels:
    """A network's kernels and lemma 3.5's matrix, without its other stand-ins.

    :param x: X_0, shape (d_0, n), columns of norm about one. :param widths: d_1, ..., d_L. :param every_layer: whether
        conjugate kernels of all layers are decomposed, or that of the last alone.
    :raises UserError: as :func:`~deepspectra.spectra.kernels.networks.random_network_kernels`.
    """
    network = random_network_kernels(x, widths, activation, seed, **options)
    lemma = lemma_tangent(network.grams, activation.b_sigma, activation.a_sigma)
    error = kernel_difference(lemma, network.tangent).relative_norm
    # The first Gram matrix is that of the inputs.
    kernels = *network.grams[1 if every_layer else -1 :], network.tangent, lemma
    *layers, tangent, stand_in = (symmetric_eigenvalues(each.double()) for each in kernels)
    return DrawnKernels(np.stack(layers), tangent, stand_in, error)


def drawn_equivalents(
    x: Matrix, widths: Sequence[int], activation: Activation, seed: int, **options: Unpack[KernelOptions]
) -> dict[str, np.ndarray]:
    """The same of the limit's own model at this size, by ``conjugate`` and ``tangent``.

    See :func:`~deepspectra.spectra.kernels.equivalents.linear_equivalent`; parameters as in :func:`drawn_kernels`.
    """
    linear = linear_equivalent(x, widths, activation.b_sigma, activation.a_sigma, seed, **options)
    kernels = {"conjugate": linear.grams[-1], "tangent": linear.tangent}
    return {name: symmetric_eigenvalues(matrix.double()) for name, matrix in kernels.items()}
