"""Record in claims.csv how often perfect random matrices miss the bounds of a claim about them.

    uv run resources/null_rates.py [CLAIM ...]

For each claim that says "this looks random", the number by which it is judged is computed for simulated random matrices
of the published sizes, through the library's own pipeline. Columns published_null and scrutiny_null get the share of
them that lies outside the bounds; a bound that is missed by more than 5 % is refused when the ledger is read. Bounds
marked `simulated` in the ledger were chosen from the quantiles that this script prints, and from nothing else.

Where p-values are calibrated, those of random matrices are uniform by construction, and means of ratios over thousands
of levels are normal with the variance that a simulation has. Layers with 4096 singular values stand in as ones with
1000: the p-value of spacings hardly depends on their number. Layers of one shape share their null matrices, but tests
count as independent here: with 999 null matrices the 22 tests of claim T36 miss in 4.6 % of cases instead of 4.5 %.
"""

import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from deepspectra.papers.baskerville2022.curvature_statistics import unfold_batches
from deepspectra.rmt.calibration import false_discovery, monte_carlo_p_value
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.ratios import GOE_MEAN
from deepspectra.rmt.laws.singular_values import singular_value_marchenko_pastur
from deepspectra.rmt.laws.spacings import wigner_surmise
from deepspectra.rmt.levels import spacing_ks
from deepspectra.rmt.nulls import goe_levels, haar_vectors, laguerre_singular_values
from deepspectra.rmt.ratios import folded, spacing_ratios
from deepspectra.rmt.unfolding import gaussian_broadening
from deepspectra.spectra.weights.judging import JUDGED_LENGTHS
from deepspectra.spectra.weights.nulls import null_level_statistics, null_vector_statistics

LEDGER = Path("resources/claims.csv")
DRAWS, SEED = 4000, 2024
#: Of a network at record scale.
TRAININGS = 3
#: At this number a rate of 5 % has a standard error of 1.5 %.
FEWEST = 200

#: Shapes of the matrices in the paper's table 2.
PERCEPTRON, WIDE = [(512, 3072), (512, 512), (512, 512)], [(1024, 3072), (512, 1024), (512, 512)]
CONVOLUTION, LARGE = [(150, 7500)], [(1000, 9216), (1000, 4096), (1000, 4096)]
TABLE = PERCEPTRON * 3 + WIDE + CONVOLUTION + LARGE * 3
#: Those of the networks that are trained here.
TRAINED = PERCEPTRON * 3 + WIDE + [(75, 96)] + CONVOLUTION + [(384, 5400), (192, 384)]
#: Length of random unit vectors; batches of a set, and ratios of a batch of softmax regression.
DIMENSION = 512
BATCHES, LEVELS = 156, 64 * 9 - 2


def rng(*stream: int | str) -> np.random.Generator:
    """A stream of random numbers."""
    return np.random.default_rng([SEED, *(ord(part[0]) if isinstance(part, str) else part for part in stream)])


@cache
def plain_p(shape: tuple[int, int], draws: int) -> np.ndarray:
    """Plain p-values of the spacings of random matrices of one shape, unfolded with a = 7."""
    source = rng(*shape)
    spectra = (laguerre_singular_values(*shape, source) for _ in range(draws))
    return np.array([spacing_ks(np.diff(gaussian_broadening(values, 7)))[1] for values in spectra])


def table_p(shapes: list[tuple[int, int]], draws: int) -> np.ndarray:
    """Plain p-values of tables of independent random matrices, shape (draws, matrices)."""
    source = rng(len(shapes))
    return np.stack([source.choice(plain_p(shape, draws // 4), draws) for shape in shapes], axis=1)


def uniform(tests: int, draws: int) -> np.ndarray:
    """Calibrated p-values of tables of independent random matrices, shape (draws, tests)."""
    return rng(tests, 1).uniform(size=(draws, tests))


def smallest(p: np.ndarray) -> np.ndarray:
    """Smallest p-value of each table."""
    return p.min(axis=1)


def rejected(p: np.ndarray) -> np.ndarray:
    """p-values of at most 0.05 in each table."""
    return (p <= 0.05).sum(axis=1)


def smallest_q(p: np.ndarray) -> np.ndarray:
    """Smallest p-value of each table after Benjamini and Hochberg."""
    return np.array([false_discovery(family).min() for family in p])


@cache
def variances(shape: tuple[int, int], draws: int) -> tuple[np.ndarray, np.ndarray]:
    """Lengths, and number variances of random matrices at them, shape (draws, lengths)."""
    found = null_level_statistics(*shape, draws, {"gaussian": 7}, 20, SEED)
    return found["lengths"], found["gaussian/number_variances"]


def growth_steps(shape: tuple[int, int], draws: int, trainings: int = 1) -> np.ndarray:
    """Of three random matrices, the least difference of the growth of a later and an earlier one (claim T33).

    :param trainings: of so many threes the least of all.
    """
    lengths, found = variances(shape, draws // 4)
    judged = (lengths >= JUDGED_LENGTHS[0]) & (lengths <= JUDGED_LENGTHS[1])
    slopes = np.polyfit(np.log(lengths[judged]), found[:, judged].T, 1)[0]
    growth = rng(3).choice(slopes / slopes.std(ddof=1), (draws, trainings, 3))
    steps = [growth[..., j] - growth[..., i] for i, j in ((0, 1), (0, 2), (1, 2))]
    return np.stack(steps, axis=-1).min(axis=(1, 2)) / 2**0.5


def uniform_p(tests: int, draws: int) -> np.ndarray:
    """KS p-values of so many calibrated p-values against the uniform law."""
    return np.array([stats.kstest(row, "uniform").pvalue for row in uniform(tests, draws)])


def rejections(tests: int, draws: int) -> np.ndarray:
    """How many of independent tests of level 0.05 reject."""
    return rng(tests, 2).binomial(tests, 0.05, draws)


@cache
def vector_p(calibrated: bool, draws: int) -> np.ndarray:
    """Porter-Thomas p-values of the vectors of random orthogonal matrices, shape (matrices, vectors)."""
    from deepspectra.rmt.levels import vector_ks

    source, rows = rng("v"), []
    null = null_vector_statistics(DIMENSION, 9999, SEED)
    for _ in range(draws // 20):
        statistic, p = vector_ks(np.linalg.qr(haar_vectors(DIMENSION, DIMENSION, source))[0])
        rows.append(monte_carlo_p_value(statistic, null).value if calibrated else p)
    return np.array(rows)


def mean_p(vectors: int, calibrated: bool, draws: int, networks: int = 1) -> np.ndarray:
    """Mean p-value of some vectors of a random orthogonal matrix; of several matrices, the one farthest from 0.5."""
    p, source = vector_p(calibrated, draws), rng(vectors, networks)
    means = np.empty((draws, networks))
    for place in np.ndindex(means.shape):
        row = p[source.integers(len(p))]
        means[place] = row[source.choice(len(row), vectors, replace=False)].mean()
    return means[np.arange(draws), np.abs(means - 0.5).argmax(axis=1)]


def law_distance(draws: int, matrices: int = 1) -> np.ndarray:
    """KS distance of a 512 x 512 random matrix to its Marchenko-Pastur law, the largest of several."""
    law, source = singular_value_marchenko_pastur(DIMENSION, DIMENSION, 1.0), rng("m")
    found = [ks_distance(laguerre_singular_values(DIMENSION, DIMENSION, source), law.cdf) for _ in range(draws // 4)]
    return source.choice(found, (draws, matrices)).max(axis=1)


@cache
def ratio_moments(draws: int) -> tuple[float, float]:
    """Mean of min(r, 1/r), and the standard deviation of a mean over k ratios times the root of k; 64 levels."""
    source = rng("r")
    means = np.array([folded(spacing_ratios(goe_levels(64, source))).mean() for _ in range(10 * draws)])
    return float(means.mean()), float(means.std() * 62**0.5)


def mean_ratios(ratios: int, draws: int) -> np.ndarray:
    """Mean of min(r, 1/r) over so many ratios of random matrices."""
    mean, deviation = ratio_moments(draws)
    return rng(ratios).normal(mean, deviation / ratios**0.5, draws)


def ratio_differences(one: int, other: int, draws: int) -> np.ndarray:
    """Difference of two such means."""
    return mean_ratios(one, draws) - mean_ratios(other + 1, draws)


def processes(draws: int) -> np.ndarray:
    """Largest distance from 0.5307 of six means over 100 matrices of 300 levels."""
    found = np.stack([mean_ratios(100 * 298 + panel, draws) for panel in range(6)], axis=1)
    return np.abs(found - GOE_MEAN).max(axis=1)


@cache
def unfolded(draws: int) -> np.ndarray:
    """KS distance to the surmise of random matrices, as many as batches, a quarter as large, unfolded by each other."""
    source = rng("u")
    sets = ([goe_levels(LEVELS // 4, source) for _ in range(BATCHES)] for _ in range(draws // 20))
    pooled = (unfold_batches(spectra, 1 / 3, SEED).spacings for spectra in sets)
    return np.array([ks_distance(spacings, wigner_surmise.cdf) for spacings in pooled])


def of_table(judge: Callable[[np.ndarray], np.ndarray], shapes: list[tuple[int, int]], draws: int) -> np.ndarray:
    """A number of a table of plain p-values."""
    return judge(table_p(shapes, draws))


def of_tests(judge: Callable[[np.ndarray], np.ndarray], tests: int, draws: int) -> np.ndarray:
    """The same of calibrated ones."""
    return judge(uniform(tests, draws))


_table, _tests, _mean = partial(partial, of_table), partial(partial, of_tests), partial(partial, mean_p)
_batches = partial(mean_ratios, BATCHES * LEVELS)
_whole = {"B04": 9 * 512 - 2, "B29": 6460}
#: Numbers of perfect random matrices, by claim: as published, and under scrutiny.
NULLS: dict[str, tuple[Callable[[int], np.ndarray], Callable[[int], np.ndarray]]] = {
    "T06": (_table(rejected, TABLE), _tests(smallest_q, 22)),
    "T08": (_tests(smallest, TRAININGS), _tests(smallest, 4)),
    "T09": (_table(smallest, WIDE[1:2] * TRAININGS), _tests(smallest, 4)),
    "T10": (_table(smallest, CONVOLUTION * TRAININGS), _tests(smallest, TRAININGS)),
    "T11": (_table(smallest, LARGE[1:2]), _tests(smallest, 1)),
    "T12": (_table(smallest, LARGE[1:2]), _tests(smallest, 1)),
    "T14": (_mean(256, False), _mean(256, True, networks=4)),
    "T15": (partial(law_distance, matrices=TRAININGS),) * 2,
    "T19": (_mean(64, False), _mean(64, True, networks=TRAININGS)),
    "T25": (_table(smallest, TABLE), _tests(smallest, 22)),
    "T26": (_tests(rejected, 22), _tests(smallest_q, 22)),
    "T27": (_table(smallest, [(512, 512)] * 3), _tests(smallest, 3 * TRAININGS)),
    "T29": (_mean(512, False), _mean(512, True, networks=TRAININGS)),
    "T30": (_table(rejected, TRAINED), _tests(smallest_q, len(TRAINED))),
    "T33": (partial(growth_steps, (512, 512)), partial(growth_steps, (512, 512), trainings=TRAININGS)),
    "T36": (partial(uniform_p, 22), partial(uniform_p, 22)),
    "T37": (partial(rejections, 2 * len(TRAINED)),) * 2,
    **dict.fromkeys(("B30", "B31", "B32"), (partial(rejections, 10),) * 2),
    **dict.fromkeys(("B02", "B05", "B25", "B26"), (unfolded, unfolded)),
    **dict.fromkeys(("B03", "B06", "B11", "B14", "B27", "B28"), (_batches, _batches)),
    "B17": (_batches, partial(mean_ratios, 217 * 62)),
    **{name: (partial(mean_ratios, ratios), partial(mean_ratios, ratios)) for name, ratios in _whole.items()},
    "B09": (processes, processes),
    **dict.fromkeys(("B19", "B20"), (partial(ratio_differences, *[BATCHES * LEVELS] * 2),) * 2),
    "B23": (partial(ratio_differences, BATCHES * LEVELS, _whole["B29"]),) * 2,
}


def rate(values: np.ndarray, low: float, high: float) -> float:
    """Share of the values outside the bounds; NaN is no bound.

    :raises ValueError: if so few values cannot tell a rate of 5 % from one of 10 %.
    """
    if len(values) < FEWEST:
        raise ValueError(f"a rate needs at least {FEWEST} simulated values, not {len(values)}.")
    return float(np.mean((values < low) | (values > high)))


def main() -> None:
    """Print quantiles of every null, and write its rate into the ledger."""
    ledger = pd.read_csv(LEDGER, dtype=str, keep_default_na=False).set_index("id", drop=False)
    for name in [name for name in sys.argv[1:] if name in NULLS] or NULLS:
        simulations = NULLS[name]
        for question, simulate in zip(("published", "scrutiny"), simulations, strict=True):
            values = simulate(DRAWS)
            low, high = (float(ledger.loc[name, f"{question}_{end}"] or "nan") for end in ("low", "high"))
            missed = rate(values, low, high)
            ledger.loc[name, f"{question}_null"] = f"{missed:.3f}".rstrip("0").rstrip(".")
            quantiles = np.quantile(values, [0.005, 0.025, 0.05, 0.5, 0.95, 0.975, 0.995])
            print(f"{name} {question}: {missed:.4f} outside;", " ".join(f"{value:.4f}" for value in quantiles))
    if "--print" not in sys.argv:
        ledger.to_csv(LEDGER, index=False)


if __name__ == "__main__":
    main()
