"""The weight matrices of one pretrained network into one HDF5 file, or a file without any that says why not.

Not every network reaches the official addresses. With ``pretrained: require`` that is an error; otherwise the file says
``available: false`` among its parameters, and what needs the matrices does without. To try again, delete it.
"""

import logging
import signal
import sys

from deepspectra.data.pretrained.retrieval import Unavailable, obtain_weights
from deepspectra.data.pretrained.table import Pretrained
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.job import job

logger = logging.getLogger(__name__)

# A job that is cancelled ends with SIGTERM: end by an exception, so that the temporary folder goes.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))

with job(snakemake.log[0], snakemake.threads):
    name, options, target = snakemake.wildcards.network, snakemake.config["data"], snakemake.output[0]
    entry = Pretrained.model_validate(snakemake.params.entry)
    obtained = obtain_weights(
        name,
        {name: entry},
        own_file=snakemake.params.own_file,
        folder=options["folder"],
        timeout=options["timeout_seconds"],
        retries=options["retries"],
    )
    parameters = {"name": name, **entry.model_dump(include={"title", "provider", "licence", "citation"})}
    if isinstance(obtained, Unavailable):
        how_to_supply = f"{obtained.how_to_supply}. Then delete {target} and run again."
        if snakemake.config["pretrained"] == "require":
            raise UserError(str(obtained))
        print(f"\nnote: {obtained.reason}. {how_to_supply}\n", file=sys.stderr)
        status = {
            "available": False,
            "reason": obtained.reason,
            "cause": obtained.cause,
            "how_to_supply": how_to_supply,
        }
        store.write(target, {}, parameters={**parameters, **status, "official": None, "sha256": None})
    else:
        status = {"available": True, "reason": None, "cause": None, "how_to_supply": None}
        file = {"official": obtained.official, "sha256": obtained.sha256}
        store.write(target, obtained.matrices, parameters={**parameters, **status, **file})
        logger.info("%s: %s, from %s", name, target, obtained.source)
