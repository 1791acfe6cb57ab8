"""Record scale: the published sizes, fewer repetitions that are enough, and three trainings of every network."""

from __future__ import annotations

import pytest

from deepspectra.config import describe_scale, load_settings
from deepspectra.papers.baskerville2022.curvature_statistics import reference_unfolding
from deepspectra.papers.baskerville2022.names import parts_of
from deepspectra.papers.baskerville2022.spectra import HESSIAN_FIGURES, curvature_panels
from deepspectra.papers.thamm2024.claims import PERCEPTRONS
from deepspectra.planning.costs import largest_parameters
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.spacings import wigner_surmise

from .conftest import FOLDER, leaves

SETTINGS = load_settings(FOLDER)
PAPER, RECORD = SETTINGS["paper"], SETTINGS["record"]
HESSIANS = RECORD.baskerville2022
#: What may be less than published: how often something is repeated.
COUNTS = {"batches", "published_batches"}
PANELS = [panel for figure in HESSIAN_FIGURES for panel in curvature_panels(HESSIANS, figure).values()]


def test_sizes_are_as_published_and_only_counts_of_batches_fall():
    published, record = (dict(leaves(settings.model_dump())) for settings in (PAPER, RECORD))
    changed = {path for path, value in published.items() if record[path] != value}
    sweep = {("thamm2024", *key) for key in (("figure_3", "further"), ("figure_4", "networks"), ("figure_4", "alphas"))}
    sweep.add(("thamm2024", "left_out"))
    assert changed - sweep == {path for path in changed if path[0] == "baskerville2022" and path[-1] in COUNTS}
    shown, swept = RECORD.thamm2024.figure_3, RECORD.thamm2024.figure_4
    # Nothing is trained for figure 3 alone.
    assert {shown.network, *shown.further} == set(swept.networks)
    alphas = swept.alphas
    assert {0.1, 0.2, 0.3, *RECORD.thamm2024.figure_3.alphas, 10} <= {*alphas} < {*PAPER.thamm2024.figure_4.alphas}
    for name, network in PAPER.baskerville2022.networks.items():
        for split in ("train", "test"):
            assert HESSIANS.samples(name, split) == PAPER.baskerville2022.samples(name, split)
            assert HESSIANS.batches(name, split) <= PAPER.baskerville2022.batches(name, split)
            assert HESSIANS.published_batches(name, split) <= PAPER.baskerville2022.published_batches(name, split)
        assert HESSIANS.network(name).weight_shapes == network.weight_shapes


@pytest.mark.parametrize("paper", ["thamm2024", "baskerville2022"])
def test_every_network_is_trained_three_times_alike(paper):
    published, record = getattr(PAPER, paper).networks, getattr(RECORD, paper).networks
    left_out = COUNTS | {"seed", "epochs", "control_batches"}
    alike: dict[str, set[int]] = {}
    for network in record.values():
        alike.setdefault(str(network.model_dump(exclude=left_out)), set()).add(network.seed)
    assert len(alike) == len({str(network.model_dump(exclude=left_out)) for network in published.values()})
    assert all(len(seeds) >= 3 for seeds in alike.values())
    # The learning rate of a shorter training has fallen tenfold, or the training would not be a complete one.
    training = RECORD.thamm2024.training
    if paper == "thamm2024":
        assert all(training.decay ** (network.epochs or training.epochs) < 0.1 for network in record.values())


def test_only_the_convolutional_network_waits_for_its_training():
    paper = RECORD.thamm2024
    assert {paper.networks[name].architecture for name in paper.left_out} == {"minialexnet"}


def test_what_is_trained_with_several_seeds_elsewhere_has_at_least_three():
    figure = RECORD.thamm2024.figure_4
    assert {RECORD.thamm2024.networks[name].seed for name in figure.networks} == {1, 2, 3}
    assert set(figure.networks) < set(PERCEPTRONS)
    assert 1 + len(RECORD.fan2020.figure_3.seeds) >= 3
    for inputs in RECORD.fan2020.drawn_inputs:
        assert all(size["draws"] >= 3 for size in RECORD.fan2020.draws(inputs)["sizes"])


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: "-".join(panel.values()))
def test_panels_have_batches_enough(panel):
    network, _, split, kind = parts_of(panel["spectrum"])
    published, resolved = HESSIANS.published_batches(network, split), HESSIANS.batches(network, split, kind)
    # Errors fall with the number of eigenvalues: at least those of twelve batches of softmax regression on MNIST.
    assert published * largest_parameters(RECORD, network) >= 12 * 7850
    assert published >= (24 if panel["statistic"] == "unfolded" else 3)
    assert resolved >= (24 if panel["statistic"] == "unfolded" else 12)


def test_spacings_of_random_matrices_unfolded_from_so_many_batches_are_near_the_surmise():
    """The bounds of these claims are 0.05 and 0.08; half as many batches would use up the smaller one."""
    share, seed = HESSIANS.curvature.unfolded_share, HESSIANS.curvature.seed
    counts = {
        HESSIANS.published_batches(parts_of(panel["spectrum"]).network, "test")
        for panel in PANELS
        if panel["statistic"] == "unfolded"
    }
    floors = {
        batches: ks_distance(reference_unfolding(batches, share, seed).spacings, wigner_surmise.cdf)
        for batches in {*counts, min(counts) // 2}
    }
    assert all(floors[batches] < 0.035 for batches in counts)
    assert floors[min(counts) // 2] > 0.045


def test_small_print_tells_the_counts():
    note = describe_scale(SETTINGS, SETTINGS, "record", "baskerville2022.networks.mlp_bike")
    assert note.startswith(
        "Record scale: mlp_bike with batches of Hessians 16 instead of 217 and batches as published 12"
    )
    assert describe_scale(SETTINGS, SETTINGS, "record", "fan2020", "pennington2017") == "Record scale."
