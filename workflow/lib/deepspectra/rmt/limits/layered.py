r"""Limit laws of the conjugate kernel and the neural tangent kernel of a deep network (fan2020, theorems 3.4 to 3.8).

The kernel z_{-1} Id + z_0 X_0'X_0 + ... + z_L X_L'X_L of a network whose layer widths d_l grow with the number n of
samples, n/d_l -> gamma_l, has a limit spectrum nu. Its Stieltjes transform is defined by eq. 11 to 15: functions
t_l(z, w) and s_l(z), each defined through those of the layer below. Written out for all layers at once, the recursion
is a closed system for the values s_1, ..., s_L alone. With u_l = 1/s_l, b = b_sigma and

    c_L = z_L,    c_l = z_l + b^2 u_{l+1} (l < L),    a = z_{-1} - z + (1 - b^2) (u_1 + ... + u_L),
    m = int 1/(a + c_0 x) dmu_0(x),    kappa_0 = int x/(a + c_0 x) dmu_0(x),

and, for l = 1, ..., L,

    phi_l = (1 - b^2) m + b^2 kappa_{l-1},    u_l (1 + gamma_l c_l phi_l) = c_l,
    kappa_l = phi_l / (1 + gamma_l c_l phi_l),

m is the Stieltjes transform m_nu(z), and kappa_l the limit of n^{-1} Tr R X_l'X_l with R the resolvent. (phi_l is the
t_{l-1}(z_prev, (1 - b^2, 0, ..., 0, b^2)) of eq. 12.) The unknowns of the computation are v_l = u_l/c_l = 1/(1 +
gamma_l c_l phi_l): they stay of order one even if b, and with it c_l and u_l, is small or zero.

By proposition 3.6, applied from layer L downwards, exactly one root at Im z > 0 has every u_l in the lower half-plane.
These signs certify a root, however Newton's method found it: from large Im z downwards or from neighbouring points.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from deepspectra.rmt.limits.coefficients import tangent_coefficients
from deepspectra.rmt.limits.inputs import InputSpectrum
from deepspectra.rmt.limits.recursion import Recursion
from deepspectra.rmt.limits.sweep import SweptSystem, swept_system
from deepspectra.runtime.errors import UserError

__all__ = ["LayeredKernel", "conjugate_kernel", "tangent_kernel"]

_EDGE_POINTS, _SMALLEST_B2, _FAR = 2000, 1e-12, 1e6


@dataclass(frozen=True)
class LayeredKernel:
    """The kernel z_{-1} Id + z_0 X_0'X_0 + ... + z_L X_L'X_L, in the limit.

    :param spectrum: mu_0, the spectrum of X_0'X_0. :param ratios: gamma_1, ..., gamma_L, with gamma_l = n/d_l.
    :param b_sigma: E[sigma'(xi)]. :param shift: z_{-1}. :param coefficients: z_0, ..., z_L, none negative, z_L > 0.
    :raises UserError: if a number is out of range.
    """

    spectrum: InputSpectrum
    ratios: tuple[float, ...]
    b_sigma: float
    shift: float
    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.ratios or not all(0 < ratio < np.inf for ratio in self.ratios):
            raise UserError(f"the ratios n/d_l must be positive, not {self.ratios}.")
        if self.b_sigma**2 > 1 + 1e-12:
            raise UserError(f"b_sigma of a normalised activation is at most 1 in size, not {self.b_sigma}.")
        z = self.coefficients
        if len(z) != len(self.ratios) + 1 or min(z) < 0 or z[-1] <= 0:
            raise UserError(f"L layers need L + 1 coefficients, none negative and the last one positive, not {z}.")

    @property
    def layers(self) -> int:
        """L, the number of hidden layers."""
        return len(self.ratios)

    @property
    def unknowns(self) -> int:
        """One v for each layer."""
        return self.layers

    @cached_property
    def _recursion(self) -> Recursion:
        return Recursion(self.ratios, (self.b_sigma**2,) * self.layers, self.coefficients)

    def system(self, v: np.ndarray, z: np.ndarray) -> SweptSystem:
        """The equations v_l (1 + gamma_l c_l phi_l) - 1 = 0 at v, complex128 of shape (points, L), and z, (points,)."""
        return swept_system(self.spectrum, self.ratios, self.b_sigma**2, self.coefficients, self.shift - z, v)

    def far_start(self, z: np.ndarray) -> np.ndarray:
        """v at large |z|, to first order in 1/z; complex128, shape (points, L)."""
        b2 = self.b_sigma**2
        return self._recursion.far(z, [1 - b2 + b2 * self.spectrum.moment(1)] * self.layers)

    @cached_property
    def upper(self) -> float:
        """No mass of the limit law lies above: the sum of the layers' upper edges, one weighted by each coefficient."""
        edges = (self.spectrum.bounds[1], *self._upper_edges())
        return float(self.shift + np.dot(self.coefficients, edges))

    def _upper_edges(self) -> list[float]:
        """Bounds of the spectra of X_1'X_1, ..., X_L'X_L from above, about 1 % above their upper edges.

        Beyond its spectrum, each layer's Stieltjes transform follows from that of the layer below in closed form. With
        m at z that of X_{l-1}'X_{l-1} and y = 1 - b^2 + b^2 z, that of X_l'X_l is q/z' at z' = y (1 - gamma_l - gamma_l
        q), q = y m/b^2. The edge is the smallest z' of all z beyond the edge below (Silverstein and Choi, 1995).
        """
        b2 = float(np.clip(self.b_sigma**2, _SMALLEST_B2, 1.0))
        top = self.spectrum.bounds[1]
        z = top + (top + 1 / b2) * np.geomspace(1e-9, 1e9, _EDGE_POINTS)
        product = z * self.spectrum.averages(-z + 0j, np.ones(z.size, dtype=np.complex128)).resolvent.real
        mean, edges = self.spectrum.moment(1), []
        for ratio in self.ratios:
            if z[-1] < _FAR / b2:
                # Farther out, z m is -1 - mean/z to rounding.
                beyond = np.geomspace(2 * z[-1], _FAR**2 / b2, _EDGE_POINTS)
                z, product = np.append(z, beyond), np.append(product, -1 - mean / beyond)
            mean = 1 - b2 + b2 * mean
            y = 1 - b2 + b2 * z
            # z m at the same points: for this layer that of 1 - b^2 + b^2 X'X at y.
            product = y * product / (b2 * z)
            z = y * (1 - ratio - ratio * product)
            first = int(z.argmin())
            edges.append(float(z[first]))
            z, product = z[first:], product[first:]
        return edges

    @property
    def lower(self) -> float:
        """No mass of the limit law lies below: the smallest eigenvalue of the first two terms; the others only add."""
        return self.shift + self.coefficients[0] * self.spectrum.bounds[0]

    @property
    def mean(self) -> float:
        """Mean of the limit law in closed form: that of X_l'X_l is 1 - b^2 + b^2 times that of the layer below."""
        return float(self._without_fluctuations(np.array([self.spectrum.moment(1)]))[0])

    def _without_fluctuations(self, value: np.ndarray) -> np.ndarray:
        """Where eigenvalues of X_0'X_0 would lie in the kernel's spectrum if all ratios were zero."""
        b2 = min(self.b_sigma**2, 1.0)
        total = self.shift + self.coefficients[0] * value
        for coefficient in self.coefficients[1:]:
            value = 1 - b2 + b2 * value
            total = total + coefficient * value
        return total

    @property
    def landmarks(self) -> np.ndarray:
        """Points at which to look for narrow bulks, float64, ascending: small ratios leave one around each atom."""
        return self._without_fluctuations(self.spectrum.landmarks)

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """(location, mass) of the atoms of the limit law, from ranks.

        What lies in the kernel of every further X_l keeps its eigenvalue. For b^2 < 1 these kernels are in general
        position: mass less the sum of the ranks 1/gamma_l. For b^2 = 1 the row space of X_l lies in that of X_{l-1}.
        """
        active = [k for k, coefficient in enumerate(self.coefficients) if coefficient > 0]
        own = self.spectrum.atoms if active[0] == 0 else ((0.0, 1.0),)
        if self.b_sigma**2 >= 1:
            if active[0] > 0:
                zero = sum(mass for location, mass in self.spectrum.atoms if location == 0)
                kernel = max([zero, *(1 - 1 / ratio for ratio in self.ratios[: active[0]])])
                return ((self.shift, kernel),) if kernel > 0 else ()
            rank = min([1.0, *(1 / self.ratios[k - 1] for k in range(1, min(active[1:]) + 1))]) if active[1:] else 0.0
            # At zero the eigenspace lies in the kernel of all further layers, whatever their ranks.
            left = [(location, mass if location == 0 else mass - rank) for location, mass in own]
        else:
            rank = sum(1 / self.ratios[k - 1] for k in active if k > 0)
            left = [(location, mass - rank) for location, mass in own]
        return tuple((self.shift + self.coefficients[0] * location, mass) for location, mass in left if mass > 1e-12)


def conjugate_kernel(
    spectrum: InputSpectrum, ratios: Sequence[float], b_sigma: float, layer: int | None = None
) -> LayeredKernel:
    """Limit of X_l'X_l (fan2020, theorem 3.4): of the last layer's, K_CK, unless ``layer`` (1 to L) names another."""
    layer = len(ratios) if layer is None else layer
    return LayeredKernel(spectrum, tuple(ratios[:layer]), b_sigma, 0.0, (0.0,) * layer + (1.0,))


def tangent_kernel(
    spectrum: InputSpectrum,
    ratios: Sequence[float],
    b_sigma: float,
    a_sigma: float,
    rates: Sequence[float] | None = None,
) -> LayeredKernel:
    """Limit of K_NTK (fan2020, theorem 3.7; with ``rates`` tau_1, ..., tau_{L+1}, theorem 3.8)."""
    shift, coefficients = tangent_coefficients(len(ratios), b_sigma, a_sigma, rates)
    return LayeredKernel(spectrum, tuple(ratios), b_sigma, shift, coefficients)
