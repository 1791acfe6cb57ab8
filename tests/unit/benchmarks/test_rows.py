"""Ratios of pairs, agreement of results and goals, against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from benchmarks.comparison import Comparison, Job, at, largest_difference, padded_difference
from benchmarks.rows import UNFINISHED, is_met, result_rows, summary

COMMON = {"machine": "a processor", "digest": "0"}


def comparison(**peers):
    """A comparison of one size with these peers."""
    most = {"one": {"seconds": 2.5, "gigabytes": 0.9}}
    own = Job(prepare=lambda arrays: lambda: np.zeros(1))
    return Comparison(title="", inputs=dict, sizes={"one": {}}, ours=own, peers=peers, most=most)


def run(seconds, difference=None, gigabytes=1.0):
    return {
        "seconds": seconds,
        "wall_seconds": 2 * seconds,
        "gigabytes": gigabytes,
        "versions": "python 3",
        "difference": difference,
    }


def rows_of(peer, theirs, own=(2.0, 4.0, 1.0)):
    runs = {"deepspectra": [run(seconds) for seconds in own], "peer": theirs}
    return result_rows("name", comparison(peer=peer), "one", runs, COMMON).set_index("job")


def job(**options):
    return Job(prepare=lambda arrays: lambda: np.zeros(1), **options)


def test_summary():
    assert summary([5.0, 1.0, 2.0]) == (2.0, 1.0, 5.0)


def test_ratios_are_of_the_same_round():
    """Medians of the two sides would give 12 / 2."""
    rows = rows_of(job(goal=5), [run(20.0, 0.0), run(12.0, 0.0), run(4.0, 0.0)])
    peer, own = rows.loc["peer"], rows.loc["deepspectra"]
    assert (peer.ratio, peer.ratio_low, peer.ratio_high) == (4.0, 3.0, 10.0)
    assert (peer.seconds, peer.seconds_low, peer.seconds_high, peer.wall_seconds) == (12.0, 4.0, 20.0, 24.0)
    assert (own.seconds, own.pairs, own.state) == (2.0, 3, "ours")
    assert math.isnan(own.ratio)
    assert is_met(peer) == {"5 times": False}
    assert is_met(own) == {"2.5 s": True, "0.9 GB": False}


def test_fewer_rounds_of_a_peer_go_with_our_first_ones():
    peer = rows_of(job(pairs=1), [run(6.0, 0.0)]).loc["peer"]
    assert (peer.ratio, peer.ratio_low, peer.ratio_high, peer.pairs) == (3.0, 3.0, 3.0, 1)


@pytest.mark.parametrize(
    ("differences", "tolerance", "state"),
    [
        ([0.0, 1e-9, 0.0], 1e-8, "agrees"),
        ([0.0, 0.0, 1e-7], 1e-8, "differs"),
        ([0.0, math.nan, 0.0], 1e-8, "differs"),
        ([0.0, math.inf, 0.0], 1e-8, "differs"),
        ([1.0, 1.0, 1.0], None, "not compared"),
    ],
)
def test_the_worst_round_decides_on_agreement(differences, tolerance, state):
    rows = rows_of(job(tolerance=tolerance, goal=1), [run(8.0, difference) for difference in differences])
    assert rows.loc["peer", "state"] == state
    assert bool(is_met(rows.loc["peer"])) == (state != "differs")


def test_a_peer_that_did_not_finish_has_a_lower_bound():
    stopped = {"state": UNFINISHED, "message": "did not finish in 30 s"}
    peer = rows_of(job(limit=30.0, goal=10), [stopped]).loc["peer"]
    assert (peer.state, peer.ratio, peer.pairs) == (UNFINISHED, 15.0, 0)
    assert math.isnan(peer.ratio_low)
    assert is_met(peer) == {"10 times": True}


def test_a_failed_job_has_no_ratio_and_keeps_its_message():
    peer = rows_of(job(), [{"state": "failed", "message": "failed: why"}]).loc["peer"]
    assert (peer.state, peer.note) == ("failed", "failed: why")
    assert math.isnan(peer.ratio)


def test_at_gives_the_number_of_a_size():
    assert at("a", 3) == 3
    assert at("a", {"a": 2, "b": 1}) == 2
    assert at("c", {"a": 2}) is None


def test_largest_difference_is_relative_to_the_largest_entry_of_its_array():
    ours = {"a": np.array([1e6, 1.0]), "b": np.array([1.0, 2.0])}
    theirs = {"a": np.array([1e6, 2.0]), "b": np.array([1.0, 2.1])}
    assert largest_difference(ours, theirs) == pytest.approx(0.1 / 2.1)
    assert largest_difference(ours, ours) == 0.0
    for name in ours:
        assert math.isnan(largest_difference(ours, {**ours, name: np.array([math.nan, 1.0])}))
    with pytest.raises(ValueError, match="other arrays"):
        largest_difference(ours, {"a": ours["a"]})


def test_padded_difference_knows_that_zeros_may_be_left_out():
    ours = {"result": np.array([-2.0, 1.0, 4.0])}
    assert padded_difference(ours, {"result": np.array([4.0, 0.0, -2.0, 0.0, 1.0])}) == 0.0
    assert padded_difference(ours, {"result": np.array([-2.0, 0.5, 1.0, 4.0])}) == pytest.approx(0.5 / 4)
    assert math.isnan(padded_difference(ours, {"result": np.array([-2.0, math.nan, 4.0])}))


def test_rows_can_be_written_and_read(tmp_path):
    rows = rows_of(job(goal=5), [run(20.0, 0.0)]).reset_index()
    rows.to_csv(tmp_path / "rows.csv", index=False)
    again = pd.read_csv(tmp_path / "rows.csv")
    assert [is_met(row) for _, row in again.iterrows()] == [is_met(row) for _, row in rows.iterrows()]


@pytest.mark.parametrize("difference", [largest_difference, padded_difference])
def test_results_that_are_zero_throughout_agree_with_nothing(difference):
    """A network that is saturated has no curvature, by right and wrong methods alike."""
    zero = {"result": np.zeros(3)}
    with pytest.raises(ValueError, match="zero throughout"):
        difference(zero, zero)
