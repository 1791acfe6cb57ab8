"""Results of a training, against the kernels' own decomposition and sums done apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepspectra.data.kernel_tasks import load_kernel_task
from deepspectra.nn.activations import activation
from deepspectra.nn.architectures.ntk_mlp import kernel_network
from deepspectra.nn.networks import parameters_of
from deepspectra.papers.fan2020.recipe import recipe
from deepspectra.papers.fan2020.statistics.seeds import history_curves, seed_results, seed_rows
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.kernels.decompositions import decompose_trained
from deepspectra.spectra.kernels.trained import trained_matrices
from deepspectra.train.training import HISTORY_COLUMNS, train

NETWORK = {"data": "sphere", "input_dimension": 12, "hidden": [20, 15], "activation": "arctan", "seed": 6}
TRAINING = {"samples": 40, "test_samples": 30, "epochs": 8, "batch_size": 16, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    made = recipe(NETWORK, TRAINING, None)
    states = {f"initial/{name}": array for name, array in parameters_of(made.model).items()}
    history = train(made.model, made.train, made.test, made.plan)
    states |= {f"final/{name}": array for name, array in parameters_of(made.model).items()}
    store.write(folder / "weights.h5", states, parameters={})
    pd.DataFrame(history, columns=HISTORY_COLUMNS["squared"]).to_csv(folder / "history.csv", index=False)
    return folder


def test_results_are_those_of_the_kernels_and_of_the_outputs(trained):
    found, history = seed_results(trained / "weights.h5", trained / "history.csv", NETWORK, TRAINING)
    task, sigma = load_kernel_task(NETWORK, TRAINING, None), activation("arctan")
    arrays = trained_matrices(kernel_network(12, NETWORK["hidden"], sigma), trained / "weights.h5", task, sigma)
    store.write(trained / "kernels.h5", arrays, parameters={}, seed=6, dtype="float64")
    decompose_trained(trained / "kernels.h5", trained / "spectra.h5", ["conjugate_1", "conjugate_2", "tangent"])
    shares = store.read(trained / "spectra.h5", {"label_shares/final/conjugate_2": (40,)}).arrays
    assert found["label_share"] == pytest.approx(shares["label_shares/final/conjugate_2"][-2:].sum(), abs=1e-10)
    error = np.mean((arrays["train_targets"] - arrays["final/train_outputs"]) ** 2)
    assert found["mean_squared_error"] == pytest.approx(error)
    y = arrays["test_targets"]
    rest = np.sum((y - arrays["final/test_outputs"]) ** 2)
    assert found["r_squared"] == pytest.approx(1 - rest / np.sum((y - y.mean()) ** 2))
    assert history.r_squared.iloc[-1] == pytest.approx(found["r_squared"], abs=1e-5)
    readout = store.read(trained / "weights.h5", {"final/output/weight": (1, 15)})["final/output/weight"]
    assert history.readout_mean_square.iloc[-1] == pytest.approx(np.mean(readout.astype(float) ** 2))
    assert history.readout_mean_square.iloc[0] != history.readout_mean_square.iloc[-1]
    assert len(history) == 8


def test_samples_of_another_seed_are_refused(trained):
    with pytest.raises(UserError, match="was trained on other samples"):
        seed_results(trained / "weights.h5", trained / "history.csv", NETWORK | {"seed": 7}, TRAINING)


def test_the_median_and_the_range_of_seeds_are_told():
    results = {seed: dict.fromkeys(("mean_squared_error", "r_squared", "label_share"), value)
               for seed, value in ((13, 0.5), (21, 0.1), (22, 0.9), (23, 0.6), (24, 0.7))}  # fmt: skip
    rows = {(row.quantity, row.at): row.value for row in seed_rows(results)}
    for name in ("mean_squared_error", "r_squared", "label_share"):
        ends = [rows[f"{name}_{end}", None] for end in ("lowest", "median", "highest")]
        assert ends == [0.1, 0.6, 0.9]
        assert rows[name, 22] == 0.9
    assert rows["seeds", None] == 5


def test_the_course_of_every_seed_is_shown():
    table = pd.DataFrame(
        {"epoch": [1, 2], "loss": [3.0, 2.0], "readout_mean_square": [0.9, 0.5], "r_squared": [-1, 0.5]}
    )
    rows = history_curves({13: table, 21: table})
    assert ("history", "loss 21", 2, 2, 2.0) in rows
    assert len(rows) == 2 * 3 * 2
