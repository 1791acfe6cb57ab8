"""Small data sets in the real formats, made on the spot, and a server on the loopback address to fetch them from."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import struct
import tarfile
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from deepspectra.data.sources import bike, downloads
from deepspectra.data.sources.tables import DataSetEntry

from .made_weights import SHAPES, torch_file, torch_parameters

IDX_NAMES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def tgz(members: dict[str, bytes]) -> bytes:
    """A gzipped tar file of regular members."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def declared(arrays: dict[str, np.ndarray]) -> dict[str, dict]:
    """The arrays as the data table declares them."""
    return {
        name: {"shape": list(array.shape), "dtype": str(array.dtype), "sha256": sha256(array.tobytes())}
        for name, array in arrays.items()
    }


def dataset(arrays: dict[str, np.ndarray], *sources: dict) -> DataSetEntry:
    return DataSetEntry.model_validate(
        {
            "title": "Toy",
            "licence": "none",
            "citation": "nobody",
            "homepage": "http://toy.invalid/",
            "arrays": declared(arrays),
            "sources": list(sources),
        }
    )


@pytest.fixture
def digits() -> dict[str, np.ndarray]:
    """MNIST in small."""
    draw = np.random.default_rng(1)
    return {
        "train_images": draw.integers(0, 256, (6, 4, 5), np.uint8),
        "train_labels": draw.integers(0, 10, 6, np.uint8),
        "test_images": draw.integers(0, 256, (3, 4, 5), np.uint8),
        "test_labels": draw.integers(0, 10, 3, np.uint8),
    }


@pytest.fixture
def digit_files(digits) -> dict[str, bytes]:
    """The idx files of ``digits`` by their names."""
    return {IDX_NAMES[name]: idx(array) for name, array in digits.items()}


@pytest.fixture
def digit_members(digit_files) -> dict[str, dict]:
    """Their members as the data table declares them."""
    return {role: {"path": name, "sha256": sha256(digit_files[name])} for role, name in IDX_NAMES.items()}


@pytest.fixture
def colours() -> dict[str, np.ndarray]:
    """CIFAR-10 in small: five training batches of two."""
    draw = np.random.default_rng(2)
    return {
        "train_images": draw.integers(0, 256, (10, 32, 32, 3), np.uint8),
        "train_labels": draw.integers(0, 10, 10, np.uint8),
        "test_images": draw.integers(0, 256, (2, 32, 32, 3), np.uint8),
        "test_labels": draw.integers(0, 10, 2, np.uint8),
    }


@pytest.fixture
def colour_batches(colours) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """``colours`` by batch: images and labels."""
    batches = {
        f"train_{number + 1}": tuple(colours[f"train_{kind}"][2 * number :][:2] for kind in ("images", "labels"))
        for number in range(5)
    }
    return {**batches, "test": (colours["test_images"], colours["test_labels"])}


@pytest.fixture
def colours_binary(colour_batches) -> dict[str, bytes]:
    """The official binary form: label, red plane, green plane, blue plane."""
    return {
        role: b"".join(
            bytes([label]) + b"".join(image[:, :, channel].tobytes() for channel in range(3))
            for image, label in zip(*batch, strict=True)
        )
        for role, batch in colour_batches.items()
    }


@pytest.fixture
def colours_png(colours, colour_batches) -> dict[str, bytes]:
    """The form of pictures and lists."""

    def picture(images: np.ndarray) -> bytes:
        stream = io.BytesIO()
        Image.fromarray(images.reshape(-1, 1024, 3)).save(stream, "PNG")
        return stream.getvalue()

    return {
        **{role: picture(images) for role, (images, _) in colour_batches.items()},
        **{name: json.dumps(colours[name].tolist()).encode() for name in ("train_labels", "test_labels")},
    }


@pytest.fixture
def hourly() -> pd.DataFrame:
    """A table as UCI has it, over the change of a year, with every word and all measurements' steps."""
    draw = np.random.default_rng(3)
    hours = pd.date_range("2011-12-20", periods=600, freq="h")
    hours = hours[draw.random(600) < 0.95]  # UCI leaves hours without rides out
    count = len(hours)
    casual, registered = draw.integers(0, 368, count), draw.integers(0, 887, count)
    return pd.DataFrame(
        {
            "instant": np.arange(1, count + 1),
            "dteday": hours.strftime("%Y-%m-%d"),
            "season": np.arange(count) % 4 + 1,
            "yr": hours.year - 2011,
            "mnth": hours.month,
            "hr": hours.hour,
            "holiday": draw.integers(0, 2, count),
            "weekday": [int(hour.strftime("%w")) for hour in hours],
            "workingday": draw.integers(0, 2, count),
            "weathersit": np.arange(count) % 4 + 1,
            "temp": np.round(draw.integers(0, 51, count) / 50, 2),
            "atemp": np.round(draw.integers(0, 67, count) / 66, 4),
            "hum": np.round(draw.integers(0, 101, count) / 100, 2),
            "windspeed": np.round(draw.integers(0, 58, count) / 67, 4),
            "casual": casual,
            "registered": registered,
            "cnt": casual + registered,
        }
    )


def relabelled(hourly: pd.DataFrame) -> bytes:
    """The forward transformation: words for numbers, measurements unscaled, rows shuffled, gaps torn."""
    clock = [f"{(hour + 11) % 12 + 1}{'am' if hour < 12 else 'pm'}" for hour in hourly["hr"]]
    days = np.array(["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"])
    table = pd.DataFrame(
        {
            "dteday": hourly["dteday"],
            "season": np.array(["spring", "summer", "fall", "winter"])[hourly["season"] - 1],
            "hr": clock,
            "holiday": np.array(["No", "Yes"])[hourly["holiday"]],
            "weekday": days[hourly["weekday"]],
            "workingday": np.array(["No", "Yes"])[hourly["workingday"]],
            "weathersit": np.array(["Clear", "Mist", "Light Rain", "Heavy Rain"])[hourly["weathersit"] - 1],
            "temp": hourly["temp"] * 47 - 8,
            "atemp": hourly["atemp"] * 66 - 16,
            "hum": hourly["hum"] * 100,
            "windspeed": hourly["windspeed"] * 67,
            **{name: hourly[name] for name in bike.COUNTS},
        }
    )
    draw = np.random.default_rng(4)
    table.loc[draw.random(len(table)) < 0.05, "weekday"] = None
    table.loc[(table["weathersit"] == "Clear") & (draw.random(len(table)) < 0.3), "weathersit"] = None
    return table.sample(frac=1, random_state=5).to_csv(index=False).encode()


class Server:
    """Answers requests on the loopback address by what is put into ``answers``: path -> function of the handler."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.requests: list[str] = []
        self.closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append(self.path)
                outer.answers[self.path](self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def good(self, content: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)

        return answer

    def truncated(self, content: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content[: len(content) // 2])

        return answer

    def hanging(self, content: bytes = b"") -> Callable[[BaseHTTPRequestHandler], None]:
        """Sends half of it and then nothing more."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            if content:
                handler.send_response(200)
                handler.send_header("Content-Length", str(len(content)))
                handler.end_headers()
                handler.wfile.write(content[: len(content) // 2])
            self.closing.wait(20)

        return answer

    def status(self, code: int) -> Callable[[BaseHTTPRequestHandler], None]:
        return lambda handler: handler.send_error(code)

    def slow(self, content: bytes, pause: float) -> Callable[[BaseHTTPRequestHandler], None]:
        """All of it, in ten pieces."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            step = -(-len(content) // 10)
            for start in range(0, len(content), step):
                handler.wfile.write(content[start : start + step])
                handler.wfile.flush()
                time.sleep(pause)

        return answer

    def failing_first(
        self, times: int, then: Callable[[BaseHTTPRequestHandler], None]
    ) -> Callable[[BaseHTTPRequestHandler], None]:
        left = [times]

        def answer(handler: BaseHTTPRequestHandler) -> None:
            if left[0]:
                left[0] -= 1
                handler.send_error(503)
            else:
                then(handler)

        return answer


@pytest.fixture
def server(monkeypatch):
    # A proxy in the environment must not get in between.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Server()
    yield server
    server.close()


@pytest.fixture
def scratch(tmp_path, monkeypatch) -> Path:
    """The folder for temporary files, which every test of downloads must find empty afterwards."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(downloads, "BACKOFF_SECONDS", 0.01)
    monkeypatch.setattr(downloads, "POLL_SECONDS", 0.02)


def gzipped(files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{name}.gz": gzip.compress(content) for name, content in files.items()}


def put(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder in the place of the Python package index, for the real pip."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def matrices() -> dict[str, np.ndarray]:
    """Weight matrices of a pretrained network, by layer."""
    draw = np.random.default_rng(1)
    return {name: draw.standard_normal(shape, np.float32) for name, shape in SHAPES.items()}


@pytest.fixture
def torch_content(matrices) -> bytes:
    """The file of torch that holds them."""
    return torch_file(torch_parameters(matrices))


@pytest.fixture
def write(tmp_path) -> Callable[[bytes], Path]:
    """Puts bytes into a file."""

    def file(content: bytes, name: str = "weights") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return file
