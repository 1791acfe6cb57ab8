"""What the networks of fan2020 learn, from made-up files and from their laws."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from deepspectra.data.kernel_tasks import load_kernel_task
from deepspectra.runtime.errors import UserError

from .made_data import COUNTS, made, write

#: As CIFAR-10's own list of names (batches.meta) has them.
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

# E[arctan(xi)^2]^(-1/2), by an integration of its own.
ARCTAN = integrate.quad(lambda x: np.arctan(x) ** 2 * stats.norm.pdf(x), -12, 12, epsabs=1e-14, epsrel=1e-13)[0] ** -0.5
SPHERE = {"data": "sphere", "input_dimension": 30, "activation": "arctan", "seed": 5}


def sphere(train=80, test=50, **changes):
    """Inputs and targets of both parts in turn, of a task of points of the sphere."""
    task = load_kernel_task(SPHERE | changes, {"samples": train, "test_samples": test}, None)
    assert task.loss == "squared"
    arrays = [array for part in (task.train, task.test) for array in (part.inputs, part.targets)]
    assert {array.dtype for array in arrays} == {torch.float64}
    return [array.numpy() for array in arrays]


def neuron(inputs, targets):
    """v where targets are those of a scaled arctan(x'v), by least squares."""
    return np.linalg.lstsq(inputs, np.tan(targets[:, 0] / ARCTAN))[0]


def test_one_neuron_gives_the_targets_of_both_parts():
    """v, found from the training part alone, has norm sqrt(d0) and gives the test part's targets too."""
    inputs, targets, test_inputs, test_targets = sphere()
    assert (inputs.shape, targets.shape) == ((80, 30), (80, 1))
    assert (test_inputs.shape, test_targets.shape) == ((50, 30), (50, 1))
    for x in (inputs, test_inputs):
        assert np.linalg.norm(x, axis=1) == pytest.approx(1, rel=1e-14)
    v = neuron(inputs, targets)
    assert np.linalg.norm(v) == pytest.approx(np.sqrt(30), rel=1e-10)
    np.testing.assert_allclose(targets[:, 0], ARCTAN * np.arctan(inputs @ v), atol=1e-10)
    np.testing.assert_allclose(test_targets[:, 0], ARCTAN * np.arctan(test_inputs @ v), atol=1e-10)


def test_another_activation_is_that_of_the_same_neuron():
    """The cosine of E[cos] = e^(-1/2) and E[cos^2] = (1 + e^(-2)) / 2, whose sign of v is lost."""
    v = neuron(*sphere()[:2])
    inputs, targets, *_ = sphere(activation="cosine")
    scale = ((1 + np.exp(-2)) / 2 - np.exp(-1)) ** -0.5
    np.testing.assert_allclose(targets[:, 0], scale * (np.cos(inputs @ v) - np.exp(-0.5)), atol=1e-10)


@pytest.mark.parametrize(("train", "test"), [(80, 50), (60, 60), (1, 90)])
def test_points_and_neuron_of_the_sphere_are_independent(train, test):
    """Any two points, of one part or of both, and v / sqrt(d0) too: inner products have variance 1/d0, and none is 1.

    They are pairwise independent, and their squares have mean 1/d0 and variance 3/(d0 (d0 + 2)) - 1/d0^2. Parts of
    equal size, or one of a single point, would be equal to each other or to v if they came from the same numbers.
    """
    inputs, targets, test_inputs, test_targets = sphere(train, test)
    v = neuron(np.vstack([inputs, test_inputs]), np.vstack([targets, test_targets]))
    points = np.vstack([inputs, test_inputs, v / np.sqrt(30)])
    products = (points @ points.T)[np.triu_indices(len(points), 1)]
    assert np.abs(products).max() < 0.9
    assert abs(np.mean(products)) < 5 / np.sqrt(30 * products.size)
    assert abs(np.mean(products**2) - 1 / 30) < 5 * np.sqrt((3 / (30 * 32) - 1 / 30**2) / products.size)


def test_what_is_trained_on_does_not_depend_on_what_is_tested_with():
    few, many = sphere(test=10), sphere(test=50)
    for left, right in zip(few[:2], many[:2], strict=True):
        np.testing.assert_array_equal(left, right)
    assert (len(few[2]), len(many[2])) == (10, 50)


def test_points_of_the_sphere_follow_the_seed():
    first, same, other = sphere(), sphere(), sphere(seed=6)
    for left, right in zip(first, same, strict=True):
        np.testing.assert_array_equal(left, right)
    assert np.abs(first[0] - other[0]).min() > 0
    assert np.linalg.norm(neuron(*first[:2]) - neuron(*other[:2])) > 1


# Classes in the file: 14 cats and trucks to train on, 8 to test with, and others between them.
CIFAR = {"data": "cifar10", "classes": ["truck", "cat"], "removed_components": 0, "seed": 2}
LABELS = {"train": np.tile([3, 0, 9, 5, 3, 9, 1], 4)[:25], "test": np.tile([9, 8, 3, 2], 4)}


def cifar(path, train=14, test=8, **changes):
    task = load_kernel_task(CIFAR | changes, {"samples": train, "test_samples": test}, path)
    assert task.loss == "squared"
    return task


def write_cifar(path, images):
    """A file with these images and LABELS."""
    arrays = {}
    for part, labels in LABELS.items():
        assert images[part].shape == (len(labels), 32, 32, 3)
        arrays |= {f"{part}_images": images[part].astype(np.uint8), f"{part}_labels": labels.astype(np.uint8)}
    return write(path / "cifar10.h5", arrays)


def two_classes(images, part):
    """Images of trucks and cats as rows, in the order of the file."""
    return images[part][np.isin(LABELS[part], (3, 9))].reshape(-1, 3072).astype(float)


def pixels_of_their_own(part):
    """Images that are black but for one pixel, which tells which they are."""
    count = len(LABELS[part])
    images = np.zeros((count, 3072), np.uint8)
    images[np.arange(count), np.arange(count)] = 200
    return images.reshape(count, 32, 32, 3)


@pytest.mark.parametrize("removed", [0, 1, 4])
def test_images_of_two_classes_are_those_of_a_singular_value_decomposition(tmp_path, removed):
    """All of the two classes, so that the choice plays no part; the test images lose what the training images have."""
    source = np.random.default_rng(0)
    patterns = source.uniform(0, 255, (3, 32, 32, 3))
    images = {}
    for part, labels in LABELS.items():
        mixed = np.tensordot(source.dirichlet((1, 1, 1), len(labels)), patterns, 1)
        images[part] = np.clip(mixed + source.normal(0, 10, mixed.shape), 0, 255).astype(np.uint8)
    task = cifar(write_cifar(tmp_path, images), removed_components=removed)
    training = two_classes(images, "train")
    mean = training.mean(axis=0)
    right = np.linalg.svd(training - mean, full_matrices=False)[2][:removed]
    for part, samples in (("train", task.train), ("test", task.test)):
        x = two_classes(images, part) - mean
        x = x - x @ right.T @ right
        assert samples.inputs.dtype == samples.targets.dtype == torch.float64
        np.testing.assert_allclose(samples.inputs, x / np.linalg.norm(x, axis=1)[:, None], atol=1e-10)
        assert samples.inputs.norm(dim=1).numpy() == pytest.approx(1, rel=1e-14)
        labels = LABELS[part][np.isin(LABELS[part], (3, 9))]
        # The first named, the truck, is 1.
        np.testing.assert_array_equal(samples.targets, np.where(labels == 9, 1.0, -1.0)[:, None])


def test_a_choice_of_images_is_of_the_two_classes_alone_and_follows_the_seed(tmp_path):
    path = write_cifar(tmp_path, {part: pixels_of_their_own(part) for part in LABELS})
    choices = set()
    for seed in range(6):
        task = cifar(path, 8, 5, seed=seed)
        for part, samples, count in (("train", task.train, 8), ("test", task.test, 5)):
            chosen = samples.inputs.argmax(1).numpy()
            assert len(chosen) == count
            assert np.all(np.diff(chosen) > 0)
            assert set(LABELS[part][chosen]) == {3, 9}
            np.testing.assert_array_equal(samples.targets[:, 0], np.where(LABELS[part][chosen] == 9, 1, -1))
            choices.add((part, *chosen))
        again, swapped = cifar(path, 8, 5, seed=seed), cifar(path, 8, 5, seed=seed, classes=["cat", "truck"])
        for part in ("train", "test"):
            samples = getattr(task, part)
            assert torch.equal(samples.inputs, getattr(again, part).inputs)
            assert torch.equal(samples.inputs, getattr(swapped, part).inputs)
            assert torch.equal(samples.targets, -getattr(swapped, part).targets)
    # Of 3003 and 56 possible choices.
    assert len([choice for choice in choices if choice[0] == "train"]) == 6
    assert len([choice for choice in choices if choice[0] == "test"]) > 3


@pytest.mark.parametrize(("positive", "negative"), [(0, 1), (9, 0), (2, 3), (4, 5), (6, 7), (8, 6)])
def test_classes_are_called_as_cifar10_calls_them(tmp_path, positive, negative):
    """Every label has images here, whose own pixels tell them apart."""
    labels = np.tile(np.arange(10), 2)
    images = np.zeros((20, 3072), np.uint8)
    images[np.arange(20), labels] = 200
    images[np.arange(20), 100 + np.arange(20)] = 50
    arrays = {f"{part}_images": images.reshape(20, 32, 32, 3) for part in COUNTS}
    arrays |= {f"{part}_labels": labels.astype(np.uint8) for part in COUNTS}
    path = write(tmp_path / "cifar10.h5", arrays)
    task = cifar(path, 4, 4, classes=[CLASSES[positive], CLASSES[negative]])
    for target, inputs in zip(task.train.targets[:, 0].tolist(), task.train.inputs, strict=True):
        assert int(inputs[:10].argmax()) == (positive if target == 1 else negative)
    assert sorted(task.train.targets[:, 0].tolist()) == [-1, -1, 1, 1]


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        (15, 8, "15 train images of two classes are asked for, it has 14"),
        (14, 9, "9 test images of two classes are asked for, it has 8"),
    ],
)
def test_more_images_than_two_classes_have_are_refused(tmp_path, train, test, words):
    path = write_cifar(tmp_path, {part: pixels_of_their_own(part) for part in LABELS})
    with pytest.raises(UserError, match=f"cifar10[.]h5: {words}"):
        cifar(path, train, test)


def test_two_classes_of_no_file_or_of_another_one_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"cifar10\.h5 does not exist"):
        cifar(tmp_path / "cifar10.h5")
    with pytest.raises(UserError, match=r"shape \(30, 28, 28\), expected"):
        cifar(write(tmp_path / "mnist.h5", made("images", (28, 28))))


@pytest.mark.parametrize(("removed", "part"), [(0, "train"), (0, "test"), (1, "train"), (1, "test")])
def test_an_image_in_which_nothing_is_left_is_named(tmp_path, removed, part):
    """Training images are 100 +- 50 u +- 20 w, so that their mean is 100 and their first component u.

    One image of the test part, or the last two of the training part, so that its mean stays, have no w: they are the
    mean, or where u is removed the mean and a multiple of u.
    """
    u, w = np.zeros((2, 3072))
    u[::2], w[1::2] = 1, 1
    images = {name: np.full((len(labels), 3072), 100.0) for name, labels in LABELS.items()}
    for name, labels in LABELS.items():
        places = np.flatnonzero(np.isin(labels, (3, 9)))
        signs = np.resize([[1, 1], [-1, -1], [1, -1], [-1, 1]], (len(places) - len(places) % 4, 2))
        images[name][places[: len(signs)]] += 50 * signs[:, :1] * u + 20 * signs[:, 1:] * w
        # Two are over in the training part.
        for place, sign in zip(places[len(signs) :], (1, -1), strict=False):
            images[name][place] += sign * (50 * u if part == "train" and removed else 20 * w)
    training = np.flatnonzero(np.isin(LABELS["train"], (3, 9)))
    assert len(training) % 4 == 2
    if part == "test":
        images["test"][2] = 100 + 30 * removed * u
    elif not removed:
        images["train"][training[-2:]] = 100
    path = write_cifar(tmp_path, {name: array.reshape(-1, 32, 32, 3) for name, array in images.items()})
    found = 2 if part == "test" else f"({training[-2]}|{training[-1]})"
    with pytest.raises(UserError, match=f"left of {part} image {found} without the.* mean and {removed} comp"):
        cifar(path, removed_components=removed)
