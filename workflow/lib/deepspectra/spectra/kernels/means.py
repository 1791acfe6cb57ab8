"""The tangent kernel with mean sensitivities, between a network's own and its approximation in lemma 3.5 of fan2020.

It differs from the lemma's matrix because inner products are not small, from the network's because widths are finite.
"""

from collections.abc import Sequence

import torch

from deepspectra.nn.activations import Activation
from deepspectra.nn.dual_kernels import dual_kernel
from deepspectra.rmt.limits.coefficients import checked_rates
from deepspectra.runtime.shapes import check_shapes

__all__ = ["mean_tangent"]


@torch.no_grad()
def mean_tangent(
    grams: Sequence[torch.Tensor], activation: Activation, rates: Sequence[float] | None = None
) -> tuple[torch.Tensor, float]:
    """K_NTK with every S_l'S_l at its mean over the weights, given the kernels X_{l-1}'X_{l-1}, shape (n, n).

    In wide layers that mean is the entrywise product over j = l, ..., L of E[sigma'(u) sigma'(v)], where (u, v) is
    Gaussian with the covariance that X_{j-1}'X_{j-1} gives two samples. Lemma 3.5 has b_sigma^2 and a_sigma there.

    :param grams: X_l'X_l for l = 0, ..., L. :param rates: tau_1, ..., tau_{L+1} of eq. 17; all one where None.
    :returns: the kernel, and a bound on the remainder of the series of one such mean (interpolation adds about 1e-9).
    :raises UserError: if the kernels differ in shape, there are not L + 1 positive rates, or a sample's norm in some
        layer is zero or above 9.
    """
    check_shapes(**{f"kernel {layer}": (matrix, "n n") for layer, matrix in enumerate(grams)})
    rates = checked_rates(len(grams) - 1, rates)
    kernel = rates[-1] * grams[-1]
    product, cut_off = torch.ones_like(kernel), 0.0
    for matrix, rate in zip(grams[-2::-1], rates[-2::-1], strict=True):
        means, remainder = dual_kernel(activation.derivative, matrix.cpu().numpy(), activation.breakpoints)
        cut_off = max(cut_off, remainder)
        product *= torch.from_numpy(means).to(product)
        kernel.addcmul_(product, matrix, value=rate)
    return kernel, cut_off
