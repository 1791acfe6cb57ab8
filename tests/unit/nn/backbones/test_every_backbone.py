"""What every backbone is held to; a new one needs no entry here."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from deepspectra.nn.backbones import backbone, names
from deepspectra.nn.embedding import load_embedding
from deepspectra.runtime.errors import UserError

from ..test_embedding import drawn_weights


def test_names_are_those_of_the_files():
    assert {"efficientnet_lite0", "resnet34"} <= set(names())
    assert "base" not in names()
    with pytest.raises(UserError, match="no backbone is called 'vgg'; there are efficientnet_lite0, resnet34"):
        backbone("vgg")


def test_listing_does_not_import_torch():
    code = "import sys; from deepspectra.nn.backbones import names; names(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0


@pytest.mark.parametrize("name", names())
def test_features_are_as_many_as_it_says(name):
    images = torch.from_numpy(np.random.default_rng(6).integers(0, 256, (2, 3, 64, 64), np.uint8))
    assert load_embedding(name, drawn_weights(name))(images).shape == (2, backbone(name).features)


@pytest.mark.parametrize("name", names())
def test_neither_normalisation_nor_classifier_is_left(name):
    embedding = load_embedding(name, drawn_weights(name))
    assert not embedding.training
    kinds = {type(module) for module in embedding.modules()}
    assert torch.nn.BatchNorm2d not in kinds
    assert torch.nn.Linear not in kinds
    assert not any(parameter.requires_grad for parameter in embedding.parameters())
