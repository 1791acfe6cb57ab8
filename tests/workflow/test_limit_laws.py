"""Limit laws of a user's own, from a few lines of YAML to the figure, and what makes them anew."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepspectra.runtime.store import file_hash

SMOKE = ("--config", "scale=smoke")
LAWS = """
limit_laws:
  three_layers: null
  wavy:
    kernel: tangent
    samples: 300
    widths: [600, 150]
    activation: mymodule:wave
    input: {atoms: [[0.5, 0.75], [2.5, 0.25]]}
    points: 100
  measured:
    kernel: conjugate
    ratios: [2]
    activation: relu
    input: {eigenvalues: mine/values.npy}
    points: 100
  smooth:
    kernel: tangent
    ratios: [0.5]
    activation: tanh
    input: {eigenvalues: mine/values.npy, smoothing: 0.2}
    points: 100
  one_layer:
    kernel: nonlinear
    activation: tanh
    phi: 1
    psi: 1.5
    points: 100
"""
MODULE = """
import numpy as np

def wave(x):
    return np.sin(x) / np.sqrt((1 - np.exp(-2)) / 2)
"""
MINE = ("--configfile", "laws.yaml", *SMOKE)
NAMES = ("wavy", "measured", "smooth", "one_layer")


@pytest.fixture(scope="module")
def solved(project):
    """The project after one run of two laws, started in its folder, where the user's module and file are."""
    (project.folder / "laws.yaml").write_text(LAWS)
    (project.folder / "mymodule.py").write_text(MODULE)
    (project.folder / "mine").mkdir()
    np.save(project.folder / "mine" / "values.npy", np.linspace(0.2, 1.8, 40))
    result = project.snakemake("--cores", "1", *MINE, "--", "limit_laws")
    assert result.returncode == 0, result.stdout[-6000:]
    return project


def hashes(project):
    """Of every file of the laws."""
    folder = project.folder / "results/smoke/limits"
    return {path.name: file_hash(path) for path in folder.iterdir()}


def summary(project, name):
    """Values by quantity, as text."""
    return pd.read_csv(project.folder / f"results/smoke/limits/{name}_summary.csv").set_index("quantity").value


def test_every_law_has_its_numbers_and_its_figure(solved):
    files = {f"{name}{suffix}" for name in NAMES for suffix in (".csv", "_summary.csv", ".pdf", ".png")}
    assert set(hashes(solved)) == files
    for name in NAMES:
        base = solved.folder / "results/smoke/limits" / name
        curve = pd.read_csv(base.with_suffix(".csv"))
        assert list(curve) == ["x", "density", "cdf", "residual"]
        assert curve.notna().all(axis=None)
        assert (curve.residual < 1e-12).all()
        assert curve.cdf.is_monotonic_increasing
        value = summary(solved, name)
        assert float(value["mass"]) == pytest.approx(1, abs=1e-6)
        assert float(value["mean"]) == pytest.approx(float(value["exact_mean"]), rel=1e-6)
        # The integral of the drawn density is the mass of the bulks: trapezoids, to their own accuracy.
        area = np.trapezoid(curve.density, curve.x)
        assert area == pytest.approx(float(value["mass"]) - float(value["atom_at_zero_mass"]), abs=0.01)
        assert base.with_suffix(".pdf").read_bytes().startswith(b"%PDF")


def test_the_summary_tells_edges_atoms_and_what_is_outside_the_theorem(solved):
    measured = summary(solved, "measured")
    assert float(measured["atom_location"]) == 0
    assert float(measured["atom_mass"]) == float(measured["atom_at_zero_mass"]) == 0.5
    assert float(measured["bulk_lower_edge"]) > 0
    assert measured["note"].startswith("outside assumption 3.2(b): relu has breakpoints (at 0)")
    wavy = summary(solved, "wavy")
    assert float(wavy["b_sigma"]) == pytest.approx(np.exp(-0.5) / np.sqrt((1 - np.exp(-2)) / 2), abs=1e-12)
    assert wavy["gamma"].astype(float).tolist() == [0.5, 2]


def test_captions_tell_smoothing_and_the_law_of_one_nonlinear_layer(solved):
    captions = solved.folder / "results/smoke/captions/limits"
    smooth, one = ((captions / f"{name}.txt").read_text() for name in ("smooth", "one_layer"))
    assert "Each input eigenvalue x is spread over a semicircle from 0.8 x to 1.2 x (smoothing 0.2)" in smooth
    assert "Limit law of pennington2017, theorem 1: eta = 1, zeta = " in one
    values = summary(solved, "one_layer")
    assert (float(values["phi"]), float(values["psi"])) == (1, 1.5)


def test_only_what_changed_makes_a_law_anew(solved):
    """The user's file of eigenvalues, the user's module, an entry: each its own law, and nothing else."""
    target = (*MINE, "--", "limit_laws")
    assert solved.jobs(*target) == {}
    one = {"solve_limit_law": 1, "draw_limit_law": 1, "limit_laws": 1}
    two = {"solve_limit_law": 2, "draw_limit_law": 2, "limit_laws": 1}
    module, values = solved.folder / "mymodule.py", solved.folder / "mine" / "values.npy"
    module.write_text(MODULE + "\n# an edit\n")
    assert solved.jobs(*target) == one
    module.write_text(MODULE)
    assert solved.jobs(*target) == {}
    assert (
        solved.jobs("--configfile", "laws.yaml", *SMOKE, "limit_laws={wavy: {points: 90}}", "--", "limit_laws") == one
    )
    np.save(values, np.linspace(0.3, 1.7, 40))
    assert solved.jobs(*target) == two


def test_equal_entries_give_equal_bytes(solved):
    np.save(solved.folder / "mine" / "values.npy", np.linspace(0.2, 1.8, 40))
    before = hashes(solved)
    rules = ("--forcerun", "solve_limit_law", "draw_limit_law")
    result = solved.snakemake("--cores", "1", *rules, *MINE, "--", "limit_wavy")
    assert result.returncode == 0, result.stdout[-6000:]
    assert hashes(solved) == before


def test_without_entries_there_is_nothing_to_make(project):
    result = project.snakemake("--dry-run", *SMOKE, "limit_laws=null", "--", "limit_laws")
    assert result.returncode == 0, result.stdout
    assert "solve_limit_law" not in result.stdout


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            "limit_laws={three_layers: {activation: 'nowhere:wave'}}",
            "  - limit_laws.three_layers: activation 'nowhere:wave': there is no module 'nowhere' in ",
        ),
        (
            "limit_laws={three_layers: {input: {atoms: [[1, 0.5], [2, 0.4]]}}}",
            "  - limit_laws.three_layers: the masses of the input spectrum's atoms must sum to 1; their sum is 0.9",
        ),
        (
            "limit_laws={three_layers: {input: {atoms: null, eigenvalues: nowhere.csv}}}",
            "error: limit_laws.three_layers.input.eigenvalues: expected a file of eigenvalues, found nothing at "
            "'nowhere.csv'",
        ),
    ],
)
def test_a_mistake_stops_before_the_plan(project, override, words):
    result = project.snakemake("--dry-run", *SMOKE, override, "--", "limit_three_layers")
    assert result.returncode != 0
    assert words in result.stdout, result.stdout
    assert "Building DAG" not in result.stdout
    assert "Traceback" not in result.stdout


def test_a_law_that_the_configuration_does_not_have_is_named(project):
    result = project.snakemake("--dry-run", "results/smoke/limits/other.csv")
    assert result.returncode != 0
    assert "\nerror: the configuration has no limit law 'other'; it has three_layers" in result.stdout
    assert "Traceback" not in result.stdout


def test_a_spectrum_that_a_rule_makes_is_made_first(project):
    source = "{atoms: null, eigenvalues: results/smoke/spectra/fan2020/figure_1.h5, dataset: input}"
    jobs = project.jobs(*SMOKE, f"limit_laws={{three_layers: {{input: {source}}}}}", "--", "limit_three_layers")
    assert jobs["decompose_kernels"] == jobs["solve_limit_law"] == 1
