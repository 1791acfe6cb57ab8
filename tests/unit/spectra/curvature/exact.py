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
    with mpmath.workdps(DIGITS):
        weights = [mpmath.matrix(np.asarray(weight).tolist()) for weight in weights]
        offsets = np.cumsum([0, *(weight.rows * weight.cols for weight in weights)])
        found = mpmath.zeros(int(offsets[-1]))
        for values, label in zip(inputs, labels, strict=True):
            found += _of_sample(found.rows, weights, offsets, [mpf(float(value)) for value in values], int(label))
        return np.sort([float(value) for value in mpmath.eigsy(found, eigvals_only=True)])


def _of_sample(size, weights, offsets, values, label):
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
    for upper in range(1, depth):
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
