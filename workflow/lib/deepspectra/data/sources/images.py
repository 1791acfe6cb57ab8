"""Readers of image data sets: idx (MNIST), the binary form of CIFAR-10, and its PNG form.

Each turns the bytes of its members, by role, into uint8 arrays: images (count, height, width[, 3]), labels (count,).
"""

from __future__ import annotations

import io
import json
import math
import struct
from collections.abc import Mapping

import numpy as np
from PIL import Image

from deepspectra.data.sources.errors import CorruptError
from deepspectra.data.sources.formats import CIFAR_TRAIN_BATCHES

__all__ = ["read_cifar_binary", "read_cifar_png", "read_idx"]

_SIDE = 32
_PIXELS = _SIDE * _SIDE
_IDX_UINT8 = 0x08


def parse_idx(content: bytes) -> np.ndarray:
    """A whole idx file of unsigned bytes as an array.

    The format: two zero bytes, the type code, the number of axes, one big-endian 32-bit length for each axis, the
    values in C order.

    :returns: uint8, of the shape in the file's header.
    :raises CorruptError: if the header is of another kind or announces another number of bytes.
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _IDX_UINT8:
        raise CorruptError("not an idx file of unsigned bytes")
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise CorruptError("the idx header is cut short")
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    # math.prod is exact: a forged header cannot overflow it into a small number.
    if len(content) - start != math.prod(shape):
        raise CorruptError(f"{len(content) - start} bytes of values where the idx header says {shape}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def read_idx(members: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """MNIST: an idx file for each array."""
    return {name: parse_idx(content) for name, content in members.items()}


def parse_cifar_binary(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """One batch of CIFAR-10's binary form: records of a label and the red, green and blue planes.

    :returns: images (count, 32, 32, 3) and labels (count,), uint8.
    :raises CorruptError: if the file is not a whole number of records.
    """
    record = 1 + 3 * _PIXELS
    if not content or len(content) % record:
        raise CorruptError(f"{len(content)} bytes are not a whole number of {record}-byte CIFAR-10 records")
    records = np.frombuffer(content, np.uint8).reshape(-1, record)
    planes = records[:, 1:].reshape(-1, 3, _SIDE, _SIDE)
    return planes.transpose(0, 2, 3, 1), records[:, 0]


def read_cifar_binary(members: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """CIFAR-10 from its official binary form: five training batches in order, and a test batch."""
    batches = {role: parse_cifar_binary(content) for role, content in members.items()}
    return {
        "train_images": np.concatenate([batches[role][0] for role in CIFAR_TRAIN_BATCHES]),
        "train_labels": np.concatenate([batches[role][1] for role in CIFAR_TRAIN_BATCHES]),
        "test_images": np.ascontiguousarray(batches["test"][0]),
        "test_labels": batches["test"][1].copy(),
    }


def parse_cifar_png(content: bytes) -> np.ndarray:
    """One batch of CIFAR-10 as a picture: row i holds the 1024 pixels of image i in raster order.

    :returns: images (count, 32, 32, 3), uint8.
    :raises CorruptError: if it is no RGB PNG, 1024 pixels wide.
    """
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            # Only the header has been read so far: a picture of another size is refused before it takes memory.
            if picture.mode != "RGB" or picture.width != _PIXELS or picture.height > 10_000:
                size = f"{picture.width} x {picture.height}"
                raise CorruptError(f"a {picture.mode} picture of {size}, not RGB, 1024 wide")
            pixels = np.asarray(picture)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise CorruptError(f"not a whole PNG picture ({error})") from error
    return pixels.reshape(-1, _SIDE, _SIDE, 3)


def parse_labels(content: bytes) -> np.ndarray:
    """A JSON list of class numbers.

    :returns: labels (count,), uint8.
    :raises CorruptError: if it is anything else.
    """
    try:
        labels = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CorruptError(f"not a JSON list of labels ({error})") from error
    if not isinstance(labels, list) or not all(type(label) is int and 0 <= label <= 9 for label in labels):
        raise CorruptError("not a JSON list of labels from 0 to 9")
    return np.array(labels, np.uint8)


def read_cifar_png(members: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """CIFAR-10 from six pictures and two lists of labels."""
    return {
        "train_images": np.concatenate([parse_cifar_png(members[role]) for role in CIFAR_TRAIN_BATCHES]),
        "train_labels": parse_labels(members["train_labels"]),
        "test_images": np.array(parse_cifar_png(members["test"])),
        "test_labels": parse_labels(members["test_labels"]),
    }
