"""From an entry of the configuration to a kernel, and what a reader is told of it."""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.config.limit_laws import LimitLaw
from deepspectra.nn.activations import Activation, activation
from deepspectra.rmt.limits.coefficients import tangent_coefficients
from deepspectra.rmt.limits.inputs import AtomicInput, EmpiricalInput, MarchenkoPasturInput
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.limit_laws import constants_of, kernel_of, notes_of, ratios_of, spectrum_of


def entry(**changes):
    """A law as the script has it."""
    law = {"kernel": "tangent", "ratios": [0.5, 2.0], "activation": "tanh", "input": {"marchenko_pastur": 0.5}}
    law = law | changes
    return LimitLaw.model_validate({key: value for key, value in law.items() if value is not None}).model_dump()


def kernel(law):
    return kernel_of(law, spectrum_of(law["input"]), activation(law["activation"]))


def notes(**changes):
    law = entry(**changes)
    return notes_of(law, spectrum_of(law["input"]), activation(law["activation"]))


def test_ratios_are_given_or_those_of_the_sizes():
    assert ratios_of(entry()) == (0.5, 2.0)
    assert ratios_of(entry(ratios=None, samples=300, widths=[600, 150])) == (0.5, 2.0)


def test_each_kind_of_input_is_its_spectrum(tmp_path):
    assert spectrum_of(entry()["input"]) == MarchenkoPasturInput(0.5)
    atomic = spectrum_of(entry(input={"atoms": [[0.5, 0.75], [2.5, 0.25]]})["input"])
    assert isinstance(atomic, AtomicInput)
    assert atomic.atoms == ((0.5, 0.75), (2.5, 0.25))
    np.save(tmp_path / "values.npy", np.array([2.0, 0.5, 0.5]))
    empirical = spectrum_of(entry(input={"eigenvalues": str(tmp_path / "values.npy")})["input"])
    assert isinstance(empirical, EmpiricalInput)
    assert empirical.eigenvalues.tolist() == [0.5, 0.5, 2.0]


def test_a_spectrum_that_is_none_is_named_with_its_file(tmp_path):
    np.save(tmp_path / "values.npy", np.array([2.0, -0.5]))
    source = {"marchenko_pastur": None, "atoms": None, "eigenvalues": str(tmp_path / "values.npy"), "dataset": None}
    with pytest.raises(UserError, match=r"values\.npy: the input spectrum must be that of a Gram matrix"):
        spectrum_of(source)


def test_a_tangent_kernel_has_the_coefficients_of_its_rates():
    sigma = activation("tanh")
    for rates in (None, [1.0, 2.0, 0.5]):
        found = kernel(entry(rates=rates))
        expected = tangent_coefficients(2, sigma.b_sigma, sigma.a_sigma, rates)
        assert (found.shift, found.coefficients) == expected
        assert found.ratios == (0.5, 2.0)


def test_a_conjugate_kernel_is_that_of_its_layer():
    assert kernel(entry(kernel="conjugate")).coefficients == (0, 0, 1)
    first = kernel(entry(kernel="conjugate", layer=1))
    assert (first.ratios, first.shift, first.coefficients) == ((0.5,), 0, (0, 1))


def test_outputs_do_not_change_the_law():
    assert kernel(entry(outputs=10)) == kernel(entry())


def test_constants_at_the_ends_are_exact():
    """An error of 1e-16 in b would be a bulk of that width in the place of an atom."""
    assert constants_of(activation("cosine"))[0] == constants_of(activation("absolute"))[0] == 0
    assert constants_of(activation("identity")) == (1, 1)
    tanh = activation("tanh")
    assert constants_of(tanh) == (tanh.b_sigma, tanh.a_sigma)


def test_a_law_inside_all_assumptions_has_no_notes():
    assert notes() == notes(kernel="conjugate") == notes(activation="identity") == []
    assert notes(input={"atoms": [[0.5, 0.75], [2.5, 0.25]]}) == []


def test_what_is_outside_the_assumptions_is_said():
    (kink,) = notes(activation="relu")
    assert kink.startswith("outside assumption 3.2(b): relu has breakpoints (at 0)")
    (mean,) = notes(input={"atoms": [[1, 0.5], [2, 0.5]]})
    assert mean.startswith("outside assumption 3.2(c): the input spectrum has mean 1.5")
    (even,) = notes(activation="cosine")
    assert "b_sigma = 0, which theorem 3.7 leaves out" in even
    assert notes(activation="cosine", kernel="conjugate") == []
    own = Activation("mymodule:wave", activation("sine").function, activation("sine").derivative)
    (unchecked,) = notes_of(entry(), spectrum_of(entry()["input"]), own)
    assert unchecked.startswith("assumption 3.2(b), that the first two derivatives of mymodule:wave are bounded")
    (outputs,) = notes(outputs=10)
    assert outputs == "the law for 10 outputs is that for one (theorem 3.8)"
