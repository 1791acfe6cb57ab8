"""Non-zero eigenvalues of curvature matrices in float64, with a bound on their error: the resolved spectrum."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import nn

from deepspectra.nn.losses import Loss, curvature_factor
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature.dense import gauss_newton_factor, hessian
from deepspectra.spectra.curvature.gauss_newton import gauss_newton_gram
from deepspectra.spectra.curvature.piecewise import reduced_hessian, why_not_piecewise
from deepspectra.spectra.curvature.sizes import DENSE_PARAMETERS, require_feasible
from deepspectra.spectra.eigenvalues import symmetric_eigenvalues

Kind = Literal["hessian", "gauss_newton"]
Method = Literal["gram", "piecewise", "dense"]
METHODS: tuple[str, ...] = get_args(Method)

# Errors were one to a tenth of it against 50 digits on small networks, sure of their answers or not.
_SAFETY = 10.0


@dataclass(frozen=True)
class ResolvedSpectrum:
    """What is left of a spectrum when rounding noise is left out.

    ``eigenvalues``: float64, ascending, all of absolute value above ``bound``. ``bound``: of the absolute error of
    each. ``left_out``: eigenvalues of the matrix that was solved below the bound, which may be zero or not; all further
    ones of the ``parameters``, P, are zero exactly. ``method``: which way they were computed, and ``reason`` why.
    """

    eigenvalues: np.ndarray
    bound: float
    left_out: int
    parameters: int
    method: str
    reason: str

    @property
    def unresolved_spacings(self) -> float:
        """Share of spacings between neighbouring eigenvalues that are below the bound; above 0.01 the spectrum is
        called unresolved. Spacings are counted, never filtered: without the small ones levels would seem to repel."""
        if len(self.eigenvalues) < 2:
            return 0.0
        return float(np.mean(np.diff(self.eigenvalues) < self.bound))


def error_bound(eigenvalues: np.ndarray, largest_output: float) -> float:
    """10 (sqrt(n) + |f|) times float64's epsilon times the largest absolute value, for n eigenvalues.

    An estimate of the backward error: that of sums of rounded numbers and of the eigensolver grows as a root of the
    size, and an output f is known to epsilon |f|, the share by which a probability, its exponential, is uncertain. Sums
    over parameters, of which there may be millions more, are made so that they add no more (``gauss_newton``).

    :param largest_output: |f| of the batch.
    """
    factor = _SAFETY * (np.sqrt(len(eigenvalues)) + largest_output)
    return float(factor * np.finfo(np.float64).eps * np.abs(eigenvalues).max(initial=0.0))


def choose_method(kind: Kind, model: nn.Module) -> tuple[Method, str]:
    """Which method serves a network, and why.

    :raises UserError: if none does.
    """
    if kind == "gauss_newton":
        return "gram", "the Gauss-Newton matrix is a product of a factor with its transpose, whatever the network"
    if _is_linear(model):
        return "gram", "the network is linear in its parameters, so that its Hessian is its Gauss-Newton matrix"
    reason = why_not_piecewise(model)
    if reason is None:
        return "piecewise", "given the activation pattern the network is linear in each layer"
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if parameters <= DENSE_PARAMETERS:
        return "dense", f"the network cannot be reduced ({reason}), and is small"
    raise UserError(
        f"no exact method for the Hessian of this network: {reason}, and its {parameters} parameters are more than "
        f"the {DENSE_PARAMETERS} for which the whole matrix is computed. The Gauss-Newton matrix can be had at any "
        "size; or ask for method dense, if you have the memory (8 P^2 bytes, five times)."
    )


def resolved_spectrum(
    kind: Kind,
    model: nn.Module,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    loss: Loss,
    method: Method | None = None,
    progress: Callable[[list[nn.Module]], Iterable[nn.Module]] = iter,
) -> ResolvedSpectrum:
    """The non-zero spectrum of the Hessian or Gauss-Newton matrix of a batch's loss (sum over samples).

    :param model: in float64 and evaluation mode.
    :param inputs: float64, shape (batch, ...).
    :param targets: see :func:`deepspectra.nn.losses.batch_loss`.
    :param method: forced; None chooses by :func:`choose_method`.
    :param progress: see :func:`deepspectra.spectra.curvature.gauss_newton.gauss_newton_gram`.
    :raises UserError: if the precision is not float64, the batch is empty, or the method does not serve the network.
    """
    _check(model, inputs, targets)
    if method is None:
        method, reason = choose_method(kind, model)
    else:
        reason = "asked for"
    if method not in METHODS:
        raise UserError(f"there is no method {method!r}; known are {', '.join(METHODS)}.")
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if method == "gram":
        if kind == "hessian" and not _is_linear(model):
            raise UserError("a Hessian is a Gram matrix only of networks that are linear in their parameters.")
        rows = len(inputs) * curvature_factor(loss, model(inputs[:1]).detach()).shape[2]
        require_feasible(min(rows, parameters), f"the Gram matrix of {len(inputs)} samples")
        if rows > parameters:
            factor = gauss_newton_factor(model, inputs, loss)
            matrix = factor @ factor.T
        else:
            matrix = gauss_newton_gram(model, inputs, loss, progress)
    elif kind == "gauss_newton":
        if method == "piecewise":
            raise UserError("method piecewise is for Hessians; Gauss-Newton matrices go by gram or dense.")
        factor = gauss_newton_factor(model, inputs, loss)
        matrix = factor @ factor.T
    elif method == "piecewise":
        matrix = reduced_hessian(model, inputs, targets, loss).matrix
    else:
        require_feasible(parameters, "the Hessian")
        matrix = hessian(model, inputs, targets, loss)
        matrix = (matrix + matrix.T) / 2
    with torch.no_grad():
        largest_output = float(model(inputs).abs().max())
    return keep_resolved(matrix, largest_output, parameters, method, reason)


def keep_resolved(
    matrix: torch.Tensor, largest_output: float, parameters: int, method: str, reason: str
) -> ResolvedSpectrum:
    """Eigenvalues of a curvature matrix, or of one with the same non-zero spectrum, that are above their error bound.

    :param matrix: float64, symmetric. :param largest_output: see :func:`error_bound`. :param parameters: P.
    :raises UserError: if the matrix is not finite, or has no eigenvalues by any solver.
    """
    eigenvalues = symmetric_eigenvalues(matrix)
    bound = error_bound(eigenvalues, largest_output)
    kept = eigenvalues[np.abs(eigenvalues) > bound]
    return ResolvedSpectrum(kept, bound, len(eigenvalues) - len(kept), parameters, method, reason)


def _is_linear(model: nn.Module) -> bool:
    """Whether all parameters are in one layer and nothing that is not linear comes after it."""
    layers = [layer for layer in model.children() if not isinstance(layer, nn.Flatten | nn.Identity)]
    return isinstance(model, nn.Sequential) and len(layers) == 1 and isinstance(layers[0], nn.Linear | nn.Conv2d)


def _check(model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> None:
    if any(module.training for module in model.modules()):
        raise UserError("curvature is that of a network in evaluation mode; call its eval() first.")
    kinds = {parameter.dtype for parameter in model.parameters()} | {inputs.dtype}
    if kinds != {torch.float64}:
        raise UserError("a resolved spectrum needs weights and inputs in float64: in float32 rounding fills it up.")
    if len(inputs) == 0 or len(inputs) != len(targets):
        raise UserError(f"a batch needs samples, and a target for each; there are {len(inputs)} and {len(targets)}.")
