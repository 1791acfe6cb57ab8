"""Bad input, end to end: each kind gives one message and status 1, nothing is lost, and nothing wrong is drawn.

A run spoils several files of one stage, whose jobs then fail side by side. What single functions refuse is tested
beside them: values of the configuration (``tests/unit/config``), HDF5 files and tables of the workflow
(``tests/unit/runtime``), downloads and weights (``tests/unit/data/sources``), eigenvalues and activations of one's own
(``tests/unit/rmt/limits``, ``tests/unit/nn/activations``). Missing files and mistakes on the command line are in
``test_rules.py``, sources out of reach in ``test_smoke.py``.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from deepspectra.runtime import store

from . import spoiling
from .conftest import NO_NETWORK, Project, copy_project

DRY = ("--dry-run", "--quiet", "rules")
RUN = ("--cores", "2", "--keep-going", "--notemp", "--configfile", "small.yaml")
#: Small jobs of every stage; what they leave stands when an input is spoilt.
SETTINGS = "scale: smoke\nthamm2024: {networks: {tiny: {hidden: [24], seed: 7}}}\n"
DATA, SMOKE = "resources/data", "results/smoke"
FIGURE, LEVELS = "pennington2017_figure_3", f"{SMOKE}/statistics/thamm2024/networks/tiny_levels.csv"
FINISHED = (FIGURE, "fan2020_figure_1", "limit_three_layers", LEVELS)
HESSIAN = "baskerville2022/mlp_mnist/final_train_hessian"


@dataclass(frozen=True)
class Run:
    """A command line with bad input: what spoils it, and the words of each of its messages."""

    arguments: tuple[str, ...]
    messages: list[tuple[str, ...]] = field(default_factory=list)
    spoil: Callable[[Path], object] = lambda folder: None
    status: int = 1


def only(rules: str, *targets: str) -> tuple[str, ...]:
    """These targets, by these rules: what is missing before them is not made."""
    return (*RUN, "--allowed-rules", *rules.split(), "--", *(f"{SMOKE}/{target}" for target in targets))


def own_archives(folder: Path) -> None:
    own = folder / "own"
    own.mkdir()
    for name in ("bike+sharing+dataset.zip", "bike-sharing-dataset.zip"):
        spoiling.error_page(own / name)
    spoiling.digits(own)
    spoiling.archive_with_a_way_out(own / "cifar-10-binary.tar.gz")


def own_weights(folder: Path) -> None:
    own = folder / "own"
    spoiling.pickled_code(own / "code.pth")
    torch.save({"fc.weight": torch.zeros(3, 2)}, own / "names.pth")
    with h5py.File(own / "vgg16.h5", "w") as file:
        for layer in ("fc1", "fc2", "predictions"):
            file[f"{layer}/{layer}/kernel:0"] = np.zeros((3, 2), np.float32)


def data(folder: Path) -> None:
    spoiling.cut_short(folder / DATA / "bike.h5", 0.5)
    with h5py.File(folder / DATA / "cifar10.h5", "r+") as file:
        file["train_images"][7, 8, 9, 0] += 1
    spoiling.replace_array(folder / DATA / "mnist.h5", "train_images", np.zeros((200, 14, 14), np.uint8))
    arrays = {f"{part}_features": np.full((24, 512), np.nan, np.float32) for part in ("train", "test")}
    arrays |= {f"{part}_labels": np.zeros(24, np.int64) for part in ("train", "test")}
    store.write(folder / SMOKE / "features/cifar10.h5", arrays, parameters={})


def networks(folder: Path) -> None:
    spoiling.write_network(folder / SMOKE / "networks/mlp_mnist.h5", "layer1/weight", (10, 784))
    spoiling.write_network(folder / SMOKE / "networks/tiny.h5", "dense1/weight", (24, 30))
    spoiling.cut_short(folder / SMOKE / "kernels/fan2020/figure_1.h5", 0.9)
    spoiling.cut_short(folder / SMOKE / "limits/three_layers.csv", 0.5)


def spectra(folder: Path) -> None:
    infinite = {"matrix": np.full((5, 5), np.inf, np.float32)}
    store.write(folder / SMOKE / f"matrices/{HESSIAN}/0.h5", infinite, parameters={})
    spoiling.replace_array(folder / SMOKE / "nulls/levels_3072x24.h5", "gaussian/spacing_statistics", None)
    spoiling.replace_array(folder / SMOKE / "spectra/fan2020/figure_1.h5", "input", np.ones(149))
    spoiling.error_page(folder / SMOKE / "statistics/pennington2017/figure_3_curves.csv")
    spoiling.replace_cell(folder / SMOKE / "limits/three_layers.csv", 20, "density", "0.1O")


OWN_WEIGHTS = "{alexnet: {file: own/code.pth}, vgg19: {file: own/names.pth}, vgg16: {file: own/vgg16.h5}}"
OWN_LAW = "{mine: {kernel: conjugate, ratios: [1], activation: tanh, input: {eigenvalues: own.npy}}}"
TRAINED = [f"networks/{name}.h5" for name in ("mlp_bike", "tiny", "logistic_mnist", "logistic_features")]
RUNS = {
    "archives in data.folder": Run(
        (
            *(*RUN, "--config", "data={folder: own}", "--forcerun", "fetch_dataset"),
            *(
                "--allowed-rules",
                "fetch_dataset",
                "--",
                *(f"{DATA}/{name}.h5" for name in ("bike", "mnist", "cifar10")),
            ),
        ),
        [
            ("bike: a file in your folder own is not the right one", "cannot be read, it may be cut short"),
            ("mnist: a file in your folder own is not the right one", "cannot be read, it may be cut short"),
            ("cifar10: your folder own is not complete", "is not in cifar-10-binary.tar.gz"),
        ],
        own_archives,
    ),
    "weights of one's own": Run(
        (
            *(*RUN, "--config", f"thamm2024={{pretrained: {OWN_WEIGHTS}}}", "--"),
            *(f"resources/weights/{name}.h5" for name in ("alexnet", "vgg19", "vgg16")),
        ),
        [
            ("own/code.pth does not hold the weights", "which is refused: loading weights must not run code"),
            ("own/names.pth does not hold the weights", "expected a parameter classifier.0.weight", "found fc.weight"),
            ("own/vgg16.h5 does not hold the weights", "but found float32 (3, 2)"),
        ],
        own_weights,
    ),
    "data and features": Run(
        only("train_network", *TRAINED),
        [
            (f"{DATA}/bike.h5", "is not a whole HDF5 file", "Delete it and run the workflow again"),
            (f"{DATA}/cifar10.h5", "'train_images' is not the one that was written", "Delete it"),
            (f"{DATA}/mnist.h5", "'train_images' has shape (200, 14, 14), expected (200, 28, 28)"),
            (f"{SMOKE}/features/cifar10.h5", "values that are not finite", "Delete it"),
        ],
        data,
    ),
    "networks, kernels and a table cut short": Run(
        only(
            "compute_curvature decompose_weights decompose_kernels draw_limit_law",
            *(f"matrices/{HESSIAN}/0.h5", "spectra/thamm2024/tiny.h5", "spectra/fan2020/figure_1.h5"),
            "limits/three_layers.pdf",
        ),
        [
            ("networks/mlp_mnist.h5 has no array 'final/", "Something else wrote it"),
            ("networks/tiny.h5", "has shape (24, 30), expected (24, 3072)"),
            (f"{SMOKE}/kernels/fan2020/figure_1.h5", "is not a whole HDF5 file"),
            ("limits/three_layers.csv is cut short",),
        ],
        networks,
    ),
    "spectra, nulls and tables": Run(
        only(
            "decompose_curvature analyse_weights make_numbers draw_figure draw_limit_law",
            *(f"spectra/{HESSIAN}/published_0.h5", LEVELS.removeprefix(f"{SMOKE}/"), "statistics/fan2020/figure_1.csv"),
            *("figures/pennington2017/figure_3.pdf", "limits/three_layers.pdf"),
        ),
        [
            ("final_train_hessian/0.h5", "values that are not finite"),
            ("nulls/levels_3072x24.h5 has no array 'gaussian/spacing_statistics'", "Something else wrote it"),
            ("spectra/fan2020/figure_1.h5", "has shape (149,), expected (150,)"),
            ("pennington2017/figure_3_curves.csv is not", "Delete it"),
            ("limits/three_layers.csv is not", "row 19 below the heading has '0.1O' in column 'density'"),
        ],
        spectra,
    ),
    "a checkpoint with code in it": Run(
        (*RUN, "--forcerun", "train_network", "--allowed-rules", "train_network", "--", f"{SMOKE}/networks/tiny.h5"),
        spoil=lambda folder: spoiling.pickled_code(folder / SMOKE / "checkpoints/tiny.h5"),
        status=0,
    ),
    "eigenvalues with code in them": Run(
        (*DRY, "--config", f"limit_laws={OWN_LAW}", "--"),
        [("own.npy is not a whole .npy file of numbers",)],
        lambda folder: np.save(folder / "own.npy", np.array([spoiling.Bomb()], dtype=object), allow_pickle=True),
    ),
    "a configuration with code in it": Run(
        (*DRY, "--configfile", "mine.yaml", "--"),
        [("Config file is not valid JSON or YAML",)],
        lambda folder: (folder / "mine.yaml").write_text(
            f"scale: !!python/object/apply:os.mkdir [{spoiling.CANARY}]\n"
        ),
    ),
    "a key twice": Run(
        (*DRY, "--configfile", "mine.yaml", "--"),
        [("mine.yaml: the key fan2020 is there twice in one mapping, in lines 2 and 3",)],
        lambda folder: (folder / "mine.yaml").write_text("scale: smoke\nfan2020: {}\nfan2020: {figure_1: {}}\n"),
    ),
    "more than any memory": Run(
        (*RUN, "--config", "fan2020={figure_1: {width: 1000000000}}", "--", f"{SMOKE}/kernels/fan2020/figure_1.h5"),
        [("not enough memory", "Use smaller sizes")],
    ),
    "results is a file": Run(
        (*RUN, "--", FIGURE),
        [("results must be a folder, but is a file",)],
        lambda folder: (shutil.rmtree(folder / "results"), (folder / "results").write_text("mine")),
    ),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Project:
    """A copy of the checkout in which the small jobs have run, in a folder whose name has a space."""
    project = copy_project(tmp_path_factory.mktemp("finished project"))
    spoiling.write_inputs(project.folder)
    (project.folder / "small.yaml").write_text(SETTINGS)
    result = project.snakemake(*RUN, "--", *FINISHED)
    assert result.returncode == 0, result.stdout[-6000:]
    return project


def copy_of(project: Project, folder: Path) -> Project:
    """Another copy to spoil, with the times of its files."""
    shutil.copytree(project.folder, folder, symlinks=True)
    return Project(folder)


def contents(folder: Path) -> dict[str, bytes]:
    """What may not be lost: data and results; logs, benchmarks and checkpoints apart."""
    files = (path for top in (DATA, "results") for path in (folder / top).rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return {
        name: content for name, content in found.items() if not re.search("(^|/)(logs|benchmarks|checkpoints)/", name)
    }


def failed_outputs(output: str) -> set[str]:
    """Declared outputs of jobs that failed: Snakemake takes them away before a job begins."""
    lists = re.findall(r"^Error in rule .*\n(?:    .*\n)*?    output: (.*)$", output, flags=re.MULTILINE)
    return {re.sub(r" \(.*\)$", "", name) for line in lists for name in line.split(", ")}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_with_bad_input_says_so_and_harms_nothing(finished, tmp_path, name):
    run, project = RUNS[name], copy_of(finished, tmp_path / "project")
    run.spoil(project.folder)
    before = contents(project.folder)
    result = project.snakemake(*run.arguments, **NO_NETWORK)
    after = contents(project.folder)

    assert result.returncode == run.status, result.stdout[-6000:]
    for words in run.messages:
        assert spoiling.message_with(result.stdout, words), (words, result.stdout[-6000:])
    # No line of the library or of a script is shown. Snakemake's own traceback has none either.
    assert not re.search(r'File ".*/(workflow/lib|scripts)/', result.stdout), result.stdout[-6000:]
    assert {path: content for path, content in after.items() if before.get(path, content) != content} == {}
    assert before.keys() - after.keys() <= failed_outputs(result.stdout), result.stdout[-6000:]
    assert not list(tmp_path.rglob(spoiling.CANARY))
    if "checkpoint" in name:
        log = (project.folder / SMOKE / "logs/train_network/tiny.log").read_text()
        assert "tiny.h5 cannot be read, training starts anew and replaces it" in log


def test_any_path_will_do(finished, tmp_path):
    """One job of every kind of script: a figure and its numbers, in a copy at another place."""
    folder = tmp_path / 'Größe ünd it\'s "mine" $HOME' / ("long " * 20) / ("name_" * 20) / "project"
    project = copy_of(finished, folder)
    before = contents(folder)
    result = project.snakemake(*RUN, "--forcerun", "make_numbers", "draw_figure", "--", FIGURE)
    assert result.returncode == 0, result.stdout[-6000:]
    assert "rule make_numbers" in result.stdout
    assert contents(folder) == before


def backdate(folder: Path, seconds: float) -> None:
    """All files of a folder by so many seconds, to 1970 at most."""
    for path in folder.rglob("*"):
        if path.is_file():
            when = max(0.0, path.stat().st_mtime - seconds)
            os.utime(path, (when, when))


@pytest.mark.parametrize(
    ("seconds", "folders"),
    [(4e9, ("resources", "results")), (86400, ("results/smoke/figures",))],
    ids=["1970", "outputs older"],
)
def test_clocks_that_jump_cost_one_run_at_most(finished, tmp_path, seconds, folders):
    """What is made anew is the same to the byte, and then there is nothing to do."""
    project = copy_of(finished, tmp_path / "project")
    for name in folders:
        backdate(project.folder / name, seconds)
    before = contents(project.folder)
    result = project.snakemake(*RUN, "--", FIGURE)
    assert result.returncode == 0, result.stdout[-6000:]
    assert contents(project.folder) == before
    again = project.snakemake(*RUN, "--", FIGURE)
    assert "Nothing to be done" in again.stdout, again.stdout[-3000:]
