"""Kernels from a file against those from the Gram matrix itself."""

from __future__ import annotations

import numpy as np

from deepspectra.nn.activations import activation
from deepspectra.papers.fan2020.gram_averages import gram_arrays
from deepspectra.papers.fan2020.statistics.gram_laws import read_gram_kernels
from deepspectra.runtime import store
from deepspectra.spectra.gram_kernels import conjugate_gram_kernel, tangent_gram_kernel
from deepspectra.spectra.gram_means import gram_means


def test_kernels_of_a_file_are_those_of_the_gram_matrix(tmp_path):
    x = np.random.default_rng(1).standard_normal((40, 20)) / 40**0.5
    gram, own = x.T @ x, np.array([[0.4, 0.2], [0.5, 0.3], [0.6, 0.5]])
    settings = {"samples": 20, "width": 40, "depth": 3, "activation": "arctan"}
    store.write(tmp_path / "laws.h5", gram_arrays(gram, own, settings), parameters={})
    names = ("conjugate_1", "conjugate_2", "conjugate_3", "tangent")
    found = read_gram_kernels(tmp_path / "laws.h5", settings, names)
    sigma, ratios = activation("arctan"), [0.5] * 3
    means = gram_means(gram, sigma, 3)
    expected = {
        "conjugate_1": conjugate_gram_kernel(gram_means(gram, sigma, 1), ratios[:1]),
        "conjugate_2": conjugate_gram_kernel(means, ratios[:2]),
        "conjugate_3": conjugate_gram_kernel(means, ratios),
        "tangent": tangent_gram_kernel(means, ratios, sigma, own),
        "wide_tangent": tangent_gram_kernel(means, ratios, sigma),
    }
    assert set(found) == set(expected)
    for name, kernel in expected.items():
        np.testing.assert_array_equal(found[name].inputs, kernel.inputs)
        np.testing.assert_array_equal(found[name].rest, kernel.rest)
        assert (found[name].slopes, found[name].weights) == (kernel.slopes, kernel.weights)
    assert found["tangent"].weights != found["wide_tangent"].weights
