"""How often a random bulk with a trained layer's own outliers fails the number variance over all intervals.

    uv run resources/planted_outliers.py record

Of every trained layer of thamm2024 in `results/{scale}`: what lies outside its bulk stays, and the bulk is replaced by
that of a Gaussian matrix whose law has the same upper edge, 20 times. Prints the p-value of the layer over all
intervals, the share of its stand-ins with at most 0.05, and the sums of both. It needs spectra and nulls of the run:
`uv run snakemake --config scale=record -- thamm2024_table_2`.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from deepspectra.rmt.laws.singular_values import marchenko_pastur_bulk
from deepspectra.rmt.levels import level_statistics
from deepspectra.runtime import store
from deepspectra.spectra.weights.judging import FLOAT32_ROUNDING, LevelJudge
from deepspectra.spectra.weights.nulls import read_level_nulls

ROOT = Path(__file__).resolve().parents[1]
DRAWS, LEVEL, HALF_WINDOW, SEED = 20, 0.05, 7, 5
UNFOLDINGS = {"gaussian": HALF_WINDOW, "staircase": HALF_WINDOW, "polynomial": 9}


def stand_in(values: np.ndarray, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Singular values, (m,) ascending, with a random bulk in place of their own; ``rows`` is the longer side."""
    bulk = marchenko_pastur_bulk(values, rows, FLOAT32_ROUNDING * values[-1])
    outside = bulk.below + bulk.above
    matrix = rng.standard_normal((values.size - outside, rows - outside))
    drawn = np.linalg.svd(matrix, compute_uv=False) * bulk.edges[1] / sum(np.sqrt(matrix.shape))
    return np.sort(np.concatenate([values[: bulk.below], drawn, values[values.size - bulk.above :]]))


def main(scale: str) -> None:
    """Print a line for every layer, and the sums."""
    results, rng = ROOT / "results" / scale, np.random.default_rng(SEED)
    rejected, expected, variance = 0, 0.0, 0.0
    for path in sorted((results / "statistics/thamm2024/networks").glob("*_levels.csv")):
        table = pd.read_csv(path)
        for row in table[(table.state == "final") & (table.unfolding == "gaussian") & table.p.notna()].itertuples():
            smaller, larger = sorted((row.outputs, row.inputs))
            lengths, nulls = read_level_nulls(results / f"nulls/levels_{larger}x{smaller}.h5", UNFOLDINGS, smaller)
            judge, key = LevelJudge(nulls["gaussian"], lengths), f"{row.layer}/final"
            values = store.read(results / f"spectra/thamm2024/{row.network}.h5", {key: (smaller,)})[key]
            drawn = [stand_in(values, larger, rng) for _ in range(DRAWS)]
            found = [level_statistics(each, {"gaussian": HALF_WINDOW}, lengths)["gaussian"] for each in drawn]
            share = float(np.mean([judge.variances(each.number_variances).p <= LEVEL for each in found]))
            rejected, expected = rejected + (row.variance_p_all <= LEVEL), expected + share
            variance += share * (1 - share)
            print(f"{row.network} {row.layer}: p {row.variance_p_all:.3f}; of stand-ins {share:.0%} are rejected")
    print(f"{rejected} layers are rejected; of stand-ins {expected:.1f} ± {variance**0.5:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scale")
    main(parser.parse_args().scale)
