"""Eigenvalues of kernel matrices, and the labels in their eigenvectors, from file to file."""

from collections.abc import Sequence
from pathlib import Path

import torch

from deepspectra.runtime import store
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.eigenvalues import noise_floor, symmetric_eigenvalues

__all__ = ["decompose_initial", "decompose_trained"]

_KEPT = ("parameters", "seed", "dtype")


def decompose_initial(source: str | Path, target: str | Path, depth: int, compared: bool) -> None:
    """Eigenvalues, float64, of the matrices of :func:`~deepspectra.spectra.kernels.equivalents.initial_matrices`.

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
    about = {key: contents.attributes[key] for key in _KEPT}
    store.write(target, spectra, inputs=[source], noise_floor=floors, **about)


def decompose_trained(source: str | Path, target: str | Path, kernels: Sequence[str]) -> None:
    """Eigenvalues of the matrices of :func:`~deepspectra.spectra.kernels.trained.trained_matrices`.

    The target has ``eigenvalues/{matrix}``, shape (n,), ascending; ``label_shares/{matrix}``, the squared projection of
    the labels on each eigenvector over their squared norm; ``projection``, the labels projected on the two leading
    eigenvectors of the last conjugate kernel after training; targets and outputs.

    :param kernels: names of the conjugate kernels and then of the tangent kernel.
    """
    names = ["input", *(f"{state}/{kernel}" for state in ("initial", "final") for kernel in kernels)]
    shapes: dict[str, tuple[int | str, ...]] = dict.fromkeys(names, ("train", "train"))
    for part in ("train", "test"):
        shapes |= dict.fromkeys((f"initial/{part}_outputs", f"final/{part}_outputs", f"{part}_targets"), (part, 1))
    contents = store.read(source, shapes)
    arrays, y, floors = contents.arrays, contents["train_targets"][:, 0], {}
    for name in ProgressBar(names, desc="eigenvalues", unit="matrix"):
        values, vectors = (each.numpy() for each in torch.linalg.eigh(torch.from_numpy(arrays.pop(name))))
        floors[name] = noise_floor(values, "float64")
        arrays |= {f"eigenvalues/{name}": values, f"label_shares/{name}": (vectors.T @ y) ** 2 / (y @ y)}
        if name == f"final/{kernels[-2]}":
            leading = vectors[:, -2:]
            arrays["projection"] = leading @ (leading.T @ y)
    about = {key: contents.attributes[key] for key in _KEPT}
    store.write(target, arrays, inputs=[source], noise_floor=floors, **about)
