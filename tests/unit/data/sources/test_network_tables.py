from __future__ import annotations

import pytest
import torch
import torchvision
import yaml

from deepspectra.data.sources.tables import BackboneEntry, CorruptError, ProviderHash, WeightsEntry, load_table
from deepspectra.runtime.errors import UserError
from tests import ROOT

TABLE, BACKBONES = ROOT / "resources" / "weights.yaml", ROOT / "resources" / "backbones.yaml"


@pytest.fixture
def content() -> dict:
    return yaml.safe_load(TABLE.read_text())


@pytest.fixture(scope="module")
def table():
    return load_table(TABLE, WeightsEntry)


def linear_layers(network: str) -> dict[str, tuple[int, ...]]:
    """Shapes of a network's dense weights, by torchvision itself, without any memory for them."""
    with torch.device("meta"):
        model = torchvision.models.get_model(network, weights=None)
    return {name: tuple(value.shape) for name, value in model.state_dict().items() if value.ndim == 2}


@pytest.mark.parametrize("network", ["alexnet", "vgg19"])
def test_torchvision_itself_agrees(table, network):
    entry = table[network]
    official = torchvision.models.get_model_weights(network).IMAGENET1K_V1
    assert entry.url == official.url
    assert entry.source.downloaded_names[0].endswith(f"-{entry.hash.value}.pth")
    assert entry.hash.kind == "sha256_prefix"
    assert entry.bytes / 2**20 == pytest.approx(official.meta["_file_size"], abs=6e-4)
    assert {layer.parameter: tuple(layer.shape) for layer in entry.layers.values()} == linear_layers(network)
    assert entry.shapes == dict(zip(entry.layers, linear_layers(network).values(), strict=True))


def test_the_network_of_keras_is_that_of_torchvision(table):
    """Other weights, but the same layers; and a size that is that of all parameters with little around them."""
    entry = table["vgg16"]
    assert entry.source.downloaded_names[0] == "vgg16_weights_tf_dim_ordering_tf_kernels.h5"
    assert list(entry.shapes.values()) == list(linear_layers("vgg16").values())
    assert entry.layers["dense1"].shape == [25088, 4096]
    parameters = torchvision.models.VGG16_Weights.IMAGENET1K_V1.meta["num_params"]
    assert 0 < entry.bytes - 4 * parameters < 2**16


def test_layers_are_named_alike(table):
    assert list(table) == ["alexnet", "vgg19", "vgg16"]
    assert all(list(entry.layers) == ["dense1", "dense2", "dense3"] for entry in table.values())


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("alexnet", "url"), None, "alexnet.url: Field required"),
        (("alexnet", "url"), "file:///etc/passwd", "alexnet.url: String should match"),
        (("alexnet", "bytes"), "many", "alexnet.bytes: Input should be a valid integer"),
        (("alexnet", "license"), "CC", "alexnet.license: Extra inputs are not permitted"),
        (("alexnet", "format"), "pickle", "alexnet.format: Input should be 'torch' or 'keras'"),
        (("alexnet", "hash", "value"), "7be5", "alexnet.hash.value: String should match"),
        # YAML reads eight bare digits as a number.
        (("alexnet", "hash", "value"), 12345678, "alexnet.hash.value: Input should be a valid string"),
        (("vgg16", "hash", "kind"), "crc32", "vgg16.hash.kind: Input should be"),
        (("vgg16", "layers"), {}, "vgg16.layers: Dictionary should have at least 1 item"),
        (("vgg16", "layers", "dense1", "shape"), [4096], "vgg16.layers.dense1.shape: List should have at least 2"),
        (("vgg16", "layers", "dense1", "shape", 0), 0, "vgg16.layers.dense1.shape.0: Input should be greater than 0"),
    ],
)
def test_a_mistake_is_named(write, content, path, value, message):
    place = content
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    file = write(yaml.safe_dump(content).encode())
    with pytest.raises(UserError) as caught:
        load_table(file, WeightsEntry)
    first, *mistakes = str(caught.value).splitlines()
    assert str(file) in first
    assert len(mistakes) == 1
    assert mistakes[0].startswith(f"  {message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "is not YAML"),
        ("a: !!python/object/apply:os.getcwd []", "is not YAML"),
        ("", r"\(the whole file\): Input should be a valid dictionary"),
    ],
)
def test_no_table_at_all(write, text, message):
    with pytest.raises(UserError, match=message):
        load_table(write(text.encode()), WeightsEntry)


def test_missing_table(tmp_path):
    with pytest.raises(UserError, match=r"cannot read the table of weights .*No such file"):
        load_table(tmp_path / "weights.yaml", WeightsEntry)


@pytest.mark.parametrize(
    ("kind", "value"), [("sha256_prefix", "ba7816bf"), ("md5", "900150983cd24fb0d6963f7d28e17f72")]
)
def test_hashes(write, kind, value):
    """The standards' own test vectors for the message "abc"."""
    ProviderHash(kind=kind, value=value).check(write(b"abc"))


@pytest.mark.parametrize(
    ("kind", "value", "difference"),
    [
        (
            "sha256_prefix",
            "7be5be79",
            "weights has SHA-256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad, "
            "expected one that begins with 7be5be79",
        ),
        ("md5", "0" * 32, f"weights has MD5 900150983cd24fb0d6963f7d28e17f72, expected {'0' * 32}"),
    ],
)
def test_hashes_that_differ(write, kind, value, difference):
    with pytest.raises(CorruptError) as caught:
        ProviderHash(kind=kind, value=value).check(write(b"abc"))
    assert str(caught.value) == difference


def test_the_table_of_backbones():
    """In the order of preference; torchvision itself agrees."""
    table = load_table(BACKBONES, BackboneEntry)
    assert list(table) == ["resnet34", "efficientnet_lite0"]
    [source] = table["resnet34"].sources
    official = torchvision.models.ResNet34_Weights.IMAGENET1K_V1
    assert source.urls == [official.url]
    member = source.members["state"]
    assert official.url.endswith(f"/{member.path}")
    assert member.path.endswith(f"-{member.sha256}.pth")
    assert source.bytes / 2**20 == pytest.approx(official.meta["_file_size"], abs=6e-4)
    [package] = table["efficientnet_lite0"].sources
    assert (package.kind, len(package.members["state"].sha256)) == ("pypi", 64)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            ("resnet34", "sources", 0, "members", "state", "sha256"),
            "b627a5",
            "resnet34.sources.0.http.members.state.sha256: String should match",
        ),
        (("resnet34", "sources", 0, "format"), "pickle", "resnet34.sources.0.http: Value error, there is no format"),
        (("resnet34", "sources"), [], "resnet34.sources: List should have at least 1 item"),
        (("resnet34", "license"), "MIT", "resnet34.license: Extra inputs are not permitted"),
    ],
)
def test_a_mistake_in_the_table_of_backbones_is_named(write, path, value, message):
    content = yaml.safe_load(BACKBONES.read_text())
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    file = write(yaml.safe_dump(content).encode())
    with pytest.raises(UserError) as caught:
        load_table(file, BackboneEntry)
    first, mistake = str(caught.value).splitlines()
    assert first == f"the table of backbones {file} has mistakes:"
    assert mistake.startswith(f"  {message}")
