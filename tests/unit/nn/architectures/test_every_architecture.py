"""What every architecture is held to; a new one needs no entry here."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from deepspectra.nn.architectures import architecture, names
from deepspectra.nn.networks import parameters_of
from deepspectra.runtime.errors import UserError

#: Values of the settings that architectures can ask for, and a sample that all take.
SETTINGS = {"hidden": [8, 5], "activation": "tanh"}
INPUTS, OUTPUTS = 3 * 32 * 32, 7


def test_names_are_those_of_the_files():
    assert {"lenet", "minialexnet", "mlp", "ntk_mlp"} <= set(names())
    assert "base" not in names()


def test_an_unknown_name_is_refused():
    with pytest.raises(UserError, match=r"no architecture is called 'resnet'; there are .*lenet, minialexnet"):
        architecture("resnet")


@pytest.mark.parametrize("name", names())
def test_shapes_are_those_of_the_module(name):
    """Jobs are sized by shapes that nothing has computed yet."""
    kind = architecture(name)
    model = kind.build(SETTINGS, INPUTS, OUTPUTS)
    weights = {
        key.removesuffix("/weight"): array.shape for key, array in parameters_of(model).items() if "weight" in key
    }
    assert weights == kind.shapes(SETTINGS, INPUTS, OUTPUTS)
    assert list(weights)[-1] == "output"


@pytest.mark.parametrize("name", names())
def test_a_module_takes_a_batch_of_float32_images(name):
    kind = architecture(name)
    convolves = any(len(shape) == 4 for shape in kind.shapes(SETTINGS, INPUTS, OUTPUTS).values())
    images = torch.zeros(2, 3, 32, 32) if convolves else torch.zeros(2, INPUTS)
    outputs = kind.build(SETTINGS, INPUTS, OUTPUTS)(images)
    assert outputs.shape == (2, OUTPUTS)
    assert outputs.dtype == torch.float32


@pytest.mark.parametrize("name", names())
def test_costs_are_plausible(name):
    """Between ten microseconds and a second for a sample, and at most 10 GB."""
    kind = architecture(name)
    assert 1e-5 < kind.seconds(kind.shapes(SETTINGS, INPUTS, OUTPUTS)) < 1
    assert 1 < kind.megabytes(INPUTS) < 10_000


def test_shapes_and_costs_import_neither_torch_nor_numpy():
    code = (
        "import sys; from deepspectra.nn.architectures import architecture, names\n"
        f"settings, inputs = {SETTINGS!r}, {INPUTS}\n"
        "assert not [name for name in names() if f'deepspectra.nn.architectures.{name}' in sys.modules]\n"
        "for kind in map(architecture, names()):\n"
        "    kind.seconds(kind.shapes(settings, inputs, 7)), kind.megabytes(inputs)\n"
        "assert not {'torch', 'numpy'} & set(sys.modules)"
    )
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0
