"""From an entry of the configuration to a kernel, and what a reader is told of it."""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.config.limit_laws import LawEntry
from deepspectra.nn.activations import Activation, activation
from deepspectra.rmt.limits.coefficients import tangent_coefficients
from deepspectra.rmt.limits.inputs import AtomicInput, EmpiricalInput, MarchenkoPasturInput
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.limit_laws import (
    activation_constants,
    input_spectrum,
    layer_ratios,
    limit_kernel,
    reader_notes,
    solve_limit_law,
)


def entry(**changes):
    """A law as the script has it."""
    law = {"kernel": "tangent", "ratios": [0.5, 2.0], "activation": "tanh", "input": {"marchenko_pastur": 0.5}}
    law = law | changes
    return LawEntry.model_validate({key: value for key, value in law.items() if value is not None}).model_dump()


def kernel(law):
    return limit_kernel(law, input_spectrum(law["input"]), activation(law["activation"]))


def notes(**changes):
    law = entry(**changes)
    return reader_notes(law, input_spectrum(law["input"]), activation(law["activation"]))


def test_ratios_are_given_or_those_of_the_sizes():
    assert layer_ratios(entry()) == (0.5, 2.0)
    assert layer_ratios(entry(ratios=None, samples=300, widths=[600, 150])) == (0.5, 2.0)


def test_each_kind_of_input_is_its_spectrum(tmp_path):
    assert input_spectrum(entry()["input"]) == MarchenkoPasturInput(0.5)
    atomic = input_spectrum(entry(input={"atoms": [[0.5, 0.75], [2.5, 0.25]]})["input"])
    assert isinstance(atomic, AtomicInput)
    assert atomic.atoms == ((0.5, 0.75), (2.5, 0.25))
    np.save(tmp_path / "values.npy", np.array([2.0, 0.5, 0.5]))
    empirical = input_spectrum(entry(input={"eigenvalues": str(tmp_path / "values.npy")})["input"])
    assert isinstance(empirical, EmpiricalInput)
    assert empirical.eigenvalues.tolist() == [0.5, 0.5, 2.0]


def test_a_spectrum_that_is_none_is_named_with_its_file(tmp_path):
    np.save(tmp_path / "values.npy", np.array([2.0, -0.5]))
    source = {"marchenko_pastur": None, "atoms": None, "eigenvalues": str(tmp_path / "values.npy"), "dataset": None}
    source["smoothing"] = None
    with pytest.raises(UserError, match=r"values\.npy: the input spectrum must be that of a Gram matrix"):
        input_spectrum(source)


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


def test_smoothing_is_told_and_bulks_of_few_eigenvalues_are_counted(tmp_path):
    """Three eigenvalues apart from sixty others: three bulks of one each, which smoothing joins."""
    values = np.concatenate([np.linspace(0.5, 1.2, 60), [2.0, 2.6, 3.4]])
    np.save(tmp_path / "values.npy", values / values.mean())
    law = {"kernel": "conjugate", "ratios": [0.02], "points": 100}
    found = {}
    for smoothing in (None, 0.02, 0.6):
        source = {"eigenvalues": str(tmp_path / "values.npy"), "smoothing": smoothing}
        _, summary = solve_limit_law(entry(**law, input=source), activation("tanh"))
        found[smoothing] = list(summary.value[summary.quantity == "note"])
        assert float(summary.set_index("quantity").value["mass"]) == pytest.approx(1, abs=1e-6)
    few = "3 bulks hold fewer than 10 of 63 eigenvalues each: they belong to single eigenvalues of this sample; "
    spread = "each input eigenvalue x is spread over a semicircle from {} x to {} x (smoothing {}), except those that "
    assert found[None] == [few + "smoothing joins such bulks"]
    assert found[0.02] == [
        spread.format(0.98, 1.02, 0.02) + "occur more than once",
        few + "more smoothing joins such bulks",
    ]
    assert found[0.6] == [spread.format(0.4, 1.6, 0.6) + "occur more than once"]


def test_outputs_do_not_change_the_law():
    assert kernel(entry(outputs=10)) == kernel(entry())


def test_constants_at_the_ends_are_exact():
    """An error of 1e-16 in b would be a bulk of that width in the place of an atom."""
    assert activation_constants(activation("cosine"))[0] == activation_constants(activation("absolute"))[0] == 0
    assert activation_constants(activation("identity")) == (1, 1)
    tanh = activation("tanh")
    assert activation_constants(tanh) == (tanh.b_sigma, tanh.a_sigma)


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
    (unchecked,) = reader_notes(entry(), input_spectrum(entry()["input"]), own)
    assert unchecked.startswith("assumption 3.2(b), that the first two derivatives of mymodule:wave are bounded")
    (outputs,) = notes(outputs=10)
    assert outputs == "the law for 10 outputs is that for one (theorem 3.8)"


def test_a_law_is_solved_into_a_curve_and_numbered_rows():
    """Two bulks, no atom, and a note."""
    law = entry(ratios=[0.25, 0.25, 0.25], input={"atoms": [[0.5, 0.75], [2.5, 0.25]]}, points=100, outputs=3)
    curve, summary = solve_limit_law(law, activation("tanh"))
    assert list(curve) == ["x", "density", "cdf", "residual"]
    assert curve.notna().all(axis=None)
    assert curve.cdf.is_monotonic_increasing
    assert list(summary) == ["quantity", "label", "number", "value"]
    numbers = summary[summary.quantity != "note"].set_index("quantity").value.astype(float)
    assert numbers["gamma"].tolist() == [0.25, 0.25, 0.25]
    assert numbers["mass"] == pytest.approx(1, abs=1e-6)
    assert numbers["mean"] == pytest.approx(numbers["exact_mean"], rel=1e-6)
    assert numbers["bulk_mass"].sum() + numbers["atom_at_zero_mass"] == pytest.approx(numbers["mass"])
    assert numbers["variance"] == pytest.approx(numbers["moment"].iloc[0] - numbers["mean"] ** 2, rel=1e-9)
    assert (numbers["points"], numbers["points_not_converged"]) == (len(curve), 0)
    labels = summary.set_index("label")
    assert labels.number["bulk 1, upper edge"] == 1
    assert labels.number["coefficient of X_0'X_0"] == 0
    assert labels.number.isna()["mean in closed form"]
    assert labels.value["note"] == "the law for 3 outputs is that for one (theorem 3.8)"


def test_the_share_of_eigenvalues_that_vanish_is_told():
    _, summary = solve_limit_law(entry(kernel="conjugate", points=100), activation("tanh"))
    numbers = summary.set_index("quantity").value
    assert float(numbers["atom_location"]) == 0
    assert float(numbers["atom_mass"]) == float(numbers["atom_at_zero_mass"]) == pytest.approx(0.5)
