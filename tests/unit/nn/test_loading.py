"""Networks from the files of their training, and files of other networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deepspectra.nn.architectures import architecture
from deepspectra.nn.networks import initialise_default, load_trained, parameters_of
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

NETWORK = {"architecture": "mlp", "data": "mnist", "hidden": [5], "activation": "relu", "seed": 3}


@pytest.fixture
def weights(tmp_path):
    """A file as the training writes it; the final weights are the initial ones plus 1."""
    model = architecture("mlp").build(NETWORK, 784, 10)
    initialise_default(model, 3)
    arrays = {f"initial/{name}": array for name, array in parameters_of(model).items()}
    arrays |= {name.replace("initial", "final"): array + 1 for name, array in arrays.items()}
    store.write(tmp_path / "network.h5", arrays, parameters={})
    return tmp_path / "network.h5"


@pytest.mark.parametrize(("state", "shift"), [("initial", 0), ("final", 1)])
def test_a_network_has_the_weights_of_the_state_that_is_asked_for(weights, state, shift):
    model = load_trained(NETWORK, weights, state, 784, 10, torch.float64)
    fresh = architecture("mlp").build(NETWORK, 784, 10)
    initialise_default(fresh, 3)
    assert not model.training
    for name, parameter in fresh.named_parameters():
        found = dict(model.named_parameters())[name]
        assert found.dtype == torch.float64
        # Exactly the float32 numbers of the file.
        np.testing.assert_array_equal(found.detach().numpy(), (parameter.detach() + shift).double().numpy())


@pytest.mark.parametrize(
    ("change", "features", "words"),
    [
        ({"hidden": [6]}, 784, ["'final/dense1/weight'", "shape (5, 784)", "expected (6, 784)", "Delete it"]),
        ({}, 512, ["'final/dense1/weight'", "shape (5, 784)", "expected (5, 512)"]),
        ({"hidden": [5, 5]}, 784, ["no array 'final/dense2/weight'", "run the workflow again"]),
    ],
)
def test_a_file_of_another_network_is_refused_with_both_shapes(weights, change, features, words):
    with pytest.raises(UserError) as caught:
        load_trained(NETWORK | change, weights, "final", features, 10, torch.float64)
    for word in words:
        assert word in str(caught.value), caught.value
