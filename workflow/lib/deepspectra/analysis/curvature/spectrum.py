"""The exact non-zero spectrum of a network's Gauss-Newton matrix, and what random matrices say to it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from deepspectra.analysis.curvature.losses import OutputCurvature, output_curvature
from deepspectra.analysis.curvature.network import NumberedSamples, batch_outputs, check_memory
from deepspectra.analysis.curvature.precision import in_precision
from deepspectra.analysis.curvature.ratios import judge_ratios
from deepspectra.analysis.curvature.result import CurvatureTables
from deepspectra.analysis.curvature.sensitivity import column_error
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.progress import ProgressBar
from deepspectra.runtime.seeds import check_seed
from deepspectra.spectra.curvature.batches import trainable_parameters
from deepspectra.spectra.curvature.gauss_newton import gauss_newton_gram, gauss_newton_parts
from deepspectra.spectra.curvature.levels import Levels, gram_levels, levels_of_parts, matrix_levels
from deepspectra.spectra.curvature.resolved import keep_resolved
from deepspectra.spectra.curvature.sizes import require_feasible

__all__ = ["Curvature", "curvature"]

_PRECISIONS = {"float64": torch.float64, "float32": torch.float32}
_DRAWS, _FEWEST_DRAWS = 999, 99
#: Backward passes that tell how large the gradients of the outputs are, see :func:`_noise_of_loss`.
_PROBES = 4


class Curvature(CurvatureTables):
    """What was found: sentences, a picture and files."""

    @property
    def findings(self) -> list[str]:
        """What it says, in sentences."""
        # Imported here, as below: numbers alone need no pictures.
        from deepspectra.analysis.curvature.files import told

        return told(self)

    def plot(self) -> Any:
        """A Matplotlib figure: eigenvalues with their errors, ratios, ratios by rank, participation if there is any."""
        from deepspectra.analysis.curvature.files import picture

        return picture(self)

    def write(self, folder: str | Path) -> Path:
        """Write tables (CSV), numbers (HDF5), a summary (Markdown) and the picture; return the summary's path.

        :raises UserError: if the folder cannot be written.
        """
        from deepspectra.analysis.curvature.files import write_curvature

        return write_curvature(self, Path(folder))

    def __repr__(self) -> str:
        return (
            f"Curvature of {self.name}: {self.findings[0]} "
            "See .findings, .levels and .spectrum; .plot() draws and .write(folder) makes files."
        )


def curvature(
    model: nn.Module,
    loss: Any,
    inputs: Any,
    targets: Any = None,
    *,
    precision: str = "float64",
    participation: int = 0,
    eigenvectors: int = 0,
    draws: int = _DRAWS,
    seed: int = 1,
    name: str = "",
) -> Curvature:
    """The exact non-zero spectrum of the Gauss-Newton matrix of a batch, for any network whose samples do not mix.

    The matrix is the sum over samples n of J_n' S_n J_n, with J_n the Jacobian of the outputs of a sample in the P
    trainable parameters (tied ones once) and S_n the Hessian of its loss in the outputs. Its eigenvalues are those of a
    Gram matrix of as many rows as there are samples times outputs; no P x P matrix is formed.

    >>> import torch, deepspectra
    >>> model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3)).eval()
    >>> found = deepspectra.curvature(model, "cross_entropy", torch.randn(30, 8), torch.randint(3, (30,)))
    >>> len(found.spectrum.eigenvalues)
    60

    :param model: in evaluation mode; it is not changed. :param loss: ``cross_entropy``, ``squared`` or a function of
        the outputs and targets of one sample, see :func:`.output_curvature`; their sum over samples counts.
    :param inputs: a tensor with samples along its first axis, a sequence of these (positional arguments) or a mapping
        (keyword arguments). :param targets: as the loss takes them; the two named losses do without.
    :param precision: of the network, float64 or float32, to which models and inputs are cast.
    :param participation: of so many of the largest eigenvalues the eigenvectors' participation ratios and their shares
        in each parameter tensor: a backward pass for each.
    :param eigenvectors: so many are kept, P numbers each.
    :param draws: of random levels with the spectrum's density. :param seed: of these.
    :param name: of the network, for files.
    :raises UserError: naming what is wrong, if the curvature cannot be had.
    """
    _check(model, precision, participation, eigenvectors, draws, seed)
    network = NumberedSamples(in_precision(model, _PRECISIONS[precision]), inputs, _PRECISIONS[precision])
    outputs = batch_outputs(network)
    own = output_curvature(loss, outputs, targets)
    parameters = trainable_parameters(network.model)
    count = sum(parameter.numel() for parameter in parameters.values())
    require_feasible(min(own.rows, count), f"the Gram matrix of {len(outputs)} samples with {own.rows} rows in all")
    check_memory(network, own.rows)
    error = column_error(network, outputs)
    gram = gauss_newton_gram(network, network.numbers, own.factor, partial(ProgressBar, desc="Gram", unit="step"))
    levels = _levels(network, gram, own, error, count)
    spectrum = keep_resolved(levels, count, "gram", own.name)
    table = pd.DataFrame(
        {
            "rank": np.arange(1, len(spectrum.eigenvalues) + 1),
            "eigenvalue": spectrum.eigenvalues[::-1],
            "error": spectrum.errors[::-1],
        }
    )
    shares, kept = pd.DataFrame(), None
    if wanted := min(max(participation, eigenvectors), len(table)):
        table, shares, kept = _with_vectors(table, _Vectors(network, own, error, gram), wanted, eigenvectors)
    called = name or type(model).__name__
    settings = {"network": called, "loss": own.name, "precision": precision, "draws": draws, "seed": seed}
    return Curvature(
        called,
        own.name,
        len(outputs),
        own.rows,
        precision,
        spectrum,
        judge_ratios(spectrum.eigenvalues, draws, seed),
        table,
        shares,
        kept,
        list(parameters),
        settings | {"parameters": count, "samples": len(outputs), "rows": own.rows},
    )


def _check(model: Any, precision: str, participation: int, eigenvectors: int, draws: int, seed: int) -> None:
    """:raises UserError: if what the user gives makes no sense, or the model has nothing to train."""
    if not isinstance(model, nn.Module):
        raise UserError(f"the model is a {type(model).__name__}; expected a torch.nn.Module.")
    if precision not in _PRECISIONS:
        raise UserError(f"there is no precision {precision!r}; known are {', '.join(_PRECISIONS)}.")
    if draws < _FEWEST_DRAWS:
        raise UserError(f"{draws} draws are too few for a p-value; expected at least {_FEWEST_DRAWS}.")
    if min(participation, eigenvectors) < 0:
        raise UserError("participation and eigenvectors are numbers of eigenvalues, from 0 on.")
    check_seed(seed)
    trainable_parameters(model)


def _levels(
    network: NumberedSamples, gram: torch.Tensor, own: OutputCurvature, error: float, parameters: int
) -> Levels:
    """All eigenvalues that may differ from zero, with their errors, see :class:`.CurvatureTables`."""
    if not own.is_exact:
        found = matrix_levels(gram.double(), error)
        return Levels(found.values, found.errors + error * _noise_of_loss(network, own))

    def parts():
        blocks = gauss_newton_parts(network, network.numbers, own.factor)
        return (block.double() for block in ProgressBar(blocks, desc="QR of the factor", unit="block"))

    if own.rows > parameters:
        return levels_of_parts([torch.cat([part.T for part in parts()])], error)
    return gram_levels(gram.double(), error, parts)


def _noise_of_loss(network: NumberedSamples, own: OutputCurvature) -> float:
    """What an error of 1 in the Hessians of a loss, relative to their norms, changes in the Gauss-Newton matrix: the
    largest of these norms times the trace of J J', which is estimated: the mean square of gradients of four random
    combinations of the outputs."""
    rng = torch.Generator().manual_seed(0)
    with torch.enable_grad():
        outputs = network(network.numbers)
    parameters = list(trainable_parameters(network.model).values())
    total = 0.0
    for _ in range(_PROBES):
        signs = torch.randint(2, outputs.shape, generator=rng).mul(2).sub(1).to(outputs)
        found = torch.autograd.grad(outputs, parameters, signs, retain_graph=True, allow_unused=True)
        total += sum(float((gradient**2).sum()) for gradient in found if gradient is not None)
    with torch.no_grad():
        largest = float((own.factor(outputs) ** 2).sum((1, 2)).max())
    return largest * total / _PROBES


def _with_vectors(
    table: pd.DataFrame, vectors: _Vectors, wanted: int, kept: int
) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray | None]:
    """The table with what is told of so many eigenvectors, their shares, and those that are kept."""
    rows, shares, held = [], [], []
    for rank in ProgressBar(range(1, wanted + 1), desc="eigenvectors", unit="vector"):
        (row, part), vector = vectors.largest(rank)
        rows.append(row)
        shares.append(part)
        if rank <= kept:
            held.append(vector)
    return (
        table.merge(pd.DataFrame(rows), how="left", on="rank"),
        pd.concat(shares, ignore_index=True),
        np.stack(held) if held else None,
    )


class _Vectors:
    """Eigenvectors F u / |F u| of the largest eigenvalues, with u the Gram matrix's: a backward pass for each."""

    def __init__(self, network: NumberedSamples, own: OutputCurvature, error: float, gram: torch.Tensor):
        with torch.enable_grad():
            self._outputs = network(network.numbers)
        self._factor = own.factor(self._outputs.detach())
        self._parameters = trainable_parameters(network.model)
        values, vectors = torch.linalg.eigh(gram.double())
        self._values, self._vectors = values.cpu().numpy(), vectors
        self._error = error * float(np.linalg.norm(self._values))

    def largest(self, rank: int) -> tuple[tuple[dict[str, float], pd.DataFrame], np.ndarray]:
        """Of the eigenvalue of this rank, 1 for the largest: its row, its shares, and the vector, shape (P,)."""
        weights = self._vectors[:, -rank].view(len(self._factor), -1)
        combined = torch.einsum("nck,nk->nc", self._factor, weights.to(self._factor))
        parameters = list(self._parameters.values())
        found = torch.autograd.grad(
            self._outputs, parameters, combined, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        vector = torch.cat([gradient.reshape(-1).double() for gradient in found])
        vector /= vector.norm()
        squares = [float((part**2).sum()) for part in vector.split([parameter.numel() for parameter in parameters])]
        apart = np.abs(np.delete(self._values, len(self._values) - rank) - self._values[-rank]).min(initial=np.inf)
        over_samples = float(1 / ((weights**2).sum(1) ** 2).sum())
        row = {
            "rank": rank,
            "over_samples": over_samples,
            "over_parameters": float(1 / (vector**4).sum()),
            "vector_error": min(1.0, self._error / apart) if apart else 1.0,
        }
        shares = pd.DataFrame({"rank": rank, "parameter": list(self._parameters), "share": squares})
        return (row, shares), vector.cpu().numpy()
