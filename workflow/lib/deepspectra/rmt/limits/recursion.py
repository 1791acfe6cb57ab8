"""The equations that laws of layered kernels share: one v_l for each layer, and what the layers pass to each other.

    c_L = z_L,    c_l = z_l + beta_{l+1} u_{l+1},    u_l = c_l v_l,
    phi_l = own_l + beta_l kappa_{l-1},    kappa_l = phi_l / (1 + gamma_l c_l phi_l),    v_l (1 + gamma_l c_l phi_l) = 1

A law says how own_l and kappa_0 follow from c_0 and the u_l. Derivatives are with respect to all unknowns of the law,
of which v_1, ..., v_L come first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Recursion"]


@dataclass(frozen=True)
class Recursion:
    """The numbers of the recursion.

    :param ratios: gamma_1, ..., gamma_L. :param slopes: beta_1, ..., beta_L. :param coefficients: z_0, ..., z_L.
    """

    ratios: tuple[float, ...]
    slopes: tuple[float, ...]
    coefficients: tuple[float, ...]

    def down(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """c_0, ..., c_L, shape (points, L + 1), and derivatives, one more axis, at v, shape (points, unknowns)."""
        points, unknowns = v.shape
        layers = len(self.ratios)
        c, dc = np.empty((points, layers + 1), complex), np.zeros((points, layers + 1, unknowns), complex)
        c[:, layers] = self.coefficients[layers]
        for k in reversed(range(layers)):
            c[:, k] = self.coefficients[k] + self.slopes[k] * (c[:, k + 1] * v[:, k])
            dc[:, k] = self.slopes[k] * (dc[:, k + 1] * v[:, k, None])
            dc[:, k, k] = self.slopes[k] * c[:, k + 1]
        return c, dc

    def up(
        self,
        v: np.ndarray,
        passed: tuple[np.ndarray, np.ndarray],
        own: tuple[Sequence[np.ndarray] | np.ndarray, Sequence[np.ndarray] | np.ndarray],
        kappa: tuple[np.ndarray, np.ndarray],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """v_l (1 + gamma_l c_l phi_l) - 1, the size of its terms, shape (points, L), and its Jacobian, one more axis.

        :param passed: c, from :meth:`down`. :param own: own_1, ..., own_L, shape (points,) each. :param kappa: kappa_0;
            all with their derivatives.
        """
        points, unknowns = v.shape
        layers = len(self.ratios)
        residual, size = np.empty((points, layers), complex), np.empty((points, layers))
        jacobian = np.empty((points, layers, unknowns), complex)
        (c, dc), (value, slope) = passed, kappa
        for k, (ratio, beta, part, dpart) in enumerate(zip(self.ratios, self.slopes, *own, strict=True)):
            phi, dphi = part + beta * value, dpart + beta * slope
            product = ratio * c[:, k + 1] * phi
            dproduct = ratio * (c[:, k + 1, None] * dphi + phi[:, None] * dc[:, k + 1])
            residual[:, k] = v[:, k] * (1 + product) - 1
            size[:, k] = np.abs(v[:, k]) * (1 + np.abs(product)) + 1
            jacobian[:, k] = v[:, k, None] * dproduct
            jacobian[:, k, k] += 1 + product
            value = phi / (1 + product)
            slope = (dphi - value[:, None] * dproduct) / (1 + product)[:, None]
        return residual, size, jacobian

    def far(self, z: np.ndarray, means: Sequence[float] | np.ndarray) -> np.ndarray:
        """v_1, ..., v_L at large |z|, where m is about -1/z and every phi_l that times its mean; shape (points, L)."""
        v = np.empty((z.size, len(self.ratios)), complex)
        c = np.full(z.size, self.coefficients[-1], complex)
        for k in reversed(range(len(self.ratios))):
            v[:, k] = 1 / (1 - self.ratios[k] * c * means[k] / z)
            c = self.coefficients[k] + self.slopes[k] * c * v[:, k]
        return v
