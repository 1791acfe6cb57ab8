"""What the law of a given Gram matrix takes from it, and the own scale of the network beside it (fan2020)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from deepspectra.nn.activations import activation
from deepspectra.spectra.gram_means import gram_means

__all__ = ["gram_arrays"]


def gram_arrays(gram: np.ndarray, own_sensitivities: np.ndarray, settings: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """All that :func:`.read_gram_kernels` reads; float64.

    :param gram: of the inputs, shape (n, n). :param own_sensitivities: mean entry on and off the diagonal of the
        network's own sensitivities by layer, shape (L, 2). :param settings: of the figure.
    """
    sigma = activation(settings["activation"])
    arrays = gram_means(gram, sigma, settings["depth"]).arrays()
    # The first layer's conjugate kernel has eigenvectors of its own.
    arrays |= {f"first/{name}": array for name, array in gram_means(gram, sigma, 1).arrays().items()}
    return arrays | {"own_sensitivities": own_sensitivities}
