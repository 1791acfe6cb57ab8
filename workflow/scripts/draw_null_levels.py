"""Spacing tests and number variances of random matrices of one shape, unfolded in every way (thamm2024)."""

import numpy as np

from deepspectra.rmt.levels import level_statistics
from deepspectra.rmt.nulls import laguerre_singular_values
from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.runtime.progress import ProgressBar

with job(snakemake.log[0], snakemake.threads):
    rows, columns = int(snakemake.wildcards.rows), int(snakemake.wildcards.columns)
    nulls, unfolding = snakemake.params.nulls, snakemake.params.unfolding
    # Where only pretrained networks have this shape and none could be had, there is nothing to calibrate.
    wanted = not snakemake.input or any(
        store.read(path, {}).attributes["parameters"]["available"] for path in snakemake.input
    )
    lengths = np.geomspace(0.5, nulls["longest_interval"], 40)
    source = np.random.default_rng(np.random.SeedSequence(nulls["seed"], spawn_key=(rows, columns)))
    draws = nulls["matrices"] if wanted else 0
    statistics = {name: np.empty(draws) for name in unfolding}
    variances = {name: np.empty((draws, lengths.size)) for name in unfolding}
    with ProgressBar(total=draws, desc=f"{rows} x {columns}", unit="matrix") as bar:
        for draw in range(draws):
            values = laguerre_singular_values(rows, columns, source)
            for name, found in level_statistics(values, unfolding, lengths).items():
                statistics[name][draw] = found.spacing_statistic
                variances[name][draw] = found.number_variances
            bar.update()
    # Lengths for which a spectrum has no interval are the last ones, in every draw or in some: a NaN is not stored.
    known = ~np.any([np.isnan(array).any(axis=0) for array in variances.values()], axis=0)
    arrays = {f"{name}/spacing_statistics": array for name, array in statistics.items()}
    arrays |= {f"{name}/number_variances": array[:, known] for name, array in variances.items()}
    store.write(
        snakemake.output[0],
        arrays | {"lengths": lengths[known]},
        parameters={"rows": rows, "columns": columns, "available": wanted, "unfolding": unfolding, **nulls},
        inputs=snakemake.input,
        seed=nulls["seed"],
        dtype="float64",
    )
