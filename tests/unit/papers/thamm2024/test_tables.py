"""Tables 1 and 2, of small matrices and hand-written files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from deepspectra.papers.thamm2024.tables import table_1, table_2
from deepspectra.rmt.calibration import false_discovery

from .conftest import UNFOLDING

KNOWN = pd.DataFrame(
    [("random", 0.0, n, p, p / 2, p, p, 0.01, 16) for n, p in enumerate((0.04, 0.06, 0.5, 0.9))]
    + [("outliers", 5.0, n, p, p, p, np.nan, 0.01, 16) for n, p in enumerate((0.04, 0.9))]
    + [("window", a, n, p / a, *[np.nan] * 5) for a in (5.0, 7.0) for n, p in enumerate((1.0, 2.0, 3.0, 4.0))],
    columns=["case", "amount", "matrix", "p", "p_calibrated", "p_bulk", "variance_p", "variance_p_all", "null_draws"],
)


@pytest.fixture
def files(tmp_path, studied):
    """Of table 2, without a network that has no weights."""
    KNOWN.to_csv(tmp_path / "known.csv", index=False)
    (tmp_path / "published.csv").write_text("network,layer,ks_p_value,reject_at_0.05\nmlp,1,0.8,no\n")
    paths = {"published": "published.csv", "level_tests": "known.csv"}
    return {name: [str(tmp_path / path)] for name, path in paths.items()} | {"levels": [str(studied.paths["levels"])]}


@pytest.fixture(scope="module")
def made(studied, without_weights, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    (folder / "table.csv").write_text("network,layer,ks_p_value,reject_at_0.05\nmlp,1,0.812,no\nvgg19,1,0.16,no\n")
    KNOWN.to_csv(folder / "known.csv", index=False)
    files = {"published": [str(folder / "table.csv")], "level_tests": [str(folder / "known.csv")]}
    return table_2(files | {"levels": [str(studied.paths["levels"]), str(without_weights[1])]}, {})


def test_table_2_has_a_row_for_every_trained_matrix_and_for_every_initial_one_as_a_control(made, studied):
    table, shown = made[0].frame, made[0].shown
    assert list(zip(table.network, table.layer, table.state, strict=True)) == [
        *(("mlp", "dense1", "final"), ("mlp", "dense2", "final"), ("vgg19", "dense1", "final")),
        *(("mlp", "dense1", "initial"), ("mlp", "dense2", "initial")),
    ]
    assert shown.weights.tolist() == ["trained"] * 3 + ["initial (control)"] * 2
    levels = studied.tables["levels"]
    levels = levels[levels.unfolding == "gaussian"]
    final, initial = (levels[levels.state == state] for state in ("final", "initial"))
    np.testing.assert_allclose(table.p[[0, 1, 3, 4]], [*final.p, *initial.p], rtol=1e-9)
    # Each family is corrected by itself.
    for p, q in (("p_calibrated", "q_calibrated"), ("variance_p", "variance_q"), ("variance_p_all", "variance_q_all")):
        np.testing.assert_allclose(table[q][:2], false_discovery(final[p].to_numpy()), rtol=1e-9)
        np.testing.assert_allclose(table[q][3:], false_discovery(initial[p].to_numpy()), rtol=1e-9)
    assert table.published_p.tolist()[::2][:2] == [0.812, 0.16]
    assert table.published_p[[1, 3, 4]].isna().all()
    assert table.rejected.tolist()[:3] == [*("yes" if p <= 0.05 else "no" for p in final.p), ""]
    assert table.resolved.tolist() == ["yes", "yes", "", "yes", "yes"]
    assert shown.matrix.tolist()[:3] == ["40 x 60", "36 x 36", "4096 x 25088"]
    first = table.iloc[0]
    assert shown["published p; rejected at 0.05?"].tolist() == ["0.812; no", "", "0.160; no", "", ""]
    assert shown["calibrated p"].tolist()[::2][:2] == [f"{first.p_calibrated:.3f} ± {first.p_error:.3f}", ""]
    assert shown[""][2] == "weights not available here (no network)"
    assert made[0].notes[-1].startswith("To supply missing pretrained weights")
    count = int((final.p <= 0.05).sum())
    assert f"Of 2 matrices of trained weights {count} have a plain p-value of at most 0.05" in made[0].notes[0]
    assert "Of 2 matrices of initial weights" in made[0].notes[0]


def test_structured_vectors_are_counted_and_ranked(files, studied, tmp_path):
    """None, one, and more than people want to see."""
    ranks = {("dense1", "final"): "rank 3", ("dense2", "final"): "", ("dense1", "initial"): "rank 1-2, 4, 6, 8, 10"}
    levels = pd.read_csv(studied.paths["levels"])
    levels["ranks_output"] = [ranks.get((row.layer, row.state), "rank 1") for row in levels.itertuples()]
    levels["vectors_output"] = [len(text.split()) for text in levels.ranks_output]
    levels.to_csv(tmp_path / "levels.csv", index=False)
    table = table_2(files | {"levels": [str(tmp_path / "levels.csv")]}, {})[0]
    shown = ["2 (rank 3)", "0", "6 (rank 1-2, 4, 6, 8, ...)", "2 (rank 1)"]
    assert table.shown["structured vectors, output side"].tolist() == shown
    assert table.frame.ranks_output.fillna("").tolist() == [*ranks.values(), "rank 1"]


def test_spacings_below_the_rounding_make_a_matrix_unresolved(files, studied, tmp_path):
    levels = pd.read_csv(studied.paths["levels"]).assign(unresolved=1)
    levels.to_csv(tmp_path / "levels.csv", index=False)
    table = table_2(files | {"levels": [str(tmp_path / "levels.csv")]}, {})[0]
    # One of 39 and of 35 spacings is more than one in a hundred.
    assert table.frame.resolved.tolist() == ["no"] * 4
    assert not any("supply" in note for note in table.notes)


def test_level_and_power_are_the_shares_of_rejections(made):
    table = made[2]
    assert table.frame.matrices.tolist() == [4, 2]
    rates = ["rejected_p", "rejected_p_calibrated", "rejected_variance_p", "rejected_variance_p_all"]
    np.testing.assert_allclose(table.frame[rates].iloc[0], [0.25, 0.5, 0.25, 1])
    np.testing.assert_allclose(table.frame[rates[:2]].iloc[1], [0.5, 0.5])
    assert np.isnan(table.frame.rejected_variance_p[1])
    assert table.shown.matrices.tolist() == ["random", "5 outliers at either end"]
    assert table.shown["spacings, plain"][0] == "0.250 ± 0.217"
    # Four matrices, calibrated by sixteen: sqrt(f (1 - f) (1/4 + 1/16)).
    assert table.shown["spacings, calibrated"][0] == "0.500 ± 0.280"
    assert table.shown["number variance of the bulk"][0] == "0.250 ± 0.242"
    assert table.shown["number variance of the bulk"][1] == ""


def test_the_paper_s_p_values_stand_beside_those_of_each_window(made):
    """By a test of two samples."""
    table = made[3]
    assert table.frame.half_window.tolist() == [5, 7]
    np.testing.assert_allclose(table.frame["median"], [0.5, 2.5 / 7], rtol=1e-9)
    expected = [stats.ks_2samp(np.arange(1, 5) / a, [0.812, 0.16]).pvalue for a in (5, 7)]
    np.testing.assert_allclose(table.frame.published_ks_p, expected)
    assert table.shown.a.tolist() == ["5", "7"]


def test_the_supplement_has_the_same_matrices_by_three_unfoldings(made, studied):
    frame, shown = made[1].frame, made[1].shown
    assert list(zip(frame.network, frame.layer, strict=True)) == [("mlp", "dense1"), ("mlp", "dense2")]
    levels = studied.tables["levels"]
    for name in UNFOLDING:
        part = levels[(levels.state == "final") & (levels.unfolding == name)]
        for column in ("p", "p_calibrated", "in_band"):
            np.testing.assert_allclose(frame[f"{name}_{column}"], part[column], rtol=1e-9)
        assert shown[f"plain p, {name}"].tolist() == [f"{p:.2f}" for p in part.p]
    assert frame.polynomial_zero_spacings.dtype.kind == "i"


def test_table_1_has_accuracies_with_their_sampling_errors(tmp_path):
    (tmp_path / "published.csv").write_text(
        "network,dataset,test_accuracy_percent\nmlp,CIFAR-10,54.7\ndeep,CIFAR-10,81.0\nvgg19,ImageNet,72.4\n"
    )
    for name, test in (("mlp", 0.5), ("mine", 0.2)):
        rows = f"epoch,train_accuracy,test_accuracy\n1,0.1,0.1\n2,0.75,{test}\n"
        (tmp_path / f"{name}_history.csv").write_text(rows)
    histories = [str(tmp_path / f"{name}_history.csv") for name in ("mlp", "mine")]
    files = {"published": [str(tmp_path / "published.csv")], "history": histories}
    (made,) = table_1(files, {"test_images": {"mlp": 400, "mine": 100}, "left_out": ["deep"]})
    assert made.frame.network.tolist() == ["mlp", "mine", "deep", "vgg19"]
    assert made.frame.dataset.tolist() == ["CIFAR-10", "CIFAR-10", "CIFAR-10", "ImageNet"]
    np.testing.assert_allclose(made.frame.sampling_error_percent[:2], [2.5, 4.0])
    assert made.shown["reproduced, %"].tolist() == ["50.0 ± 2.5", "20.0 ± 4.0", "", ""]
    assert made.shown["published test accuracy, %"].tolist() == ["54.7", "", "81.0", "72.4"]
    assert made.shown.epochs.tolist() == ["2", "2", "", ""]
    assert made.frame.note.tolist() == [
        *("", "", "not trained at this scale: thamm2024.left_out"),
        "trained elsewhere; the provider's figure",
    ]
    assert made.digits == 4
