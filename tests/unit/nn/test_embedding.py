"""Features against other implementations, pixels as in training, and weights that do not fit."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
import torchvision

from deepspectra.nn.embedding import load_embedding, parameter_shapes


def drawn_weights(name: str) -> dict[str, np.ndarray]:
    """Weights of a backbone, drawn so that values neither vanish nor grow from layer to layer."""
    draw = np.random.default_rng(5)
    arrays = {}
    for key, shape in sorted(parameter_shapes(name).items()):
        if len(shape) > 1:
            values = draw.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
        elif key.endswith(("running_var", "weight")):
            values = draw.uniform(0.5, 1.5, shape)
        else:
            values = draw.normal(0, 0.2, shape)
        arrays[key] = values.astype(np.float32)
    return arrays


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(6).integers(0, 256, (1, 3, 64, 64), np.uint8))


def test_names_and_shapes_of_lite0_are_those_of_its_file():
    """Digest of names and shapes in the state dict of the package efficientnet-lite-pytorch 0.1.0."""
    shapes = sorted((key.replace("/", "."), shape) for key, shape in parameter_shapes("efficientnet_lite0").items())
    digest = hashlib.sha256(repr(shapes).encode()).hexdigest()
    assert digest == "23b969a1a13c4429f878e36a8bfea2266557e78b29f28db16f940d79e3459c2e"


def test_lite0_gives_the_features_of_another_implementation(images):
    """Every 160th feature, and sums over all, by the package efficientnet-lite-pytorch 0.1.0 with the same weights."""
    features = load_embedding("efficientnet_lite0", drawn_weights("efficientnet_lite0"))(images)[0]
    assert features.shape == (1280,)
    expected = [2.36908102, 0.05502799, 0.92659986, 0.0, 0.0, 0.0, 0.39431226, 0.05123311]
    np.testing.assert_allclose(features[::160].numpy(), expected, atol=2e-4)
    assert features.sum().item() == pytest.approx(1781.5985, abs=0.05)
    assert features.square().sum().item() == pytest.approx(5366.0054, abs=0.2)


def test_resnet34_gives_the_features_of_torchvision(images):
    """With torchvision's normalisation, nothing folded, and the features caught as they enter the classifier."""
    arrays = drawn_weights("resnet34")
    features = load_embedding("resnet34", arrays)(images)
    network = torchvision.models.resnet34().eval()
    network.load_state_dict({key.replace("/", "."): torch.from_numpy(array) for key, array in arrays.items()})
    official = torchvision.models.ResNet34_Weights.IMAGENET1K_V1.transforms(crop_size=64, resize_size=64)
    caught = []
    network.fc.register_forward_pre_hook(lambda _, inputs: caught.append(inputs[0]))
    with torch.inference_mode():
        network(official(images))
    assert features.shape == (1, 512)
    assert features.abs().max() > 0.1
    torch.testing.assert_close(features, caught[0], rtol=1e-3, atol=1e-4 * float(caught[0].abs().max()))


@pytest.mark.parametrize(
    ("name", "black", "white"),
    [
        ("resnet34", [-2.11790393, -2.03571429, -1.80444444], [2.2489083, 2.42857143, 2.64]),
        # (0 - 127) / 128 and (255 - 127) / 128.
        ("efficientnet_lite0", [-0.9921875] * 3, [1.0] * 3),
    ],
)
def test_pixels_are_normalised_as_in_training(name, black, white):
    embedding = load_embedding(name, drawn_weights(name))
    embedding.network = torch.nn.Identity()
    pixels = torch.tensor([0, 255], dtype=torch.uint8)[:, None, None, None].expand(2, 3, 2, 2)
    torch.testing.assert_close(embedding(pixels)[:, :, 0, 0], torch.tensor([black, white]), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("mistake", ["missing", "too many", "shape"])
def test_weights_of_something_else(mistake):
    arrays = drawn_weights("efficientnet_lite0")
    if mistake == "missing":
        del arrays["_bn1/weight"]
    elif mistake == "too many":
        arrays["_a"] = np.zeros(3, np.float32)
    else:
        arrays["_bn1/weight"] = np.zeros(3, np.float32)
    named = "_a" if mistake == "too many" else "_bn1/weight"
    with pytest.raises(RuntimeError, match=named.replace("/", ".")):
        load_embedding("efficientnet_lite0", arrays)
