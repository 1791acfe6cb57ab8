"""Whole networks: what is planted is found, what is random is not, and what fails does not stop the rest."""

import html
import os
import re

import numpy as np
import pytest
import torch

import deepspectra
from deepspectra.analysis.network import analyse
from deepspectra.analysis.page import terminal_table
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.processes import worker_processes

OPTIONS = {"draws": 199, "vector_draws": 999}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("nulls")


def random_network(rng):
    return {f"layer{number}.weight": rng.standard_normal((90, 60)) for number in range(3)}


def spiked(rng, strength=4.0, localised=False):
    """A random matrix with one planted direction, in units of the threshold."""
    left, right = rng.standard_normal(90), rng.standard_normal(60)
    if localised:
        left[9:] = 0
    left, right = left / np.linalg.norm(left), right / np.linalg.norm(right)
    return rng.standard_normal((90, 60)) + strength * (90 * 60) ** 0.25 * np.outer(left, right)


@pytest.fixture(scope="module")
def planted(cache):
    rng = np.random.default_rng(1)
    weights = random_network(rng) | {
        "spiked.weight": spiked(rng),
        "localised.weight": spiked(rng, localised=True),
        "deficient.weight": rng.standard_normal((90, 40)) @ rng.standard_normal((40, 60)),
        "independent.weight": np.diag(np.sort(rng.uniform(5, 15, size=150)))[:, :120],
        "nan.weight": np.full((90, 60), np.nan),
        "zero.weight": np.zeros((90, 60)),
        "column.weight": rng.standard_normal((90, 1)),
        "narrow.weight": rng.standard_normal((90, 14)),
        "bias": rng.standard_normal(90),
    }
    weights["copy.weight"] = weights["layer0.weight"].copy()
    return analyse({name: torch.from_numpy(array) for name, array in weights.items()}, cache=cache, **OPTIONS)


def row(analysis, name):
    return analysis.matrices.set_index("name").loc[name]


def test_planted_structure_is_found_where_it_is(planted):
    assert [row(planted, name).above for name in ("spiked", "localised")] == [1, 1]
    localised = row(planted, "localised")
    assert localised.ranks_output.startswith("rank 1")
    assert localised.vectors_input == 0
    assert row(planted, "spiked").vectors_output == 0
    assert row(planted, "deficient")["rank"] == 40
    assert row(planted, "deficient").below == 20
    independent = row(planted, "independent")
    assert independent.spacing_q < 0.05 > independent.variance_q
    assert independent.vectors_output > 50


@pytest.mark.filterwarnings("error")
def test_degenerate_matrices_tell_what_can_be_told(cache, tmp_path):
    """Whatever a layer is, the others are analysed, the page is made, and nothing warns."""
    rng = np.random.default_rng(7)
    shape = (40, 30)
    weights = {
        "one.weight": np.outer(rng.standard_normal(40), rng.standard_normal(30)),
        "constant.weight": np.ones(shape),
        "identity.weight": np.eye(40)[:, :30],
        "orthogonal.weight": np.linalg.qr(rng.standard_normal(shape))[0],
        "deficient.weight": rng.standard_normal((40, 9)) @ rng.standard_normal((9, 30)),
        "pruned.weight": rng.standard_normal(shape) * (rng.random(shape) < 0.02),
        "infinite.weight": np.where(rng.random(shape) < 0.01, np.inf, 1.0),
        "huge.weight": 1e300 * rng.standard_normal(shape),
        "tiny.weight": 1e-300 * rng.standard_normal(shape),
    }
    found = analyse(weights, cache=cache, **OPTIONS)
    assert found.matrices.set_index("name")["rank"].dropna().to_dict() == {
        **{"one": 1, "constant": 1, "identity": 30, "orthogonal": 30, "deficient": 9},
        "pruned": np.linalg.matrix_rank(weights["pruned.weight"]),
    }
    for name, rank in (("one", 1), ("constant", 1), ("deficient", 9)):
        assert row(found, name)[["above", "below", "has_bulk", "fraction", "spacing_p", "alpha"]].isna().all()
        assert row(found, name).note == f"Its rank, {rank}, is too small for its spectrum to be judged."
    # Within the edges of a random matrix, and no random matrix.
    for name in ("identity", "orthogonal"):
        assert np.isnan(row(found, name).alpha)
        assert (row(found, name).above, row(found, name).below, row(found, name).has_bulk) == (0, 0, 0)
        # Apart by nothing but rounding.
        assert (row(found, name).is_resolved, np.isnan(row(found, name).spacing_q)) == (0, True)
    assert any("blurs the levels of 2 of 6 matrices" in sentence for sentence in found.findings)
    assert "3 have too small a rank to be judged." in found.findings[0]
    assert "have no such bulk" in found.findings[0]
    assert "entries are not finite" in row(found, "infinite").note
    for name in ("huge", "tiny"):
        assert "floating-point numbers cannot hold" in row(found, name).note
    found.write(tmp_path)


def test_random_layers_have_no_findings(planted):
    for number in range(3):
        of_layer = row(planted, f"layer{number}")
        assert (of_layer.above, of_layer.below, of_layer.fit_poor, of_layer.is_resolved) == (0, 0, 0, 1)
        assert of_layer.spacing_q > 0.05 < of_layer.variance_q
        assert of_layer["rank"] == 60
    # The rate holds over the network: of all vectors that are found, so many are of random layers.
    vectors = planted.matrices.set_index("name")[["vectors_output", "vectors_input"]].sum(axis=1)
    found, wrong = vectors.sum(), vectors[[f"layer{number}" for number in range(3)]].sum()
    assert wrong <= 0.05 * found + 3 * (0.05 * found) ** 0.5


def test_layers_that_fail_are_reported_and_the_rest_goes_on(planted):
    assert "5400 of its 5400 entries are not finite" in row(planted, "nan").note
    assert "all its entries are zero" in row(planted, "zero").note
    assert "2 matrices could not be analysed; the notes say why." in planted.findings
    reasons = planted.left_out.set_index("name").reason
    assert reasons["copy"] == "tied to layer0: equal numbers"
    assert reasons["narrow"] == "14 singular values, fewer than 15"
    assert "a vector" in reasons["column"]


def test_false_alarms_over_the_whole_pipeline(cache):
    """Random matrices of one shape: each statistic alarms at its nominal rate."""
    rng = np.random.default_rng(2)
    network = {f"{number}.weight": rng.standard_normal((90, 60)) for number in range(150)}
    table = analyse(network, cache=cache, **OPTIONS).matrices
    for p in ("spacing_p", "variance_p", "alpha_p"):
        rate = np.mean(table[p] <= 0.1)
        assert 0.02 < rate < 0.1 + 3 * np.sqrt(0.09 * (1 / 150 + 1 / 199)), p
    assert np.mean(table.above > 0) < 0.01 + 3 * np.sqrt(0.0099 * (1 / 150 + 1 / 199))
    assert (table.spacing_q > 0.05).all()
    # The false discovery rate is that of finding any vector at all, where none is structured.
    assert (table.vectors_output + table.vectors_input).sum() <= 1


def test_half_precision_limits_what_is_told(cache):
    weights = torch.from_numpy(np.random.default_rng(3).standard_normal((90, 60)))
    table = analyse({"a.weight": weights.bfloat16()}, cache=cache, **OPTIONS).matrices
    exact = analyse({"a.weight": weights}, cache=cache, **OPTIONS).matrices
    assert table.dtype[0] == "bfloat16"
    error = (weights.bfloat16().double() - weights).std().item()
    assert table.level_error[0] == pytest.approx(2 * error, rel=0.05)
    moved = abs(table.largest[0] - exact.largest[0])
    assert 0 < moved < 3 * table.level_error[0]
    assert exact.level_error[0] < 1e-15


def test_what_moved_is_told(cache):
    rng = np.random.default_rng(4)
    before = random_network(rng)
    after = {name: array.copy() for name, array in before.items()}
    left, right = np.linalg.qr(rng.standard_normal((90, 2)))[0], np.linalg.qr(rng.standard_normal((60, 2)))[0]
    after["layer1.weight"] += 0.01 * rng.standard_normal((90, 60)) + 2 * left @ right.T
    found = analyse(after, initial=before, cache=cache, **OPTIONS)
    assert row(found, "layer0").relative_change == 0
    moved = row(found, "layer1")
    change = after["layer1.weight"] - before["layer1.weight"]
    assert moved.relative_change == pytest.approx(np.linalg.norm(change) / np.linalg.norm(before["layer1.weight"]))
    assert moved.change_above == 2
    assert moved.overlap < 0.2
    assert any(
        sentence.startswith("Training moved the matrices") and "layer1" in sentence for sentence in found.findings
    )
    broken = analyse(after, initial=before | {"layer2.weight": np.full((90, 60), np.nan)}, cache=cache, **OPTIONS)
    assert row(broken, "layer2").note == "What moved is not known: the initial matrix has entries that are not finite."
    assert row(broken, "layer2")["rank"] == 60
    low = before["layer0.weight"] + np.outer(left[:, 0], right[:, 0])
    only = analyse({"layer0.weight": low}, initial=before, cache=cache, **OPTIONS)
    assert (row(only, "layer0").change_above, row(only, "layer0").stable_rank_of_change) == (1, pytest.approx(1))
    others = {"layer0.weight": before["layer0.weight"].astype(int), "layer1.weight": np.ones((3, 3))}
    other = analyse(after, initial=before | others, cache=cache, **OPTIONS)
    assert row(other, "layer0").note.startswith("What moved is not known: layer0.weight is stored as int")
    assert row(other, "layer1").note == "The initial network has it with shape (3, 3); expected (90, 60)."
    assert other.matrices["rank"].notna().all()
    missing = {name: before[name] for name in ("layer1.weight", "layer2.weight")}
    other = analyse(after, initial=missing, cache=cache, **OPTIONS)
    assert row(other, "layer0").note == "The initial network has no such tensor; expected (90, 60)."


def test_an_initial_network_of_other_matrices_is_refused(cache):
    rng = np.random.default_rng(4)
    renamed = {f"encoder.{name}": weight for name, weight in random_network(rng).items()}
    words = r"is that of another one: it has no matrix of the dictionary, such as layer0.weight \(90, 60\)"
    for initial in ({"layer1.weight": np.ones((3, 3))}, renamed):
        with pytest.raises(UserError, match=words):
            analyse(random_network(rng), initial=initial, cache=cache, **OPTIONS)


def test_options_without_sense_are_refused(cache, tmp_path):
    weights = {"attention.query.weight": np.ones((40, 30))}
    (tmp_path / "file").touch()
    for options, words in (
        ({"seed": -1}, "a seed is a whole number from 0 on, not -1"),
        ({"draws": 98}, "98 random matrices of each shape .* expected at least 99"),
        ({"by_head": True}, "does not tell the size of its attention heads"),
        ({"by_head": True, "head_size": -3}, "at least one row, not -3"),
        ({"cache": tmp_path / "file"}, "must be a folder"),
    ):
        with pytest.raises(UserError, match=words):
            analyse(weights, **({"cache": cache} | options))


def test_draws_are_kept_and_shared(tmp_path):
    rng = np.random.default_rng(5)
    options = OPTIONS | {"cache": tmp_path / "new"}
    first = analyse({"a.weight": rng.standard_normal((40, 30))}, **options)
    stamps = {path.name: path.stat().st_mtime_ns for path in options["cache"].iterdir()}
    second = analyse({"b.weight": rng.standard_normal((30, 40))}, **options)
    assert stamps == {path.name: path.stat().st_mtime_ns for path in options["cache"].iterdir()}
    assert first.matrices.null_draws[0] == second.matrices.null_draws[0] == 199
    analyse({"b.weight": rng.standard_normal((30, 40))}, **(options | {"seed": 2}))
    assert len(list(options["cache"].iterdir())) == 2 * len(stamps)


def test_results_do_not_depend_on_processes(planted, cache, tmp_path):
    weights = random_network(np.random.default_rng(1))
    alone, side_by_side = (
        analyse(weights, cache=tmp_path / str(workers), workers=workers, **OPTIONS) for workers in (1, 2)
    )
    for table in ("matrices", "curves", "vectors", "left_out"):
        assert getattr(alone, table).equals(getattr(side_by_side, table)), table


def test_workers_have_one_thread_whatever_the_environment_says(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "16")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    with worker_processes(2) as executor:
        assert list(executor.map(os.getenv, names)) == ["1", "1", "1"]
    assert os.environ["OPENBLAS_NUM_THREADS"] == "16"
    assert "MKL_NUM_THREADS" not in os.environ


@pytest.mark.filterwarnings("error")
def test_files_of_an_analysis(planted, tmp_path):
    page = planted.write(tmp_path / "out")
    assert sorted(path.name for path in page.parent.iterdir()) == [
        *("about.json", "curves.csv", "index.html", "left_out.csv", "matrices.csv", "summary.md", "vectors.csv")
    ]
    text = page.read_text()
    assert text.count("<img") == 1 + planted.matrices["rank"].notna().sum()
    assert "http" not in text.replace("http-equiv", "")
    for sentence in planted.findings:
        assert html.escape(sentence.split("(")[0], quote=False).replace("'", "&#39;") in text
    again = planted.write(tmp_path / "again", workers=2)
    assert again.read_bytes() == page.read_bytes()
    summary = (tmp_path / "out" / "summary.md").read_text()
    assert "| layer0 | dense | 90 | 60 | float64 |" in summary


@pytest.mark.parametrize("width", [1, 60, 80, 120, 300])
def test_a_terminal_gets_the_columns_that_it_has_room_for(planted, width):
    lines = terminal_table(planted, width).splitlines()
    assert len(lines) == 1 + len(planted.matrices)
    assert max(map(len, lines)) <= max(width, 20)
    assert "matrix" in lines[0]
    assert ("exponent" in lines[0]) == (width >= 80)


def test_panels_of_one_matrix(planted):
    assert len(planted.plot("spiked").axes) == 6
    with pytest.raises(UserError, match="there are no panels of 'nan'"):
        planted.plot("nan")


def test_the_package_has_it_at_the_top():
    assert deepspectra.analyse is analyse
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = deepspectra.nothing


def test_an_analysis_is_printed_as_what_it_found(planted):
    assert str(planted) == repr(planted)
    assert str(planted).startswith(f"Analysis of the dictionary, matrices: 9. {planted.findings[0]} See .findings, ")
    for name in re.findall(r"\.([a-z_]+)", str(planted).partition("See ")[2]):
        assert hasattr(planted, name), name


def test_names_in_a_checkpoint_stay_text(cache, tmp_path):
    name = "<script>alert(1)</script>"
    found = analyse({f"{name}.weight": np.random.default_rng(6).standard_normal((40, 30))}, cache=cache, **OPTIONS)
    assert "<script>" not in found.write(tmp_path).read_text()
