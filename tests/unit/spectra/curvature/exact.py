"""Hessians of small ReLU networks in 50 digits, from the product formula: nothing in common with the code it tests."""

from __future__ import annotations

import mpmath
import numpy as np
from mpmath import mpf

DIGITS = 50


def hessian_eigenvalues(weights, inputs, labels):
    """Eigenvalues, ascending float64, of the Hessian of the summed cross-entropy.

    With z_l pre-activations, D_lm = dz_m / dz_l, g the gradient in the outputs and S its derivative, a network that is
    piecewise linear has H = sum over samples of J' S J, and between the weights (i, j) of layer l and (k, q) of a later
    layer m: (g' D_m,last)_k mask_q (D_l,m-1)_qi a_j.

    :param weights: (outputs, inputs + 1) for each layer, the bias last.
    """
    return _eigenvalues(weights, inputs, labels, coupled=True)


def gauss_newton_eigenvalues(weights, inputs):
    """The same of the sum of J' S J alone."""
    return _eigenvalues(weights, inputs, [0] * len(inputs), coupled=False)


def _eigenvalues(weights, inputs, labels, coupled):
    with mpmath.workdps(DIGITS):
        weights = [mpmath.matrix(np.asarray(weight).tolist()) for weight in weights]
        offsets = np.cumsum([0, *(weight.rows * weight.cols for weight in weights)])
        found = mpmath.zeros(int(offsets[-1]))
        for values, label in zip(inputs, labels, strict=True):
            values = [mpf(float(value)) for value in values]
            found += _of_sample(found.rows, weights, offsets, values, int(label), coupled)
        return np.sort([float(value) for value in mpmath.eigsy(found, eigvals_only=True)])


def _of_sample(size, weights, offsets, values, label, coupled):
    depth = len(weights)
    entered, masks = [mpmath.matrix([*values, 1])], []
    for weight in weights[:-1]:
        before = weight * entered[-1]
        masks.append([1 if value > 0 else 0 for value in before])
        entered.append(mpmath.matrix([*(value if value > 0 else mpf(0) for value in before), 1]))
    exponentials = [mpmath.exp(value) for value in weights[-1] * entered[-1]]
    p = [value / mpmath.fsum(exponentials) for value in exponentials]
    classes = len(p)
    gradient = mpmath.matrix([p[c] - (c == label) for c in range(classes)]).T
    curvature = mpmath.matrix(classes)
    for c in range(classes):
        for d in range(classes):
            curvature[c, d] = p[c] * (c == d) - p[c] * p[d]

    change = {}
    for lower in range(depth):
        change[lower, lower] = mpmath.eye(weights[lower].rows)
        for layer in range(lower + 1, depth):
            masked = mpmath.matrix(
                [
                    [weights[layer][i, j] * mask for j, mask in enumerate(masks[layer - 1])]
                    for i in range(weights[layer].rows)
                ]
            )
            change[lower, layer] = masked * change[lower, layer - 1]

    def place(layer, i, j):
        return int(offsets[layer]) + i * weights[layer].cols + j

    jacobian = mpmath.zeros(classes, size)
    for layer in range(depth):
        for i in range(weights[layer].rows):
            for j in range(weights[layer].cols):
                for c in range(classes):
                    jacobian[c, place(layer, i, j)] = change[layer, depth - 1][c, i] * entered[layer][j]
    found = jacobian.T * (curvature * jacobian)
    for upper in range(1, depth) if coupled else ():
        felt = gradient * change[upper, depth - 1]
        for lower in range(upper):
            for k in range(weights[upper].rows):
                for q, mask in enumerate(masks[upper - 1]):
                    for i in range(weights[lower].rows):
                        for j in range(weights[lower].cols):
                            value = felt[k] * mask * change[lower, upper - 1][q, i] * entered[lower][j]
                            found[place(lower, i, j), place(upper, k, q)] += value
                            found[place(upper, k, q), place(lower, i, j)] += value
    return found


def singular_values(columns, sweeps=40):
    """Singular values, ascending, by one-sided Jacobi in the precision of the columns, all disjoint pairs at a time.

    In NumPy's longdouble (64 bits of mantissa) they have a relative error of 1e-19 times the condition of the columns'
    directions, whatever their lengths.
    """
    rows = np.ascontiguousarray(columns.T)
    if len(rows) % 2:
        rows = np.concatenate([rows, np.zeros_like(rows[:1])])
    count, order = len(rows), np.arange(len(rows))
    tolerance = np.finfo(rows.dtype).eps * count**0.5
    for _ in range(sweeps):
        worst = 0
        for _ in range(count - 1):
            first, second = order[: count // 2], order[: count // 2 - 1 : -1]
            x, y = rows[first], rows[second]
            a, b, c = (x * x).sum(1), (y * y).sum(1), (x * y).sum(1)
            cosine = np.abs(c) / np.sqrt(np.where(a * b > 0, a * b, 1))
            turned, worst = cosine > tolerance, max(worst, cosine.max())
            zeta = (b - a) / np.where(turned, 2 * c, 1)
            tangent = np.where(turned, np.where(zeta >= 0, 1, -1) / (np.abs(zeta) + np.sqrt(1 + zeta * zeta)), 0)
            cos = 1 / np.sqrt(1 + tangent * tangent)
            sin = cos * tangent
            rows[first], rows[second] = cos[:, None] * x - sin[:, None] * y, sin[:, None] * x + cos[:, None] * y
            order = np.concatenate([order[:1], np.roll(order[1:], 1)])
        if worst <= tolerance:
            return np.sort(np.sqrt((rows * rows).sum(1)))[count - columns.shape[1] :]
    raise AssertionError("Jacobi did not converge")
