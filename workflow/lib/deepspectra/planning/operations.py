"""Unlike operations in units of one kind: a multiplication and addition of a float32 matrix product.

Measured on one thread of a CPU with AVX2, where such a product takes 22 ps times n^3.
"""

__all__ = ["CALLS", "DOUBLE", "ENTRY", "NORMAL", "PIXELS"]
__all__ += ["eigenvalues", "linear_operations", "network_operations", "singular_values"]

#: An operation in float64, a random number, an activation of one entry, and the calls that a small layer takes.
DOUBLE, NORMAL, ENTRY, CALLS = 2, 170, 150, 2.7e6
#: Numbers in an image of CIFAR-10.
PIXELS = 3072
# All eigenvalues of n rows take so many times n^2 (n + _SMALL), since half of the reduction is bound by memory, and
# small matrices take more calls than arithmetic; singular values the same of the shorter side.
_EIGENVALUES, _SINGULAR_VALUES, _SMALL = 3, 5, 230


def eigenvalues(rows: float, precision: float = 1) -> float:
    """All eigenvalues of a symmetric matrix. :param precision: 1, or :data:`DOUBLE`."""
    return precision * _EIGENVALUES * rows**2 * (rows + _SMALL)


def singular_values(longer: float, shorter: float, precision: float = 1) -> float:
    """All singular values of a matrix with these sides."""
    return precision * _SINGULAR_VALUES * longer * shorter * (shorter + _SMALL)


def linear_operations(samples: int, width: int, depth: int, inputs: int) -> float:
    """Kernels of a linear network: products with the weights, which are drawn, and half a Gram matrix a layer."""
    weights = width * (inputs + (depth - 1) * width)
    return (samples + NORMAL) * weights + depth * samples**2 * width / 2


def network_operations(samples: int, width: int, depth: int, inputs: int) -> float:
    """Kernels of a network: the same, and back through all weights but the first, with sensitivities' Gram matrices."""
    back = (samples + NORMAL) * (depth - 1) * width**2 + depth * samples**2 * width / 2
    return linear_operations(samples, width, depth, inputs) + back
