"""The equations of a layered kernel and their Newton step, in a number of operations proportional to the layers.

In the notation of :mod:`.layered`, with b^2 = beta, D_l = 1 + gamma_l c_l phi_l and small changes written d:

    D_l dv_l + gamma_l v_l (phi_l dc_l + c_l dphi_l) = r_l,    dkappa_l = (dphi_l - gamma_l phi_l^2 dc_l) / D_l^2,
    dphi_l = (1 - beta) dm + beta dkappa_{l-1},    dc_{l-1} = beta du_l,    dc_L = 0.

Layers pass c downwards and kappa upwards, so each knows of those above it only that dc_l = A + B dkappa_l + C dm, and
likewise for the sum of their du. A sweep from layer L down to 0 finds these numbers, the input's averages close the
system for dm and dkappa_0, and a sweep upwards finds every dv_l. The Jacobian, of L^2 entries a point, is never formed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from deepspectra.rmt.limits.inputs import Averages, InputSpectrum

__all__ = ["SweptSystem", "swept_system"]


@dataclass(frozen=True)
class SweptSystem:
    """The equations at given v, see :class:`~deepspectra.rmt.limits.solver.System`.

    :ivar v: one row a layer, as c, phi and denominator; complex128, shape (L, points).
    """

    ratios: Sequence[float]
    beta: float
    v: np.ndarray
    c: np.ndarray
    phi: np.ndarray
    denominator: np.ndarray
    average: Averages

    @property
    def residual(self) -> np.ndarray:
        """v_l (1 + gamma_l c_l phi_l) - 1, shape (points, L)."""
        return (self.v * self.denominator - 1).T

    @property
    def size(self) -> np.ndarray:
        """Of its terms, float64, shape (points, L)."""
        return (np.abs(self.v) * (1 + np.abs(self.denominator - 1)) + 1).T

    @property
    def inverse(self) -> np.ndarray:
        """u, shape (points, L)."""
        return (self.c * self.v).T

    @property
    def stieltjes(self) -> np.ndarray:
        """m, shape (points,)."""
        return self.average.resolvent

    def step(self, chosen: np.ndarray) -> np.ndarray:
        """What Newton's method subtracts from v, shape (chosen points, L); not finite where there is no step.

        :param chosen: which points, bool, shape (points,).
        """
        v, c, phi, denominator = (each[:, chosen] for each in (self.v, self.c, self.phi, self.denominator))
        beta, g, zero = self.beta, 1 - self.beta, np.zeros_like(v[0])
        own = v * denominator - 1
        # Constant, factor of dkappa and factor of dm: of dc, and of the sum of du over the layers above.
        change, total = (zero, zero, zero), (zero, zero, zero)
        passed = []
        for k, ratio in reversed(list(enumerate(self.ratios))):
            square = denominator[k] ** 2
            bend = ratio * phi[k] ** 2 / square
            share = 1 / (1 + change[1] * bend)
            # The same of dc_l, dkappa_l and du_l, with dphi_l in place of dkappa_l.
            of_c = share * change[0], share * change[1] / square, share * change[2]
            of_kappa = -bend * of_c[0], 1 / square - bend * of_c[1], -bend * of_c[2]
            scale = v[k] / denominator[k]
            of_u = (
                scale * of_c[0] + c[k] * own[k] / denominator[k],
                scale * (of_c[1] - ratio * c[k] ** 2),
                scale * of_c[2],
            )
            of_sum = (
                total[0] + total[1] * of_kappa[0] + of_u[0],
                total[1] * of_kappa[1] + of_u[1],
                total[2] + total[1] * of_kappa[2] + of_u[2],
            )
            passed.append((of_c, of_kappa))
            total = of_sum[0], beta * of_sum[1], of_sum[2] + g * of_sum[1]
            change = beta * of_u[0], beta**2 * of_u[1], beta * (of_u[2] + g * of_u[1])
        squares = [each[chosen] for each in self.average[2:]]
        # dm and dkappa_0 are minus g times the whole sum times one average, minus dc_0 times the next.
        first, second = ([g * a * p + b * q for p, q in zip(total, change, strict=True)] for a, b in pairwise(squares))
        determinant = (1 + first[2]) * (1 + second[1]) - first[1] * second[2]
        dm = (first[1] * second[0] - first[0] * (1 + second[1])) / determinant
        dkappa = (second[2] * first[0] - second[0] * (1 + first[2])) / determinant
        found = np.empty_like(v)
        for k, (ratio, (of_c, of_kappa)) in enumerate(zip(self.ratios, reversed(passed), strict=True)):
            dphi = g * dm + beta * dkappa
            dc, dkappa = (part[0] + part[1] * dphi + part[2] * dm for part in (of_c, of_kappa))
            found[k] = (own[k] - ratio * v[k] * (phi[k] * dc + c[k] * dphi)) / denominator[k]
        return found.T


def swept_system(
    spectrum: InputSpectrum,
    ratios: Sequence[float],
    beta: float,
    coefficients: Sequence[float],
    shift: np.ndarray,
    v: np.ndarray,
) -> SweptSystem:
    """The equations at v, complex128 of shape (points, L).

    :param beta: b_sigma^2. :param coefficients: z_0, ..., z_L. :param shift: z_{-1} - z, shape (points,).
    """
    v = np.ascontiguousarray(v.T)
    c, phi, denominator = np.empty_like(v), np.empty_like(v), np.empty_like(v)
    passed = np.full(v.shape[1], coefficients[-1], complex)
    for k in reversed(range(len(v))):
        c[k] = passed
        passed = coefficients[k] + beta * (passed * v[k])
    average = spectrum.averages(shift + (1 - beta) * (c * v).sum(axis=0), passed)
    kappa = average.weighted
    for k, ratio in enumerate(ratios):
        phi[k] = (1 - beta) * average.resolvent + beta * kappa
        denominator[k] = 1 + ratio * c[k] * phi[k]
        kappa = phi[k] / denominator[k]
    return SweptSystem(ratios, beta, v, c, phi, denominator, average)
