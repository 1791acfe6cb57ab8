"""Curvature of anybody's network: the explicit matrix says the same, and what has none is refused by name."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.func import functional_call, jacrev
from torch.nn import functional

import deepspectra
from benchmarks.transformer import Bert, Sizes, sentences
from deepspectra.analysis.curvature.ratios import judge_ratios
from deepspectra.analysis.curvature.spectrum import curvature
from deepspectra.rmt.nulls import goe_levels
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(1)


def explicit(model, call, value, dual=False):
    """The P x P Gauss-Newton matrix from the Jacobian and each sample's Hessian, by torch.func.

    :param call: from parameters to outputs (batch, ...). :param value: the loss of one sample, from its number and
        outputs. :param dual: the smaller matrix of as many rows as there are outputs, with equal eigenvalues.
    """
    weights = {name: one.detach() for name, one in model.named_parameters()}
    jacobian = jacrev(call)(weights)
    outputs = call(weights)
    rows = torch.cat([part.reshape(len(outputs), outputs[0].numel(), -1) for part in jacobian.values()], dim=2)
    if dual:
        roots = []
        for number, own in enumerate(outputs):
            curved = torch.autograd.functional.hessian(lambda f, n=number: value(n, f), own)
            weights, vectors = torch.linalg.eigh(curved)
            roots.append(vectors * weights.clamp_min(0).sqrt())
        factor = torch.einsum("nck,ncp->nkp", torch.stack(roots), rows).flatten(0, 1)
        return factor @ factor.T
    total = torch.zeros(rows.shape[2], rows.shape[2], dtype=torch.float64)
    for number, (own, slopes) in enumerate(zip(outputs, rows, strict=True)):
        curved = torch.autograd.functional.hessian(lambda f, n=number: value(n, f), own)
        total += slopes.T @ curved.reshape(len(slopes), len(slopes)) @ slopes
    return total


def assert_spectrum(found, matrix, rank=None):
    """As many eigenvalues as numpy has above rounding, each within its error (and numpy's)."""
    expected = np.linalg.eigvalsh(matrix.numpy())
    noise = 1e-14 * expected[-1] * len(expected) ** 0.5
    clear = expected[expected > 100 * noise]
    assert len(clear) == len(found.spectrum.eigenvalues) == (rank or len(clear))
    assert (np.abs(found.spectrum.eigenvalues - clear) <= found.spectrum.errors + noise).all()
    assert found.spectrum.bound < 1e-10 * expected[-1]


def classifier():
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4)).double().eval()
    return model, torch.randn(7, 6, dtype=torch.float64), torch.randint(4, (7,))


def called(model, inputs):
    return lambda weights: functional_call(model, weights, (inputs,))


def test_a_small_encoder_has_the_spectrum_of_the_explicit_jacobian():
    model, words, labels = Bert(Sizes(), 5).double().eval(), torch.randint(20, (6, 4)), torch.randint(5, (6,))
    # Five outputs of six sentences, four of them free.
    found = curvature(model, "cross_entropy", words, labels)
    matrix = explicit(model, called(model, words), lambda n, f: functional.cross_entropy(f, labels[n]), dual=True)
    assert_spectrum(found, matrix, 24)
    assert found.rows == 24


def test_a_checkpoint_of_the_encoder_is_read_by_name(tmp_path, monkeypatch):
    """From a folder as published: every weight but the head's is the file's, and words are split into known pieces."""
    sizes, words = Sizes(max_position_embeddings=24), "[UNK] [CLS] [SEP] deep ##spect ##ra : random"
    stored = {name: one for name, one in Bert(sizes, 5).state_dict().items() if "head" not in name}
    save_file(stored, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(asdict(sizes)))
    (tmp_path / "vocab.txt").write_text(words.replace(" ", "\n"))
    monkeypatch.setenv("CHECKPOINT", str(tmp_path))
    model, loss, (inputs, labels) = sentences()
    assert (inputs.shape, loss, labels[:6].tolist()) == ((32, 24), "cross_entropy", [0, 1, 2, 3, 4, 0])
    # "# deepspectra: random matrix theory", of which the vocabulary has three words.
    assert inputs[0, :9].tolist() == [1, 0, 3, 4, 5, 6, 7, 0, 0]
    assert all(torch.equal(model.state_dict()[name], one) for name, one in stored.items())


LOSSES = {
    "torch's own": (functional.cross_entropy, "labels", lambda f, t: functional.cross_entropy(f, t)),
    "smoothed": (nn.CrossEntropyLoss(label_smoothing=0.1), "labels", lambda f, t: functional.cross_entropy(f, t)),
    "weighted": (
        nn.CrossEntropyLoss(torch.tensor([1.0, 2, 3, 4], dtype=torch.float64), reduction="sum"),
        "labels",
        lambda f, t: (1.0 + t) * functional.cross_entropy(f, t),
    ),
    "squared": ("squared", "values", lambda f, t: ((f - t) ** 2).mean()),
    "mean squared": (nn.MSELoss(), "values", lambda f, t: ((f - t) ** 2).mean()),
    "Poisson": (nn.PoissonNLLLoss(), "values", lambda f, t: (f.exp() - t * f).mean()),
    "yes or no": (functional.binary_cross_entropy_with_logits, "shares", lambda f, t: functional.softplus(f).mean()),
    "my own": (lambda f, t: (f - t).cosh().log().sum(), "values", lambda f, t: (f - t).cosh().log().sum()),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_have_the_curvature_of_their_hessians(name):
    loss, kind, value = LOSSES[name]
    model, inputs, labels = classifier()
    targets = {"labels": labels, "values": torch.randn(7, 4, dtype=torch.float64), "shares": torch.rand(7, 4)}[kind]
    found = curvature(model, loss, inputs, targets)
    assert_spectrum(found, explicit(model, called(model, inputs), lambda n, f: value(f, targets[n])))


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


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_models_in_other_precisions_are_cast(dtype):
    model, inputs, labels = classifier()
    stored = model.to(dtype)
    found = curvature(stored, "cross_entropy", inputs, labels)
    exact = curvature(stored.double(), "cross_entropy", inputs, labels)
    assert (found.spectrum.eigenvalues == exact.spectrum.eigenvalues).all()


def test_single_precision_is_within_its_own_larger_bounds():
    model, inputs, labels = classifier()
    exact = curvature(model, "cross_entropy", inputs, labels)
    rough = curvature(model, "cross_entropy", inputs, labels, precision="float32")
    off = np.abs(rough.spectrum.eigenvalues - exact.spectrum.eigenvalues)
    assert (off <= rough.spectrum.errors).all()
    assert off.max() > 1e3 * exact.spectrum.bound


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


def with_nan():
    model = classifier()[0]
    model[2].weight.data[0, 0] = float("nan")
    return model


class Drawn(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 4)

    def forward(self, inputs):
        return self.layer(functional.dropout(inputs))


def stages(*layers):
    return nn.Sequential(*layers).double().eval()


class Whole(nn.Module):
    def __init__(self, forward):
        super().__init__()
        self.layer, self.own = nn.Linear(6, 4), forward

    def forward(self, inputs):
        return self.own(self.layer(inputs))


INPUTS, LABELS = torch.randn(7, 6), torch.arange(7) % 4
REFUSED = {
    "no module": (lambda: (len, "squared", INPUTS), r"the model is a builtin_function_or_method; expected a torch"),
    "training": (lambda: (classifier()[0].train(), "squared", INPUTS), "and Sequential is not; call eval"),
    "batch norm": (
        lambda: (
            stages(nn.Linear(6, 4), nn.BatchNorm1d(4, track_running_stats=False)),
            "squared",
            INPUTS,
        ),
        r"fails on sample 0 alone after 0 \(Linear\)",
    ),
    "batch norm at places": (
        lambda: (
            stages(nn.Linear(6, 4), nn.BatchNorm1d(2, track_running_stats=False)),
            "squared",
            torch.randn(7, 2, 6),
        ),
        r"samples mix in 1 \(BatchNorm1d\)",
    ),
    "sum over samples": (
        lambda: (Whole(lambda f: f - f.mean(0)).eval(), "squared", INPUTS),
        "samples mix in the last operation",
    ),
    "frozen": (lambda: (classifier()[0].requires_grad_(False), "squared", INPUTS), "no parameter of this Sequential"),
    "random": (lambda: (Drawn().eval(), "squared", INPUTS), r"two passes .* differ from layer \(Linear\) on"),
    "nan weights": (lambda: (with_nan(), "squared", INPUTS), r"the first such numbers leave 2 \(Linear\)"),
    "nan inputs": (lambda: (classifier()[0], "squared", INPUTS * np.nan), "input 0 has 42 entries that are not finite"),
    "wrong width": (lambda: (classifier()[0], "squared", INPUTS[:, :5]), "the model fails on the batch: RuntimeError"),
    "no samples": (lambda: (classifier()[0], "squared", INPUTS[:0]), "a batch needs samples"),
    "no tensors": (lambda: (classifier()[0], "squared", "words"), "the input of the batch is a str"),
    "unequal": (lambda: (classifier()[0], "squared", [INPUTS, INPUTS[:3]]), "one number of samples"),
    "labels": (lambda: (classifier()[0], "cross_entropy", INPUTS, LABELS + 1), r"from 0 to 3 \(or -100.*from 1 to 4"),
    "negative": (lambda: (classifier()[0], "cross_entropy", INPUTS, LABELS - 1), "found int64 from -1 to 2"),
    "shares": (lambda: (classifier()[0], "cross_entropy", INPUTS, LABELS / 4), "whole numbers.*found float32"),
    "columns": (lambda: (classifier()[0], "cross_entropy", INPUTS, LABELS[:, None]), r"must have the shape \(7,\)"),
    "values": (lambda: (classifier()[0], "squared", INPUTS, torch.zeros(7, 1)), r"the outputs' shape \(7, 4\)"),
    "one class": (lambda: (nn.Linear(6, 1).eval(), "cross_entropy", INPUTS, LABELS), "two classes or more"),
    "unknown loss": (lambda: (classifier()[0], "hinge", INPUTS, LABELS), "there is no loss 'hinge'"),
    "flat loss": (lambda: (classifier()[0], nn.L1Loss(), INPUTS, torch.zeros(7, 4)), "L1Loss is linear in the outputs"),
    "concave": (lambda: (classifier()[0], lambda f, t: -(f**2).sum(), INPUTS, LABELS), "not convex in the outputs"),
    "hidden": (
        lambda: (classifier()[0], lambda f, t: (f.detach() * f).sum(), INPUTS, LABELS),
        "contradict its first ones",
    ),
    "failing loss": (lambda: (classifier()[0], lambda f, t: f[0, 9], INPUTS, LABELS), "cannot be differentiated twice"),
    "loss of two": (lambda: (classifier()[0], lambda f, t: f[0, :2], INPUTS, LABELS), r"returns \(2,\) for one sample"),
    "no targets": (lambda: (classifier()[0], nn.MSELoss(), INPUTS), "needs a target for each of 7 samples"),
    "two outputs": (lambda: (Whole(lambda f: (f, f)).eval(), "squared", INPUTS), "the model returns tuple"),
    "whole numbers": (lambda: (Whole(lambda f: f.argmax(1)).eval(), "squared", INPUTS), "returns torch.int64"),
    "transposed": (lambda: (Whole(lambda f: f.T).eval(), "squared", INPUTS), "samples come first"),
    "sparse": (
        lambda: (stages(nn.Embedding(9, 4, sparse=True), nn.Flatten()), "squared", LABELS[:, None]),
        r"layer 0 \(Embedding\) has max_norm",
    ),
    "too many rows": (
        lambda: (stages(nn.Linear(6, 9000)), "squared", INPUTS),
        "would have 63000 rows|the Gram matrix of 7 samples with 63000 rows",
    ),
}


def test_gradients_that_do_not_fit_into_memory_are_refused(monkeypatch):
    monkeypatch.setattr("deepspectra.analysis.curvature.network._memory", lambda: 1000)
    with pytest.raises(UserError, match=r"gradients of 28 rows in what leaves 0 \(Linear\) take 0 GB of memory"):
        curvature(classifier()[0], "squared", INPUTS)


def test_a_network_that_rounds_inside_is_served_in_that_precision():
    """As some normalisations do, which work in float32 whatever comes."""
    model = Whole(lambda f: torch.tanh(f.float()).to(f)).double().eval()
    exact = Whole(torch.tanh).double().eval()
    exact.load_state_dict(model.state_dict())
    with pytest.raises(UserError, match=r"the model \(Whole\) makes float32 numbers of float64 ones"):
        curvature(model, "squared", INPUTS)
    found = curvature(model, "squared", INPUTS, precision="float32").spectrum
    off = np.abs(found.eigenvalues - curvature(exact, "squared", INPUTS).spectrum.eigenvalues)
    assert (off <= found.errors).all()


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_curvature_is_refused_by_name(name):
    given, words = REFUSED[name]
    with pytest.raises(UserError, match=words):
        curvature(*given())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"precision": "float16"}, "no precision 'float16'"),
        ({"draws": 5}, "expected at least 99"),
        ({"participation": -1}, "from 0 on"),
    ],
)
def test_options_that_make_no_sense(options, words):
    with pytest.raises(UserError, match=words):
        curvature(classifier()[0], "squared", INPUTS, **options)


def test_the_package_has_it_at_the_top():
    assert deepspectra.curvature is curvature
