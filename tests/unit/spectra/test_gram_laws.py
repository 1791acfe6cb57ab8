"""The law of a Gram matrix from a user's file: an entry of the configuration to numbers."""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.config.limit_laws import LawEntry
from deepspectra.nn.activations import activation
from deepspectra.rmt.limits.gram import GramLaw
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.gram_kernels import conjugate_gram_kernel, tangent_gram_kernel
from deepspectra.spectra.gram_laws import entry_gram_kernel, gram_notes
from deepspectra.spectra.gram_means import gram_means
from deepspectra.spectra.limit_laws import solve_limit_law

SIGMA = activation("tanh")


@pytest.fixture
def source(tmp_path, monkeypatch):
    """40 samples of unit norm in 50 dimensions, a sample a row, and their Gram matrix, in the current folder."""
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).normal(size=(40, 50))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    np.save("data.npy", x)
    np.save("gram.npy", x @ x.T)
    np.save("far.npy", 4 * x @ x.T)
    np.save("wide.npy", np.ones((3, 4)))
    return x @ x.T


def entry(**changes):
    law = {"kernel": "tangent", "ratios": [0.5, 2.0], "activation": "tanh", "input": {"gram": "gram.npy"}, "points": 60}
    return LawEntry.model_validate({k: v for k, v in (law | changes).items() if v is not None}).model_dump()


def kernel(**changes):
    return entry_gram_kernel(entry(**changes), (0.5, 2.0), SIGMA)[0]


def test_samples_and_their_gram_matrix_have_one_law(source):
    means = gram_means(source, SIGMA, 2)
    expected = tangent_gram_kernel(means, (0.5, 2.0), SIGMA)
    for given in ({"gram": "gram.npy"}, {"data": "data.npy"}):
        found = kernel(input=given)
        np.testing.assert_allclose(found.rest, expected.rest, rtol=1e-9)
        assert found.noise.total_variance == pytest.approx(expected.noise.total_variance)
    conjugate = kernel(kernel="conjugate", layer=1)
    assert conjugate.weights == conjugate_gram_kernel(means, (0.5, 2.0), 1).weights == (1.0,)
    rates = (2.0, 0.5, 3.0)
    weighted = kernel(rates=list(rates))
    assert weighted.weights == tangent_gram_kernel(gram_means(source, SIGMA, 2, rates), (0.5, 2.0), SIGMA).weights


@pytest.mark.parametrize("which", ["tangent", "conjugate"])
def test_it_is_solved_into_a_curve_and_rows(source, which):
    law = entry(kernel=which)
    curve, summary = solve_limit_law(law, SIGMA)
    numbers = summary[summary.quantity != "note"].set_index("quantity").value.astype(float)
    assert numbers["mass"] == pytest.approx(1, abs=1e-5)
    assert numbers["mean"] == pytest.approx(numbers["exact_mean"], rel=1e-4)
    assert numbers["slope"].size == numbers["gram_coefficient"].size == 2
    assert numbers["samples"] == 40
    assert (numbers["noise"] > 0) == (which == "tangent")
    assert numbers["atom_at_zero_mass"] == (0.5 if which == "conjugate" else 0)
    exact = GramLaw(kernel(kernel=which)).cdf(curve.x.to_numpy())
    np.testing.assert_allclose(curve.cdf, exact, atol=1e-5)
    notes = summary[summary.quantity == "note"].value.tolist()
    assert notes[0].startswith("semi-empirical law of the given Gram matrix")


def test_a_reader_is_told_where_it_was_not_tested(source):
    def notes(**changes):
        law = entry(**changes)
        return gram_notes(law, entry_gram_kernel(law, (0.5, 2.0), SIGMA)[1])

    plain = notes()
    assert (
        plain[1]
        == f"inner products have a root mean square of {np.sqrt((source[~np.eye(40, dtype=bool)] ** 2).mean()):.3g}"
    )
    assert "own scale" in plain[2]
    assert len(notes(kernel="conjugate")) == 2
    far = notes(input={"gram": "far.npy"})
    assert "above the 0.15" in far[1]
    assert far[2].startswith("squared norms have the mean 4")


def test_sizes_that_do_not_fit_are_refused(source):
    with pytest.raises(UserError, match="the entry has 30 samples, its Gram matrix 40"):
        kernel(ratios=None, samples=30, widths=[60, 15])
    with pytest.raises(UserError, match=r"wide.npy: a Gram matrix has as many rows as columns, found \(3, 4\)"):
        kernel(input={"gram": "wide.npy"})
