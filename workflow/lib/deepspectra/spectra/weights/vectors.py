"""Which singular vectors of a matrix are not those of a random one (thamm2024, section 4)."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pandas as pd

from deepspectra.rmt.calibration import false_discovery, monte_carlo_p_value
from deepspectra.rmt.levels import vector_ks

__all__ = ["FALSE_DISCOVERY", "ranges", "vector_tests"]

#: Vectors are called structured where their false discovery rate is at most this.
FALSE_DISCOVERY = 0.05


def vector_tests(columns: np.ndarray, values: np.ndarray, draws: np.ndarray) -> pd.DataFrame:
    """Tests of the vectors of one side, (dimension, m), by those of random vectors.

    ``q`` is the false discovery rate among the matrix's m vectors of this side, by ``p_judged``. Where no random vector
    reaches a statistic, that is the plain p-value if it is smaller than the smallest Monte Carlo one: the fixed norm
    makes plain p-values of random vectors too large, in the tail too, so they are safe there.
    """
    statistic, p = vector_ks(columns)
    calibrated = monte_carlo_p_value(statistic, draws).value
    # Equal singular values, and on the larger side zeros, leave open which vectors of their common space are taken.
    rounding = np.finfo(np.float64).eps * max(columns.shape) * values[-1]
    gaps = np.diff(values) <= rounding
    is_open = np.append(gaps, False) | np.append(False, gaps)
    if len(columns) > values.size:
        is_open |= values <= rounding
    statistic, p, calibrated = (np.where(is_open, np.nan, array) for array in (statistic, p, calibrated))
    smallest = 1 / (draws.size + 1)
    judged = np.where((calibrated == smallest) & (p < smallest), p, calibrated)
    named = {"singular_value": values, "statistic": statistic, "p": p, "p_calibrated": calibrated}
    named |= {"p_judged": judged, "q": false_discovery(judged)}
    return pd.DataFrame(named)


def ranges(ranks: Sequence[int] | np.ndarray) -> str:
    """Ascending ranks as people write them, "rank 1-3, 7, 9-10"; in a table they are no numbers. Empty for none."""
    # Neighbours have equal differences to their place in the sequence.
    runs = (list(run) for _, run in groupby(enumerate(map(int, ranks)), lambda pair: pair[1] - pair[0]))
    words = [f"{run[0][1]}-{run[-1][1]}" if len(run) > 1 else str(run[0][1]) for run in runs]
    return f"rank {', '.join(words)}" if words else ""
