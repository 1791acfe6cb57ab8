"""What the tests of kernel statistics share: tables of a figure's numbers, and limits to compare with."""

from __future__ import annotations

from deepspectra.nn.activations import activation
from deepspectra.rmt.limits.inputs import MarchenkoPasturInput
from deepspectra.rmt.limits.layered import conjugate_kernel, tangent_kernel
from deepspectra.rmt.limits.solver import density

SIGMA = activation("arctan")


def tables(found):
    """Plotted numbers and summary, each by panel and series (and quantity)."""
    numbers = found.numbers()
    return numbers.curves, numbers.summary.set_index(["panel", "series", "quantity"])


def law_density(kernel, x):
    return density(kernel, x).density


def area(bars):
    return float(((bars.x_high - bars.x) * bars.y).sum())


def kernels(n=500, d=250, layers=2):
    start = MarchenkoPasturInput(n / d)
    ratios = [n / d] * layers
    return conjugate_kernel(start, ratios, SIGMA.b_sigma), tangent_kernel(start, ratios, SIGMA.b_sigma, SIGMA.a_sigma)
