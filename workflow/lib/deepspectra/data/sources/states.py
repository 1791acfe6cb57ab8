"""Reader of the parameters of a network, in torch's own format."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from deepspectra.data.sources.errors import CorruptError
from deepspectra.runtime.errors import UserError


def read_state(members: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """All parameters and buffers of the member ``state``, float32; the counters of batch normalisation are left out.

    :returns: arrays of any shape by name, named as in HDF5: ``layer1/0/conv1/weight``.
    :raises CorruptError: if it is no state dictionary, would need code to be run, holds anything but float32 and whole
        numbers, or has values that are not finite.
    """
    # Not on top: torch takes seconds, and the table is read whenever Snakemake starts.
    from deepspectra.data.pretrained.reading import parse_state

    try:
        state = parse_state(members["state"], "the file")
    except UserError as error:
        raise CorruptError(str(error)) from error
    arrays = {}
    for name, tensor in state.items():
        dtype = str(tensor.dtype).removeprefix("torch.")
        if dtype == "int64" and tensor.ndim == 0:
            continue
        if dtype != "float32" or not tensor.isfinite().all():
            raise CorruptError(f"its parameter {name} is {dtype}, expected float32 with finite values")
        arrays[name.replace(".", "/")] = tensor.detach().contiguous().numpy()
    return arrays
