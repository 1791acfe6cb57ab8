"""The figure of a limit law from tables such as solve_limit_law makes."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from deepspectra.config.limit_laws import LawEntry
from deepspectra.papers import style
from deepspectra.report.limit_law_figure import draw_limit_law

from .drawn import illegible, line_through, save_here_and_there, texts, through_csv


def law(**changes):
    entry = {
        "kernel": "tangent",
        "ratios": [0.5, 2],
        "activation": "tanh",
        "input": {"atoms": [[0.5, 0.75], [2.5, 0.25]]},
    }
    return LawEntry.model_validate(entry | changes).model_dump()


def tables(atoms=((0.0, 0.1),), peak=1.0, notes=()):
    """As solve_limit_law: two bulks of semicircles, and atoms."""
    theta = np.linspace(0, np.pi, 40)
    x = np.concatenate([2 - np.cos(theta), 6 - 2 * np.cos(theta)])
    density = np.concatenate([0.4 * np.sin(theta), 0.2 * np.sin(theta)])
    density[3] *= peak
    cdf = np.concatenate([np.linspace(0.1, 0.5, 40), np.linspace(0.5, 1, 40)])
    rows = [("b_sigma", None, 0.96), ("a_sigma", None, 1.18), ("gamma", 1, 0.5), ("gamma", 2, 2.0)]
    for number, (lower, upper, mass) in enumerate([(1.0, 3.0, 0.4), (4.0, 8.0, 0.5)], start=1):
        rows += [("bulk_lower_edge", number, lower), ("bulk_upper_edge", number, upper), ("bulk_mass", number, mass)]
    for number, (location, mass) in enumerate(atoms, start=1):
        rows += [("atom_location", number, location), ("atom_mass", number, mass)]
    rows += [("atom_at_zero_mass", None, 0.1), ("mass", None, 1.0), ("mean", None, 3.25), ("exact_mean", None, 3.25)]
    rows += [("variance", None, 2.5), ("points", None, 80), ("points_not_converged", None, 0)]
    rows += [("largest_residual", None, 4e-13), *(("note", None, note) for note in notes)]
    curve = through_csv(zip(x, density, cdf, np.full(80, 1e-13), strict=True), ["x", "density", "cdf", "residual"])
    return curve, through_csv(rows, ["quantity", "number", "value"])


def test_density_and_distribution_are_drawn_bulk_by_bulk():
    curve, summary = tables()
    density, distribution = draw_limit_law(curve, summary, law()).axes
    for part in (curve[:40], curve[40:]):
        assert line_through(density, part.rename(columns={"density": "y"}))
    (line,) = distribution.get_lines()
    x, y = line.get_xydata().T
    # From zero, up at the atom, along the points, and on at one.
    assert (x[1:3].tolist(), y[:3].tolist()) == ([0, 0], [0, 0, pytest.approx(0.1)])
    np.testing.assert_allclose(y[3:-1], curve.cdf)
    assert y[-1] == 1
    assert (density.get_yscale(), density.get_ylim()[0]) == ("linear", 0)
    assert density.get_xlim() == distribution.get_xlim()
    assert density.get_xlim()[0] < 0


def test_edges_and_atoms_are_marked_and_told():
    curve, summary = tables()
    figure = draw_limit_law(curve, summary, law())
    density, _ = figure.axes
    marks = np.concatenate([marks.get_segments() for marks in density.collections if hasattr(marks, "get_segments")])
    assert sorted(marks[:, 0, 0]) == [1, 3, 4, 8]
    (arrow,) = (note for note in density.texts if note.arrow_patch is not None)
    assert arrow.xy[0] == 0
    assert "0.1" in texts(density)
    legend = texts(figure.legends[0])
    assert sorted(legend) == ["[1, 3]: 0.4", "[4, 8]: 0.5", "atom at 0: 0.1", "edges of bulks: mass"]


def test_a_peak_makes_the_density_logarithmic_and_is_not_cut():
    curve, summary = tables(peak=100.0)
    density, _ = draw_limit_law(curve, summary, law()).axes
    assert density.get_yscale() == "log"
    assert density.get_ylabel() == "density (logarithmic)"
    assert density.get_ylim()[1] > curve.density.max()
    assert density.get_ylim()[0] > 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, r"tangent kernel $K^\mathrm{NTK}$, $L=2$, $n/d_\ell=$ 0.5, 2, tanh"),
        ({"kernel": "conjugate", "layer": 2}, r"conjugate kernel $K^\mathrm{CK}$ of layer 2 of 2, $L=2$"),
        (
            {"kernel": "conjugate", "layer": 2, "ratios": [0.5, 2, 1, 1]},
            r"conjugate kernel $K^\mathrm{CK}$ of layer 2 of 4, $L=4$",
        ),
    ],
)
def test_the_title_says_what_the_law_is_of(changes, words):
    figure = draw_limit_law(*tables(), law(**changes))
    assert figure.get_suptitle().startswith(words)


def test_the_small_print_says_where_the_law_comes_from_and_what_it_assumes():
    note = "outside assumption 3.2(b): relu has breakpoints (at 0)"
    printed = style.note_of(draw_limit_law(*tables(notes=[note]), law(rates=[1, 2, 0.5])))
    for words in (
        "Limit law of fan2020, theorem 3.8: b_sigma = 0.96, a_sigma = 1.18, rates 1, 2, 0.5",
        "input atoms 0.75 at 0.5, 0.25 at 2.5.",
        "Mean 3.25 (closed form 3.25), variance 2.5, mass 1; 80 points, each certified as the one solution, largest "
        "residual 4.0e-13.",
        "Outside assumption 3.2(b): relu has breakpoints (at 0).",
    ):
        assert words in printed


@pytest.mark.parametrize("atoms", [(), ((0.0, 0.1),), tuple((0.1 * i, 0.01) for i in range(8))])
@pytest.mark.parametrize("peak", [1.0, 100.0])
def test_no_text_is_cut_off_or_meets_another(atoms, peak):
    assert illegible(draw_limit_law(*tables(atoms, peak, ["a note, " * 20]), law())) == []


def figures_to_save():
    return {"limit_law": draw_limit_law(*tables(), law())}


def test_files_are_equal_whenever_the_numbers_are(tmp_path):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    folders = save_here_and_there(__name__, tmp_path / "here", tmp_path / "there")
    hashes = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} for folder in folders
    ]
    assert set(hashes[0]) == {"limit_law.pdf", "limit_law.png"}
    assert hashes[0] == hashes[1]
