"""What holds for every data set, and the sizes and normalisation of each."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from torchvision.transforms import functional

from deepspectra.data.sets import data_set, names
from deepspectra.data.sets.cifar10 import normalise_cifar10
from deepspectra.data.sources.tables import DataSetEntry, load_table
from deepspectra.nn.images import IMAGENET_DEVIATION, IMAGENET_MEAN
from deepspectra.nn.losses import curvature_factor
from deepspectra.runtime.errors import UserError
from tests import ROOT


def test_names():
    assert {"bike", "cifar10", "features", "mnist"} <= set(names())
    assert "base" not in names()
    with pytest.raises(UserError, match="no data set is called 'iris'; there are bike, cifar10, "):
        data_set("iris")


@pytest.mark.parametrize("name", names())
def test_sizes_are_those_of_the_table_and_the_loss(name):
    """Against the shapes of the canonical arrays, and the rank of a made-up Hessian of the loss."""
    chosen = data_set(name)
    entry = load_table(ROOT / "resources" / "datasets.yaml", DataSetEntry)["cifar10" if name == "features" else name]
    if chosen.read:
        assert chosen.train_samples + chosen.test_samples == entry.arrays["table"].shape[0]
    else:
        stored = "images" if name == "features" else chosen.stored
        for part in ("train", "test"):
            assert chosen.samples(part) == entry.arrays[f"{part}_{stored}"].shape[0]
        if name != "features":
            assert chosen.shape == tuple(entry.arrays[f"train_{stored}"].shape[1:])
            assert chosen.inputs == np.prod(chosen.shape)
            inputs = chosen.normalise(np.zeros((2, *chosen.shape), np.uint8))
            assert inputs[0].size == chosen.inputs
            assert inputs.dtype == np.float64
            assert inputs.flags.c_contiguous
    if name != "features":
        assert chosen.file == f"resources/data/{name}.h5"
    factor = curvature_factor(chosen.loss, torch.randn(3, chosen.outputs, dtype=torch.float64))[0]
    assert factor.shape[1] == torch.linalg.matrix_rank(factor @ factor.T) == chosen.rank


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("mnist", (784, 784, 10, 9)),
        ("cifar10", (3072, 3072, 10, 9)),
        ("features", (512, 1280, 10, 9)),
        ("bike", (13, 13, 1, 1)),
    ],
)
def test_sizes(name, sizes):
    chosen = data_set(name)
    assert (chosen.inputs, chosen.largest_inputs, chosen.outputs, chosen.rank) == sizes


def test_sizes_need_neither_numpy_nor_torch():
    """Every start of Snakemake reads them."""
    code = (
        "import sys; from deepspectra.data.sets import data_set, names; [data_set(name) for name in names()]; "
        "print(sorted({'numpy', 'torch', 'pandas'} & set(sys.modules)))"
    )
    library = str(ROOT / "workflow" / "lib")
    done = subprocess.run([sys.executable, "-c", code], cwd=library, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_images_are_normalised_as_torchvision_does():
    source = np.random.default_rng(0)
    grey = source.integers(0, 256, (3, 28, 28), np.uint8)
    expected = functional.normalize(torch.tensor(grey / 255)[:, None], [0.5], [0.5])[:, 0]
    np.testing.assert_allclose(data_set("mnist").normalise(grey), expected.reshape(3, 784), atol=1e-15)
    colour = source.integers(0, 256, (2, 32, 32, 3), np.uint8)
    expected = functional.normalize(torch.tensor(colour / 255).permute(0, 3, 1, 2), IMAGENET_MEAN, IMAGENET_DEVIATION)
    np.testing.assert_allclose(normalise_cifar10(colour), expected, atol=1e-14)
