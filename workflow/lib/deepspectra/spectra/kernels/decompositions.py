"""Eigenvalues of kernel matrices, and the labels in their eigenvectors, from file to file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deepspectra.runtime import store
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.eigenvalues import label_shares, noise_floor, symmetric_eigenvalues

__all__ = ["decompose_initial", "decompose_trained"]


def decompose_initial(source: str | Path, target: str | Path, depth: int, compared: bool) -> None:
    """Eigenvalues, float64, of the matrices of :func:`~deepspectra.spectra.kernels.initial.initial_matrices`.

    :param depth: L. :param compared: whether the file has differences, which are passed on.
    """
    layers = [f"conjugate_{layer}" for layer in range(1, depth + 1)]
    names = [*layers, *(f"equivalent_{layer}" for layer in layers)]
    names += ["input", "tangent", "mean_tangent", "lemma_tangent", "equivalent_tangent"]
    spectra, floors = {}, {}
    for name in ProgressBar(names, desc="eigenvalues", unit="matrix"):
        # One matrix at a time: a dozen of them would not fit.
        contents = store.read(source, {name: ("n", "n")})
        matrix = torch.from_numpy(contents.arrays.pop(name))
        spectra[name] = symmetric_eigenvalues(matrix.double())
        floors[name] = noise_floor(spectra[name], str(matrix.dtype).removeprefix("torch."))
    if compared:
        spectra |= store.read(source, {f"difference/{name}": (2,) for name in (*layers, "tangent")}).arrays
    _write(target, spectra, floors, source, contents.attributes)


def decompose_trained(source: str | Path, target: str | Path, kernels: Sequence[str]) -> None:
    """Eigenvalues of the matrices of :func:`~deepspectra.spectra.kernels.trained.trained_matrices`.

    The target has ``eigenvalues/{matrix}`` and ``label_shares/{matrix}``, shape (n,), ascending; ``projection``, the
    labels projected on the two leading eigenvectors of the last conjugate kernel after training; targets and outputs.

    :param kernels: names of the conjugate kernels and then of the tangent kernel.
    """
    names = ["input", *(f"{state}/{kernel}" for state in ("initial", "final") for kernel in kernels)]
    shapes: dict[str, tuple[int | str, ...]] = dict.fromkeys(names, ("train", "train"))
    for part in ("train", "test"):
        shapes |= dict.fromkeys((f"initial/{part}_outputs", f"final/{part}_outputs", f"{part}_targets"), (part, 1))
    contents = store.read(source, shapes)
    y, floors = contents["train_targets"][:, 0], {}
    for name in ProgressBar(names, desc="eigenvalues", unit="matrix"):
        values, vectors = (each.numpy() for each in torch.linalg.eigh(torch.from_numpy(contents.arrays.pop(name))))
        floors[name] = noise_floor(values, "float64")
        contents.arrays[f"eigenvalues/{name}"] = values
        contents.arrays[f"label_shares/{name}"] = label_shares(vectors, y)
        if name == f"final/{kernels[-2]}":
            leading = vectors[:, -2:]
            contents.arrays["projection"] = leading @ (leading.T @ y)
    _write(target, contents.arrays, floors, source, contents.attributes)


def _write(
    target: str | Path,
    arrays: Mapping[str, np.ndarray],
    floors: Mapping[str, float],
    source: str | Path,
    attributes: Mapping[str, Any],
) -> None:
    """Spectra with the parameters, seed and dtype of the matrices."""
    about = {key: attributes[key] for key in ("parameters", "seed", "dtype")}
    store.write(target, arrays, inputs=[source], noise_floor=floors, **about)
