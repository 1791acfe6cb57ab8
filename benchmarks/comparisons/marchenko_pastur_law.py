"""The distribution function of a Marchenko-Pastur law."""

from __future__ import annotations

import numpy as np

from benchmarks.comparison import Arrays, Comparison, Job, Work


def inputs(ratio: float, points: int) -> Arrays:
    """Points from zero to a tenth beyond the bulk, which begins at (1 - sqrt(ratio))^2."""
    return {"ratio": np.array(ratio), "x": np.linspace(0, 1.1 * (1 + ratio**0.5) ** 2, points)}


def ours(arrays: Arrays) -> Work:
    from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur

    law, x = MarchenkoPastur(float(arrays["ratio"])), arrays["x"]
    return lambda: law.cdf(x)


def scikit_rmt(arrays: Arrays) -> Work:
    from skrmt.ensemble.spectral_law import MarchenkoPasturDistribution

    law, x = MarchenkoPasturDistribution(float(arrays["ratio"])), arrays["x"]
    return lambda: law.cdf(x)


def scikit_rmt_formula(arrays: Arrays) -> Work:
    from skrmt.ensemble.spectral_law import MarchenkoPasturDistribution

    law, x = MarchenkoPasturDistribution(float(arrays["ratio"])), arrays["x"]
    return lambda: law._cdf(x)


COMPARISON = Comparison(
    title="Marchenko-Pastur distribution function, 100,000 points",
    inputs=inputs,
    sizes={f"ratio {ratio}": {"ratio": ratio, "points": 100_000} for ratio in (0.1, 0.5)},
    ours=Job(prepare=ours),
    peers={
        "scikit-rmt 2.1.1": Job(prepare=scikit_rmt, environment="scikit-rmt", goal=1.5, tolerance=1e-12),
        "scikit-rmt 2.1.1, formula": Job(
            prepare=scikit_rmt_formula,
            environment="scikit-rmt",
            goal=1.5,
            tolerance=1e-12,
            note="its private function, without what SciPy's distributions check and sort out around it",
        ),
    },
    note="Points reach from zero to beyond the bulk, so that both sides of it are part of the work.",
)
