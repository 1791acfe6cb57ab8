from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from deepspectra.data.sources import images
from deepspectra.data.sources.tables import CorruptError

from .conftest import idx


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_idx(digits):
    assert_same(images.read_idx({name: idx(array) for name, array in digits.items()}), digits)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\x08",
        b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0",  # of floats
        b"\0\0\x08\x03\0\0\0\x01",  # the header cut short
        struct.pack(">HBBI", 0, 8, 1, 5) + b"1234",
        struct.pack(">HBBI", 0, 8, 1, 5) + b"123456",
        struct.pack(">HBB3I", 0, 8, 3, *[2**32 - 1] * 3) + b"1",  # a forged shape
        b"\x80\x04\x95",  # a pickle
    ],
)
def test_idx_that_is_wrong(content):
    with pytest.raises(CorruptError):
        images.parse_idx(content)


def test_cifar_binary(colours, colours_binary):
    assert_same(images.read_cifar_binary(colours_binary), colours)


@pytest.mark.parametrize("content", [b"", bytes(3072), bytes(3074)])
def test_cifar_binary_cut_short(content):
    with pytest.raises(CorruptError, match=f"{len(content)} bytes are not a whole number"):
        images.parse_cifar_binary(content)


def test_cifar_png(colours, colours_png):
    assert_same(images.read_cifar_png(colours_png), colours)


def picture(mode: str, size: tuple[int, int], form: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.new(mode, size).save(stream, form)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        picture("RGB", (1023, 2)),
        picture("L", (1024, 2)),
        picture("RGB", (1024, 10_001)),  # refused by its header
        picture("RGB", (1024, 2), "BMP"),  # no other decoder is let near it
        picture("RGB", (1024, 2))[:60],
    ],
)
def test_cifar_png_that_is_wrong(content):
    with pytest.raises(CorruptError):
        images.parse_cifar_png(content)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1, 2", b"[10]", b"[-1]", b"[true]", b"[1.0]", b'["1"]', b"[" * 10**5]
)
def test_labels_that_are_wrong(content):
    with pytest.raises(CorruptError, match="JSON list of labels"):
        images.parse_labels(content)
