"""Porter-Thomas tests of random unit vectors of one dimension (thamm2024, calibration)."""

import numpy as np

from deepspectra.rmt.levels import vector_ks
from deepspectra.rmt.nulls import haar_vectors
from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.runtime.progress import ProgressBar

#: Numbers drawn at once, so that memory does not grow with the dimension.
_BLOCK = 2_000_000

with job(snakemake.log[0], snakemake.threads):
    dimension, nulls = int(snakemake.wildcards.dimension), snakemake.params.nulls
    source = np.random.default_rng(np.random.SeedSequence(nulls["seed"], spawn_key=(dimension,)))
    count, at_once = nulls["vectors"], max(1, _BLOCK // dimension)
    statistics = []
    with ProgressBar(total=count, desc=f"dimension {dimension}", unit="vector") as bar:
        for start in range(0, count, at_once):
            size = min(at_once, count - start)
            statistics.append(vector_ks(haar_vectors(dimension, size, source))[0])
            bar.update(size)
    store.write(
        snakemake.output[0],
        {"statistics": np.concatenate(statistics)},
        parameters={"dimension": dimension, **nulls},
        seed=nulls["seed"],
        dtype="float64",
    )
