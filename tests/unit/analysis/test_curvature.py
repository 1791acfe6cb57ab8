"""Curvature of anybody's network: the explicit matrix says the same, and what has none is refused by name."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.func import functional_call
from torch.nn import functional

import deepspectra
from benchmarks.transformer import Bert, Sizes, sentences
from deepspectra.analysis.curvature.ratios import judge_ratios
from deepspectra.analysis.curvature.spectrum import curvature
from deepspectra.rmt.nulls import goe_levels
from deepspectra.runtime import store
from tests.unit.analysis.explicit import assert_spectrum, called, classifier, explicit


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(1)


def test_a_small_encoder_has_the_spectrum_of_the_explicit_jacobian():
    model, words, labels = Bert(Sizes(), 5).double().eval(), torch.randint(20, (6, 4)), torch.randint(5, (6,))
    # Five outputs of six sentences, four of them free.
    found = curvature(model, "cross_entropy", words, labels)
    matrix = explicit(model, called(model, words), lambda n, f: functional.cross_entropy(f, labels[n]), dual=True)
    assert_spectrum(found, matrix, 24)
    assert found.rows == 24
    assert str(found).startswith(f"Curvature of Bert: {found.findings[0]} See .findings, .levels and .spectrum;")


def test_a_checkpoint_of_the_encoder_is_read_by_name(tmp_path, monkeypatch):
    """From a folder as published: every weight but the head's is the file's, and words are split into known pieces."""
    sizes, words = Sizes(max_position_embeddings=24), "[UNK] [CLS] [SEP] work ##fl ##ow : data"
    stored = {name: one for name, one in Bert(sizes, 5).state_dict().items() if "head" not in name}
    save_file(stored, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(asdict(sizes)))
    (tmp_path / "vocab.txt").write_text(words.replace(" ", "\n"))
    monkeypatch.setenv("CHECKPOINT", str(tmp_path))
    model, loss, (inputs, labels) = sentences()
    assert (inputs.shape, loss, labels[:6].tolist()) == ((32, 24), "cross_entropy", [0, 1, 2, 3, 4, 0])
    # "- The workflow: data stage", of which the vocabulary has three words.
    assert inputs[0, :9].tolist() == [1, 0, 0, 3, 4, 5, 6, 7, 0]
    assert all(torch.equal(model.state_dict()[name], one) for name, one in stored.items())


class Tokens(nn.Module):
    """Outputs at each place, from words and a mask by name, in an object as models of language return it."""

    def __init__(self):
        super().__init__()
        self.words, self.head = nn.Embedding(9, 4), nn.Linear(4, 3)

    def forward(self, words, mask):
        state = self.words(words) * mask[:, :, None]
        return type("Output", (), {"logits": self.head(torch.tanh(state + state.cumsum(1)))})()


def test_outputs_at_every_place_with_some_left_out():
    model, words, labels = Tokens().double().eval(), torch.randint(9, (5, 4)), torch.randint(3, (5, 4))
    mask = (torch.rand(5, 4) < 0.8).to(torch.float16)
    labels[:, 1] = -100
    found = curvature(model, "cross_entropy", {"words": words, "mask": mask}, labels)

    def call(weights):
        return functional_call(model, weights, (words, mask.double())).logits

    def value(n, f):
        return functional.cross_entropy(f, labels[n], reduction="sum")

    assert_spectrum(found, explicit(model, call, value))
    assert found.rows == 5 * 4 * 2
    # The same as positional arguments.
    listed = curvature(model, "cross_entropy", [words, mask], labels)
    assert (listed.spectrum.eigenvalues == found.spectrum.eigenvalues).all()


def test_a_network_with_fewer_parameters_than_rows():
    model, inputs, labels = nn.Linear(3, 4).double().eval(), torch.randn(9, 3).double(), torch.randint(4, (9,))
    found = curvature(model, "cross_entropy", inputs, labels, participation=2)
    matrix = explicit(model, called(model, inputs), lambda n, f: functional.cross_entropy(f, labels[n]))
    # The same change of all classes' weights moves no probability.
    assert_spectrum(found, matrix, 12)
    assert found.rows == 27
    # The other four are zero within their errors: nobody knows.
    assert "has rank at least 12: 12 of 16" in found.findings[0]


def test_eigenvectors_are_those_of_the_explicit_matrix():
    model, inputs, labels = classifier()
    found = curvature(model, "cross_entropy", inputs, labels, participation=5, eigenvectors=3)
    matrix = explicit(model, called(model, inputs), lambda n, f: functional.cross_entropy(f, labels[n])).numpy()
    assert found.eigenvectors.shape == (3, 59)
    for vector, row in zip(found.eigenvectors, found.levels.itertuples(), strict=False):
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-14)
        assert np.linalg.norm(matrix @ vector - row.eigenvalue * vector) < 1e-13 * found.levels.eigenvalue[0]
        assert row.over_parameters == pytest.approx(1 / (vector**4).sum())
        assert 0 < row.vector_error < 1e-10
        own = found.shares[found.shares["rank"] == row.rank]
        assert list(own.parameter) == ["0.weight", "0.bias", "2.weight", "2.bias"]
        assert own.share.sum() == pytest.approx(1)
        assert own.share.iloc[1] == pytest.approx((vector[30:35] ** 2).sum())
    assert found.levels.over_samples[:5].between(1, 7).all()
    assert found.levels.over_samples[5:].isna().all()
    # One sample alone: its eigenvectors extend over it.
    alone = curvature(model, "cross_entropy", inputs[:1], labels[:1], participation=1)
    assert alone.levels.over_samples[0] == pytest.approx(1)


def test_tied_parameters_count_once_and_the_model_stays_as_it_was():
    model = nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6)).eval()
    model[2].weight = model[0].weight
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = curvature(model, "squared", torch.randn(5, 6))
    assert found.spectrum.parameters == 36 + 12
    assert found.parameter_names == ["0.weight", "0.bias", "2.bias"]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model[0].weight.dtype == torch.float32
    twin = nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6)).eval()
    twin.load_state_dict(before)
    assert curvature(twin, "squared", torch.randn(5, 6)).spectrum.parameters == 84


def test_random_levels_pass_the_test_of_ratios():
    """Levels of random matrices at their nominal rate, independent ones hardly ever."""
    random = [judge_ratios(np.exp(goe_levels(80, np.random.default_rng([1, draw])) / 4), 99, 1).p for draw in range(40)]
    assert np.mean(np.array(random) <= 0.1) < 0.1 + 3 * np.sqrt(0.09 * (1 / 40 + 1 / 99))
    assert 0.2 < np.mean(random) < 0.8
    rng = np.random.default_rng(2)
    independent = [judge_ratios(np.sort(rng.uniform(1, 2, 200)), 99, 1).p for _ in range(4)]
    assert np.mean(independent) < 0.03


def test_few_levels_have_no_null():
    few = judge_ratios(np.arange(1.0, 9.0) ** 2, 99, 1)
    assert few.mean.count == 6
    assert np.isnan(few.p)
    assert judge_ratios(np.ones(2), 99, 1).mean is None


def test_files_hold_what_was_found(tmp_path):
    model, inputs, labels = classifier()
    found = curvature(model, "cross_entropy", inputs, labels, eigenvectors=2, name="mine", draws=99)
    summary = found.write(tmp_path / "out")
    names = ("curvature.h5", "levels.csv", "numbers.csv", "shares.csv", "spectrum.png", "summary.md")
    assert sorted(path.name for path in summary.parent.iterdir()) == sorted(names)
    kept = store.read(tmp_path / "out/curvature.h5", {"eigenvalues": (21,), "errors": (21,), "eigenvectors": (2, 59)})
    assert (kept["eigenvalues"] == found.spectrum.eigenvalues).all()
    assert kept.attributes["parameters"]["loss"] == "cross_entropy"
    text = summary.read_text()
    for sentence in found.findings:
        assert sentence in text
    found.write(tmp_path / "again")
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes(), name


def test_the_package_has_it_at_the_top():
    assert deepspectra.curvature is curvature
