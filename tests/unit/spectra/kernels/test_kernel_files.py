"""Matrices and spectra under the names in files: from a small network to its eigenvalues, without Snakemake."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from deepspectra.data.kernel_tasks import load_kernel_task
from deepspectra.data.samples import gaussian_samples
from deepspectra.nn.activations import activation
from deepspectra.nn.architectures.ntk_mlp import kernel_network
from deepspectra.nn.networks import initialise_gaussian, parameters_of
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.kernels.decompositions import decompose_initial, decompose_trained
from deepspectra.spectra.kernels.equivalents import initial_matrices, lemma_tangent, linear_equivalent
from deepspectra.spectra.kernels.networks import random_network_kernels
from deepspectra.spectra.kernels.trained import check_test_error, trained_matrices

SIGMA, WIDTHS, SEED = activation("arctan"), [30, 20], 3
NETWORK = {"data": "sphere", "input_dimension": 12, "hidden": [30, 20], "activation": "arctan", "seed": 4}
TRAINING = {"samples": 25, "test_samples": 10}


@pytest.mark.parametrize("compared", [False, True])
def test_all_kernels_of_a_random_network_and_their_eigenvalues_have_names(tmp_path, compared):
    x, lines = gaussian_samples(15, 40, SEED), []
    options = {"accumulation": torch.float64 if compared else None, "scratch": tmp_path}
    matrices = initial_matrices(x, WIDTHS, SIGMA, SEED, **options, report=lines.append)
    network = random_network_kernels(x, WIDTHS, SIGMA, SEED, **options)
    linear = linear_equivalent(x, WIDTHS, SIGMA.b_sigma, SIGMA.a_sigma, SEED, **options)
    expected = {"tangent": network.tangent, "equivalent_tangent": linear.tangent}
    expected["lemma_tangent"] = lemma_tangent(network.grams, SIGMA.b_sigma, SIGMA.a_sigma)
    for layer in (1, 2):
        expected[f"conjugate_{layer}"] = network.grams[layer]
        expected[f"equivalent_conjugate_{layer}"] = linear.grams[layer]
    for name, matrix in expected.items():
        np.testing.assert_array_equal(matrices[name], matrix.numpy())
    np.testing.assert_allclose(matrices["input"], x.T @ x)
    assert len(lines) == 3 * len(WIDTHS)
    np.testing.assert_array_equal(sensitivities := matrices["sensitivities"], network.sensitivities)
    assert (sensitivities.shape, sensitivities.dtype) == ((2, 2), np.float64)
    differences = {name for name in matrices if name.startswith("difference/")}
    told = {"difference/conjugate_1", "difference/conjugate_2", "difference/tangent"}
    assert differences == (told if compared else set())

    path = tmp_path / "kernels.h5"
    store.write(path, matrices, parameters={"widths": WIDTHS}, seed=SEED, dtype="float32")
    decompose_initial(path, tmp_path / "spectra.h5", 2, compared)
    del matrices["sensitivities"]  # not a matrix to decompose
    found = store.read(tmp_path / "spectra.h5", {name: (2,) if name in differences else (40,) for name in matrices})
    floors = found.attributes["noise_floor"]
    assert set(floors) == set(matrices) - differences
    assert found.attributes["parameters"] == {"widths": WIDTHS}
    assert (found.attributes["seed"], found.attributes["dtype"]) == (SEED, "float32")
    for name in floors:
        eigenvalues = np.linalg.eigvalsh(matrices[name].astype(np.float64))
        np.testing.assert_allclose(found.arrays[name], eigenvalues, atol=1e-12 * eigenvalues[-1])
        assert found.arrays[name].dtype == np.float64
        eps = np.finfo(matrices[name].dtype).eps
        assert floors[name] == pytest.approx(eps * 40**0.5 * eigenvalues[-1])


def trained_network(folder):
    """A network with other weights after "training", its task and the file of its weights."""
    task = load_kernel_task(NETWORK, TRAINING, None)
    model, arrays = kernel_network(12, NETWORK["hidden"], SIGMA), {}
    for seed, state in enumerate(("initial", "final")):
        initialise_gaussian(model, seed)
        arrays |= {f"{state}/{name}": array for name, array in parameters_of(model).items()}
    store.write(folder / "network.h5", arrays, parameters=NETWORK)
    return model, task, folder / "network.h5"


def test_kernels_before_and_after_training_are_those_of_the_gradients(tmp_path):
    model, task, path = trained_network(tmp_path)
    matrices = trained_matrices(model, path, task, SIGMA)
    # The model is left with the final weights, in float64.
    outputs = model(task.train.inputs)
    gradients = torch.stack(
        [
            torch.cat([g.flatten() for g in torch.autograd.grad(y, model.parameters(), retain_graph=True)])
            for y in outputs
        ]
    )
    np.testing.assert_allclose(matrices["final/tangent"], (gradients @ gradients.T).numpy(), rtol=1e-10)
    np.testing.assert_allclose(matrices["final/train_outputs"], outputs.detach().numpy())
    assert np.abs(matrices["final/tangent"] - matrices["initial/tangent"]).max() > 0.01

    store.write(tmp_path / "kernels.h5", matrices, parameters={}, seed=4, dtype="float64")
    kernels = ["conjugate_1", "conjugate_2", "tangent"]
    decompose_trained(tmp_path / "kernels.h5", tmp_path / "spectra.h5", kernels)
    names = ["input", *(f"{state}/{kernel}" for state in ("initial", "final") for kernel in kernels)]
    shapes = {f"{kind}/{name}": (25,) for kind in ("eigenvalues", "label_shares") for name in names}
    found = store.read(tmp_path / "spectra.h5", shapes | {"projection": (25,), "final/test_outputs": (10, 1)})
    assert set(found.attributes["noise_floor"]) == set(names)
    y = task.train.targets.numpy()[:, 0]
    for state in ("initial", "final"):
        for kernel in kernels:
            name = f"{state}/{kernel}"
            values, vectors = np.linalg.eigh(matrices[name])
            np.testing.assert_allclose(found.arrays[f"eigenvalues/{name}"], values, atol=1e-12 * values[-1])
            shares = found.arrays[f"label_shares/{name}"]
            assert shares.sum() == pytest.approx(1)
            # Eigenvectors of zeros are any.
            for share, value, vector in zip(shares, values, vectors.T, strict=True):
                assert value < 1e-9 or share == pytest.approx((vector @ y) ** 2 / np.sum(y**2), abs=1e-9)
    vectors = np.linalg.eigh(matrices["final/conjugate_2"])[1][:, -2:]
    np.testing.assert_allclose(found.arrays["projection"], vectors @ (vectors.T @ y), atol=1e-10)


def test_a_network_that_was_trained_on_other_samples_is_refused(tmp_path):
    model, task, path = trained_network(tmp_path)
    matrices = trained_matrices(model, path, task, SIGMA)
    loss = float(np.mean((matrices["test_targets"] - matrices["final/test_outputs"]) ** 2))
    history = tmp_path / "history.csv"
    pd.DataFrame({"epoch": [1, 2], "test_loss": [9.0, loss]}).to_csv(history, index=False)
    check_test_error(matrices, history, path)
    pd.DataFrame({"epoch": [1, 2], "test_loss": [9.0, 1.01 * loss]}).to_csv(history, index=False)
    with pytest.raises(UserError, match=r"network\.h5 was trained on other samples.*--forcerun train_network"):
        check_test_error(matrices, history, path)
