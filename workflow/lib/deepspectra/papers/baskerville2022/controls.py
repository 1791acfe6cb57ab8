"""What controls of resolved spectra show beside the data, along the spectrum (baskerville2022)."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from deepspectra.papers.baskerville2022.curvature_statistics import DECILES, CurveRow, NumberRow
from deepspectra.papers.baskerville2022.names import CONTROLS
from deepspectra.rmt.ratios import MeanRatio, mean_ratio, mean_ratio_by_rank
from deepspectra.rmt.same_density import mapped_levels
from deepspectra.runtime import store

__all__ = ["control_rows", "control_tables", "extent_rows"]

# Standard deviations that hold 95 % of a normal law.
_TWO_SIDED = 1.96
# The stream of the seed that draws GOE levels.
_GOE = 3


def control_tables(
    resolved: Sequence[str], controls: Sequence[str], draws: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves and numbers of the controls of one spectrum, to follow those of :func:`.analyse_spectrum`.

    ``series`` is a control's name in :data:`.CONTROLS`, or ``resolved`` for the data.

    :param resolved: files of the data's resolved spectra. :param controls: the file of the controls' spectra, or none.
    :param draws: of GOE levels of equal density, each with as many spectra as the data; 0: no controls at all.
    :param seed: of these levels and of the bootstrap.
    """
    curves, numbers = list[tuple](), list[tuple]()

    def add(series: str, rows: Sequence[CurveRow | NumberRow]) -> None:
        for row in rows:
            (curves if isinstance(row, CurveRow) else numbers).append((series, "batch", *row))

    if draws:
        data = [levels for path in resolved for levels in _read(path, "eigenvalues", "lengths")]
        tenths = mean_ratio_by_rank(data, seed, DECILES)
        add("resolved", end_numbers(tenths))
        mapped = mapped_levels(data, draws * len(data), np.random.default_rng([seed, _GOE]))
        spectra = {"mapped": mapped.spectra}
        extents: dict[str, list[np.ndarray]] = {}
        for path in controls:
            known = store.read(path, {}).attributes["arrays"]
            names = ("data", *CONTROLS)
            spectra |= {
                key: _read(path, f"{key}_levels", f"{key}_lengths") for key in names if f"{key}_levels" in known
            }
            lengths = {key: f"{key}_extent_lengths" for key in names}
            extents |= {key: _read(path, f"{key}_extents", name) for key, name in lengths.items() if name in known}
            if "strengths" in known:
                add("resolved", [_strengths(store.read(path, {"strengths": ("batches", "samples")})["strengths"])])
        for key, found in spectra.items():
            add(CONTROLS[key], control_rows(found, len(data), tenths, seed, mapped.kept if key == "mapped" else (0, 0)))
        for key, found in extents.items():
            add("resolved" if key == "data" else CONTROLS[key], extent_rows(found))
    table = pd.DataFrame(curves, columns=["series", "scope", *CurveRow._fields])
    return table, pd.DataFrame(numbers, columns=["series", "scope", *NumberRow._fields])


def control_rows(
    spectra: Sequence[np.ndarray],
    batches: int,
    data: Sequence[MeanRatio],
    seed: int,
    kept: tuple[float, float] = (0, 0),
) -> list[CurveRow | NumberRow]:
    """Mean min(r, 1/r) of a control by decile, and the band in which as many batches as the data's have it.

    The band of 95 % (``deciles low``, ``deciles high``) has the scatter of a mean over the data's number of batches and
    the error of the control's own mean. Where the latter is unknown, or levels of the control are the data's own, there
    is none.

    :param spectra: of the control. :param batches: of the data. :param data: its deciles.
    :param seed: of the bootstrap. :param kept: shares of levels at the lower and the upper end that are the data's.
    """
    means, whole = mean_ratio_by_rank(spectra, seed, len(data)), mean_ratio(spectra, seed)
    wider = _TWO_SIDED * math.sqrt(1 + len(spectra) / batches)
    rows: list[CurveRow | NumberRow] = []
    outside = judged = 0
    for part, (mean, own) in enumerate(zip(means, data, strict=True)):
        place = part / len(data), (part + 1) / len(data)
        if not mean.count:
            continue
        rows.append(CurveRow("deciles", *place, mean.value, mean.error))
        if not math.isnan(mean.error) and kept[0] <= place[0] and place[1] <= 1 - kept[1]:
            rows.append(CurveRow("deciles low", *place, mean.value - wider * mean.error))
            rows.append(CurveRow("deciles high", *place, mean.value + wider * mean.error))
            judged += 1
            outside += abs(own.value - mean.value) > wider * mean.error
    return [
        *rows,
        NumberRow("matrices", "matrices", len(spectra), told=True),
        NumberRow("mean_ratio", "mean min(r, 1/r)", whole.value, whole.error, told=True),
        *end_numbers(means),
        NumberRow("tenths_outside", "tenths of the data outside the band", outside, reference=judged / 20, told=True),
    ]


def end_numbers(tenths: Sequence[MeanRatio]) -> list[NumberRow]:
    """Mean min(r, 1/r) of the lowest and of the highest tenth."""
    ends = (("lowest", tenths[0]), ("highest", tenths[-1]))
    label = "mean min(r, 1/r) of the {} tenth"
    return [NumberRow(f"{end}_tenth", label.format(end), mean.value, mean.error, told=True) for end, mean in ends]


def extent_rows(extents: Sequence[np.ndarray]) -> list[CurveRow | NumberRow]:
    """Over how many samples eigenvectors extend, by decile of rank: mean over batches with its standard error.

    :param extents: participation ratios of each batch, see :func:`.levels_over_samples`.
    """
    tenths = zip(*(np.array_split(batch, DECILES) for batch in extents), strict=True)
    found = [_mean([part.mean() for part in tenth if part.size]) for tenth in tenths]
    curves = [CurveRow("participation", at / DECILES, (at + 1) / DECILES, *mean) for at, mean in enumerate(found)]
    label = "mean participation ratio of eigenvectors over samples, {} tenth"
    ends = (("lowest", found[0]), ("highest", found[-1]))
    return [
        *curves,
        *(
            NumberRow(f"participation_{end}", label.format(end), value, error, told=True)
            for end, (value, error) in ends
        ),
        NumberRow("participation_batches", "batches whose eigenvectors are analysed", len(extents)),
    ]


def _mean(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard error, NaN where there are too few values."""
    count = len(values)
    error = float(np.std(values, ddof=1)) / math.sqrt(count) if count > 1 else math.nan
    return (float(np.mean(values)) if count else math.nan), error


def _strengths(strengths: np.ndarray) -> NumberRow:
    low, high = np.quantile(np.log10(strengths), [0.1, 0.9], axis=1)
    label = "mean decades from the 10th to the 90th percentile of the strengths in a batch"
    return NumberRow("strength_decades", label, float((high - low).mean()), told=True)


def _read(path: str, values: str, lengths: str) -> list[np.ndarray]:
    file = store.read(path, {values: ("levels",), lengths: ("matrices",)})
    return np.split(file[values], np.cumsum(file[lengths])[:-1])
