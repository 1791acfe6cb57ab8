"""Write false_alarms.csv: how often `deepspectra analyse` finds something in random matrices, where nothing is.

    uv run resources/false_alarms.py [MATRICES]

So many matrices of each of thirteen kinds (200 by default; six minutes of one core) go through the whole pipeline, as
layers of a checkpoint. Rates stand beside the nominal ones with 95 % intervals (Clopper and Pearson). All matrices of a
kind share their 999 random matrices, whose own fluctuation adds a tenth to the error. The last three kinds are no null
hypothesis of ours: a quarter of the values are spikes, entries have heavy tails, or columns have unequal variances.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from deepspectra.analysis.matrix import MatrixOptions
from deepspectra.analysis.network import Analysis, analyse
from deepspectra.rmt.calibration import false_discovery
from deepspectra.runtime.files import write_table

TABLE = Path("resources/false_alarms.csv")
MATRICES, SEED, LEVEL, DISCOVERY = 200, 2025, 0.05, 0.05
#: What has a p-value, and what its columns begin with.
STATISTICS = {"bulk's distance": "bulk", "spacings": "spacing", "number variance": "variance", "exponent": "alpha"}
#: Directions without weight, of a full matrix or as dead units.
EMPTY = 15


def _deficient(rng: np.random.Generator) -> np.ndarray:
    """A random matrix but for directions without weight on both sides."""
    left, right = (np.linalg.qr(rng.standard_normal((side, side - EMPTY)))[0] for side in (150, 100))
    return left @ rng.standard_normal((150 - EMPTY, 100 - EMPTY)) @ right.T


def _spiked(rng: np.random.Generator, rows: int, columns: int, strengths: Sequence[float]) -> np.ndarray:
    """A random matrix with planted directions, in units of the threshold."""
    left, right = (np.linalg.qr(rng.standard_normal((side, len(strengths))))[0] for side in (rows, columns))
    return rng.standard_normal((rows, columns)) + (rows * columns) ** 0.25 * (left * strengths) @ right.T


def _dead(rng: np.random.Generator) -> np.ndarray:
    """A random matrix with rows and columns of zeros, at random places, as of dead units."""
    matrix = np.zeros((140, 90))
    rows, columns = (np.sort(rng.permutation(side)[EMPTY:]) for side in matrix.shape)
    matrix[np.ix_(rows, columns)] = rng.standard_normal((len(rows), len(columns)))
    return matrix


def _bfloat16(rng: np.random.Generator) -> object:
    import torch

    return torch.from_numpy(0.02 * rng.standard_normal((200, 100))).bfloat16()


def _unequal(rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((240, 120)) * np.exp(0.7 * rng.standard_normal(120))


#: Weights of random layers. In each the null hypothesis holds, with so many outliers below and above.
KINDS: dict[str, tuple[Callable[[np.random.Generator], object], tuple[int, int]]] = {
    "square, 128 x 128": (lambda rng: rng.standard_normal((128, 128)), (0, 0)),
    "four to one, 480 x 120": (lambda rng: rng.standard_normal((480, 120)), (0, 0)),
    "tiny, 60 x 20": (lambda rng: rng.standard_normal((60, 20)), (0, 0)),
    "convolution, 64 x 32 x 3 x 3": (lambda rng: rng.standard_normal((64, 32, 3, 3)), (0, 0)),
    "wide, 50 x 400": (lambda rng: rng.standard_normal((50, 400)), (0, 0)),
    "uniform entries, 150 x 100": (lambda rng: rng.uniform(-1, 1, size=(150, 100)), (0, 0)),
    "bfloat16, 200 x 100": (_bfloat16, (0, 0)),
    "rank 85, 150 x 100": (_deficient, (EMPTY, 0)),
    "15 rows and 15 columns of zeros, 140 x 90": (_dead, (0, 0)),
    "one spike at twice the threshold, 160 x 80": (lambda rng: _spiked(rng, 160, 80, [2.0]), (0, 1)),
}
INFORMATIVE: dict[str, Callable[[np.random.Generator], object]] = {
    "40 spikes at 2 to 6 times the threshold, 200 x 160": lambda rng: _spiked(
        rng, 200, 160, list(np.linspace(2, 6, 40))
    ),
    "Student's t(5) entries, 150 x 100": lambda rng: rng.standard_t(5, size=(150, 100)),
    "columns of unequal variance, 240 x 120": _unequal,
}


def analysed(kind: Callable[[np.random.Generator], object], number: int, place: int, cache: Path) -> Analysis:
    """So many matrices of a kind as one network."""
    import torch

    rng = np.random.default_rng([SEED, place])
    weights = {f"{layer}.weight": torch.as_tensor(kind(rng)) for layer in range(number)}
    return analyse(weights, cache=cache, options=MatrixOptions(tail_draws=1))


def rates(found: Analysis, outliers: tuple[int, int]) -> dict[str, tuple[int, int, float]]:
    """Statistic -> alarms, cases, and the nominal rate."""
    table, vectors = found.matrices, found.vectors.p_judged.dropna()
    counted: dict[str, tuple[pd.Series, float]] = {
        f"{name} p <= {LEVEL}": (table[f"{column}_p"].dropna() <= LEVEL, LEVEL) for name, column in STATISTICS.items()
    }
    for side, expected in zip(("below", "above"), outliers, strict=True):
        counted[f"outliers {side}"] = (table[side] != expected, 0.01)
    counted["Marchenko-Pastur fit called poor"] = (table.fit_poor == 1, 0.01)
    counted[f"vectors p <= {LEVEL}"] = (vectors <= LEVEL, LEVEL)
    # Twenty levels are too few for their tests.
    return {
        name: (int(alarms.sum()), len(alarms), nominal) for name, (alarms, nominal) in counted.items() if len(alarms)
    }


def findings(found: list[Analysis]) -> dict[str, tuple[int, int, float]]:
    """The same of networks, of one matrix of each kind: whether anything is left after false-discovery control."""
    number = min(len(analysis.matrices) for analysis in found)
    alarms = {}
    for name, column in STATISTICS.items():
        families = np.stack([analysis.matrices[f"{column}_p"].to_numpy()[:number] for analysis in found], axis=1)
        alarms[f"any {name}"] = [(false_discovery(family) <= DISCOVERY).any() for family in families]
    groups = [{name: group.to_numpy() for name, group in one.vectors.groupby("name").p_judged} for one in found]
    alarms["any vector"] = [
        (false_discovery(np.concatenate([group[str(layer)] for group in groups])) <= DISCOVERY).any()
        for layer in range(number)
    ]
    return {name: (int(sum(cases)), number, DISCOVERY) for name, cases in alarms.items()}


def interval(alarms: int, cases: int) -> tuple[float, float]:
    """Of the rate, 95 % (Clopper and Pearson 1934)."""
    found = stats.binomtest(alarms, cases).proportion_ci()
    return float(found.low), float(found.high)


def main(number: int = MATRICES) -> None:
    """Analyse all kinds and write the table."""
    rows: list[dict[str, object]] = []

    def add(kind: str, counted: dict[str, tuple[int, int, float]], is_null: bool) -> None:
        for statistic, (alarms, cases, nominal) in counted.items():
            low, high = interval(alarms, cases)
            numbers = {"alarms": alarms, "cases": cases, "rate": alarms / cases, "low": low, "high": high}
            row = {"kind": kind, "statistic": statistic} | numbers | {"nominal": nominal if is_null else np.nan}
            rows.append(row)

    with tempfile.TemporaryDirectory() as folder:
        found = []
        for place, (kind, (draw, outliers)) in enumerate(KINDS.items()):
            found.append(analysed(draw, number, place, Path(folder)))
            add(kind, rates(found[-1], outliers), True)
        add("networks of these ten", findings(found), True)
        for place, (kind, draw) in enumerate(INFORMATIVE.items(), len(KINDS)):
            add(kind, rates(analysed(draw, number, place, Path(folder)), (0, 0)), False)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    write_table(table.round(4), TABLE)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
