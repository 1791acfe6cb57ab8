"""Conjugate kernel and neural tangent kernel of a feed-forward network (fan2020), without a Jacobian.

``networks``    kernels of a network with random or given weights, by layers
``equivalents`` what stands in for a network in the limit: lemma 3.5's sum, and a linear model with noise
``means``       what is between a network's tangent kernel and that sum: mean sensitivities
``weights``     weight matrices by blocks of rows
``grams``       Gram matrices by blocks, in the precision asked for, and their entrywise products
``waiting``     matrices that one pass leaves for another, in a scratch file or in host memory
"""

from deepspectra.spectra.kernels.equivalents import lemma_tangent, linear_equivalent
from deepspectra.spectra.kernels.grams import KernelDifference
from deepspectra.spectra.kernels.means import mean_tangent
from deepspectra.spectra.kernels.networks import Kernels, network_kernels, random_network_kernels

__all__ = [
    "KernelDifference",
    "Kernels",
    "lemma_tangent",
    "linear_equivalent",
    "mean_tangent",
    "network_kernels",
    "random_network_kernels",
]
