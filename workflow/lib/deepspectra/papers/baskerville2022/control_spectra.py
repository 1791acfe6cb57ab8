"""Spectra of controls: Gaussian inputs in place of the samples of a batch (baskerville2022)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from deepspectra.data.tasks import Samples
from deepspectra.nn.losses import Loss, curvature_factor
from deepspectra.runtime.progress import ProgressBar
from deepspectra.runtime.seeds import generator
from deepspectra.spectra.curvature.controls import (
    GaussianInputs,
    draw_by_class,
    drawn_targets,
    equal_traces,
    factor_levels,
    levels_over_samples,
    softmax_factor,
    uniform_outputs,
)
from deepspectra.spectra.curvature.dense import gauss_newton_factor
from deepspectra.spectra.curvature.gauss_newton import gram_spectrum
from deepspectra.spectra.curvature.spectra import Kind, resolved_spectrum

__all__ = ["Batches", "network_controls", "softmax_controls"]

# Streams of the seed.
_INPUTS, _BY_CLASS, _OUTPUTS = 0, 1, 2


class Batches(NamedTuple):
    """Which batches there are: ``size`` samples each, ``there`` of them with a spectrum, ``drawn`` controls in all (of
    the batches in turn), and ``vectors``: of how many controls, and batches, the eigenvectors are analysed, too."""

    size: int
    there: int
    drawn: int
    vectors: int

    def slices(self, count: int) -> Iterator[slice]:
        """Samples of ``count`` batches, in turn."""
        firsts = (draw % self.there * self.size for draw in range(count))
        return (slice(first, first + self.size) for first in firsts)


def softmax_controls(model: nn.Module, samples: Samples, batches: Batches, seed: int) -> dict[str, np.ndarray]:
    """Controls of the Hessians of softmax regression: other inputs for the same factors S_n, and other factors.

    ``gaussian``: inputs with the mean and covariance of all samples; ``classwise``: of those of the sample's class;
    ``equal``: Gaussian, and S_n over its trace; ``uniform``: Gaussian, and S_n of probabilities that are uniform on the
    simplex. ``data`` are the batches' own.

    :param model: one linear layer, in float64 and evaluation mode. :param samples: float64, of one split.
    :returns: see :func:`_packed`; and ``strengths``, the traces of S_n, shape (batches, size).
    """
    inputs = samples.inputs.flatten(1)
    with torch.no_grad():
        factors = curvature_factor("cross_entropy", model(inputs))
    whole = GaussianInputs.like(inputs)
    # Of a class with one sample nothing is known.
    numbers = {label: samples.targets == label for label in samples.targets.unique().tolist()}
    classes = {label: GaussianInputs.like(inputs[of]) if of.sum() > 1 else whole for label, of in numbers.items()}
    bar = ProgressBar(batches.slices(batches.drawn), total=batches.drawn, desc="controls", unit="batch")

    def controls() -> Iterator[tuple[int, str, torch.Tensor]]:
        for draw, chosen in enumerate(bar):
            factor, labels = factors[chosen], samples.targets[chosen]
            gaussian = whole.draw(len(labels), generator(seed, _INPUTS, draw))
            by_class = draw_by_class(classes, labels, generator(seed, _BY_CLASS, draw))
            yield draw, "gaussian", softmax_factor(gaussian, factor)
            yield draw, "classwise", softmax_factor(by_class, factor)
            yield draw, "equal", softmax_factor(gaussian, equal_traces(factor))
            outputs = uniform_outputs(len(labels), factor.shape[1], generator(seed, _OUTPUTS, draw)).to(factor)
            yield draw, "uniform", softmax_factor(gaussian, curvature_factor("cross_entropy", outputs))

    # Small arrays kept one by one would break up the memory that the large ones leave: 2 MB a factor.
    most = batches.size * factors.shape[2]
    found: dict[str, np.ndarray] = defaultdict(lambda: np.full((batches.drawn, most), np.nan))
    over: dict[str, np.ndarray] = defaultdict(lambda: np.full((batches.vectors, most), np.nan))
    for draw, name, factor in controls():
        if draw < batches.vectors:
            levels, extents = levels_over_samples(factor, batches.size)
            over[name][draw, : len(extents)] = extents
        else:
            levels = factor_levels(factor)
        found[name][draw, : len(levels)] = levels
    for batch, chosen in enumerate(batches.slices(_own(batches))):
        _, extents = levels_over_samples(softmax_factor(inputs[chosen], factors[chosen]), batches.size)
        over["data"][batch, : len(extents)] = extents
    strengths = (factors[: batches.there * batches.size] ** 2).sum((1, 2)).reshape(batches.there, batches.size)
    rows = ({name: _known(array) for name, array in arrays.items()} for arrays in (found, over))
    return _packed(*rows) | {"strengths": strengths.cpu().numpy()}


def network_controls(
    kind: Kind, model: nn.Module, samples: Samples, loss: Loss, batches: Batches, seed: int, method: str | None = None
) -> dict[str, np.ndarray]:
    """Controls of any network: ``gaussian``, inputs with the mean and covariance of all samples through the network.

    Their targets are as the network expects them, see :func:`.drawn_targets`. Eigenvectors are those of Gauss-Newton
    matrices alone, ``data`` the batches' own.

    :param model: in float64 and evaluation mode. :param samples: float64, of one split.
    :param method: see :func:`.resolved_spectrum`. :returns: see :func:`_packed`.
    """
    law = GaussianInputs.like(samples.inputs)
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    over: dict[str, list[np.ndarray]] = defaultdict(list)
    bar = ProgressBar(batches.slices(batches.drawn), total=batches.drawn, desc="controls", unit="batch")
    for draw, chosen in enumerate(bar):
        rng = generator(seed, _INPUTS, draw)
        inputs = law.draw(batches.size, rng)
        if kind == "gauss_newton":
            found["gaussian"].append(gram_spectrum(model, inputs, loss).eigenvalues)
            if draw < batches.vectors:
                over["gaussian"].append(_extents(model, inputs, loss))
            continue
        with torch.no_grad():
            outputs = model(inputs), model(samples.inputs[chosen])
        targets = drawn_targets(loss, *outputs, samples.targets[chosen], rng)
        found["gaussian"].append(resolved_spectrum(kind, model, inputs, targets, loss, method).eigenvalues)
    if kind == "gauss_newton":
        over["data"] = [_extents(model, samples.inputs[chosen], loss) for chosen in batches.slices(_own(batches))]
    return _packed(found, over)


def _extents(model: nn.Module, inputs: torch.Tensor, loss: Loss) -> np.ndarray:
    return levels_over_samples(gauss_newton_factor(model, inputs, loss), len(inputs))[1]


def _known(array: np.ndarray) -> list[np.ndarray]:
    """Rows without NaN at their ends, and without rows of nothing else."""
    rows = (row[~np.isnan(row)] for row in array)
    return [row for row in rows if row.size]


def _own(batches: Batches) -> int:
    return min(batches.vectors, batches.there)


def _packed(levels: Mapping[str, list[np.ndarray]], extents: Mapping[str, list[np.ndarray]]) -> dict[str, np.ndarray]:
    """For each name ``NAME_levels``, the ascending levels of all batches in a row, and ``NAME_lengths``, how many each
    has; with ``extents`` and ``extent_lengths`` the same of participation ratios, where they are known."""
    kinds = (("levels", "lengths", levels), ("extents", "extent_lengths", extents))
    return {
        f"{name}_{key}": array
        for values, lengths, found in kinds
        for name, parts in found.items()
        for key, array in ((values, np.concatenate(parts)), (lengths, np.array([len(part) for part in parts])))
    }
