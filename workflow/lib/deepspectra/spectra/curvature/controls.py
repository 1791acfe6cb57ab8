"""Controls of curvature spectra: random inputs with the moments of the data, and other factors of the samples.

The Hessian of softmax regression is a sum over samples n of S_n (x) x_n x_n' with S_n = diag(p_n) - p_n p_n' = A_n A_n'
(see :func:`deepspectra.nn.losses.curvature_factor`). A control keeps the one and replaces the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch

from deepspectra.nn.losses import Loss
from deepspectra.runtime.errors import UserError

__all__ = ["GaussianInputs", "draw_by_class", "drawn_targets", "equal_traces", "factor_levels"]
__all__ += ["levels_over_samples", "softmax_factor", "uniform_outputs"]

# Singular values below this, times sqrt(n) and float64's epsilon and the largest, are zero.
_SAFETY = 10.0


@dataclass(frozen=True)
class GaussianInputs:
    """The normal law with mean and covariance of given samples, the latter over all of them (not their number less 1).

    :ivar mean: shape (features,). :ivar root: shape (rows, features): the covariance is root' root, of any rank.
    :ivar shape: of one sample.
    """

    mean: torch.Tensor
    root: torch.Tensor
    shape: tuple[int, ...]

    @classmethod
    def like(cls, inputs: torch.Tensor) -> Self:
        """Of samples, float64, shape (count, ...).

        :raises UserError: if there are fewer than two.
        """
        if len(inputs) < 2:
            raise UserError(f"a covariance needs at least two samples; there are {len(inputs)}.")
        flat = inputs.flatten(1)
        mean = flat.mean(0)
        # Without squares, of which a covariance of low rank would keep half of the digits.
        root = torch.linalg.qr(flat - mean, mode="r").R / len(flat) ** 0.5
        return cls(mean, root, tuple(inputs.shape[1:]))

    def draw(self, count: int, rng: torch.Generator) -> torch.Tensor:
        """Independent samples, float64, shape (count, ...); ``rng`` is one of the CPU."""
        normal = torch.randn(count, len(self.root), generator=rng, dtype=torch.float64).to(self.root)
        return (self.mean + normal @ self.root).reshape(count, *self.shape)


def draw_by_class(laws: Mapping[int, GaussianInputs], labels: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """One sample for each label, from the law of its class; float64, shape (labels, ...).

    :param laws: by class. :param labels: shape (count,).
    """
    return torch.cat([laws[int(label)].draw(1, rng) for label in labels])


def drawn_targets(
    loss: Loss, outputs: torch.Tensor, own_outputs: torch.Tensor, own_targets: torch.Tensor, rng: torch.Generator
) -> torch.Tensor:
    """Targets for inputs that have none, such that residuals are as the network itself expects them.

    Cross-entropy: labels drawn with the softmax probabilities. Squared error: the residuals of other samples are kept.

    :param outputs: for the inputs, shape (count, outputs). :param own_outputs: for the samples, of the same shape.
    :param own_targets: of the samples, see :func:`deepspectra.nn.losses.batch_loss`. :param rng: one of the CPU.
    """
    if loss == "squared":
        return outputs + own_targets - own_outputs
    drawn = torch.multinomial(torch.softmax(outputs, dim=1).cpu(), 1, generator=rng)
    return drawn[:, 0].to(own_targets)


def equal_traces(factor: torch.Tensor) -> torch.Tensor:
    """A_n with A_n A_n' = S_n / tr S_n: samples are equally strong, and each keeps how its classes compare.

    :param factor: A, shape (batch, classes, rank).
    """
    return factor / torch.linalg.matrix_norm(factor)[:, None, None]


def uniform_outputs(count: int, classes: int, rng: torch.Generator) -> torch.Tensor:
    """Outputs whose softmax probabilities are uniform on the simplex: all of comparable size.

    :param rng: one of the CPU. :returns: float64, shape (count, classes).
    """
    return torch.empty(count, classes, dtype=torch.float64).exponential_(generator=rng).log()


def softmax_factor(inputs: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """F such that F F' has the non-zero eigenvalues of the Hessian of softmax regression with biases.

    Inputs are on an orthonormal basis of their span.

    :param inputs: x, float64, shape (batch, features). :param factor: A, float64, shape (batch, classes, rank).
    :returns: shape (classes x vectors, batch x rank), columns by sample.
    """
    extended = torch.cat([inputs, torch.ones_like(inputs[:, :1])], dim=1)
    coordinates = torch.linalg.qr(extended.T, mode="r").R
    return torch.einsum("vn,ncr->cvnr", coordinates, factor).flatten(2, 3).flatten(0, 1)


def factor_levels(factor: torch.Tensor) -> np.ndarray:
    """Squares of a factor's singular values that are not zero: float64, ascending.

    An eigenvalue of F F' is resolved if its square root exceeds 10 sqrt(n) epsilon times the largest one.

    :param factor: F, float64, with n columns.
    """
    values = torch.linalg.svdvals(factor).flip(0)
    return (values[_resolved(values, factor)] ** 2).cpu().numpy()


def levels_over_samples(factor: torch.Tensor, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """:func:`factor_levels`, and over how many samples the eigenvector of F' F of each extends.

    With w_n the squared norm of an eigenvector's entries of sample n, that number is 1 / (sum of w_n^2), the
    participation ratio: 1 for one sample, up to all of them. It does not depend on the basis within a sample.

    :param factor: F, float64, its columns by sample. :param samples: of the batch.
    :returns: levels and participation ratios, float64, in the order of the levels.
    """
    _, values, vectors = torch.linalg.svd(factor, full_matrices=False)
    values, vectors = values.flip(0), vectors.flip(0)
    weights = (vectors**2).reshape(len(vectors), samples, -1).sum(2)
    kept = _resolved(values, factor)
    return (values[kept] ** 2).cpu().numpy(), (1 / (weights[kept] ** 2).sum(1)).cpu().numpy()


def _resolved(values: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    largest = values.max() if len(values) else 0.0
    return values > _SAFETY * factor.shape[1] ** 0.5 * torch.finfo(factor.dtype).eps * largest
