"""One draw's spectra, against the full matrices."""

from __future__ import annotations

import numpy as np

from deepspectra.data.samples import gaussian_samples
from deepspectra.nn.activations import activation
from deepspectra.spectra.kernels.draws import drawn_equivalents, drawn_kernels
from deepspectra.spectra.kernels.equivalents import initial_matrices

SIGMA, WIDTHS = activation("arctan"), [30, 45]


def test_a_draw_has_the_spectra_of_the_network_of_its_seed():
    x = gaussian_samples(20, 25, 3)
    matrices = {name: matrix.astype(float) for name, matrix in initial_matrices(x, WIDTHS, SIGMA, 8).items()}
    drawn = drawn_kernels(x, WIDTHS, SIGMA, 8, every_layer=True)
    spectra = {"conjugate_1": drawn.layers[0], "conjugate_2": drawn.layers[1]}
    spectra |= {"tangent": drawn.tangent, "lemma_tangent": drawn.lemma}
    for name, values in spectra.items():
        np.testing.assert_allclose(values, np.linalg.eigvalsh(matrices[name]), rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(drawn_kernels(x, WIDTHS, SIGMA, 8, every_layer=False).layers, drawn.layers[1:])
    tangent, lemma = matrices["tangent"], matrices["lemma_tangent"]
    np.testing.assert_allclose(drawn.lemma_error, np.linalg.norm(lemma - tangent) / np.linalg.norm(tangent), rtol=1e-5)
    linear = drawn_equivalents(x, WIDTHS, SIGMA, 8)
    for name, matrix in (("conjugate", "equivalent_conjugate_2"), ("tangent", "equivalent_tangent")):
        np.testing.assert_allclose(linear[name], np.linalg.eigvalsh(matrices[matrix]), rtol=1e-6, atol=1e-7)
