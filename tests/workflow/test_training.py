"""Networks through the workflow on made-up data: trainings that are killed, pretrained weights of several kinds."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import psutil
import pytest
import torch
import yaml

from deepspectra.data.sources.tables import WeightsEntry, load_table, url_file_name
from deepspectra.runtime import store

from .conftest import NO_NETWORK, Project, copy_project

#: The training that is killed: long enough that its first checkpoint is far from its end.
NETWORK = "mlp512_seed1"
EPOCHS, CHECKPOINT_EPOCHS = 24, 2
TRAINING = f"{{images: 1000, test_images: 100, epochs: {EPOCHS}}}"
KILLED = (
    *("--config", "scale=smoke", f"checkpoint_epochs={CHECKPOINT_EPOCHS}"),
    f"thamm2024={{training: {TRAINING}}}",
)
OUTPUTS = (f"results/smoke/networks/{NETWORK}.h5", f"results/smoke/networks/{NETWORK}_history.csv")
CHECKPOINT = f"results/smoke/checkpoints/{NETWORK}.h5"
LOG = f"results/smoke/logs/train_network/{NETWORK}.log"

PRETRAINED = ["alexnet", "vgg16", "vgg19"]
#: (outputs, inputs): a wide, a square and a tall matrix.
SHAPES = {"dense1": (64, 96), "dense2": (64, 64), "dense3": (96, 64)}


@pytest.fixture(scope="module")
def with_images(project) -> Project:
    """The project with a file like CIFAR-10's whose first images are noise; the others, black, take no space."""
    draw = np.random.default_rng(1)
    path = project.folder / "resources" / "data" / "cifar10.h5"
    path.parent.mkdir()
    with h5py.File(path, "w") as file:
        for part, count in (("train", 50_000), ("test", 10_000)):
            images = file.create_dataset(f"{part}_images", (count, 32, 32, 3), np.uint8, chunks=(1000, 32, 32, 3))
            images[:1000] = draw.integers(0, 256, (1000, 32, 32, 3), np.uint8)
            file[f"{part}_labels"] = draw.integers(0, 10, count, np.uint8)
    return project


@pytest.fixture(scope="module")
def uninterrupted(with_images) -> dict[str, bytes]:
    """What a training leaves that nobody disturbs."""
    result = with_images.snakemake("--cores", "1", *KILLED, "--", OUTPUTS[0])
    assert result.returncode == 0, result.stdout[-6000:]
    assert not (with_images.folder / CHECKPOINT).exists()
    assert "going on from the checkpoint" not in (with_images.folder / LOG).read_text()
    contents = {name: (with_images.folder / name).read_bytes() for name in OUTPUTS}
    assert contents[OUTPUTS[1]].count(b"\n") == 1 + EPOCHS
    return contents


def training_process(workflow: int) -> psutil.Process | None:
    """The job's own process among the descendants of a workflow."""
    for process in psutil.Process(workflow).children(recursive=True):
        try:
            if process.cmdline()[-1:] and process.cmdline()[-1].endswith("train_network.py"):
                return process
        except psutil.Error:  # it has ended meanwhile
            continue
    return None


def wait_for_end(process: psutil.Process, seconds: float = 60) -> None:
    """Until a process is gone, or is no more than an entry that nobody has collected."""
    deadline = time.monotonic() + seconds
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the training outlives its workflow"
        time.sleep(0.05)


def test_a_killed_training_goes_on_from_its_checkpoint_to_the_same_bits(with_images, uninterrupted):
    """The job alone; test_kills.py has workflows that are killed."""
    folder = with_images.folder
    shutil.rmtree(folder / "results" / "smoke")
    workflow = with_images.start("--cores", "1", *KILLED, "--", OUTPUTS[0])
    job, deadline = None, time.monotonic() + 600
    try:
        while not (folder / CHECKPOINT).exists():
            assert workflow.poll() is None, workflow.communicate()[0]
            assert time.monotonic() < deadline, "no checkpoint"
            job = job or training_process(workflow.pid)
            time.sleep(0.01)
        job = job or training_process(workflow.pid)
        job.kill()
        output, _ = workflow.communicate(timeout=60)
        wait_for_end(job)
    finally:
        if workflow.poll() is None:
            os.killpg(workflow.pid, signal.SIGKILL)
            workflow.communicate()
    assert workflow.returncode != 0, output
    assert not any((folder / name).exists() for name in OUTPUTS)
    epochs = len(store.read(folder / CHECKPOINT, {"history": ("epochs", 5)})["history"])
    assert CHECKPOINT_EPOCHS <= epochs < EPOCHS

    result = with_images.snakemake("--cores", "1", *KILLED, "--", OUTPUTS[0])
    assert result.returncode == 0, result.stdout[-6000:]
    log = (folder / LOG).read_text()
    assert f"going on from the checkpoint after epoch {epochs}\n" in log
    assert f" epoch {epochs}: loss" not in log
    assert f" epoch {epochs + 1}: loss" in log
    assert {name: (folder / name).read_bytes() for name in OUTPUTS} == uninterrupted
    assert not (folder / CHECKPOINT).exists()


def test_a_training_leaves_torch_s_compiler_alone(with_images, tmp_path):
    """As a user's job starts: nothing imports what takes longer than the rest of torch."""
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit, sys\n"
        "from pathlib import Path\n"
        "names = 'torch', 'torch._dynamo', 'torch._inductor'\n"
        "end = lambda: Path(__file__).with_name('seen').write_text(str([name in sys.modules for name in names]))\n"
        "if 'train_network' in ' '.join(sys.orig_argv[1:2]): atexit.register(end)\n"
    )
    few = "fan2020={training: {epochs: 2, samples: 20}}"
    run = with_images.start(
        *("--cores", "1", "--config", "scale=smoke", few, "--", "results/smoke/networks/single_neuron.h5"),
        PYTHONPATH=str(tmp_path),
    )
    try:
        output, _ = run.communicate(timeout=300)
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
    assert run.returncode == 0, output[-6000:]
    assert (tmp_path / "seen").read_text() == "[True, False, False]"


def test_a_network_of_baskerville_is_trained_anew_only_for_what_shapes_it(with_images):
    """Not when other batches of it are to be studied."""
    network = "lenet_cifar10"
    path = f"results/smoke/networks/{network}.h5"
    few = "images: 64, test_images: 40"

    def options(settings, training=""):
        networks = f"networks: {{{network}: {{{settings}}}}}"
        return "--config", "scale=smoke", f"baskerville2022={{{networks}{training}}}", "--", path

    result = with_images.snakemake("--cores", "1", *options(few))
    assert result.returncode == 0, result.stdout[-6000:]
    file = store.read(
        with_images.folder / path, {f"{state}/conv1/weight": (6, 3, 5, 5) for state in ("initial", "final")}
    )
    assert not np.array_equal(file["initial/conv1/weight"], file["final/conv1/weight"])
    history = pd.read_csv(with_images.folder / path.replace(".h5", "_history.csv"))
    assert list(history) == ["epoch", "learning_rate", "loss", "train_accuracy", "test_accuracy"]

    assert with_images.jobs(*options(f"{few}, batches: 4, published_batches: 3, method: dense")) == {}
    for change in (options(f"{few}, epochs: 3"), options("images: 65, test_images: 40"), options(f"{few}, seed: 9")):
        assert with_images.jobs(*change) == {"train_network": 1}
    assert with_images.jobs(*options(few, ", training: {weight_decay: 0}")) == {"train_network": 1}


def test_weights_that_are_required_and_cannot_be_had_are_one_message(project):
    options = ("--config", "scale=smoke", "pretrained=require", "data={retries: 0, timeout_seconds: 5}")
    result = project.snakemake("--cores", "1", *options, "--", "resources/weights/alexnet.h5", **NO_NETWORK)
    assert result.returncode != 0
    entry = load_table(project.folder / "resources/weights.yaml", WeightsEntry)["alexnet"]
    for words in (
        f"error: alexnet: the pretrained weights at {entry.url} could not be had: ",
        f"To supply them by hand, put {url_file_name(entry.url)} from that address into a folder",
        "--config data='{folder: PATH}'",
    ):
        assert words in result.stdout, result.stdout
    assert "Traceback" not in result.stdout
    assert not (project.folder / "resources/weights/alexnet.h5").exists()


def declare_small_matrices(path: Path) -> None:
    """The table of weights with the matrices of this module in place of the networks' own."""
    table = yaml.safe_load(path.read_text())
    for network in PRETRAINED:
        keras = table[network]["format"] == "keras"
        for layer, shape in SHAPES.items():
            table[network]["layers"][layer]["shape"] = list(shape[::-1] if keras else shape)
    path.write_text(yaml.safe_dump(table, sort_keys=False))


def write_weights(path: Path, network: str, matrices: dict[str, np.ndarray], parameters: dict[str, str]) -> None:
    """A file as a network's provider lays it out."""
    if network != "vgg16":
        state = {name: torch.from_numpy(matrices[layer]) for layer, name in parameters.items()}
        biases = {name.replace("weight", "bias"): torch.zeros(len(matrix)) for name, matrix in state.items()}
        torch.save({"features.0.weight": torch.ones(2, 3, 4, 4)} | state | biases, path)
        return
    with h5py.File(path, "w") as file:
        file["block1_conv1/block1_conv1_W_1:0"] = np.ones((3, 3, 2, 2), np.float32)
        for layer, group in parameters.items():
            file[f"{group}/{group}_W_1:0"] = matrices[layer].T
            file[f"{group}/{group}_b_1:0"] = np.zeros(len(matrices[layer]), np.float32)


def plant_signals(given: dict[str, dict[str, np.ndarray]], draw: np.random.Generator) -> None:
    """In place of noise: levels without fluctuation (AlexNet, dense2), and one direction that goes from no input in
    particular to a single output (VGG16, dense1), which tells the matrix from its transpose as well."""
    size = SHAPES["dense2"][0]
    left, right = (np.linalg.qr(draw.standard_normal((size, size)))[0] for _ in range(2))
    given["alexnet"]["dense2"] = (left * np.linspace(1, 9, size) @ right.T).astype(np.float32)
    direction = draw.standard_normal(SHAPES["dense1"][1])
    given["vgg16"]["dense1"][3] += (60 * direction / np.linalg.norm(direction)).astype(np.float32)


def check_signals(statistics: Path) -> None:
    """What was planted is found, where it was planted and nowhere else."""
    rows = pd.read_csv(statistics / "alexnet_levels.csv").set_index(["layer", "unfolding"])
    rigid = rows.loc["dense2"]
    # The smallest p-value that 19 random matrices can give.
    np.testing.assert_allclose(rigid.p_calibrated, 1 / 20)
    np.testing.assert_allclose(rigid.variance_p_all, 1 / 20)
    assert (rigid.p < 1e-4).all()
    assert (rows.drop("dense2").p > 1e-3).all()

    vectors = pd.read_csv(statistics / "vgg16_vectors.csv").set_index(["layer", "side"])
    output, inputs = (vectors.loc[("dense1", side)].sort_values("rank") for side in ("output", "input"))
    assert (set(output.dimension), set(inputs.dimension)) == ({64}, {96})
    assert output.p.iloc[-1] < 1e-6
    assert inputs.p.iloc[-1] > 1e-2
    assert output.p_calibrated.iloc[-1] == pytest.approx(1 / 100)
    for others in (output.iloc[:-1], inputs.iloc[:-1], vectors.loc["dense2"], vectors.loc["dense3"]):
        assert 0.4 < others.p_calibrated.mean() < 0.6


def test_files_of_pretrained_weights_go_through_the_whole_pipeline(tmp_path_factory):
    """From torch's and Keras's files to tests with p-values and a figure, for matrices whose spectra are known."""
    project = copy_project(tmp_path_factory.mktemp("pretrained"))
    folder = project.folder / "results" / "smoke"
    table = project.folder / "resources" / "weights.yaml"
    declare_small_matrices(table)
    entries = load_table(table, WeightsEntry)
    draw = np.random.default_rng(2)
    given = {
        network: {layer: draw.standard_normal(shape, np.float32) for layer, shape in SHAPES.items()}
        for network in PRETRAINED
    }
    plant_signals(given, draw)
    files = {network: tmp_path_factory.mktemp("files") / f"my {network}" for network in PRETRAINED}
    for network, path in files.items():
        names = {layer: entry.parameter for layer, entry in entries[network].layers.items()}
        write_weights(path, network, given[network], names)

    own = {network: {"file": str(path)} for network, path in files.items()}
    panels = [{"network": network, "layer": layer} for network, layer in zip(PRETRAINED, SHAPES, strict=True)]
    settings = project.folder.parent / "own files.yaml"
    settings.write_text(
        yaml.safe_dump({"pretrained": "require", "thamm2024": {"pretrained": own, "figure_1": {"panels": panels}}})
    )
    levels = [f"results/smoke/statistics/thamm2024/networks/{network}_levels.csv" for network in PRETRAINED]
    levels.append("results/smoke/statistics/thamm2024/networks/vgg16_vectors.csv")
    spectra = [f"results/smoke/spectra/thamm2024/{network}.h5" for network in PRETRAINED]
    options = ("--configfile", str(settings), "--config", "scale=smoke", "--")
    result = project.snakemake(
        "--cores", "2", *options, *levels, *spectra, "results/smoke/figures/thamm2024/figure_1.pdf", **NO_NETWORK
    )
    assert result.returncode == 0, result.stdout[-6000:]

    for network in PRETRAINED:
        said = store.read(project.folder / f"resources/weights/{network}.h5", {}).attributes["parameters"]
        assert said["available"] is True
        assert said["official"] is False
        assert said["sha256"] == store.file_hash(files[network])
        shapes = {f"{layer}/final": (min(shape),) for layer, shape in SHAPES.items()}
        values = store.read(folder / f"spectra/thamm2024/{network}.h5", shapes)
        for layer, matrix in given[network].items():
            expected = np.linalg.svd(matrix.astype(np.float64), compute_uv=False)[::-1]
            np.testing.assert_allclose(values[f"{layer}/final"], expected, rtol=1e-10)
        rows = pd.read_csv(folder / f"statistics/thamm2024/networks/{network}_levels.csv")
        assert set(zip(rows.layer, rows.outputs, rows.inputs, strict=True)) == {
            (layer, *shape) for layer, shape in SHAPES.items()
        }
        assert len(rows) == len(SHAPES) * rows.unfolding.nunique()
        assert set(rows.state) == {"final"}
        assert rows[["p", "p_calibrated"]].apply(lambda column: column.between(0, 1)).all(axis=None)
        assert (rows.null_draws == 19).all()
        assert rows.note.isna().all()
    check_signals(folder / "statistics/thamm2024/networks")
    drawn = pd.read_csv(folder / "figures/thamm2024/figure_1.csv")
    assert {panel[-1] for panel in drawn.panel} == {"1", "2", "3"}
