"""The command for a checkpoint: what it prints, and when it fails."""

import re

import numpy as np
import pytest
import torch

from deepspectra.cli.__main__ import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def analyse(*options):
    return main(["analyse", "net.npz", "--draws", "99", "--workers", "1", *options])


def unwrapped(text):
    return " ".join(text.split())


def test_a_network_of_which_nothing_can_be_judged_fails_after_its_page(folder, capsys):
    np.savez(folder / "net.npz", **{"a.weight": np.full((40, 30), np.nan), "b.weight": np.zeros((40, 30))})
    assert analyse() == 1
    told = capsys.readouterr()
    assert "- a: not analysed: 1200 of its 1200 entries are not finite." in unwrapped(told.out)
    assert "- b: not analysed: all its entries are zero." in unwrapped(told.out)
    assert told.err.splitlines()[-1] == "error: none of 2 matrices could be judged; spectra_net/index.html says why."
    assert "all its entries are zero" in (folder / "spectra_net/index.html").read_text()


def test_notes_stand_whole_below_the_table(folder, capsys):
    rng = np.random.default_rng(1)
    weights = {f"encoder.layers.{number}.weight": rng.standard_normal((40, 30)) for number in range(6)}
    np.savez(folder / "net.npz", **weights)
    np.savez(folder / "before.npz", **{"encoder.layers.0.weight": rng.standard_normal((40, 30))})
    assert analyse("--initial", "before.npz") == 0
    assert (
        "- encoder.layers.1, encoder.layers.2, encoder.layers.3 and 2 more: The initial network has no such tensor; "
        "expected (40, 30)."
    ) in unwrapped(capsys.readouterr().out)


def test_a_file_of_the_same_stem_keeps_its_folder(folder, capsys):
    weights = {"a.weight": np.random.default_rng(1).standard_normal((40, 30))}
    np.savez(folder / "net.npz", **weights)
    torch.save({name: torch.as_tensor(array) for name, array in weights.items()}, folder / "net.pt")
    assert analyse() == analyse() == 0
    assert main(["analyse", "net.pt"]) == 1
    said = "error: spectra_net has the spectra of net.npz. Name another folder for {}: --out FOLDER"
    assert capsys.readouterr().err.splitlines()[-1] == said.format("net.pt")
    np.savez(folder.parent / "net.npz", **weights)
    assert main(["analyse", "../net.npz"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == said.format("../net.npz")
    assert main(["analyse", "net.pt", "--draws", "99", "--workers", "1", "--out", "other"]) == 0


def test_networks_of_several_runs_keep_their_folders_apart(folder, capsys):
    names = ["one/net.npz", "two/net.npz", "two/deep/model.safetensors/net.npz"]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        np.savez(folder / name, **{"a.weight": np.random.default_rng(1).standard_normal((40, 30))})
    for name in (
        "one/net.npz",
        str(folder / "two" / "net.npz"),
        "two/deep/model.safetensors",
        "one/../two/deep/model.safetensors",
    ):
        assert main(["analyse", name, "--draws", "99", "--workers", "1"]) == 0
    assert re.findall("Open (.*)/index.html", capsys.readouterr().out) == [
        "spectra_one_net",
        "spectra_two_net",
        *["spectra_two_deep_model.safetensors"] * 2,
    ]


def test_another_initial_network_is_refused_before_anything_is_computed(folder, capsys):
    np.savez(folder / "net.npz", **{"a.weight": np.ones((40, 30))})
    np.savez(folder / "before.npz", **{"b.weight": np.ones((40, 30))})
    assert analyse("--initial", "before.npz") == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: the initial network, before.npz, is that of another one: it has no matrix of net.npz, such as a.weight "
        "(40, 30). It has b.weight (40, 30), ..."
    )
    assert not (folder / "cache").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("net.npz", "--out", "net.npz/sub"), "net.npz must be a folder, but is a file."),
        (("net.npz", "--cache", "net.npz/sub"), "net.npz must be a folder, but is a file."),
        ((300 * "a",), "cannot read or write aaa"),
        (("net.npz", "--by-head"), "of its attention heads: give it, as --head-size 64 or head_size=64."),
        (("net.npz", "--head-size", "16"), "net.npz has no attention among the layers to analyse, by their names;"),
    ],
)
def test_mistakes_are_one_message_before_anything_is_computed(folder, capsys, arguments, words):
    np.savez(folder / "net.npz", **{"a.weight": np.ones((40, 30))})
    assert main(["analyse", *arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert words in error
    assert error.count("\n") == 1
    assert not (folder / "cache").exists()


def test_other_numbers_are_refused_by_what_they_are(folder, capsys):
    for dtype, words in (
        (np.int64, "a: stored as int64, whole numbers; cast them to float32 if they are a weight."),
        (np.complex64, "a: stored as complex64, complex numbers; give their real and imaginary parts as tensors"),
        (object, "a: Python objects, which are refused: loading weights must not run code."),
        (np.int8, "a: stored as int8, as quantised weights are; dequantise the network first."),
    ):
        np.savez(folder / "net.npz", **{"a.weight": np.ones((40, 30), dtype)})
        assert analyse() == 1
        assert words in capsys.readouterr().err
    # Numbers of another byte order are numbers all the same.
    np.savez(folder / "net.npz", **{"a.weight": np.random.default_rng(2).standard_normal((40, 30)).astype(">f4")})
    assert analyse() == 0
