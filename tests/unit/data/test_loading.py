"""Samples of each data set from made-up files, against the arrays that were put in."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deepspectra.data import loading
from deepspectra.data.loading import load_samples, load_task
from deepspectra.data.sets.cifar10 import normalise_cifar10
from deepspectra.runtime.errors import UserError

from .made_data import COLUMNS, bike_table, made, write


def check_labels(task, arrays, counts=(30, 20)):
    assert task.loss == "cross_entropy"
    for part, count in zip((("train", task.train), ("test", task.test)), counts, strict=True):
        name, samples = part
        assert samples.targets.dtype == torch.int64
        np.testing.assert_array_equal(samples.targets, arrays[f"{name}_labels"][:count])


def test_mnist(tmp_path):
    arrays = made("images", (28, 28))
    path = write(tmp_path / "mnist.h5", arrays)
    task = load_task({"data": "mnist", "images": 25, "test_images": None}, path)
    check_labels(task, arrays, (25, 20))
    assert task.train.inputs.dtype == torch.float64
    np.testing.assert_allclose(
        task.train.inputs, (arrays["train_images"][:25].reshape(25, 784) / 255 - 0.5) / 0.5, atol=1e-14
    )


def test_cifar10_in_blocks_and_rounded_once(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "_BLOCK", 7)
    arrays = made("images", (32, 32, 3))
    path = write(tmp_path / "cifar10.h5", arrays)
    task = load_task({"data": "cifar10"}, path)
    check_labels(task, arrays)
    expected = normalise_cifar10(arrays["test_images"])
    np.testing.assert_array_equal(task.test.inputs, expected)
    single = load_samples({"data": "cifar10"}, path, "test", dtype=torch.float32)
    np.testing.assert_array_equal(single.inputs, expected.astype(np.float32))
    assert single.inputs.dtype == torch.float32


def test_features(tmp_path):
    arrays = made("features", (512,), np.float32)
    task = load_task({"data": "features", "test_images": 5}, write(tmp_path / "features.h5", arrays))
    check_labels(task, arrays, (30, 5))
    assert task.test.inputs.dtype == torch.float64
    np.testing.assert_array_equal(task.test.inputs, arrays["test_features"][:5])


def test_bike_has_parts_that_share_no_row(tmp_path):
    table = bike_table()
    path = write(tmp_path / "bike.h5", {"table": table}, columns={"table": COLUMNS})
    task = load_task({"data": "bike", "seed": 3}, path)
    assert task.loss == "squared"
    assert (len(task.train.inputs), len(task.test.inputs)) == (1170, 292)
    # Column 4 of the inputs, the hour, is a number of its own in each row here.
    hours = [set(samples.inputs[:, 4].tolist()) for samples in (task.train, task.test)]
    assert not hours[0] & hours[1]
    assert hours[0] | hours[1] == set(table[:, COLUMNS.index("hr")])
    for samples in (task.train, task.test):
        assert samples.inputs.shape[1:] == (13,)
        assert samples.targets.shape == (len(samples.inputs), 1)
        assert samples.targets.dtype == torch.float64
        assert float(samples.targets.mean()) == pytest.approx(1)
        counts = dict(zip(table[:, COLUMNS.index("hr")], table[:, COLUMNS.index("cnt")], strict=True))
        raw = np.array([counts[hour] for hour in samples.inputs[:, 4].tolist()])
        np.testing.assert_allclose(samples.targets[:, 0], raw / raw.mean())
    few = load_samples({"data": "bike", "seed": 3, "images": 11}, path, "train", dtype=torch.float32)
    assert torch.equal(few.inputs, task.train.inputs[:11].float())
    assert torch.equal(few.targets, task.train.targets[:11].float())
    other = load_samples({"data": "bike", "seed": 4}, path, "train")
    assert not torch.equal(other.inputs, task.train.inputs)


def test_only_the_part_that_is_asked_for_is_read(tmp_path):
    arrays = {name: array for name, array in made("images", (28, 28)).items() if "test" in name}
    path = write(tmp_path / "mnist.h5", arrays)
    assert len(load_samples({"data": "mnist"}, path, "test").inputs) == 20
    with pytest.raises(UserError, match="no array 'train_images'"):
        load_task({"data": "mnist"}, path)


@pytest.mark.parametrize(
    ("network", "arrays", "words"),
    [
        ({"data": "mnist"}, made("images", (32, 32, 3)), r"shape \(30, 32, 32, 3\), expected"),
        ({"data": "cifar10"}, made("images", (28, 28)), r"shape \(30, 28, 28\), expected"),
        ({"data": "features"}, made("features", (8, 8), np.float32), r"\(30, 8, 8\), expected \(samples, features\)"),
        ({"data": "mnist"}, made("images", (28, 28), train_labels=np.zeros(29)), r"train_labels.*expected \(30,\)"),
        ({"data": "mnist", "images": 31}, made("images", (28, 28)), "31 train samples are asked for, it has 30"),
        ({"data": "mnist", "test_images": 21}, made("images", (28, 28)), "21 test samples are asked for, it has 20"),
    ],
)
def test_files_that_are_not_what_they_must_be_are_refused(tmp_path, network, arrays, words):
    with pytest.raises(UserError, match=words):
        load_task(network, write(tmp_path / "data.h5", arrays))
