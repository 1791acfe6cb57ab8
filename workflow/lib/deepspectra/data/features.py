"""CIFAR-10 images as features of a larger network.

Each is cropped at random, enlarged, perhaps mirrored, and embedded once, as by the authors of baskerville2022, for
training and test images alike.

Random numbers of an image follow from the seed, its set and its place there, not from how images are grouped.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torchvision
from torchvision.transforms import InterpolationMode, RandomResizedCrop
from torchvision.transforms.v2 import functional

from deepspectra.data.tasks import Part, read_cifar10
from deepspectra.nn.backbones import backbone
from deepspectra.nn.embedding import SIDE, Embedding, load_embedding, parameter_shapes
from deepspectra.runtime import store
from deepspectra.runtime.progress import ProgressBar
from deepspectra.runtime.seeds import stream_seed

__all__ = ["CROP_RATIOS", "CROP_SHARES", "Crop", "crop_image", "draw_crop", "embed", "embed_cifar10", "embed_in_parts"]

logger = logging.getLogger(__name__)

#: Streams of the seed.
STREAMS: dict[Part, int] = {"train": 0, "test": 1}
#: torchvision's defaults: share of an image's area, and width over height.
CROP_SHARES, CROP_RATIOS = (0.08, 1.0), (3 / 4, 4 / 3)
#: Images in a part: half a minute's work on a slow core.
PART = 512
_AT_ONCE = {"cpu": 16, "cuda": 256}


class Crop(NamedTuple):
    """The rectangle of an image that is enlarged, in pixels, and whether it is then mirrored."""

    top: int
    left: int
    height: int
    width: int
    mirrored: bool


def draw_crop(seed: int, stream: int, index: int, height: int, width: int) -> Crop:
    """The random crop of image ``index`` of a stream, drawn by torchvision on the CPU."""
    # torchvision draws from torch's global generator, whose state is restored.
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(stream_seed(seed, stream, index))
        image = torch.empty(3, height, width)
        top, left, rows, columns = RandomResizedCrop.get_params(image, list(CROP_SHARES), list(CROP_RATIOS))
        return Crop(top, left, rows, columns, mirrored=bool(torch.rand(1) < 0.5))


def crop_image(image: np.ndarray, crop: Crop) -> torch.Tensor:
    """A crop of an image, uint8 (height, width, 3), enlarged bilinearly to uint8 (3, 224, 224)."""
    pixels = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
    enlarged = functional.resized_crop(pixels, *crop[:4], [SIDE, SIDE], InterpolationMode.BILINEAR, antialias=True)
    return functional.horizontal_flip(enlarged) if crop.mirrored else enlarged


def embed(
    embedding: Embedding, images: np.ndarray, seed: int, stream: int, *, first: int = 0, at_once: int | None = None
) -> Iterator[np.ndarray]:
    """Features of images, float32 (batch, features), batch by batch.

    :param images: uint8, shape (count, height, width, 3). :param first: place in its set of the first of them.
    :param at_once: images in a batch, which affect features by rounding only. None for what is fast on the device.
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


def embed_cifar10(
    data: str, pretrained: str, settings: Mapping[str, Any], *, device: torch.device, folder: str | Path, code: str
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Features and labels of the first CIFAR-10 images.

    :param data: the file of CIFAR-10. :param pretrained: that of the backbone.
    :param settings: ``images``, ``test_images``, ``seed``.
    :param folder: as :func:`embed_in_parts` takes it. :param code: likewise.
    :returns: arrays (``train_features`` float32 (count, features), ``train_labels`` int64 (count,), and those of the
        test set), and the parameters to store with them.
    :raises UserError: if a file is not what it must be.
    """
    name = store.read(pretrained, {}).attributes["parameters"]["backbone"]
    kind, weights = backbone(name), store.read(pretrained, parameter_shapes(name))
    embedding = load_embedding(name, weights.arrays).to(device)
    logger.info("features of %s", kind.title)
    digests = [weights.attributes["parameters"]["sha256"], code]
    arrays: dict[str, np.ndarray] = {}
    counts: dict[Part, int] = {"train": settings["images"], "test": settings["test_images"]}
    for split, count in counts.items():
        images, labels = read_cifar10(data, split, count)
        found = embed_in_parts(embedding, images, settings["seed"], split, kind.title, folder, digests)
        arrays |= {f"{split}_features": found, f"{split}_labels": labels.numpy()}
    parameters = {"backbone": name, "title": kind.title, "mean": kind.mean, "deviation": kind.deviation}
    parameters |= {"crop_shares": CROP_SHARES, "crop_ratios": CROP_RATIOS, "device": device.type, **settings}
    return arrays, parameters


def embed_in_parts(
    embedding: Embedding, images: np.ndarray, seed: int, split: Part, title: str, folder: str | Path, digests: list[str]
) -> np.ndarray:
    """Features of all images, float32 (count, features); finished parts are taken from a folder, new ones put there.

    :param images: uint8, shape (count, height, width, 3): the first of the training or test set.
    :param folder: for the parts; the caller removes it once the whole is safe. Parts of another run are replaced.
    :param digests: of the embedding's weights, and of the code that computes features.
    """
    device = embedding.mean.device.type
    versions = [torch.__version__, torchvision.__version__]
    run = [seed, split, device, _AT_ONCE[device], torch.get_num_threads(), versions, *digests]
    parts = []
    with ProgressBar(total=len(images), desc=f"{title}, {split}", unit="image") as bar:
        for start in range(0, len(images), PART):
            chosen = images[start : start + PART]
            path = Path(folder) / f"{split}_{start:05d}.h5"
            # Of everything that determines a part to the bit.
            identity = hashlib.sha256(json.dumps([start, *run]).encode() + chosen.tobytes()).hexdigest()
            part = _finished(path, len(chosen), identity)
            if part is None:
                batches = []
                for batch in embed(embedding, chosen, seed, STREAMS[split], first=start):
                    batches.append(batch)
                    bar.update(len(batch))
                part = np.concatenate(batches)
                store.write(path, {"features": part}, parameters={"identity": identity})
            else:
                bar.update(len(part))
                bar.initial += len(part)
            parts.append(part)
    return np.concatenate(parts)


def _finished(path: Path, count: int, identity: str) -> np.ndarray | None:
    if not path.exists():
        return None
    try:
        contents = store.read(path, {"features": (count, "features")})
    except store.StoreError as error:
        logger.warning("%s cannot be read and is computed again (%s)", path, error)
        return None
    if contents.attributes["parameters"] == {"identity": identity}:
        logger.info("%s was finished before", path)
        return contents["features"]
    logger.warning("%s is of another run and is computed again", path)
    return None
