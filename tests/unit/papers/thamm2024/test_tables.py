"""Tables 1 and 2, of small matrices and hand-written files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepspectra.papers.thamm2024.tables import table_1, table_2
from deepspectra.rmt.calibration import false_discovery

from .conftest import UNFOLDING


@pytest.fixture(scope="module")
def made(studied, without_weights, tmp_path_factory):
    published = tmp_path_factory.mktemp("published") / "table.csv"
    published.write_text("network,layer,ks_p_value,reject_at_0.05\nmlp,1,0.812,no\nvgg19,1,0.16,no\n")
    files = {"published": [str(published)], "levels": [str(studied.paths["levels"]), str(without_weights[1])]}
    return table_2(files, {})


def test_table_2_has_a_row_for_every_trained_matrix(made, studied):
    table, shown = made[0].frame, made[0].shown
    assert list(zip(table.network, table.layer, strict=True)) == [
        *(("mlp", "dense1"), ("mlp", "dense2"), ("vgg19", "dense1"))
    ]
    levels = studied.tables["levels"]
    final = levels[(levels.state == "final") & (levels.unfolding == "gaussian")]
    np.testing.assert_allclose(table.p[:2], final.p, rtol=1e-9)
    np.testing.assert_allclose(table.q_calibrated[:2], false_discovery(final.p_calibrated), rtol=1e-9)
    assert table.published_p.tolist()[::2] == [0.812, 0.16]
    assert np.isnan(table.published_p[1])
    assert table.rejected.tolist() == [*("yes" if p <= 0.05 else "no" for p in final.p), ""]
    assert table.resolved.tolist() == ["yes", "yes", ""]
    assert shown.matrix.tolist() == ["40 x 60", "36 x 36", "4096 x 25088"]
    first = table.iloc[0]
    assert shown["calibrated p"].tolist()[::2] == [f"{first.p_calibrated:.3f} ± {first.p_error:.3f}", ""]
    assert shown[""][2] == "weights not available here (no network)"
    assert made[0].notes[-1].startswith("To supply missing weights")
    count = int((final.p <= 0.05).sum())
    assert f"{count} of 2 plain p-values are at most 0.05" in made[0].notes[0]


def test_spacings_below_the_rounding_make_a_matrix_unresolved(studied, tmp_path):
    levels = pd.read_csv(studied.paths["levels"]).assign(unresolved=1)
    levels.to_csv(tmp_path / "levels.csv", index=False)
    (tmp_path / "published.csv").write_text("network,layer,ks_p_value,reject_at_0.05\nx,1,0.8,no\n")
    table, _ = table_2({"published": [tmp_path / "published.csv"], "levels": [tmp_path / "levels.csv"]}, {})
    # One of 39 and of 35 spacings is more than one in a hundred.
    assert table.frame.resolved.tolist() == ["no", "no"]
    assert not any("supply" in note for note in table.notes)


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
        "network,dataset,test_accuracy_percent\nmlp,CIFAR-10,54.7\nvgg19,ImageNet,72.4\n"
    )
    for name, test in (("mlp", 0.5), ("mine", 0.2)):
        rows = f"epoch,train_accuracy,test_accuracy\n1,0.1,0.1\n2,0.75,{test}\n"
        (tmp_path / f"{name}_history.csv").write_text(rows)
    histories = [str(tmp_path / f"{name}_history.csv") for name in ("mlp", "mine")]
    files = {"published": [str(tmp_path / "published.csv")], "history": histories}
    (made,) = table_1(files, {"test_images": {"mlp": 400, "mine": 100}})
    assert made.frame.network.tolist() == ["mlp", "mine", "vgg19"]
    assert made.frame.dataset.tolist() == ["CIFAR-10", "CIFAR-10", "ImageNet"]
    np.testing.assert_allclose(made.frame.sampling_error_percent[:2], [2.5, 4.0])
    assert made.shown["reproduced, %"].tolist() == ["50.0 ± 2.5", "20.0 ± 4.0", ""]
    assert made.shown["published test accuracy, %"].tolist() == ["54.7", "", "72.4"]
    assert made.shown.epochs.tolist() == ["2", "2", ""]
    assert made.frame.note.tolist() == ["", "", "trained elsewhere; the provider's figure"]
    assert made.digits == 4
