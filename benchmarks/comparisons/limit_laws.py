"""Densities of limit laws: one layer on point masses, the Marchenko-Pastur law deformed by them."""

from __future__ import annotations

import numpy as np

from benchmarks.comparison import Arrays, Comparison, Job, Work

#: Point masses of the input (location, mass), ratio of samples to width, points of the density.
SIZES = {
    "two masses, 500 points": {"atoms": ((0.5, 0.75), (2.5, 0.25)), "ratio": 0.5, "points": 500},
    "two masses, 5000 points": {"atoms": ((0.5, 0.75), (2.5, 0.25)), "ratio": 0.5, "points": 5000},
    "three masses, 500 points": {"atoms": ((0.2, 0.3), (1.0, 0.6), (4.0, 0.1)), "ratio": 2.0, "points": 500},
}


def inputs(atoms: tuple[tuple[float, float], ...], ratio: float, points: int) -> Arrays:
    """Points inside the support of the law."""
    locations, masses = np.transpose(atoms)
    x = np.linspace(0, 2 * locations.max() * (1 + ratio**0.5) ** 2, 200_001)[1:]
    inside = x[_density(locations, masses, ratio, x) > 0]
    chosen = inside[np.linspace(0, inside.size - 1, points + 2).round().astype(int)[1:-1]]
    return {"locations": locations, "masses": masses, "ratio": np.array(ratio), "x": chosen}


def _density(locations: np.ndarray, masses: np.ndarray, ratio: float, x: np.ndarray) -> np.ndarray:
    """Im u / (pi ratio) of Silverstein's equation z = -1/u + ratio sum_i w_i t_i / (1 + t_i u), on the axis itself.

    It is a polynomial in u with real coefficients. In the bulk it has one pair of complex roots, elsewhere none, so
    there is no choice to make: eigenvalues of companion matrices.
    """
    factors = [np.array([t, 1.0]) for t in locations]
    whole = np.array([1.0])
    for factor in factors:
        whole = np.polymul(whole, factor)
    rest = -whole
    for i, (t, w) in enumerate(zip(locations, masses, strict=True)):
        others = np.array([1.0])
        for j, factor in enumerate(factors):
            others = others if i == j else np.polymul(others, factor)
        rest = np.polyadd(rest, ratio * w * t * np.polymul(others, [1.0, 0.0]))
    # x u prod_i (1 + t_i u) + prod_i (1 + t_i u) - ratio u sum_i w_i t_i prod_(j != i) (1 + t_j u) = 0
    coefficients = x[:, None] * np.append(whole, 0.0) - np.concatenate([[0.0], rest])
    monic = coefficients / coefficients[:, :1]
    companion = np.zeros((x.size, whole.size, whole.size))
    companion[:, 0] = -monic[:, 1:]
    companion[:, np.arange(1, whole.size), np.arange(whole.size - 1)] = 1
    return np.linalg.eigvals(companion).imag.max(axis=1) / (np.pi * ratio)


def error(arrays: Arrays, found: Arrays) -> float:
    """Largest error of the density, relative to its largest value."""
    exact = _density(arrays["locations"], arrays["masses"], float(arrays["ratio"]), arrays["x"])
    return float(np.abs(found["result"] - exact).max() / exact.max())


def ours(arrays: Arrays) -> Work:
    from deepspectra.rmt.limits.inputs import AtomicInput
    from deepspectra.rmt.limits.layered import conjugate_kernel
    from deepspectra.rmt.limits.solver import density

    atoms = list(zip(arrays["locations"].tolist(), arrays["masses"].tolist(), strict=True))
    kernel, x = conjugate_kernel(AtomicInput(atoms), (float(arrays["ratio"]),), 1.0), arrays["x"]
    return lambda: density(kernel, x).density


def _freealg(arrays: Arrays, height: float) -> Work:
    from freealg.distributions import DeformedMarchenkoPastur

    law = DeformedMarchenkoPastur(arrays["locations"], arrays["masses"], c=float(arrays["ratio"]))
    return lambda: law.density(arrays["x"], eta=height)


def freealg(arrays: Arrays) -> Work:
    return _freealg(arrays, 1e-9)


def freealg_default(arrays: Arrays) -> Work:
    return _freealg(arrays, 1e-3)


COMPARISON = Comparison(
    title="Density of a limit law",
    inputs=inputs,
    sizes=SIZES,
    ours=Job(prepare=ours),
    peers={
        "freealg 0.12.1": Job(prepare=freealg, environment="freealg", goal=8, tolerance=1e-5),
        "freealg 0.12.1, default": Job(
            prepare=freealg_default, environment="freealg", tolerance=None, note="smoothed: 0.001 above the axis"
        ),
    },
    error=error,
    note="freealg takes the density at a height above the axis, here 1e-9; ours on the axis, where its root is "
    "certified. Errors are against the roots of Silverstein's polynomial, relative to the largest density.",
)
