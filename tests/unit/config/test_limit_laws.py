"""The section limit_laws: what it takes, and what is said of each mistake in it."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from deepspectra.config import load_settings

from .conftest import FOLDER, complaint, read

LAW = {"kernel": "tangent", "ratios": [0.5, 0.5], "activation": "tanh", "input": {"marchenko_pastur": 3}}
NONLINEAR = {"kernel": "nonlinear", "activation": "tanh", "phi": 1, "psi": 1.5}
CONJUGATE = LAW | {"kernel": "conjugate"}


def laws(**entries):
    """The section at paper scale, with entries of the user's own."""
    return load_settings(FOLDER, {"limit_laws": entries, "scale": "paper"})["paper"].limit_laws


def test_the_example_is_a_tangent_kernel_of_three_layers_on_two_atoms():
    (example,) = load_settings(FOLDER)["paper"].limit_laws.values()
    assert (example.kernel, example.activation, len(example.ratios)) == ("tangent", "tanh", 3)
    assert len(example.input.atoms) == 2
    assert sum(location * mass for location, mass in example.input.atoms) == 1


@pytest.mark.parametrize("scale", ["paper", "smoke"])
def test_the_section_can_be_emptied_and_single_entries_taken_away(scale):
    assert load_settings(FOLDER, {"limit_laws": None})[scale].limit_laws == {}
    assert load_settings(FOLDER, {"limit_laws": {"three_layers": None}})[scale].limit_laws == {}
    assert list(load_settings(FOLDER, {"limit_laws": {"three_layers": "null", "mine": LAW}})[scale].limit_laws) == [
        "mine"
    ]


def test_an_entry_of_ones_own_stands_beside_the_example_with_its_defaults():
    found = laws(mine=LAW)
    assert list(found) == [*read("config.yaml")["limit_laws"], "mine"]
    mine = found["mine"]
    assert (mine.points, mine.outputs, mine.layer, mine.rates, mine.breakpoints) == (1000, 1, None, None, [])


def test_text_of_the_command_line_is_numbers():
    law = {"kernel": "conjugate", "samples": "300", "widths": ["600", "150"], "activation": "erf", "layer": "1"}
    law["input"] = {"atoms": [["0.5", "0.75"], ["2.5", "0.25"]]}
    found = laws(mine=law)["mine"]
    assert (found.samples, found.widths, found.layer) == (300, [600, 150], 1)
    assert found.input.atoms == [[0.5, 0.75], [2.5, 0.25]]


@pytest.mark.parametrize(
    ("law", "where", "expected"),
    [
        (LAW | {"kernal": 1}, ".kernal", "unknown key; did you mean kernel?"),
        (LAW | {"kernel": "ntk"}, ".kernel", "expected 'conjugate', 'tangent' or 'nonlinear', found 'ntk'"),
        (LAW | {"ratios": [0.5, 0]}, ".ratios.1", "expected greater than 0, found 0"),
        (LAW | {"ratios": [-1]}, ".ratios.0", "expected greater than 0, found -1"),
        (LAW | {"ratios": []}, ".ratios", "expected at least 1 entry, found 0"),
        (LAW | {"ratios": None}, "", "expected either ratios or both samples and widths, found none of them"),
        (LAW | {"samples": 10}, "", "expected either ratios or both samples and widths, found ratios and samples"),
        (
            LAW | {"samples": 10, "widths": [5]},
            "",
            "expected either ratios or both samples and widths, found ratios and samples and widths",
        ),
        (LAW | {"ratios": None, "widths": [5]}, "", "both samples and widths, found widths"),
        (LAW | {"ratios": None, "samples": 9, "widths": [5, 0]}, ".widths.1", "greater than or equal to 1, found 0"),
        (LAW | {"ratios": None, "samples": 9, "widths": [-5]}, ".widths.0", "greater than or equal to 1, found -5"),
        (LAW | {"ratios": None, "samples": 0, "widths": [5]}, ".samples", "greater than or equal to 1, found 0"),
        (LAW | {"activation": "swish"}, "", "no activation is called 'swish'; there are absolute, arctan"),
        (LAW | {"activation": 3}, ".activation", "expected a string, found 3"),
        (LAW | {"breakpoints": [0]}, "", "breakpoints are for functions of your own; those of 'tanh' are known"),
        (LAW | {"activation": "nowhere:wave"}, "", "there is no module 'nowhere'"),
        (LAW | {"activation": "ownmodule:twice"}, "", "'ownmodule:twice' is not normalised"),
        (LAW | {"activation": "ownmodule:bent"}, "", "has a kink at 0. Name its kinks as breakpoints"),
        (
            LAW | {"input": {}},
            ".input",
            "exactly one of marchenko_pastur, eigenvalues, atoms, gram and data, found none",
        ),
        (
            LAW | {"input": {"marchenko_pastur": 1, "atoms": [[1, 1]]}},
            ".input",
            "exactly one of marchenko_pastur, eigenvalues, atoms, gram and data, found marchenko_pastur and atoms",
        ),
        (LAW | {"input": {"marchenko_pastur": 0}}, ".input.marchenko_pastur", "greater than 0, found 0"),
        (LAW | {"input": {"marchenko_pastur": 1, "dataset": "x"}}, ".input", "dataset belongs to eigenvalues"),
        (LAW | {"input": {"eigenvalues": "a.txt"}}, ".input", "end in .csv, .npy, .h5, .hdf5; found 'a.txt'"),
        (LAW | {"input": {"eigenvalues": "a.h5"}}, ".input", "name one of 'a.h5' as dataset"),
        (LAW | {"input": {"gram": "a.h5"}}, ".input", "name one of 'a.h5' as dataset"),
        (LAW | {"input": {"gram": "a.csv"}}, ".input", "matrices are read from .npy and HDF5 files, not from text"),
        (LAW | {"input": {"data": "a.csv"}}, ".input", "matrices are read from .npy and HDF5 files, not from text"),
        (LAW | {"input": {"gram": "a.npy", "data": "a.npy"}}, ".input", "and data, found gram and data"),
        (
            LAW | {"input": {"eigenvalues": "bad.csv"}},
            "",
            "bad.csv: expected one number a line, found 'large' in line 2",
        ),
        (LAW | {"input": {"eigenvalues": "empty.csv"}}, "", "empty.csv: the input spectrum must be a non-empty array"),
        (LAW | {"input": {"eigenvalues": "negative.csv"}}, "", "that of a Gram matrix, but runs from -1 to 2"),
        (LAW | {"input": {"eigenvalues": "infinite.csv"}}, "", "expected one number a line, found 'inf' in line 2"),
        (LAW | {"input": {"atoms": []}}, "", "at least one atom"),
        (LAW | {"input": {"atoms": [[1]]}}, ".input.atoms.0", "expected at least 2 entries, found 1"),
        (LAW | {"input": {"atoms": [[1, 0.5], [2, 0.4]]}}, "", "must sum to 1; their sum is 0.9"),
        (LAW | {"input": {"atoms": [[-1, 0.5], [2, 0.5]]}}, "", "not negative and not all zero"),
        (LAW | {"input": {"atoms": [[0, 1]]}}, "", "not negative and not all zero"),
        (LAW | {"input": {"atoms": [[1, "many"]]}}, ".input.atoms.0.1", "expected a number, found 'many'"),
        (LAW | {"input": {"marchenko_pastur": 1, "smoothing": 0.1}}, ".input", "smoothing belongs to eigenvalues"),
        (LAW | {"input": {"eigenvalues": "a.npy", "smoothing": 1}}, ".input.smoothing", "less than 1, found 1"),
        (LAW | {"input": {"eigenvalues": "a.npy", "smoothing": 0}}, ".input.smoothing", "greater than 0, found 0"),
        (LAW | {"input": {"eigenvalues": "equal.csv", "smoothing": 0.1}}, "", "equal.csv: smoothing needs positive"),
        (LAW | {"input": None}, "", "a tangent kernel needs an input: {marchenko_pastur: 1}, say"),
        (LAW | {"phi": 1}, "", "phi and psi are for nonlinear kernels; a tangent kernel has ratios"),
        (NONLINEAR | {"psi": None}, "", "a nonlinear kernel needs both phi = n_0/m and psi = n_0/n_1; missing: psi"),
        (NONLINEAR | {"phi": 0}, ".phi", "greater than 0, found 0"),
        (NONLINEAR | {"ratios": [1], "outputs": 2}, "", "found ratios and outputs"),
        (NONLINEAR | {"input": {"marchenko_pastur": 1}, "rates": [1]}, "", "psi = n_0/n_1, found input and rates"),
        (NONLINEAR | {"samples": 9, "widths": [3], "layer": 1}, "", "found samples and widths and layer"),
        (NONLINEAR | {"activation": "ownmodule:shifted"}, "", "'ownmodule:shifted' has mean 1 for a standard Gaussian"),
        (LAW | {"layer": 1}, "", "layer is for conjugate kernels; a tangent kernel has all layers"),
        (CONJUGATE | {"layer": 3}, "", "layer 3 does not exist; there are 2 layers"),
        (CONJUGATE | {"layer": 0}, ".layer", "greater than or equal to 1, found 0"),
        (CONJUGATE | {"rates": [1, 1, 1]}, "", "rates and outputs are for tangent kernels"),
        (CONJUGATE | {"outputs": 2}, "", "rates and outputs are for tangent kernels"),
        (LAW | {"rates": [1, 1]}, "", "2 hidden layers have 3 weight matrices, each with a rate; found 2"),
        (LAW | {"rates": [1, 0, 1]}, ".rates.1", "expected greater than 0, found 0"),
        (LAW | {"outputs": 0}, ".outputs", "greater than or equal to 1, found 0"),
        (LAW | {"points": 3}, ".points", "greater than or equal to 50, found 3"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(law, where, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "ownmodule.py").write_text(
        "import numpy as np\n\ndef twice(x):\n    return 2 * x\n\ndef bent(x):\n    return np.maximum(x, 0)\n"
        "\ndef shifted(x):\n    return x + 1\n"
    )
    (tmp_path / "bad.csv").write_text("1\nlarge\n")
    (tmp_path / "empty.csv").write_text("")
    np.savetxt("negative.csv", [2.0, -1.0])
    np.savetxt("equal.csv", [2.0, 2.0])
    np.savetxt("infinite.csv", [2.0, np.inf])
    try:
        lines = complaint({"limit_laws": {"mine": law}}).splitlines()
    finally:
        sys.modules.pop("ownmodule", None)
    assert lines[0] == "the configuration at smoke scale has 1 mistake:"
    assert lines[1].startswith(f"  - limit_laws.mine{where}: "), lines[1]
    assert expected in lines[1]
    assert len(lines) == 3


@pytest.mark.parametrize("name", ["Mine", "1st", "my-law", "my law", "laws", "a_summary"])
def test_a_name_that_cannot_be_a_path_and_a_target_is_refused(name):
    message = complaint({"limit_laws": {name: LAW}})
    assert "  - limit_laws: names of limit laws are small letters, digits and _" in message
    assert f"found {name!r}" in message


def test_a_section_that_is_no_mapping_is_refused():
    assert "  - limit_laws: expected a mapping of keys to values, found [1]" in complaint({"limit_laws": [1]})


def test_a_file_that_another_rule_is_to_make_need_not_be_there_yet():
    source = {"eigenvalues": "results/preview/spectra/fan2020/figure_1.h5", "dataset": "input"}
    assert laws(mine=LAW | {"input": source})["mine"].input.dataset == "input"
    source = {"gram": "results/preview/kernels/fan2020/figure_1.h5", "dataset": "input"}
    assert laws(mine=LAW | {"input": source})["mine"].input.file == source["gram"]
