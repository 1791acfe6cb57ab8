"""Images as features of a larger network: each is cropped at random, enlarged, perhaps mirrored, and embedded once.

So do the authors of baskerville2022, for training and test images alike. What is random about an image follows from the
seed, its set and its place there: not from how many images are embedded, nor from their grouping.

The work is cut into parts that are kept on the disk until all is done, so that a job that was killed goes on where it
was.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torchvision
from torchvision.transforms import InterpolationMode, RandomResizedCrop
from torchvision.transforms.v2 import functional

from deepspectra.nn.embedding import SIDE, Embedding
from deepspectra.runtime import store
from deepspectra.runtime.progress import ProgressBar
from deepspectra.runtime.seeds import stream_seed

logger = logging.getLogger(__name__)

#: Streams of the seed.
STREAMS = {"train": 0, "test": 1}
#: torchvision's defaults: share of an image's area, and width over height.
CROP_SHARES, CROP_RATIOS = (0.08, 1.0), (3 / 4, 4 / 3)
#: Images of a part: half a minute's work on a slow core.
PART = 512
_AT_ONCE = {"cpu": 16, "cuda": 256}


class Crop(NamedTuple):
    """The rectangle of an image that is enlarged, in pixels, and whether it is mirrored."""

    top: int
    left: int
    height: int
    width: int
    mirrored: bool


def draw_crop(seed: int, stream: int, index: int, height: int, width: int) -> Crop:
    """The random crop of image ``index`` of a stream, drawn by torchvision itself on the CPU."""
    # torchvision draws from torch's global generator, which is left as it was.
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(stream_seed(seed, stream, index))
        rectangle = RandomResizedCrop.get_params(torch.empty(3, height, width), list(CROP_SHARES), list(CROP_RATIOS))
        mirrored = bool(torch.rand(1) < 0.5)
    return Crop(*rectangle, mirrored)


def crop_image(image: np.ndarray, crop: Crop) -> torch.Tensor:
    """A crop of an image, enlarged bilinearly to the side of the networks' images.

    :param image: uint8, shape (height, width, 3).
    :returns: uint8, shape (3, 224, 224).
    """
    pixels = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
    enlarged = functional.resized_crop(
        pixels, *crop[:4], [SIDE, SIDE], interpolation=InterpolationMode.BILINEAR, antialias=True
    )
    return functional.horizontal_flip(enlarged) if crop.mirrored else enlarged


def embed(
    embedding: Embedding, images: np.ndarray, seed: int, stream: int, *, first: int = 0, at_once: int | None = None
) -> Iterator[np.ndarray]:
    """Features of images, batch by batch.

    :param embedding: on the device that is to compute.
    :param images: uint8, shape (count, height, width, 3).
    :param first: place of the first of them in their set, which their crops depend on.
    :param at_once: images a batch; they change features by rounding alone. None for what the device does fast.
    :returns: float32, shape (batch, features).
    """
    device = embedding.mean.device
    at_once = at_once or _AT_ONCE[device.type]
    for start in range(0, len(images), at_once):
        batch = [
            crop_image(image, draw_crop(seed, stream, first + start + number, *image.shape[:2]))
            for number, image in enumerate(images[start : start + at_once])
        ]
        with torch.inference_mode():
            features = embedding(torch.stack(batch).to(device))
        yield features.cpu().numpy()


def embed_in_parts(
    embedding: Embedding,
    images: np.ndarray,
    seed: int,
    split: str,
    *,
    weights: str,
    folder: str | Path,
    code: str = "",
    description: str = "embedding",
) -> np.ndarray:
    """Features of all images; parts that were finished before are taken from a folder, others put there.

    :param images: uint8, shape (count, height, width, 3): the first of the training or test set.
    :param split: ``train`` or ``test``.
    :param weights: digest of the embedding's weights.
    :param folder: for the parts; the caller removes it when their sum is safe. Parts of anything else are replaced.
    :param code: digest of the code that makes them.
    :returns: float32, shape (count, features).
    """
    parts = []
    with ProgressBar(total=len(images), desc=f"{description}, {split}", unit="image") as bar:
        for start in range(0, len(images), PART):
            chosen = images[start : start + PART]
            path = Path(folder) / f"{split}_{start:05d}.h5"
            identity = _identity(embedding, chosen, seed, split, start, weights, code)
            part = _finished(path, len(chosen), identity)
            if part is None:
                batches = embed(embedding, chosen, seed, STREAMS[split], first=start)
                part = np.concatenate(list(_counted(batches, bar)))
                store.write(path, {"features": part}, parameters={"identity": identity})
            else:
                bar.update(len(part))
                bar.initial += len(part)
            parts.append(part)
    return np.concatenate(parts)


def _counted(batches: Iterable[np.ndarray], bar: ProgressBar) -> Iterator[np.ndarray]:
    for batch in batches:
        bar.update(len(batch))
        yield batch


def _identity(
    embedding: Embedding, images: np.ndarray, seed: int, split: str, start: int, weights: str, code: str
) -> str:
    """Digest of all that determines a part to the bit."""
    device = embedding.mean.device.type
    versions = [torch.__version__, torchvision.__version__]
    shaping = [seed, split, start, weights, device, _AT_ONCE[device], torch.get_num_threads(), versions, code]
    digest = hashlib.sha256(json.dumps(shaping).encode())
    digest.update(np.ascontiguousarray(images).data)
    return digest.hexdigest()


def _finished(path: Path, count: int, identity: str) -> np.ndarray | None:
    """The features of a part that is on the disk, None if it is not or is one of another run."""
    if not path.exists():
        return None
    try:
        contents = store.read(path, {"features": (count, "features")})
    except store.StoreError as error:
        logger.warning("%s cannot be read and is made anew (%s)", path, error)
        return None
    if contents.attributes["parameters"].get("identity") != identity:
        logger.warning("%s is of another run and made anew", path)
        return None
    logger.info("%s was finished before", path)
    return contents["features"]
