"""All parameters of a network trained on ImageNet into one HDF5 file, of the first that can be had.

Which source served is in the log; which network, in the file.
"""

import logging
import signal
import sys

from deepspectra.data.pretrained.backbones import obtain_backbone
from deepspectra.data.pretrained.table import Backbone
from deepspectra.runtime import store
from deepspectra.runtime.job import job

logger = logging.getLogger(__name__)

# A job that is cancelled ends with SIGTERM: end by an exception, so that the temporary folder goes and no client of a
# registry is left running.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))

with job(snakemake.log[0], snakemake.threads):
    options, target = snakemake.config["data"], snakemake.output[0]
    table = {name: Backbone.model_validate(entry) for name, entry in snakemake.params.table.items()}
    obtained = obtain_backbone(
        snakemake.params.backbone,
        table,
        folder=options["folder"],
        timeout=options["timeout_seconds"],
        retries=options["retries"],
    )
    entry = table[obtained.name].model_dump(include={"title", "provider", "licence", "citation"})
    parameters = {"backbone": obtained.name, "sha256": obtained.sha256, **entry}
    store.write(target, obtained.arrays, parameters=parameters)
    logger.info("%s: %s, from %s", obtained.name, target, obtained.source)
