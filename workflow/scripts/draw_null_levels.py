"""Spacing tests and number variances of random matrices of one shape, unfolded in every way (thamm2024)."""

from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.spectra.weights.nulls import null_level_statistics

with job(snakemake.log[0], snakemake.threads):
    rows, columns = int(snakemake.wildcards.rows), int(snakemake.wildcards.columns)
    nulls, unfolding = snakemake.params.nulls, snakemake.params.unfolding
    # The inputs are pretrained weights, if no other network has this shape; without them there is nothing to calibrate.
    available = [store.read(path, {}).attributes["parameters"]["available"] for path in snakemake.input]
    wanted = not available or any(available)
    draws = nulls["matrices"] if wanted else 0
    arrays = null_level_statistics(rows, columns, draws, unfolding, nulls["longest_interval"], nulls["seed"])
    parameters = {"rows": rows, "columns": columns, "available": wanted, "unfolding": unfolding, **nulls}
    about = {"parameters": parameters, "inputs": snakemake.input, "seed": nulls["seed"], "dtype": "float64"}
    store.write(snakemake.output[0], arrays, **about)
