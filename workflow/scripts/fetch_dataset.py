"""One data set into one HDF5 file, from wherever it can be had.

The file is the same to the byte whichever source served; which one did is in the log.
"""

import logging
import signal
import sys

from deepspectra.data.sources.retrieval import obtain
from deepspectra.data.sources.table import Dataset
from deepspectra.runtime import store
from deepspectra.runtime.job import job

logger = logging.getLogger(__name__)

# A job that is cancelled ends with SIGTERM: end by an exception, so that the temporary folder goes and no client of a
# registry is left running.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))

with job(snakemake.log[0], snakemake.threads):
    name, options = snakemake.wildcards.dataset, snakemake.config["data"]
    dataset = Dataset.model_validate(snakemake.params.dataset)
    obtained = obtain(
        name,
        {name: dataset},
        local_folder=options["folder"],
        timeout=options["timeout_seconds"],
        retries=options["retries"],
    )
    parameters = {"dataset": name, "title": dataset.title, "licence": dataset.licence, "citation": dataset.citation}
    columns = {key: array.columns for key, array in dataset.arrays.items() if array.columns}
    if columns:
        parameters["columns"] = columns
    store.write(snakemake.output[0], obtained.arrays, parameters=parameters)
    logger.info("%s: %s, from %s", name, snakemake.output[0], obtained.source)
