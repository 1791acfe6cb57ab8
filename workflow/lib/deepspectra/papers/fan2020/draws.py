"""Many draws of the networks of figures 1, 2 and S2 of Fan and Wang (2020), at several sizes."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from deepspectra.data.samples import gaussian_samples, image_samples
from deepspectra.nn.activations import activation
from deepspectra.runtime.seeds import stream_seed
from deepspectra.spectra.eigenvalues import noise_floor, symmetric_eigenvalues
from deepspectra.spectra.kernels.draws import drawn_equivalents, drawn_kernels

__all__ = ["draw_kernels"]


def draw_kernels(
    entry: Mapping[str, Any], images: np.ndarray | None, advance: Callable[[], object], **options: Any
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Spectra of every draw at every size, and the sizes below which eigenvalues are rounding.

    Draws have new weights and, if they are Gaussian, new inputs. Images are one random choice for each size, the same
    whatever components are removed, so that the limit, which starts from their own spectrum, is solved once a size.

    :param entry: as :meth:`deepspectra.papers.fan2020.settings.Fan2020.draws` returns it.
    :param images: uint8, shape (images, ...), or None for Gaussian inputs. :param advance: called after each draw.
    :param options: of the kernels.
    :returns: by ``{n}/{name}`` eigenvalues, ascending: ``conjugate``, ``tangent`` and ``lemma``, shape (draws, n), and,
        for Gaussian inputs, ``layers``, the conjugate kernels of all layers, shape (draws, depth, n);
        ``floor_conjugate`` and ``floor_tangent``, of a linear equivalent, and ``input``, of the first draw's X_0'X_0,
        shape (n,). Also ``lemma_error``, shape (draws,), and ``inner_products``, shape (choices, 3): of each choice of
        inputs, root mean square and largest size of the inner products, and the largest eigenvalue of X_0'X_0. And
        the noise floors.
    """
    sigma, seed = activation(entry["activation"]), entry["seed"]
    options = {"dtype": getattr(torch, entry["dtype"])} | options
    arrays: dict[str, np.ndarray] = {}
    spectra: dict[str, np.ndarray] = {}
    floors: dict[str, float] = {}
    for size in entry["sizes"]:
        n, widths = size["samples"], [size["width"]] * entry["depth"]
        drawn, products, x = [], [], None
        for draw in range(size["draws"]):
            own = stream_seed(seed, n, draw)
            if images is None:
                x = gaussian_samples(size["input_dimension"], n, own)
            elif x is None:
                x = image_samples(images, n, entry["removed_components"], stream_seed(seed, n))
            if draw == 0 or images is None:
                gram = x.T @ x
                pairs, values = gram[np.triu_indices(n, 1)], symmetric_eigenvalues(torch.from_numpy(gram))
                products.append([np.sqrt(np.mean(pairs**2)), np.abs(pairs).max(), values[-1]])
            if draw == 0:
                spectra[f"{n}/input"], floors[f"{n}/input"] = values, noise_floor(values, "float64")
                linear = drawn_equivalents(x, widths, sigma, own, **options)
                spectra |= {f"{n}/floor_{name}": values for name, values in linear.items()}
            # Every layer of images would take a third longer, and no claim reads it.
            drawn.append(drawn_kernels(x, widths, sigma, own, every_layer=images is None, **options))
            advance()
        layers = np.stack([each.layers for each in drawn])
        spectra[f"{n}/conjugate"] = layers[:, -1]
        if images is None:
            spectra[f"{n}/layers"] = layers
        for name in ("tangent", "lemma"):
            spectra[f"{n}/{name}"] = np.stack([getattr(each, name) for each in drawn])
        arrays[f"{n}/inner_products"] = np.array(products)
        arrays[f"{n}/lemma_error"] = np.array([each.lemma_error for each in drawn])
    for name, values in spectra.items():
        floors.setdefault(name, max(noise_floor(each, entry["dtype"]) for each in values.reshape(-1, values.shape[-1])))
    return arrays | spectra, floors
