"""Eigenvalues of kernel matrices in files, and the labels in their eigenvectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deepspectra.runtime import store
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.eigenvalues import label_shares, noise_floor, symmetric_eigenvalues

__all__ = ["KernelDecomposition", "decompose_initial", "decompose_trained"]


@dataclass(frozen=True)
class KernelDecomposition:
    """Spectra of one network's kernels.

    :ivar arrays: by name. :ivar floors: noise floor of each matrix. :ivar attributes: of the file of matrices.
    """

    arrays: dict[str, np.ndarray]
    floors: dict[str, float]
    attributes: Mapping[str, Any]


def decompose_initial(path: str | Path, depth: int, compared: bool) -> KernelDecomposition:
    """Eigenvalues, float64, of the matrices of :func:`~deepspectra.spectra.kernels.initial.initial_matrices`.

    :param depth: L. :param compared: whether the file has differences, which are passed on.
    """
    layers = [f"conjugate_{layer}" for layer in range(1, depth + 1)]
    names = [*layers, *(f"equivalent_{layer}" for layer in layers)]
    names += ["input", "tangent", "mean_tangent", "lemma_tangent", "equivalent_tangent"]
    spectra, floors = {}, {}
    for name in ProgressBar(names, desc="eigenvalues", unit="matrix"):
        # One matrix at a time: a dozen of them would not fit.
        contents = store.read(path, {name: ("n", "n")})
        matrix = torch.from_numpy(contents.arrays.pop(name))
        spectra[name] = symmetric_eigenvalues(matrix.double())
        floors[name] = noise_floor(spectra[name], str(matrix.dtype).removeprefix("torch."))
    shapes = {f"difference/{name}": (2,) for name in (*layers, "tangent")} if compared else {}
    differences = store.read(path, shapes).arrays if compared else {}
    return KernelDecomposition(spectra | differences, floors, contents.attributes)


def decompose_trained(path: str | Path, kernels: Sequence[str]) -> KernelDecomposition:
    """Eigenvalues of the matrices of :func:`~deepspectra.spectra.kernels.trained.trained_matrices`.

    :param kernels: names of the conjugate kernels and then of the tangent kernel.
    :returns: ``eigenvalues/{matrix}`` and ``label_shares/{matrix}``, shape (n,), ascending; ``projection``: the labels
        projected on the two leading eigenvectors of the last conjugate kernel after training; targets and outputs.
    """
    names = [f"{state}/{kernel}" for state in ("initial", "final") for kernel in kernels]
    shapes: dict[str, tuple[int | str, ...]] = dict.fromkeys(["input", *names], ("train", "train"))
    columns: dict[str, tuple[int | str, ...]] = {
        name: (part, 1)
        for part in ("train", "test")
        for name in (f"initial/{part}_outputs", f"final/{part}_outputs", f"{part}_targets")
    }
    contents = store.read(path, shapes | columns)
    y = contents["train_targets"][:, 0]
    arrays, floors = {name: contents[name] for name in columns}, {}
    for name in ProgressBar(["input", *names], desc="eigenvalues", unit="matrix"):
        values, vectors = (each.numpy() for each in torch.linalg.eigh(torch.from_numpy(contents.arrays.pop(name))))
        arrays[f"eigenvalues/{name}"] = values
        floors[name] = noise_floor(values, "float64")
        arrays[f"label_shares/{name}"] = label_shares(vectors, y)
        if name == f"final/{kernels[-2]}":
            leading = vectors[:, -2:]
            arrays["projection"] = leading @ (leading.T @ y)
    return KernelDecomposition(arrays, floors, contents.attributes)
