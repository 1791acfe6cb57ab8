r"""The limit law of M = Y Y' / m with Y = f(W X): Pennington and Worah (2017), theorem 1.

X is n0 x m with N(0, 1) entries, W is n1 x n0 with N(0, 1/n0) entries, phi = n0/m, psi = n0/n1. The activation
enters by two numbers only, eta = E[f(z)^2] and zeta = E[f'(z)]^2 with z standard normal.

The equations (11)-(13) become explicit in the variable w = 1 / (t P_phi P_psi), t = 1 / (z psi). With

    h(w) = P - 1 = (eta - zeta)/w + zeta/(w - zeta)                                            (from eq. 12)
    z(w) = w (1 + phi h)(1 + psi h) / psi                                                      (from eq. 13)

eq. 12 is the quartic  psi z w (w - zeta)^2 = (q + phi p)(q + psi p)  with q = w (w - zeta), p = eta w - zeta (eta -
zeta). The linear network (eta = zeta) and the Marchenko-Pastur case (zeta = 0) only leave spurious roots at w = 0.
Three quantities follow at once:

    z G(z) = 1 + psi h,   z G~(z) = 1 + phi h   (G of Y Y'/m, G~ of Y' Y/m)                    (from eq. 11)
    Phi(w) = 2 psi h + (1 - psi/phi) log(1 + phi h) + (1 - psi) log w + psi log(w - zeta) - psi (eta - zeta)/w

where Phi is a primitive of G: F(x) = 1 - Im Phi(x)/pi is the distribution function, without any quadrature. (This
derivation is ours; the tests compare it with integrals of the density.) The right root, w = psi z at infinity, is
followed from there down a vertical line in the upper half plane, where the Stieltjes transform is analytic.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import brentq, elementwise

from deepspectra.runtime.errors import UserError

__all__ = ["NonlinearLaw"]

# Relative imaginary part of z at which boundary values on the real axis are read.
_BOUNDARY_OFFSET = 1e-13
# Points of a circle on which moments are summed.
_CIRCLE = 256


@dataclass(frozen=True)
class NonlinearLaw:
    """Limiting eigenvalue distribution of M = f(WX) f(WX)' / m (n1 x n1).

    :param eta: mean of f squared. :param zeta: squared mean of f', <= eta. :param phi: n0 / m. :param psi: n0 / n1.
    :raises ValueError: if a parameter is out of its range.
    """

    eta: float
    zeta: float
    phi: float
    psi: float

    def __post_init__(self) -> None:
        if not (self.eta > 0 and 0 <= self.zeta <= self.eta * (1 + 1e-12) and self.phi > 0 and self.psi > 0):
            raise ValueError(f"need 0 <= zeta <= eta and positive eta, phi and psi, got {self}")

    @property
    def nonlinearity(self) -> float:
        """eta - zeta, never negative: the variance of the nonlinear part of f."""
        return max(self.eta - self.zeta, 0.0)

    @property
    def atom(self) -> float:
        """Mass at zero: M has rank at most m, and at most n0 if f is linear."""
        return 1.0 - min(1.0, self.psi / self.phi, self.psi if self.nonlinearity == 0 else 1.0)

    def _h(self, w: Any) -> Any:
        """P - 1 at w, a number or an array."""
        return self.nonlinearity / w + self.zeta / (w - self.zeta)

    @property
    def _polynomials(self) -> tuple[np.poly1d, np.poly1d]:
        """Right-hand side of the quartic and the factor of z on its left: z(w) is their quotient."""
        square = np.poly1d([1.0, -self.zeta, 0.0])
        p = np.poly1d([self.eta, -self.zeta * self.nonlinearity])
        left = self.psi * np.poly1d([1.0, -2 * self.zeta, self.zeta**2, 0.0])
        return (square + self.phi * p) * (square + self.psi * p), left

    def roots(self, z: np.ndarray) -> np.ndarray:
        """All four roots w of the quartic at each z, shape (len(z), 4), complex128 (spurious zeros included)."""
        z = np.asarray(z, dtype=complex)
        right, left = self._polynomials
        coefficients = np.repeat(right.coeffs[None].astype(complex), len(z), axis=0)
        coefficients[:, 1:] -= z[:, None] * left.coeffs
        companion = np.zeros((len(z), 4, 4), dtype=complex)
        companion[:, 1:, :-1] = np.eye(3)
        companion[:, :, -1] = -coefficients[:, :0:-1]
        return np.linalg.eigvals(companion)

    def variable(self, z: np.ndarray) -> np.ndarray:
        """w(z) on the sheet of the Stieltjes transform, for z in the open upper half plane.

        The root next to psi z far above the spectrum is followed down to z, in shorter steps where two come close.

        :returns: complex128, shaped as z.
        :raises ValueError: if a point does not have Im z > 0.
        :raises ArithmeticError: if a root cannot be followed (never seen).
        """
        z = np.asarray(z, dtype=complex)
        if np.any(z.imag <= 0):
            raise ValueError("the Stieltjes transform is followed in the upper half plane only: need Im z > 0")
        x, target = z.ravel().real, z.ravel().imag
        height = np.maximum(100 * (self.scale + np.abs(x)), target)
        factor = np.full(x.shape, 0.5)
        w = _nearest(self.roots(x + 1j * height), self.psi * (x + 1j * height))[0]
        pending = height > target
        for _ in range(4000):
            index = np.flatnonzero(pending)
            if not index.size:
                break
            lower = np.maximum(height[index] * factor[index], target[index])
            candidate, distance, second = _nearest(self.roots(x[index] + 1j * lower), w[index])
            accepted = distance < 0.2 * second
            moved = index[accepted]
            w[moved], height[moved] = candidate[accepted], lower[accepted]
            factor[moved] = np.maximum(factor[moved] ** 2, 0.01)
            factor[index[~accepted]] = np.sqrt(factor[index[~accepted]])
            pending[index] = height[index] > target[index]
        else:
            raise ArithmeticError(f"root of the quartic not followed to z = {z.ravel()[pending][:3]} for {self}")
        return w.reshape(z.shape)

    def on_axis(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """z just above positive x, where boundary values are read, and w(z); complex128, shape of x."""
        z = np.asarray(x, dtype=float) * (1 + 1j * _BOUNDARY_OFFSET)
        return z, self.variable(z)

    @property
    def scale(self) -> float:
        """An upper bound of the spectrum: the norms of sqrt(zeta) W X and of independent noise, added and squared."""
        noise = 1 + np.sqrt(self.phi / self.psi)
        linear = (1 + np.sqrt(1 / self.psi)) * (1 + np.sqrt(self.phi))
        return (np.sqrt(self.zeta) * linear + np.sqrt(self.nonlinearity) * noise) ** 2

    def residual(self, z: np.ndarray, w: np.ndarray) -> np.ndarray:
        """The quartic's residual at w over the sum of its terms' sizes; float64, shape of z."""
        right, left = self._polynomials
        sizes = (np.poly1d(np.abs(part.coeffs))(np.abs(w)) for part in (right, left))
        return np.abs(right(w) - z * left(w)) / (next(sizes) + np.abs(z) * next(sizes))

    def moment(self, order: int) -> float:
        """Average of x^order, atom included, for an order of at least 1.

        It is the integral of z^order G(z) dz / (2 pi i) around the spectrum. In the variable w the integrand is
        rational with poles at 0 and zeta, so that sums over a circle around both converge geometrically.
        """
        numerator, denominator = self._polynomials
        w = (self.zeta + self.eta) * np.exp(2j * np.pi * (np.arange(_CIRCLE) + 0.5) / _CIRCLE)
        p, q = numerator(w), denominator(w)
        slope = (numerator.deriv()(w) * q - p * denominator.deriv()(w)) / q**2
        return float(np.mean((p / q) ** (order - 1) * (1 + self.psi * self._h(w)) * slope * w).real)

    def stieltjes(self, z: np.ndarray) -> np.ndarray:
        """G(z) = int rho(t) / (z - t) dt (eq. 5; includes the atom), for Im z > 0; complex128, shape of z."""
        w = self.variable(z)
        return (1 + self.psi * self._h(w)) / np.asarray(z, dtype=complex)

    def density(self, x: np.ndarray) -> np.ndarray:
        """Density of the continuous part at x (eq. 6; float64, zero for x <= 0 and outside the support)."""
        x = np.asarray(x, dtype=float)
        result = np.zeros(x.shape)
        inside = x > 0
        result[inside] = np.maximum(-self.stieltjes(x[inside] * (1 + 1j * _BOUNDARY_OFFSET)).imag / np.pi, 0)
        return result

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """Distribution function at x, atom at zero included; float64, exact up to rounding (no quadrature)."""
        x = np.asarray(x, dtype=float)
        result = np.where(x == 0, self.atom, 0.0)
        inside = x > 0
        w = self.variable(x[inside] * (1 + 1j * _BOUNDARY_OFFSET))
        result[inside] = np.clip(1 - self._primitive(w).imag / np.pi, 0, 1)
        return result

    def _primitive(self, w: np.ndarray) -> np.ndarray:
        """Phi(w), a primitive of G(z) with respect to z; principal branches hold since Im w > 0 gives Im h < 0."""
        h = self._h(w)
        result = 2 * self.psi * h + (1 - self.psi / self.phi) * np.log(1 + self.phi * h)
        result = result + (1 - self.psi) * np.log(w) + self.psi * np.log(w - self.zeta)
        return result - self.psi * self.nonlinearity / w

    def support(self) -> list[tuple[float, float]]:
        """Intervals of the continuous spectrum, ascending; one may begin at zero (a hard edge).

        z(w) is stationary at the edges; a stationary value is one if the density is positive on just one side of it.
        """
        scale = self.scale
        values = sorted({0.0, *(value for value in self._stationary_values() if 1e-14 * scale < value < 10 * scale)})
        intervals: list[tuple[float, float]] = []
        for low, high in pairwise(values):
            if self.density(np.array([0.5 * (low + high)]))[0] > 1e-9 / scale:
                if intervals and intervals[-1][1] == low:
                    intervals[-1] = (intervals[-1][0], high)
                else:
                    intervals.append((low, high))
        return intervals

    def _stationary_values(self) -> np.ndarray:
        """Real z at which dz/dw = 0 for real w: the zeros of a polynomial, polished by Newton's method in w."""
        numerator, denominator = self._polynomials
        derivative = numerator.deriv() * denominator - numerator * denominator.deriv()
        roots = derivative.roots
        real = roots[np.abs(roots.imag) < 1e-6 * (1 + np.abs(roots))].real
        real = real[(np.abs(real) > 1e-9) & (np.abs(real - self.zeta) > 1e-9 * (1 + self.zeta))]
        w = np.array([_polish(derivative, root) for root in real])
        return w * (1 + self.phi * self._h(w)) * (1 + self.psi * self._h(w)) / self.psi

    def training_loss(self, gamma: np.ndarray) -> np.ndarray:
        """Expected training loss E_train = -(gamma^2/m) d/dgamma E[tr Q] of ridge-regularised random features (eq. 21).

        At z = -gamma everything is real: with delta = h - h_min > 0, gamma(delta) rises from 0 to infinity, gamma tr Q
        / m = P_phi (eq. 22) and E_train = P_phi - gamma dP_phi/dgamma = P_phi - phi / (d log gamma / d h).

        :param gamma: positive, any shape, which the result has too.
        :raises ValueError: if a gamma is not positive.
        :raises UserError: if the equation could not be solved, since a gamma is too large.
        """
        gamma = np.asarray(gamma, dtype=float)
        if np.any(gamma <= 0):
            raise ValueError("gamma must be positive; use ridgeless_training_loss for gamma -> 0")
        # h at gamma -> 0: the first zero of (1 + phi h)(1 + psi h), or -1 if a linear f does not reach one.
        floor = -1 / max(self.phi, self.psi, 1.0 if self.nonlinearity == 0 else 0.0)

        def difference(log_delta: np.ndarray, goal: np.ndarray) -> np.ndarray:
            return self._log_gamma(np.exp(log_delta), floor)[0] - goal

        bracket = np.full(gamma.shape, -120.0), np.full(gamma.shape, np.log(-floor) + np.log1p(-1e-14))
        solution = elementwise.find_root(difference, bracket, args=(np.log(gamma),))
        if not np.all(solution.success):
            raise UserError(f"no training loss for gamma = {gamma[~solution.success].min():g}: choose a smaller one.")
        _, slope, p_phi = self._log_gamma(np.exp(solution.x), floor)
        return p_phi - self.phi / slope

    def _log_gamma(self, delta: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """log gamma, d log gamma / dh and P_phi at h = floor + delta, written without cancellation."""
        e, zeta = self.nonlinearity, self.zeta
        p_phi = (1 + self.phi * floor) + self.phi * delta
        p_psi = (1 + self.psi * floor) + self.psi * delta
        size = -floor - delta  # -h, from 0 to -floor
        if e == 0:
            remaining = (1 + floor) + delta  # 1 - size
            v = size / (zeta * remaining)
            log_slope = -1 / (size * remaining)
        elif zeta == 0:
            v = size / e
            log_slope = -1 / size
        else:
            b = e + zeta * ((1 + floor) + delta)
            root = np.sqrt(b * b + 4 * e * zeta * size)
            v = np.where(b > 0, 2 * size / (np.abs(b) + root), (root - b) / (2 * e * zeta))
            log_slope = -1 / (v * (e + zeta / (1 + zeta * v) ** 2))
        log_gamma = np.log(p_phi) + np.log(p_psi) - np.log(self.psi) - np.log(v)
        return log_gamma, self.phi / p_phi + self.psi / p_psi - log_slope, p_phi

    def ridgeless_training_loss(self) -> float:
        """E_train at gamma -> 0: the share of data that the features cannot span (eq. 24)."""
        rank = self.phi / self.psi if self.nonlinearity > 0 else self.phi * min(1.0, 1 / self.psi)
        return max(1.0 - rank, 0.0)


def _nearest(roots: np.ndarray, guess: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The root next to each guess, its distance, and the distance from that root to the next other root."""
    distance = np.abs(roots - guess[:, None])
    order = np.argsort(distance, axis=1)
    rows = np.arange(len(guess))
    chosen = roots[rows, order[:, 0]]
    others = np.abs(roots - chosen[:, None])
    others[rows, order[:, 0]] = np.inf
    return chosen, distance[rows, order[:, 0]], others.min(axis=1)


def _polish(polynomial: np.poly1d, root: float) -> float:
    width = 1e-5 * (1 + abs(root))
    low, high = polynomial(root - width), polynomial(root + width)
    return brentq(polynomial, root - width, root + width, xtol=1e-15) if low * high < 0 else root
