"""Files of what the law of a given Gram matrix takes from it, and of the own scale of a network beside it (fan2020)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepspectra.nn.activations import activation
from deepspectra.rmt.limits.gram import GramKernel
from deepspectra.runtime import store
from deepspectra.spectra.gram_kernels import conjugate_gram_kernel, tangent_gram_kernel
from deepspectra.spectra.gram_means import GramMeans, gram_means

__all__ = ["gram_arrays", "read_gram_kernels"]


def gram_arrays(gram: np.ndarray, own_sensitivities: np.ndarray, settings: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """All that :func:`read_gram_kernels` reads; float64.

    :param gram: of the inputs, shape (n, n). :param own_sensitivities: mean entry on and off the diagonal of the
        network's own sensitivities by layer, shape (L, 2). :param settings: of the figure.
    """
    sigma = activation(settings["activation"])
    arrays = gram_means(gram, sigma, settings["depth"]).arrays()
    # The first layer's conjugate kernel has eigenvectors of its own.
    arrays |= {f"first/{name}": array for name, array in gram_means(gram, sigma, 1).arrays().items()}
    return arrays | {"own_sensitivities": own_sensitivities}


def read_gram_kernels(path: str | Path, settings: Mapping[str, Any], names: Sequence[str]) -> dict[str, GramKernel]:
    """Kernels by name: ``conjugate_1``, ..., ``tangent`` with the network's own scale, and ``wide_tangent`` without.

    :param path: a file of :func:`gram_arrays`. :param settings: of the figure.
    """
    samples, depth = settings["samples"], settings["depth"]
    shapes = GramMeans.shapes(samples, depth) | {"own_sensitivities": (depth, 2)}
    shapes |= {f"first/{name}": shape for name, shape in GramMeans.shapes(samples, 1).items()}
    contents = store.read(path, shapes)
    means, ratios = GramMeans.of(contents.arrays), [samples / settings["width"]] * depth
    first = GramMeans.of({name: contents[f"first/{name}"] for name in means.arrays()})
    kernels = {}
    for name in (name for name in names if name.startswith("conjugate")):
        layer = int(name.removeprefix("conjugate_"))
        kernels[name] = conjugate_gram_kernel(first if layer == 1 else means, ratios[:layer])
    if "tangent" in names:
        sigma = activation(settings["activation"])
        kernels["tangent"] = tangent_gram_kernel(means, ratios, sigma, contents["own_sensitivities"])
        kernels["wide_tangent"] = tangent_gram_kernel(means, ratios, sigma)
    return kernels
