"""The matrices of a checkpoint of the user's own: layers, kinds and shapes, and what is left out with the reason."""

import pandas as pd

from deepspectra.analysis.layers import chosen_layers
from deepspectra.data.checkpoints import open_checkpoint
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    network = dict(snakemake.params.network)
    layers = chosen_layers(open_checkpoint(network.pop("file")), **network)
    columns = ["name", "kind", "outputs", "inputs", "left_out"]
    write_table(
        pd.DataFrame([[getattr(layer, column) for column in columns] for layer in layers], columns=columns),
        snakemake.output[0],
    )
