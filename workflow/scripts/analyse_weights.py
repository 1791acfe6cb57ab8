"""Level and vector statistics of every weight matrix of one network, plain and calibrated (thamm2024)."""

import numpy as np
import pandas as pd

from deepspectra.papers.thamm2024.weight_statistics import judge_levels
from deepspectra.rmt.calibration import monte_carlo_p_value
from deepspectra.rmt.laws.singular_values import fit_modified_marchenko_pastur
from deepspectra.rmt.levels import level_statistics, vector_ks
from deepspectra.runtime import store
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

LEVELS = ["network", "layer", "state", "outputs", "inputs", "unfolding", "statistic", "p", "p_calibrated", "p_error"]
LEVELS += ["null_draws", "in_band", "variance_p", "variance_p_error", "nu_min", "nu_max", "fraction", "unresolved"]
LEVELS += ["zero_spacings", "note"]
CURVES = ["layer", "state", "unfolding", "series", "x", "y"]
VECTORS = ["layer", "state", "side", "dimension", "rank", "singular_value", "statistic", "p", "p_calibrated"]
#: Singular values of a float32 matrix are known to about this share of the largest.
_FLOAT32 = float(np.finfo(np.float32).eps)

with job(snakemake.log[0], snakemake.threads):
    network, unfolding = snakemake.wildcards.network, snakemake.params.unfolding
    status = store.read(snakemake.input.values, {}).attributes["parameters"]
    levels, curves, vectors = [], [], []

    for layer, (outputs, inputs) in snakemake.params.layers.items():
        smaller = min(outputs, inputs)
        place = {"network": network, "layer": layer, "outputs": outputs, "inputs": inputs}
        if not status["available"]:
            note = f"weights not available here ({status['note']})"
            levels.append(place | {"state": "final", "unfolding": "gaussian", "note": note})
            continue
        drawn = {f"{name}/spacing_statistics": ("draws",) for name in unfolding}
        drawn |= {f"{name}/number_variances": ("draws", "lengths") for name in unfolding}
        null = store.read(snakemake.params.null_levels[layer], drawn | {"lengths": ("lengths",)})
        lengths = null["lengths"]
        for state in snakemake.params.states:
            values = store.read(snakemake.input.values, {f"{layer}/{state}": (smaller,)})[f"{layer}/{state}"]
            fit = fit_modified_marchenko_pastur(values)
            ranks = np.linspace(0, 1, smaller)
            curves += [(layer, state, "", "singular_value", *point) for point in zip(ranks, values, strict=True)]
            for name, found in level_statistics(values, unfolding, lengths).items():
                draws = null[f"{name}/spacing_statistics"]
                judged = judge_levels(found, draws, null[f"{name}/number_variances"], lengths)
                levels.append(
                    {
                        **place,
                        **{"state": state, "unfolding": name},
                        **{"statistic": found.spacing_statistic, "p": found.spacing_p},
                        **{"p_calibrated": float(judged.spacing.value), "p_error": float(judged.spacing.error)},
                        **{"null_draws": len(draws), "in_band": judged.in_band},
                        "variance_p": float(judged.number_variance.value),
                        "variance_p_error": float(judged.number_variance.error),
                        **{"nu_min": fit.nu_min, "nu_max": fit.nu_max, "fraction": fit.fraction},
                        # Where a fitted staircase falls the levels stand still: artefacts of the polynomial.
                        "zero_spacings": int(np.sum(found.spacings == 0)),
                        "unresolved": int(np.sum(np.diff(values) < _FLOAT32 * values[-1])),
                    }
                )
                lines = {
                    "number_variance": found.number_variances,
                    "null_low": judged.low,
                    "null_high": judged.high,
                    "null_median": judged.median,
                }
                for series, line in lines.items():
                    curves += [(layer, state, name, series, *point) for point in zip(lengths, line, strict=True)]
                if name == "gaussian":
                    curves += [(layer, state, name, "spacing", *point) for point in enumerate(found.spacings)]
            for side, dimension in (("output", outputs), ("input", inputs)):
                key = f"{layer}/{state}/{side}"
                columns = store.read(snakemake.input.vectors, {key: (dimension, smaller)})[key]
                statistic, p = vector_ks(columns)
                draws = store.read(snakemake.params.null_vectors[dimension], {"statistics": ("draws",)})["statistics"]
                calibrated = monte_carlo_p_value(statistic, draws).value
                for rank, row in zip(ranks, zip(values, statistic, p, calibrated, strict=True), strict=True):
                    vectors.append((layer, state, side, dimension, rank, *row))

    frames = {
        "levels": pd.DataFrame(levels, columns=LEVELS),
        "curves": pd.DataFrame(curves, columns=CURVES),
        "vectors": pd.DataFrame(vectors, columns=VECTORS),
    }
    for name, frame in frames.items():
        write_table(frame, snakemake.output[name], float_format="%.10g")
