"""Level and vector statistics of every weight matrix of one network, plain and calibrated (thamm2024)."""

import numpy as np
import pandas as pd

from deepspectra import store
from deepspectra.calibration import largest_deviation, monte_carlo_p_value, null_band
from deepspectra.job import job
from deepspectra.laws import fit_modified_marchenko_pastur
from deepspectra.levels import number_variance, spacing_ks, spacings, vector_ks
from deepspectra.unfolding import UNFOLDINGS

LEVELS = ["network", "layer", "state", "outputs", "inputs", "unfolding", "statistic", "p", "p_calibrated", "p_error"]
LEVELS += ["null_draws", "in_band", "variance_p", "variance_p_error", "nu_min", "nu_max", "fraction", "unresolved"]
LEVELS += ["zero_spacings", "note"]
CURVES = ["layer", "state", "unfolding", "series", "x", "y"]
VECTORS = ["layer", "state", "side", "dimension", "rank", "singular_value", "statistic", "p", "p_calibrated"]
#: Singular values of a float32 matrix are known to about this share of the largest.
_FLOAT32 = float(np.finfo(np.float32).eps)

with job(snakemake.log[0], snakemake.threads):
    network, layers = snakemake.wildcards.network, snakemake.params.layers
    status = store.read(snakemake.input.values, {}).attributes["parameters"]
    levels, curves, vectors = [], [], []

    for layer, (outputs, inputs) in layers.items():
        larger, smaller = max(outputs, inputs), min(outputs, inputs)
        if not status["available"]:
            note = f"weights not available here ({status['note']})"
            levels.append({"network": network, "layer": layer, "state": "final", "note": note})
            levels[-1] |= {"outputs": outputs, "inputs": inputs, "unfolding": "gaussian"}
            continue
        drawn = {f"{name}/spacing_statistics": ("draws",) for name in UNFOLDINGS}
        drawn |= {f"{name}/number_variances": ("draws", "lengths") for name in UNFOLDINGS}
        null = store.read(snakemake.params.null_levels[layer], drawn | {"lengths": ("lengths",)})
        for state in snakemake.params.states:
            values = store.read(snakemake.input.values, {f"{layer}/{state}": (smaller,)})[f"{layer}/{state}"]
            fit = fit_modified_marchenko_pastur(values)
            ranks = np.linspace(0, 1, smaller)
            curves += [(layer, state, "", "singular_value", *point) for point in zip(ranks, values, strict=True)]
            for name, unfold in UNFOLDINGS.items():
                unfolded = unfold(values, snakemake.params.unfolding[name])
                statistic, p = spacing_ks(spacings(unfolded))
                calibrated = monte_carlo_p_value(statistic, null[f"{name}/spacing_statistics"])
                variance, _ = number_variance(unfolded, null["lengths"])
                low, high = null_band(null[f"{name}/number_variances"])
                between = (null["lengths"] >= 1) & (null["lengths"] <= 10)
                inside = (low <= variance) & (variance <= high)
                # Neighbouring lengths see the same levels: one statistic over all of them, judged as a whole.
                deviations = largest_deviation(null[f"{name}/number_variances"][:, between])
                deviation = largest_deviation(null[f"{name}/number_variances"][:, between], variance[between])
                whole = monte_carlo_p_value(deviation, deviations)
                levels.append(
                    {
                        **{"network": network, "layer": layer, "state": state, "outputs": outputs, "inputs": inputs},
                        **{"unfolding": name, "statistic": statistic, "p": p},
                        **{"p_calibrated": float(calibrated.value), "p_error": float(calibrated.error)},
                        **{"null_draws": len(null[f"{name}/spacing_statistics"]), "in_band": inside[between].mean()},
                        **{"variance_p": float(whole.value), "variance_p_error": float(whole.error)},
                        **{"nu_min": fit.nu_min, "nu_max": fit.nu_max, "fraction": fit.fraction},
                        # Where a fitted staircase falls the levels stand still: artefacts of the polynomial.
                        "zero_spacings": int(np.sum(np.diff(unfolded) == 0)),
                        "unresolved": int(np.sum(np.diff(values) < _FLOAT32 * values[-1])),
                    }
                )
                lines = {
                    "number_variance": variance,
                    "null_low": low,
                    "null_high": high,
                    "null_median": np.median(null[f"{name}/number_variances"], axis=0),
                }
                for series, line in lines.items():
                    points = zip(null["lengths"], line, strict=True)
                    curves += [(layer, state, name, series, *point) for point in points]
                if name == "gaussian":
                    curves += [
                        (layer, state, name, "spacing", index, value) for index, value in enumerate(spacings(unfolded))
                    ]
            for side, dimension in (("output", outputs), ("input", inputs)):
                if not snakemake.params.both_sides[layer] and side != ("output" if outputs <= inputs else "input"):
                    continue
                key = f"{layer}/{state}/{side}"
                columns = store.read(snakemake.input.vectors, {key: (dimension, smaller)})[key]
                statistic, p = vector_ks(columns)
                draws = store.read(snakemake.params.null_vectors[dimension], {"statistics": ("draws",)})["statistics"]
                calibrated = monte_carlo_p_value(statistic, draws).value
                for rank, row in enumerate(zip(values, statistic, p, calibrated, strict=True)):
                    vectors.append((layer, state, side, dimension, rank / (smaller - 1), *row))

    frames = {
        "levels": pd.DataFrame(levels, columns=LEVELS),
        "curves": pd.DataFrame(curves, columns=CURVES),
        "vectors": pd.DataFrame(vectors, columns=VECTORS),
    }
    for name, frame in frames.items():
        frame.to_csv(snakemake.output[name], index=False, lineterminator="\n", float_format="%.10g")
