"""Functions of the user's own: which are accepted, what becomes of them, and the message for every other."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from deepspectra.nn.activations import activation, names
from deepspectra.nn.activations.own import resolve_activation, source_of
from deepspectra.runtime.errors import UserError

MODULE = """
import numpy as np
from numpy import arctan

scale = 1 / np.sqrt((1 - np.exp(-2)) / 2)
rectified = 1 / np.sqrt(0.5 - 0.5 / np.pi)
folded = 1 / np.sqrt(1 / 2 - np.exp(-1) + np.exp(-2) / 2)


def wave(x):
    return scale * np.sin(x)

def writes(x):
    x *= 1.0
    np.sin(x, out=x)
    x *= scale
    return x

def rectifier(x):
    return rectified * (np.maximum(x, 0) - 1 / np.sqrt(2 * np.pi))

def shifted(x):
    return np.maximum(x - 0.3, 0)

def shrink(x):
    return np.sign(x) * np.maximum(np.abs(x) - 0.7, 0)

def parabola(x):
    return x * np.abs(x) / np.sqrt(3)

def step(x):
    return np.sign(x)

def window(x):
    return (np.abs(x) < 1) * 1.0

def twice(x):
    return 2 * np.sin(x) + 1

def fails(x):
    return x.no_such_thing

def total(x):
    return x.sum()

def cut(x):
    return x[:-1]

def centred(x):
    return x - x.mean()

def single(x):
    return np.sin(x.astype(np.float32))

def turned(x):
    return 1j * x

def undefined(x):
    return np.where(np.abs(x) > 3, np.nan, x)

def words(x):
    return np.full(x.shape, "a")
"""


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """A folder with a user's modules, standing in for the one where Snakemake starts."""
    (tmp_path / "mymodule.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("def wave(x:\n")
    (tmp_path / "raises.py").write_text("raise RuntimeError('no licence')\n")
    (tmp_path / "needs.py").write_text("import no_such_package\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in ("mymodule", "broken", "raises", "needs"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("function", ["wave", "writes"])
def test_a_function_of_ones_own_has_the_constants_of_its_derivative(function):
    """It is the scaled sine here, whose constants are known. Writing into its argument does no harm."""
    sigma, known = resolve_activation(f"mymodule:{function}"), activation("sine")
    assert sigma.name == f"mymodule:{function}"
    assert sigma.b_sigma == pytest.approx(known.b_sigma, abs=1e-13)
    assert sigma.a_sigma == pytest.approx(known.a_sigma, abs=1e-12)
    x = np.linspace(-6, 6, 101)
    np.testing.assert_allclose(sigma(x), known(x), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(sigma.derivative(x), known.derivative(x), atol=1e-10)


def test_named_kinks_are_panel_ends():
    sigma, known = resolve_activation("mymodule:rectifier", [0]), activation("relu")
    assert sigma.breakpoints == (0.0,)
    assert sigma.b_sigma == pytest.approx(known.b_sigma, abs=1e-12)
    assert sigma.a_sigma == pytest.approx(known.a_sigma, abs=1e-10)


@pytest.mark.parametrize("name", names())
def test_values_alone_give_the_constants_of_every_named_activation(name, own):
    """Compared with the analytic derivative."""
    (own / "mymodule.py").write_text(
        f"from deepspectra.nn.activations import activation\n\ndef same(x):\n    return activation({name!r})(x)\n"
    )
    known = activation(name)
    sigma = resolve_activation("mymodule:same", known.breakpoints)
    assert sigma.b_sigma == pytest.approx(known.b_sigma, abs=1e-12)
    assert sigma.a_sigma == pytest.approx(known.a_sigma, abs=1e-10)


@pytest.mark.parametrize("name", names())
def test_names_stand_for_what_they_are(name):
    assert resolve_activation(name) is activation(name)


@pytest.mark.parametrize(
    ("reference", "breakpoints", "words"),
    [
        (
            "swish",
            [],
            ["no activation is called 'swish'; there are absolute", "functions of your own as module:function"],
        ),
        ("tanh", [0], ["breakpoints are for functions of your own; those of 'tanh' are known"]),
        ("mymodule:", [], ["'mymodule:': expected a name or module:function, such as mymodule:wave"]),
        ("my module:wave", [], ["expected a name or module:function"]),
        ("nowhere:wave", [], ["there is no module 'nowhere' in", "Start Snakemake in the folder that holds it"]),
        ("needs:wave", [], ["its module imports 'no_such_package', which is missing"]),
        ("broken:wave", [], ["its module cannot be imported: SyntaxError"]),
        ("raises:wave", [], ["its module cannot be imported: RuntimeError: no licence"]),
        ("mymodule:wav", [], ["has no function 'wav'; it has arctan", "mymodule.py"]),
        ("mymodule:scale", [], ["'scale' in module 'mymodule'", "is not a function but a 'float64'"]),
        ("mymodule:fails", [], ["fails on a float64 array of shape (41,): AttributeError", "entry by entry"]),
        ("mymodule:total", [], ["returns an array of shape () for one of shape (41,)", "entry by entry"]),
        ("mymodule:cut", [], ["returns an array of shape (40,) for one of shape (41,)"]),
        ("mymodule:centred", [], ["gives different values at the same points of a longer array"]),
        ("mymodule:single", [], ["returns float32 numbers for float64 ones; keep float64"]),
        ("mymodule:turned", [], ["returns complex128 numbers"]),
        ("mymodule:words", [], ["returns <U1 numbers"]),
        ("mymodule:undefined", [], ["is nan at x = -5; it must be finite on [-20, 20]"]),
        ("mymodule:twice", [], ["is not normalised", "gives 1 and 2.72932943353", "Subtract the mean and divide by"]),
        ("mymodule:rectifier", [], ["has a kink at 0. Name its kinks as breakpoints"]),
        ("mymodule:parabola", [], ["has a kink at 0. Name its kinks as breakpoints"]),
        (
            "mymodule:shifted",
            [],
            ["activation 'mymodule:shifted' does not settle", "Name its kinks and jumps as breakp"],
        ),
        ("mymodule:shrink", [], ["is not smooth between -1 and 0. Name its kinks as breakpoints"]),
        ("mymodule:shrink", [-0.7], ["'mymodule:shrink' does not settle", "Name its kinks and jumps as breakpoints"]),
        ("mymodule:step", [0], ["jumps at 0, where E[sigma'(xi)^2] is infinite"]),
        ("mymodule:window", [-1, 1], ["jumps at -1"]),
    ],
)
def test_what_goes_wrong_is_one_message(reference, breakpoints, words):
    with pytest.raises(UserError) as caught:
        resolve_activation(reference, breakpoints)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_digest_of_a_module_follows_its_file(own):
    before = source_of("mymodule:wave")
    assert len(before) == 16
    assert source_of("mymodule:rectifier") == before
    (own / "mymodule.py").write_text(MODULE + "\n# an edit\n")
    assert source_of("mymodule:wave") != before
    assert source_of("tanh") == ""
