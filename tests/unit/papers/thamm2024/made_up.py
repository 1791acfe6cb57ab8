"""Small tables of thamm2024's figures, of matrices drawn here; the rows of ``weight_tests`` are written out by hand."""

from __future__ import annotations

import tempfile
from functools import cache

import numpy as np
import pandas as pd

from deepspectra.papers.thamm2024 import statistics
from deepspectra.rmt.calibration import monte_carlo_p_value, null_band
from deepspectra.rmt.laws.singular_values import fit_modified_marchenko_pastur
from deepspectra.rmt.levels import number_variance, spacing_ks, vector_ks
from deepspectra.rmt.nulls import haar_vectors, laguerre_singular_values
from deepspectra.rmt.unfolding import gaussian_broadening
from deepspectra.runtime.files import write_table
from deepspectra.spectra.singular_values import decompose

SCALE_NOTE = "Preview scale: epochs 2 instead of 100, null matrices 199 instead of 999, null vectors 1999 instead."
#: The shortest cause, and the longest: a damaged download.
CAUSES = (
    "its host's name cannot be found",
    f"it has SHA-256 {'4f1bbbb5' * 8}, expected one that begins with 7be5be79",
)
SUPPLY = (
    "To supply missing pretrained weights, put the providers' files (named in resources/weights.yaml) into a folder, "
    "delete resources/weights/ and run with --config data='{folder: PATH}'."
)
#: (outputs, inputs): wide, square and tall ones.
LAYERS = {
    "mlp1024": {"dense2": (40, 60)},
    "minialexnet": {"conv2": (36, 90), "dense1": (44, 60)},
    "alexnet": {"dense1": (40, 70), "dense2": (40, 40)},
    "vgg19": {"dense1": (60, 40), "dense3": (30, 60)},
    "mlp512_seed1_alpha0.5": {"dense2": (48, 48)},
    "mlp512_seed1": {"dense2": (48, 48)},
    "mlp512_seed1_alpha5": {"dense2": (48, 48)},
    "mlp512_seed2_alpha0.5": {"dense2": (48, 48)},
    "mlp512_seed2": {"dense2": (48, 48)},
    "mlp512_seed2_alpha5": {"dense2": (48, 48)},
}
LENGTHS = np.geomspace(0.5, 8, 12)
ALPHAS = (0.5, 1, 5)


@cache
def weight_tests(network, cause=None):
    """Levels, curves and vectors as the workflow leaves them; with a cause, of a network without weights."""
    levels, curves, vectors = [], [], []
    for layer, (outputs, inputs) in LAYERS[network].items():
        row = {"network": network, "layer": layer, "outputs": outputs, "inputs": inputs, "unfolding": "gaussian"}
        if cause:
            levels.append(row | {"state": "final", "note": f"weights not available here ({cause})"})
            continue
        rng = np.random.default_rng([ord(letter) for letter in network + layer])
        draws = [gaussian_broadening(laguerre_singular_values(outputs, inputs, rng)) for _ in range(19)]
        null = [spacing_ks(np.diff(draw))[0] for draw in draws]
        null_variances = [number_variance(draw, LENGTHS) for draw in draws]
        initial = rng.standard_normal((outputs, inputs)) * np.sqrt(2 / (outputs + inputs))
        weights = {"initial": initial, "final": initial + 3 / np.sqrt(initial.size)}
        if network in ("alexnet", "vgg19"):
            del weights["initial"]
        for state, matrix in weights.items():
            found = decompose(matrix)
            values, unfolded = found.singular_values, gaussian_broadening(found.singular_values)
            statistic, p = spacing_ks(np.diff(unfolded))
            calibrated = monte_carlo_p_value(statistic, null)
            fit = fit_modified_marchenko_pastur(values)
            levels.append(
                row
                | {
                    "state": state,
                    "statistic": statistic,
                    "p": p,
                    "note": None,
                    "unresolved": 0,
                    "initial_law_distance": 0.01,
                }
                | {"in_band": 0.9, "variance_p": 0.4, "variance_p_error": 0.02, "variance_p_all": 0.01}
                | {"variance_slope": 0.1, "variance_slope_null": 0.12, "variance_slope_error": 0.03}
                | {"above_bulk": 1, "below_bulk": 0}
                | {"fit_below": fit.below, "fit_above": fit.above, "fit_distance": fit.distance}
                | {"p_calibrated": float(calibrated.value), "p_error": float(calibrated.error)}
                | {"nu_min": fit.nu_min, "nu_max": fit.nu_max, "fraction": fit.fraction}
            )
            low, high = null_band(np.asarray(null_variances))
            ranks = np.linspace(0, 1, values.size)
            lines = {
                ("", "singular_value"): (ranks, values),
                ("gaussian", "spacing"): (ranks[1:], np.diff(unfolded)),
                ("gaussian", "number_variance"): (LENGTHS, number_variance(unfolded, LENGTHS, (3, 5))),
                ("gaussian", "number_variance_all"): (LENGTHS, number_variance(unfolded, LENGTHS)),
                ("gaussian", "null_low"): (LENGTHS, low),
                ("gaussian", "null_high"): (LENGTHS, high),
                ("gaussian", "null_median"): (LENGTHS, np.median(null_variances, axis=0)),
            }
            for name, line in lines.items():
                curves += [(layer, state, *name, *point) for point in zip(*line, strict=True)]
            for side, columns in (("output", found.output_vectors), ("input", found.input_vectors)):
                statistics, p = vector_ks(columns)
                draws = vector_ks(haar_vectors(len(columns), 99, rng))[0]
                numbers = (ranks, values, statistics, p, monte_carlo_p_value(statistics, draws).value)
                vectors += [(layer, state, side, len(columns), *point) for point in zip(*numbers, strict=True)]
    return {
        "levels": pd.DataFrame(levels),
        "curves": pd.DataFrame(curves, columns=["layer", "state", "unfolding", "series", "x", "y"]),
        "vectors": pd.DataFrame(
            vectors,
            columns=["layer", "state", "side", "dimension", "rank", "singular_value", "statistic", "p", "p_calibrated"],
        ),
    }


def numbers(item, tables, **parameters):
    """Plotted numbers and summary of a figure, of tables by kind; as the drawing script reads them."""
    with tempfile.TemporaryDirectory() as folder:
        files = {kind: [f"{folder}/{kind}_{n}.csv" for n in range(len(entries))] for kind, entries in tables.items()}
        for kind, entries in tables.items():
            for table, path in zip(entries, files[kind], strict=True):
                table.to_csv(path, index=False, lineterminator="\n", float_format="%.10g")
        found = getattr(statistics, item)(files, parameters)
        for name in ("curves", "summary"):
            write_table(getattr(found, name), f"{folder}/{name}.csv", float_format=f"%.{found.digits}g")
        return pd.read_csv(f"{folder}/curves.csv"), pd.read_csv(f"{folder}/summary.csv")


def of_networks(networks, missing=(), cause=CAUSES[0]):
    """The tests of several networks, by kind of table; some of them without weights."""
    found = [weight_tests(network, cause if network in missing else None) for network in networks]
    return {kind: [tables[kind] for tables in found] for kind in ("levels", "curves", "vectors")}


def places(*names):
    return [dict(zip(("network", "layer"), name.split(), strict=True)) for name in names]


FOUR = ("mlp1024 dense2", "minialexnet conv2", "alexnet dense2", "vgg19 dense3")


@cache
def level_tables(names=FOUR, missing=(), cause=CAUSES[0]):
    """Of figure 1."""
    networks = list(dict.fromkeys(name.split()[0] for name in names))
    tables = of_networks(networks, missing, cause)
    return numbers("figure_1", tables, figure={"panels": places(*names)}, networks=networks)


@cache
def vector_tables(missing=(), cause=CAUSES[0], c=("alexnet dense1", "vgg19 dense1")):
    """Of figure 2."""
    networks = ["mlp512_seed1", "mlp1024", "alexnet", "vgg19", "minialexnet"]
    panels = {"b": places("mlp1024 dense2"), "c": places(*c)}
    panels["d"] = places("minialexnet conv2", "minialexnet dense1")
    figure = {"spectrum": places("mlp512_seed1 dense2")[0], "panels": panels, "window": 5}
    return numbers("figure_2", of_networks(networks, missing, cause), figure=figure, networks=networks)


@cache
def regime_tables(alphas=ALPHAS, spoiled=None, further=()):
    """Of figure 3; the trained layer at one alpha may have no statistics, and there may be further seeds."""
    shown = [(seed, alpha) for seed in ("mlp512_seed1", *further) for alpha in alphas]
    networks = [seed if alpha == 1 else f"{seed}_alpha{alpha:g}" for seed, alpha in shown]
    accuracies = [0.5 - 0.04 * alpha for _, alpha in shown]
    histories = [pd.DataFrame({"test_accuracy": [0.1, last], "train_accuracy": [0.1, 1.0]}) for last in accuracies]
    tables = of_networks(networks) | {"history": histories}
    if spoiled:
        place = list(alphas).index(spoiled)
        levels = tables["levels"][place].copy()
        levels.loc[levels.state == "final", "note"] = "not analysed: the spectrum has no bulk"
        tables["levels"][place] = levels
    figure = {"layer": "dense2", "alphas": list(alphas), "window": 5}
    return numbers("figure_3", tables, figure=figure, networks=networks)


@cache
def accuracy_tables(seeds=1, alphas=(0.1, 0.5, 1, 2, 10), diverged=None):
    """Of figure 4; accuracies of seeds scatter the more the larger alpha and they are."""
    rows = [
        {"network": f"mlp{seed}", "alpha": alpha, "relative_displacement": 0.1 / alpha}
        | {"initial_loss": 2.4 / alpha**2, "final_loss": (9.0 if alpha == diverged else 1.0) / alpha**2}
        | {f"{kind}_{part}": top / (1 + alpha / 20) + top * alpha * seed / seeds / 10 for kind, part, top in of}
        for seed in range(seeds)
        for alpha in alphas
        for of in [
            (("full", "test", 0.5), ("linearised", "test", 0.4), ("full", "train", 0.5), ("linearised", "train", 0.3))
        ]
    ]
    return numbers("figure_4", {"linearised": [pd.DataFrame([row]) for row in rows]})
