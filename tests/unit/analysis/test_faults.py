"""What goes wrong with one matrix, one file or one process: told, mended, and kept from the others."""

import math
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepspectra.analysis import network
from deepspectra.analysis.changes import CHANGE_COLUMNS, change_of_matrix, is_along
from deepspectra.analysis.findings import bulk_words, describe, findings
from deepspectra.analysis.matrix import MatrixOptions
from deepspectra.analysis.null_files import NullKey, default_cache, lend, level_file, vector_file
from deepspectra.analysis.nulls import draw_nulls, draw_vector_nulls, read_null, read_vector_null
from deepspectra.analysis.overview import overview, shown_matrices
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.processes import worker_processes
from deepspectra.spectra.weights.vectors import FALSE_DISCOVERY

KEY = NullKey(40, 20, 99, 3, 1)


#: Mean of each array of the draws of a small shape.
GOLDEN = [4.09765127, 0.170400057, 0.552329798, 10.0809025, 1.02827958, 3.1491076, 0.121380755, 0.149604477]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("nulls")


def analyse(weights, cache, **options):
    return network.analyse(weights, cache=cache, draws=99, vector_draws=199, **options)


def test_rows_and_columns_of_zeros_leave_the_verdict_of_what_is_left(cache):
    rng = np.random.default_rng(1)
    living = rng.standard_normal((50, 30))
    dead = np.zeros((90, 34))
    dead[np.ix_(rng.permutation(90)[:50], rng.permutation(34)[:30])] = living
    small = np.zeros((40, 30))
    small[:12, :16] = rng.standard_normal((12, 16))
    found = analyse({"dead.weight": dead, "alone.weight": rng.standard_normal((50, 30)), "small.weight": small}, cache)
    table = found.matrices.set_index("name")
    row = table.loc["dead"]
    assert (row.outputs, row.inputs, row["rank"], row.above, row.below) == (50, 30, 30, 0, 0)
    assert row.note == "40 of its 90 rows and 4 of its 34 columns are zero and left out."
    assert row.sigma == pytest.approx(1, rel=0.1)
    assert row.largest == pytest.approx(np.linalg.norm(living, 2))
    assert row.alpha_random == table.loc["alone"].alpha_random
    assert "without them it has 12 singular values, fewer than 15" in table.loc["small"].note


def test_changes_of_some_rows_and_from_zero(cache):
    rng = np.random.default_rng(2)
    before = rng.standard_normal((60, 20))
    after, zero = before.copy(), np.zeros((60, 20))
    after[:40] += 0.1 * rng.standard_normal((40, 20))

    def null(shape):
        return read_null(NullKey(max(shape), min(shape), 99, 3, 1), cache)

    changes, note = change_of_matrix(after, before, null, MatrixOptions())
    assert (changes["change_above"], changes["change_has_bulk"]) == (0, 1)
    assert note == "20 of its 60 rows did not move."
    changes, note = change_of_matrix(after, zero, null, MatrixOptions())
    assert [name for name in CHANGE_COLUMNS if math.isnan(changes[name])] == [
        *("relative_change", "overlap", "overlap_random")
    ]
    assert "The initial matrix is zero" in note
    found = analyse({"a.weight": after}, cache, initial={"a.weight": zero})
    assert "1 initial matrix is zero." in found.findings[-1]
    assert "nan" not in " ".join(found.findings)
    overview(found)


@pytest.mark.parametrize(("outputs", "number"), [(30, 1), (300, 1), (100, 26)])
def test_random_spaces_do_not_lie_along_each_other(outputs, number):
    rng = np.random.default_rng(3)
    spaces = [np.linalg.qr(rng.standard_normal((outputs, number)))[0] for _ in range(400)]
    fixed = np.eye(outputs)[:, :number]
    overlaps = np.array([np.sum((space.T @ fixed) ** 2) / number for space in spaces])
    random = number / outputs
    # By the formulas of the rule, within five errors of mean and variance.
    deviation = (1 - random) * math.sqrt(2 / ((outputs - 1) * (outputs + 2)))
    assert abs(overlaps.mean() - random) < 5 * deviation / 20
    assert overlaps.std() == pytest.approx(deviation, rel=0.35)
    assert sum(is_along(overlap, random, outputs) for overlap in overlaps) <= 8
    assert is_along(0.99, random, outputs)
    assert not is_along(math.nan, random, outputs)


def test_damaged_draws_are_made_again(tmp_path):
    draw_nulls([KEY], tmp_path)
    draw_vector_nulls([30], 99, 1, tmp_path)
    good = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(good) == {tmp_path / level_file(KEY), tmp_path / vector_file(30, 99, 1)}
    for path, content in good.items():
        path.write_bytes(content[:1000])
    assert read_null(KEY, tmp_path).alphas.size == read_vector_null(30, 99, 1, tmp_path).size == 99
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == good


def test_draws_have_the_numbers_of_their_format(tmp_path):
    """Caches outlive versions: other numbers need another name. Tolerances cover processors."""
    null = read_null(KEY, tmp_path)
    arrays = (null.lengths, *null.levels, null.extremes, null.alphas, null.fit_distances)
    found = [float(np.mean(array)) for array in (*arrays, read_vector_null(30, 99, 1, tmp_path))]
    assert found == pytest.approx(GOLDEN, rel=1e-5), "raise FORMAT in null_files.py, and give these numbers"


@pytest.mark.parametrize("error", [np.linalg.LinAlgError("no convergence"), MemoryError("cannot allocate")])
def test_a_matrix_that_fails_leaves_the_others(cache, monkeypatch, error):
    real = network.analyse_matrix

    def failing(matrix, *arguments):
        if matrix[0, 0] == 7:
            raise error
        return real(matrix, *arguments)

    monkeypatch.setattr(network, "analyse_matrix", failing)
    weights = {f"{name}.weight": np.random.default_rng(4).standard_normal((40, 20)) + name for name in (0, 1)}
    weights["1.weight"][0, 0] = 7
    table = analyse(weights, cache).matrices.set_index("name")
    assert table["rank"].notna().to_dict() == {"0": True, "1": False}
    assert table.note["1"].startswith("not analysed: ")
    assert str(error) in table.note["1"]


def test_a_killed_process_is_told():
    with pytest.raises(UserError, match="killed, probably for memory"), worker_processes(2):
        raise BrokenProcessPool


def test_a_user_without_home_has_draws_all_the_same(tmp_path, monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    (tmp_path / "a.h5").touch()
    lend(tmp_path / "a.h5")
    with pytest.raises(UserError, match="no home folder"):
        default_cache()


def test_sentences_agree_and_name_the_levels_of_each_test(cache):
    found = analyse({"a.weight": np.random.default_rng(5).standard_normal((40, 20))}, cache)
    row = found.matrices.iloc[0].copy()
    row.vectors_output, row.vectors_input = 1, 0
    row.spacing_levels, row.spacing_p, row.spacing_q = 120, 0.5, 0.5
    row.variance_levels, row.variance_p, row.variance_q = 40, 0.001, 0.001
    words = describe(row)
    assert "1 output vector and 0 input vectors are not random." in words
    assert "The 120 levels tested look random in spacings." in words
    assert "The 40 levels tested differ from those of random matrices in number variance." in words
    assert any("Singular vectors look random in the only matrix" in sentence for sentence in found.findings)
    table = pd.concat([found.matrices] * 2, ignore_index=True)
    table.loc[0, "above"] = 3
    # Rates are of those matrices that have enough levels for each test.
    table["spacing_q"], table["variance_q"] = 0.5, [0.5, np.nan]
    outliers, levels = findings(table, FALSE_DISCOVERY, 0.01)[:2]
    assert "Singular values lie above the bulk in 1 of 2 matrices, 3 in all, and below" in outliers
    assert "A bulk that cannot be told from a random matrix's is in both matrices" in outliers
    assert "of random matrices in none of 2 matrices, the number variance in no matrix, at" in levels


def test_a_bulk_that_is_not_quite_random_is_told_from_one_that_is(cache):
    """Columns of slightly unequal variance: a distance of 0.04, near enough for a bulk, and no random matrix's."""
    rng = np.random.default_rng(9)
    uneven = rng.standard_normal((240, 200)) * np.linspace(0.6, 1.4, 200)
    found = analyse({"even.weight": rng.standard_normal((240, 200)), "uneven.weight": uneven}, cache)
    even, uneven = (found.matrices.set_index("name").loc[name] for name in ("even", "uneven"))
    assert (even.has_bulk, uneven.has_bulk) == (1, 1)
    assert even.bulk_distance < 0.02 < uneven.bulk_distance < 0.15
    assert uneven.bulk_q < 0.05 < even.bulk_q
    said = "cannot be told from a random matrix's is in 1 of 2 matrices. In 1 of 2 matrices most values lie between the"
    assert said in found.findings[0]
    assert [bulk_words(row) for row in (even, uneven)] == ["yes", "roughly"]


@pytest.mark.parametrize("order", [1, -1])
def test_an_overview_has_room_for_every_kind(cache, order):
    """The second kind drawn has the smaller p-value, or the larger exponent."""
    rng = np.random.default_rng(6)
    names = ["embeddings.weight", "conv.weight"][::order]
    found = analyse({name: rng.standard_normal((40, 20)) for name in names}, cache)
    found.matrices["spacing_p"] = [1e-5, 0.5][::order]
    found.matrices["alpha"] = [3.0, 300.0]
    found.matrices["above"] = [1, 900]
    for axis, name in ((1, "spacing_p"), (4, "alpha"), (0, "above")):
        low, high = overview(found).axes[axis].get_xlim()
        assert low < found.matrices[name].min()
        assert found.matrices[name].max() < high


def test_a_product_of_factors_has_a_note_and_zeros_are_no_values_below(cache):
    """Of a random product of rank 20 some values lie outside the bulk of one random matrix; its 10 zeros are below."""
    rng = np.random.default_rng(10)
    product = rng.standard_normal((60, 20)) @ rng.standard_normal((20, 30))
    found = analyse({"product.weight": product, "random.weight": rng.standard_normal((60, 30))}, cache)
    row = found.matrices.set_index("name").loc["product"]
    assert (row["rank"], row.has_bulk) == (20, 1)
    assert row.below > 10
    assert "Its rank is 20 of 30: if it is a product of factors" in row.note
    assert f"and {row.below - 10:.0f} below, not counting zeros" in describe(row)


def test_levels_that_one_test_alone_could_take_are_counted_for_each(cache):
    found = analyse({"a.weight": np.random.default_rng(5).standard_normal((40, 20))}, cache)
    table = pd.concat([found.matrices] * 3, ignore_index=True)
    table["spacing_q"], table["variance_q"] = [0.5, np.nan, np.nan], [np.nan, 0.01, 0.5]
    words = findings(table, FALSE_DISCOVERY, 0.01)[1]
    assert "in no matrix, the number variance in 1 of 2 matrices, at" in words
    assert "1 has too few levels for the number variance." in words
    table["rank"], table["has_bulk"] = 20, [1, 1, np.nan]
    assert "1 has no such bulk" in findings(table, FALSE_DISCOVERY, 0.01)[0]


def test_without_a_bulk_its_distance_has_no_p(cache):
    found = analyse({"broad.weight": np.diag(np.geomspace(1, 1e3, 30))}, cache)
    assert found.matrices.has_bulk.tolist() == [0]
    assert found.matrices[["bulk_p", "bulk_q"]].isna().all(axis=None)
    assert bulk_words(found.matrices.iloc[0]) == "no"
    overview(found)


def test_a_network_of_small_ranks_alone_is_drawn(cache):
    rng = np.random.default_rng(8)
    found = analyse({"a.weight": rng.standard_normal((40, 10)) @ rng.standard_normal((10, 20))}, cache)
    assert found.matrices["rank"].tolist() == [10]
    assert found.findings[0].endswith("random matrix's is in no matrix. 1 has too small a rank to be judged.")
    overview(found)
    found.plot("a")


def test_an_overview_of_very_many_matrices_has_those_with_most_outliers(cache):
    found = analyse({"a.weight": np.random.default_rng(6).standard_normal((40, 20))}, cache)
    many = pd.concat([found.matrices] * 500, ignore_index=True).assign(name=[f"layer{n}" for n in range(500)])
    many.loc[450:, "above"] = 5
    many.loc[[3, 200], ["spacing_q", "variance_q"]] = [[0.01, 1.0], [1.0, 0.01]]
    object.__setattr__(found, "matrices", many)
    chosen = [int(name.removeprefix("layer")) for name in shown_matrices(many).name]
    assert chosen == sorted(set(chosen))
    assert len(chosen) == 400
    assert {3, 200, *range(450, 500)} <= set(chosen)
    # Of equal ones no part of the network is missing.
    assert all(50 < sum(start <= place < start + 90 for place in chosen) < 85 for start in range(0, 450, 90))
    figure = overview(found)
    assert figure.get_size_inches()[1] < 25
    assert any("400 of 500 matrices" in text.get_text() for text in figure.texts)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert int(names[0].removeprefix("layer")) < 5
    assert int(names[-1].removeprefix("layer")) >= 497
