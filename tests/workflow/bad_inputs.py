"""Every kind of bad input that is tried: a row for each, with what is said and what stays.

``uv run tests/record_bad_input.py`` tries all of them and writes the table in tests/bad_input.md.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from deepspectra.config import load_settings
from deepspectra.nn.activations.own import resolve_activation
from deepspectra.runtime import store

from . import spoiling
from .conftest import ROOT
from .trying import FINISHED, RUN, STAYS, Case, Run, Spoil

DRY = ("--dry-run", "--quiet", "rules")


def _data(name: str) -> str:
    return f"resources/data/{name}.h5"


def _smoke(name: str) -> str:
    return f"results/smoke/{name}"


def _in(name: str, spoil: Callable[..., object], *arguments: object) -> Spoil:
    return lambda folder: spoil(folder / name, *arguments)


def _array(name: str, array: str, change: Callable[[np.ndarray], object]) -> Spoil:
    return lambda folder: spoiling.change_array(folder / name, array, change)


def _one_more(values: np.ndarray) -> np.ndarray:
    values = values.copy()
    values.flat[values.size // 2] += 1
    return values


def _features(folder: Path) -> None:
    arrays = {f"{part}_features": np.full((24, 512), np.nan, np.float32) for part in ("train", "test")}
    arrays |= {f"{part}_labels": np.zeros(24, np.int64) for part in ("train", "test")}
    store.write(folder / _smoke("features/cifar10.h5"), arrays, parameters={})


def _own_archives(folder: Path) -> None:
    own = folder / "own"
    own.mkdir()
    spoiling.error_page(own / "bike+sharing+dataset.zip")
    spoiling.error_page(own / "bike-sharing-dataset.zip")
    spoiling.digits(own)
    spoiling.archive_with_a_way_out(own / "cifar-10-binary.tar.gz")


def _own_weights(folder: Path) -> None:
    # Not on top: torch takes seconds, and the rows are read by tests that need none of it.
    import torch

    own = folder / "own"
    spoiling.pickled_code(own / "code.pth")
    torch.save({"fc.weight": torch.zeros(3, 2)}, own / "names.pth")
    with h5py.File(own / "vgg16.h5", "w") as file:
        for layer in ("fc1", "fc2", "predictions"):
            file[f"{layer}/{layer}/kernel:0"] = np.zeros((3, 2), np.float32)


def _yaml(text: str | bytes) -> Spoil:
    return lambda folder: (folder / "mine.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())


_TRAIN = ("mlp_bike", "tiny", "logistic_mnist", "logistic_features")
_OWN_WEIGHTS = "{alexnet: {file: own/code.pth}, vgg19: {file: own/names.pth}, vgg16: {file: own/vgg16.h5}}"
_OWN_LAW = "{mine: {kernel: conjugate, ratios: [1], activation: tanh, input: {eigenvalues: own.npy}}}"
_HESSIAN = "final_train_hessian"
_MATRIX = _smoke(f"matrices/baskerville2022/mlp_mnist/{_HESSIAN}/0.h5")
_MINE = Run((*DRY, "--configfile", "mine.yaml", "--"))


def _only(*rules: str) -> tuple[str, ...]:
    return (*RUN, "--allowed-rules", *rules, "--")


#: Command lines, by name.
RUNS = {
    "data": Run((*_only("train_network"), *(_smoke(f"networks/{name}.h5") for name in _TRAIN))),
    "folder": Run(
        (
            *(
                *RUN,
                "--config",
                "data={folder: own}",
                "--forcerun",
                "fetch_dataset",
                "--allowed-rules",
                "fetch_dataset",
            ),
            *("--", *map(_data, ("bike", "mnist", "cifar10"))),
        )
    ),
    "weights": Run(
        (
            *(*RUN, "--config", f"thamm2024={{pretrained: {_OWN_WEIGHTS}}}", "--"),
            *(f"resources/weights/{name}.h5" for name in ("alexnet", "vgg19", "vgg16")),
        )
    ),
    "networks": Run(
        (
            *_only("compute_curvature", "decompose_weights", "decompose_kernels", "draw_limit_law"),
            *(_MATRIX, _smoke("spectra/thamm2024/tiny.h5"), _smoke("spectra/fan2020/figure_1.h5")),
            _smoke("limits/three_layers.pdf"),
        )
    ),
    "spectra": Run(
        (
            *_only("decompose_curvature", "analyse_weights", "compare_kernel_spectra", "draw_figure"),
            *(_smoke(f"spectra/baskerville2022/mlp_mnist/{_HESSIAN}/published_0.h5"), FINISHED[-1]),
            *(_smoke("statistics/fan2020/figure_1.csv"), _smoke("figures/pennington2017/figure_3.pdf")),
        )
    ),
    "vectors": Run(
        (
            *_only("analyse_weights", "draw_figure", "draw_limit_law"),
            *(FINISHED[-1], _smoke("figures/fan2020/figure_1.pdf"), _smoke("figures/pennington2017/figure_3.pdf")),
            _smoke("limits/three_layers.pdf"),
        )
    ),
    "checkpoint": Run(
        (*RUN, "--forcerun", "train_network", "--allowed-rules", "train_network", "--", _smoke("networks/tiny.h5"))
    ),
    "memory": Run(
        (*RUN, "--config", "fan2020={figure_1: {width: 1000000000000}}", "--", _smoke("kernels/fan2020/figure_1.h5"))
    ),
    "a file": Run((*RUN, "--", FINISHED[0]), fresh=True),
    "a link": Run((*RUN, "--", FINISHED[0]), fresh=True),
    "read-only": Run((*RUN, "--forcerun", "draw_figure", "--", FINISHED[0]), read_only="results"),
    "read-only file": Run(
        (*RUN, "--forcerun", "draw_figure", "--", FINISHED[0]), read_only=_smoke("figures/pennington2017/figure_3.pdf")
    ),
    "read-only records": Run((*RUN, "--", FINISHED[0]), read_only=".snakemake"),
    "syntax": _MINE,
    "list": _MINE,
    "binary": _MINE,
    "yaml code": _MINE,
    "twice": _MINE,
    "nowhere": Run((*DRY, "--configfile", "nowhere.yaml", "--")),
    "no mapping": Run((*DRY, "--config", "fan2020=3", "--")),
    "target": Run((*DRY, "--config", "scale=smoke", "--", _smoke("figures/fan2020/figure_99.pdf"))),
    "name": Run((*DRY, "--config", "scale=smoke", "--", "fan2020_figur_1")),
    "no end": Run((*DRY, "--config", "scale=smoke", "fan2020_figure_1")),
    "dots": Run((*DRY, "--config", "fan2020.figure_1.bins=30", "--", "fan2020_figure_1")),
    "npy": Run((*DRY, "--config", f"limit_laws={_OWN_LAW}", "--")),
}

DOWNLOADS, STORED, SUPPLIED, CODE = (
    "Downloads",
    "HDF5 files and tables of the workflow",
    "Files of your own",
    "Files with code in them",
)
CONFIGURATION, FOLDER, CLOCK = "Configuration", "Folders, paths and permissions", "Clocks"
_CUT = "is not a whole HDF5 file"
_FOREIGN = "Something else wrote it"


def _law(**change: object) -> Spoil:
    """The check of a configuration with a limit law of one's own."""
    law = {"kernel": "conjugate", "ratios": [1.0], "activation": "tanh", "input": {"marchenko_pastur": 1.0}} | change
    return _settings({"limit_laws": {"mine": law}})


def _settings(overrides: dict[str, object]) -> Spoil:
    """The check of a configuration at smoke scale, as every command line begins with it."""
    return lambda folder: load_settings(ROOT / "config", {"scale": "smoke"} | overrides)


def _file(name: str, content: bytes, **change: object) -> Spoil:
    """A file of eigenvalues with this content, asked for by a limit law."""

    def check(folder: Path) -> None:
        (folder / name).write_bytes(content)
        _law(input={"eigenvalues": str(folder / name), **change})(folder)

    return check


def _activation(text: str | None, name: str) -> Spoil:
    """A function in a module of one's own in the folder of the run."""

    def check(folder: Path) -> None:
        module = f"own_{len(text or '')}"
        if text is not None:
            (folder / f"{module}.py").write_text(text)
        here = Path.cwd()
        os.chdir(folder)
        try:
            resolve_activation(f"{module}:{name}")
        finally:
            os.chdir(here)
            sys.path[:] = [entry for entry in sys.path if entry != str(folder)]

    return check


CASES = [
    Case(
        DOWNLOADS,
        "an HTML error page in the place of an archive in data.folder",
        ("bike: a file in your folder own is not the right one", "cannot be read, it may be cut short", "Replace it"),
        _own_archives,
        "folder",
    ),
    Case(
        DOWNLOADS,
        "a gzipped file in data.folder cut short",
        ("mnist: a file in your folder own is not the right one", "cannot be read, it may be cut short"),
        run="folder",
    ),
    Case(
        DOWNLOADS,
        "an archive in data.folder with the path ../canary",
        ("cifar10: your folder own is not complete", "is not in cifar-10-binary.tar.gz"),
        run="folder",
    ),
    Case(
        DOWNLOADS,
        "a wrong file with the right name in data.folder",
        ("SHA-256", "expected"),
        shown_by="tests/workflow/test_smoke.py::test_a_wrong_file_of_the_users_own_is_named_with_both_hashes",
    ),
    Case(
        DOWNLOADS,
        "a download with one byte changed",
        ("SHA-256",),
        shown_by="tests/unit/datasets/test_retrieval.py::test_a_wrong_array_names_itself_and_both_hashes",
        status=0,
    ),
    Case(
        DOWNLOADS,
        "a download cut short, an error page: the next source serves",
        (),
        shown_by="tests/unit/datasets/test_retrieval.py::test_the_next_source_serves",
        status=0,
    ),
    Case(
        DOWNLOADS,
        "pretrained weights with another hash",
        (),
        shown_by="tests/unit/pretrained/test_retrieval.py::test_a_wrong_hash_is_noticed_before_anything_reads_the_file",
        status=0,
    ),
    Case(
        DOWNLOADS,
        "no source in reach",
        ("could not be had",),
        shown_by="tests/workflow/test_smoke.py::test_no_source_in_reach_is_one_message",
    ),
    Case(
        STORED,
        "resources/data/bike.h5 cut short",
        (_data("bike"), _CUT, "Delete it and run the workflow again"),
        _in(_data("bike"), spoiling.cut_short),
        "data",
    ),
    Case(
        STORED,
        "one pixel in resources/data/cifar10.h5 changed",
        (_data("cifar10"), "'train_images' is not the one that was written", "Delete it"),
        _array(_data("cifar10"), "train_images", _one_more),
        "data",
    ),
    Case(
        STORED,
        "images in resources/data/mnist.h5 of another shape",
        (_data("mnist"), "'train_images' has shape (200, 14, 14), expected (200, 28, 28)"),
        _array(_data("mnist"), "train_images", lambda x: x[:, ::2, ::2]),
        "data",
    ),
    Case(
        STORED,
        "features with NaN",
        (_smoke("features/cifar10.h5"), "values that are not finite", "Delete it"),
        _features,
        "data",
    ),
    Case(
        STORED,
        "weights of a network with other layer names",
        ("networks/mlp_mnist.h5 has no array 'final/", _FOREIGN),
        _in(_smoke("networks/mlp_mnist.h5"), spoiling.write_network, {"layer1/weight": (10, 784)}),
        "networks",
    ),
    Case(
        STORED,
        "weights of a network of another shape",
        ("networks/tiny.h5", "has shape (24, 30), expected (24, 3072)"),
        _in(_smoke("networks/tiny.h5"), spoiling.write_network, {"dense1/weight": (24, 30)}),
        "networks",
    ),
    Case(
        STORED,
        "kernels cut short",
        (_smoke("kernels/fan2020/figure_1.h5"), _CUT),
        _in(_smoke("kernels/fan2020/figure_1.h5"), spoiling.cut_short, 0.9),
        "networks",
    ),
    Case(
        STORED,
        "the table of a limit law cut short within a line",
        ("limits/three_layers.csv is cut short",),
        _in(_smoke("limits/three_layers.csv"), spoiling.cut_short, 0.5),
        "networks",
    ),
    Case(
        STORED,
        "a Hessian with infinite entries",
        ("final_train_hessian/0.h5", "values that are not finite"),
        lambda folder: store.write(
            folder / _smoke("matrices/baskerville2022/mlp_mnist/final_train_hessian/0.h5"),
            {"matrix": np.full((5, 5), np.inf, np.float32)},
            parameters={},
        ),
        "spectra",
    ),
    Case(
        STORED,
        "null draws without one of their arrays",
        ("nulls/levels_3072x24.h5 has no array 'gaussian/spacing_statistics'", _FOREIGN),
        _array(_smoke("nulls/levels_3072x24.h5"), "gaussian/spacing_statistics", lambda x: None),
        "spectra",
    ),
    Case(
        STORED,
        "a spectrum with fewer eigenvalues",
        ("spectra/fan2020/figure_1.h5", "has shape (149,), expected (150,)"),
        _array(_smoke("spectra/fan2020/figure_1.h5"), "input", lambda x: x[1:]),
        "spectra",
    ),
    Case(
        STORED,
        "an HTML page in the place of a figure's numbers",
        ("pennington2017/figure_3_curves.csv is not", "Delete it"),
        _in(_smoke("statistics/pennington2017/figure_3_curves.csv"), spoiling.error_page),
        "spectra",
    ),
    Case(
        STORED,
        "a spectrum of text",
        ("spectra/thamm2024/tiny.h5", "is of type", "expected numbers"),
        _array(_smoke("spectra/thamm2024/tiny.h5"), "dense1/final", lambda x: ["a"] * len(x)),
        "vectors",
    ),
    Case(
        STORED,
        "a figure's summary cut short",
        ("statistics/fan2020/figure_1.csv is cut short",),
        _in(_smoke("statistics/fan2020/figure_1.csv"), spoiling.cut_short, 0.7),
        "vectors",
    ),
    Case(
        STORED,
        "a word among a figure's numbers",
        (
            "pennington2017/figure_3_curves.csv is not",
            "row 2 below the heading has 'oops' in column 'y', expected a number",
            "Delete it",
        ),
        _in(_smoke("statistics/pennington2017/figure_3_curves.csv"), spoiling.replace_cell, 3, "y", "oops"),
        "vectors",
    ),
    Case(
        STORED,
        "a number with a letter in the table of a limit law",
        (
            "limits/three_layers.csv is not",
            "row 19 below the heading has '0.1O' in column 'density', expected a number",
        ),
        _in(_smoke("limits/three_layers.csv"), spoiling.replace_cell, 20, "density", "0.1O"),
        "vectors",
    ),
    Case(
        STORED,
        "a spectrum cut short",
        (_CUT,),
        shown_by="tests/workflow/test_smoke.py::test_a_broken_spectrum_is_refused_and_nothing_is_drawn",
    ),
    Case(
        STORED,
        "every other length, kind of damage, shape and value of an HDF5 file",
        (),
        shown_by="tests/unit/test_store.py::test_a_file_cut_short_is_refused",
    ),
    Case(
        STORED,
        "a training's checkpoint cut short, of another run, with NaN or of nothing known: training starts anew",
        (),
        shown_by="tests/unit/test_training.py::test_a_checkpoint_of_no_use_is_said_and_passed_over",
        status=0,
    ),
    Case(
        SUPPLIED,
        "weights without the parameter that is looked for",
        ("own/names.pth does not hold the weights", "expected a parameter classifier.0.weight", "found fc.weight"),
        _own_weights,
        "weights",
    ),
    Case(
        SUPPLIED,
        "weights in Keras' form of another shape",
        ("own/vgg16.h5 does not hold the weights", "but found float32 (3, 2)"),
        run="weights",
    ),
    Case(
        SUPPLIED,
        "weights of another shape or type, not finite, cut short",
        (),
        shown_by="tests/unit/pretrained/test_reading.py::test_wrong_shape_or_type_in_torch",
    ),
    Case(SUPPLIED, "eigenvalues: an empty .csv", ("empty.csv", "non-empty array"), call=_file("empty.csv", b"")),
    Case(
        SUPPLIED, "eigenvalues: a .csv with nan", ("nan.csv", "finite eigenvalues"), call=_file("nan.csv", b"1\nnan\n")
    ),
    Case(
        SUPPLIED,
        "eigenvalues: a .csv with -1",
        ("negative.csv", "runs from -1 to 2"),
        call=_file("negative.csv", b"-1\n2\n"),
    ),
    Case(
        SUPPLIED,
        "eigenvalues: a .csv with words",
        ("words.csv", "found 'large' in line 2"),
        call=_file("words.csv", b"1\nlarge\n"),
    ),
    Case(
        SUPPLIED,
        "eigenvalues: a binary file called .csv",
        ("binary.csv", "found a binary file"),
        call=_file("binary.csv", b"\xff\xfe\x00"),
    ),
    Case(
        SUPPLIED,
        "eigenvalues: an .npy cut short",
        ("cut.npy is not a whole .npy file",),
        call=_file("cut.npy", b"\x93NUMPY\x01\x00"),
    ),
    Case(
        SUPPLIED,
        "eigenvalues: an .h5 that is none",
        ("none.h5 is not a whole HDF5 file",),
        call=_file("none.h5", b"<html>", dataset="x"),
    ),
    Case(
        SUPPLIED,
        "eigenvalues: an .h5 without its data set, of text, of two columns",
        (),
        shown_by="tests/unit/limits/test_eigenvalue_files.py::test_what_is_no_column_of_numbers_is_named",
    ),
    Case(
        SUPPLIED,
        "a file of weights that is not there",
        ("expected a file of weights",),
        shown_by="tests/workflow/test_rules.py::test_files_that_are_not_there_stop_before_the_plan",
    ),
    Case(
        CODE,
        "pretrained weights that are a pickle with code",
        ("own/code.pth does not hold the weights", "which is refused: loading weights must not run code"),
        run="weights",
        stays=f"{STAYS}; the code is not run",
    ),
    Case(
        CODE,
        "eigenvalues in an .npy with a pickle",
        ("own.npy is not a whole .npy file of numbers",),
        _in("own.npy", spoiling.pickled_array),
        "npy",
        stays=f"{STAYS}; the code is not run",
    ),
    Case(
        CODE,
        "a training's checkpoint that is a pickle with code: training starts anew, to the same weights",
        (),
        _in(_smoke("checkpoints/tiny.h5"), spoiling.pickled_code),
        "checkpoint",
        status=0,
        stays=f"{STAYS}, to the byte; the code is not run",
    ),
    Case(
        CODE,
        "a --configfile with a Python object",
        ("Config file is not valid JSON or YAML",),
        _yaml(f"scale: !!python/object/apply:os.mkdir [{spoiling.CANARY}]\n"),
        "yaml code",
        stays=f"{STAYS}; the code is not run",
    ),
    Case(
        CODE,
        "weights whose pickle calls a function, in every format of torch",
        (),
        shown_by="tests/unit/pretrained/test_reading.py::test_a_malicious_pickle_is_refused_and_not_executed",
    ),
    Case(
        CONFIGURATION,
        "an unknown key",
        ("did you mean samples?",),
        shown_by="tests/workflow/test_rules.py::test_a_mistake_in_the_configuration_stops_before_the_plan",
    ),
    Case(
        CONFIGURATION,
        "--config scale=huge",
        ("expected 'smoke', 'preview' or 'paper', found 'huge'",),
        call=lambda folder: load_settings(ROOT / "config", {"scale": "huge"}),
    ),
    Case(
        CONFIGURATION,
        "--config fan2020=3",
        ("fan2020: expected a mapping with the keys training, networks", "found 3"),
        run="no mapping",
    ),
    Case(
        CONFIGURATION,
        "a YAML syntax error in --configfile",
        ("Config file is not valid JSON or YAML",),
        _yaml("fan2020: {figure_1: [\n"),
        "syntax",
    ),
    Case(
        CONFIGURATION,
        "a --configfile that does not exist",
        ("No such file or directory", "nowhere.yaml"),
        run="nowhere",
    ),
    Case(
        CONFIGURATION,
        "a --configfile that is a list",
        ("Config file must be given as JSON or YAML with keys at top level",),
        _yaml("- 1\n- 2\n"),
        "list",
    ),
    Case(
        CONFIGURATION,
        "a --configfile that is no text",
        ("'utf-8' codec can't decode byte",),
        _yaml(b"\xff\xfe\x00"),
        "binary",
    ),
    Case(
        CONFIGURATION,
        "a key twice in --configfile",
        ("mine.yaml: the key fan2020 is there twice in one mapping, in lines 2 and 3",),
        _yaml("scale: smoke\nfan2020: {figure_1: {bins: 10}}\nfan2020: {figure_1: {samples: 100}}\n"),
        "twice",
    ),
    Case(
        CONFIGURATION,
        "a wrong type",
        ("fan2020.figure_1.samples: expected an integer", "found 'many'"),
        call=_settings({"fan2020": {"figure_1": {"samples": "many"}}}),
    ),
    Case(
        CONFIGURATION,
        "out of range",
        ("thamm2024.training.epochs: expected greater than or equal to 1, found -3",),
        call=_settings({"thamm2024": {"training": {"epochs": -3}}}),
    ),
    Case(
        CONFIGURATION,
        "an empty list",
        ("thamm2024.figure_4.alphas: expected at least 1 entry, found 0",),
        call=_settings({"thamm2024": {"figure_4": {"alphas": []}}}),
    ),
    Case(
        CONFIGURATION,
        "nan",
        ("thamm2024.training.learning_rate: expected a number, found nan",),
        call=_settings({"thamm2024": {"training": {"learning_rate": float("nan")}}}),
    ),
    Case(
        CONFIGURATION,
        "infinity",
        ("thamm2024.training.learning_rate: expected a finite number, found inf",),
        call=_settings({"thamm2024": {"training": {"learning_rate": float("inf")}}}),
    ),
    Case(
        CONFIGURATION,
        "1e400 for a whole number",
        ("fan2020.figure_1.width: expected an integer, found '1e400'",),
        call=_settings({"fan2020": {"figure_1": {"width": "1e400"}}}),
    ),
    Case(
        CONFIGURATION,
        "a width that no memory holds",
        ("not enough memory", "Use smaller sizes"),
        run="memory",
        stays=STAYS,
    ),
    Case(
        CONFIGURATION,
        "a figure of a network that does not exist",
        ("figure_3 names the network 'nobody'; known are single_neuron",),
        call=_settings({"fan2020": {"figure_3": {"network": "nobody"}}}),
    ),
    Case(
        CONFIGURATION,
        "one name for networks of two papers",
        ("two networks are called mlp_bike, one of thamm2024 and one of baskerville2022",),
        call=_settings({"thamm2024": {"networks": {"mlp_bike": {"hidden": [24], "seed": 1}}}}),
    ),
    Case(
        CONFIGURATION,
        "a name that is not ASCII",
        ("names of networks have small letters", "found 'größe'"),
        call=_settings({"thamm2024": {"networks": {"größe": {"hidden": [24], "seed": 1}}}}),
    ),
    Case(
        CONFIGURATION,
        "more samples than the data set has",
        ("fan2020.figure_2: samples must be at most the 50000 training images of CIFAR-10, found 60000",),
        call=_settings({"fan2020": {"figure_2": {"samples": 60000}}}),
    ),
    Case(
        CONFIGURATION,
        "a batch larger than the set",
        ("a batch of 100000 is larger than the train set of logistic_mnist, which has 200 samples",),
        call=_settings({"baskerville2022": {"curvature": {"batch_size": 100000}}}),
    ),
    Case(
        CONFIGURATION,
        "an activation of a module that does not exist",
        ("there is no module 'own_",),
        call=_activation(None, "wave"),
    ),
    Case(
        CONFIGURATION,
        "an activation of a module that raises",
        ("its module cannot be imported: RuntimeError: no licence",),
        call=_activation("raise RuntimeError('no licence')\n", "wave"),
    ),
    Case(
        CONFIGURATION,
        "an activation that its module does not have",
        ("has no function 'wave'; it has wav",),
        call=_activation("def wav(x):\n    return x\n", "wave"),
    ),
    Case(
        CONFIGURATION,
        "a path that no rule makes as a target",
        ("MissingRuleException", "No rule to produce", "figure_99.pdf"),
        run="target",
    ),
    Case(
        CONFIGURATION,
        "a target's name misspelt",
        ("MissingRuleException", "No rule to produce fan2020_figur_1"),
        run="name",
    ),
    Case(
        CONFIGURATION,
        "no -- between settings and target",
        ("Config entries have to be defined as name=value pairs", "Unparsable value: 'fan2020_figure_1'"),
        run="no end",
    ),
    Case(
        CONFIGURATION,
        "--config with dots, fan2020.figure_1.bins=30, in place of braces",
        ("Invalid config definition: Config entry must start with a valid identifier",),
        run="dots",
    ),
    Case(
        CONFIGURATION,
        "every other key, type, range and contradiction",
        (),
        shown_by="tests/unit/configuration/test_mistakes.py::test_values_that_do_not_go_together_are_named",
    ),
    Case(
        CONFIGURATION,
        "device: cuda without a GPU",
        ("device: cuda is demanded",),
        shown_by="tests/unit/test_job.py::test_a_demanded_gpu_that_is_not_there_is_said_with_what_to_do",
    ),
]

CASES += [
    Case(
        *(FOLDER, "results is a file", ("results must be a folder, but is a file",)),
        *(lambda folder: (folder / "results").write_text("mine"), "a file"),
    ),
    Case(
        *(FOLDER, "results is a link to nowhere", ("results is a link to /nowhere/at/all, which does not exist",)),
        *(lambda folder: (folder / "results").symlink_to("/nowhere/at/all"), "a link"),
    ),
    Case(FOLDER, "results is read-only", ("results is read-only", "Change its permissions"), run="read-only"),
    Case(
        FOLDER,
        ".snakemake is read-only",
        (".snakemake is read-only", "Change its permissions"),
        run="read-only records",
    ),
    Case(FOLDER, "one figure is read-only", ("pennington2017/figure_3.pdf",), run="read-only file"),
]
_HERE = "tests/workflow/test_bad_input.py::"
CASES += [
    Case(group, spoilt, (), shown_by=_HERE + test, status=0)
    for group, spoilt, test in (
        (FOLDER, "a path with umlauts, both kinds of quotes, a dollar and 200 letters", "test_any_path_will_do"),
        (CLOCK, "all files from 1970", "test_clocks_that_jump_cost_one_run_at_most"),
        (CLOCK, "all files an hour earlier", "test_clocks_that_jump_cost_one_run_at_most"),
        (CLOCK, "outputs older than their inputs", "test_clocks_that_jump_cost_one_run_at_most"),
    )
]
