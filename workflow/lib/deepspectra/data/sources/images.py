"""Readers of image data sets: idx (MNIST), the binary form of CIFAR-10, and its PNG form.

Each turns the bytes of its members, by role, into uint8 arrays: images (count, height, width[, 3]), labels (count,).
"""

import io
import json
import math
import struct
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from deepspectra.data.sources.tables import CIFAR_BATCHES, CorruptError

__all__ = ["parse_cifar_binary", "parse_cifar_png", "parse_idx", "parse_labels"]
__all__ += ["read_cifar_binary", "read_cifar_png", "read_idx"]

_SIDE = 32
_PIXELS = _SIDE * _SIDE


def read_idx(members: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """MNIST: an idx file for each array."""
    return {name: parse_idx(content) for name, content in members.items()}


def parse_idx(content: bytes) -> np.ndarray:
    """A whole idx file: two zero bytes, 8 for unsigned bytes, the number of axes, one big-endian 32-bit length for each
    axis, the values in C order.

    :raises CorruptError: if the header is of another kind or announces another number of bytes.
    """
    if len(content) < 4 or content[:3] != b"\0\0\x08" or len(content) < 4 + 4 * content[3]:
        raise CorruptError("not an idx file of unsigned bytes")
    start = 4 + 4 * content[3]
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    # math.prod is exact: a forged header cannot overflow it into a small number.
    if len(content) - start != math.prod(shape):
        raise CorruptError(f"{len(content) - start} bytes of values where the idx header says {shape}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def read_cifar_binary(members: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """CIFAR-10 from its official binary form: five training batches in order, and a test batch."""
    batches = {role: parse_cifar_binary(content) for role, content in members.items()}
    images, labels = zip(*(batches[role] for role in CIFAR_BATCHES), strict=True)
    return _parts(images, np.concatenate(labels[:-1]), labels[-1])


def parse_cifar_binary(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """One batch of CIFAR-10's binary form: records of a label and the red, green and blue planes.

    :returns: images (count, 32, 32, 3) and labels (count,).
    :raises CorruptError: if the file is not a whole number of records.
    """
    record = 1 + 3 * _PIXELS
    if not content or len(content) % record:
        raise CorruptError(f"{len(content)} bytes are not a whole number of {record}-byte CIFAR-10 records")
    records = np.frombuffer(content, np.uint8).reshape(-1, record)
    return records[:, 1:].reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1), records[:, 0]


def read_cifar_png(members: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """CIFAR-10 from six pictures and two lists of labels."""
    images = [parse_cifar_png(members[role]) for role in CIFAR_BATCHES]
    return _parts(images, parse_labels(members["train_labels"]), parse_labels(members["test_labels"]))


def parse_cifar_png(content: bytes) -> np.ndarray:
    """Images (count, 32, 32, 3) of one batch of CIFAR-10: row i of a picture holds image i in raster order.

    :raises CorruptError: if it is no RGB PNG, 1024 pixels wide.
    """
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            # Only the header has been read so far: a picture of another size is refused before it takes memory.
            if picture.mode != "RGB" or picture.width != _PIXELS or picture.height > 10_000:
                size = f"{picture.width} x {picture.height}"
                raise CorruptError(f"a {picture.mode} picture of {size}, not RGB, 1024 wide")
            return np.asarray(picture).reshape(-1, _SIDE, _SIDE, 3)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise CorruptError(f"not a whole PNG picture ({error})") from error


def parse_labels(content: bytes) -> np.ndarray:
    """A JSON list of class numbers as labels (count,), uint8.

    :raises CorruptError: if it is anything else.
    """
    try:
        labels = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CorruptError(f"not a JSON list of labels ({error})") from error
    if not isinstance(labels, list) or not all(type(label) is int and 0 <= label <= 9 for label in labels):
        raise CorruptError("not a JSON list of labels from 0 to 9")
    return np.array(labels, np.uint8)


def _parts(images: Sequence[np.ndarray], train_labels: np.ndarray, test_labels: np.ndarray) -> dict[str, np.ndarray]:
    parts = {"train_images": np.concatenate(images[:-1]), "train_labels": train_labels}
    return parts | {"test_images": np.ascontiguousarray(images[-1]), "test_labels": test_labels.copy()}
