"""The curvature spectra: their names and files, what they depend on, and which figure shows what of them.

A spectrum is named network/state_split_kind, such as ``logistic_mnist/final_test_hessian``. Paths are relative to
``results/{scale}``. Snakemake imports this module at every start, so it imports no NumPy, pandas or torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepspectra.papers.baskerville2022.names import parts_of

if TYPE_CHECKING:
    from deepspectra.papers.baskerville2022.settings import Baskerville2022, Kind, Split

__all__ = ["HESSIAN_FIGURES", "analysed_files", "control_plan", "curvature_panels", "curvature_spectra"]
__all__ += ["feature_files", "full_batches", "hessian_settings", "mapped_levels_plan"]
__all__ += ["of_softmax_regression"]
__all__ += ["samples_of", "spectrum_files", "statistics_files", "whole_samples"]

_TEST = "final_test_hessian"
_FINAL, _INITIAL = ([f"{state}_{split}_hessian" for split in ("train", "test")] for state in ("final", "initial"))
_SPACINGS, _RATIOS, _WHOLE = ("batch", "unfolded"), ("batch", "ratios"), ("whole", "ratios")
_DENSITY, _DECILES, _EXTENTS = ("batch", "density"), ("batch", "deciles"), ("batch", "participation")
#: Figure -> spectra of each of its networks, without the network's name, and scope and statistic of panels: for each of
#: these all spectra in turn. The authors' batches of Bike Sharing are those of the training set.
HESSIAN_FIGURES = {
    "figure_1": ([_TEST], [_DENSITY]),
    "figure_3": ([_TEST], [_SPACINGS, _RATIOS, _WHOLE, _DECILES]),
    "figure_4": ([_TEST], [_SPACINGS, _RATIOS, _DECILES]),
    "figure_7": ([_TEST], [_DENSITY, _RATIOS, _DECILES]),
    "figure_8": (["final_train_hessian"], [_DENSITY, _RATIOS, _DECILES]),
    "figure_9": (["final_train_gauss_newton"], [_DENSITY, _RATIOS, _DECILES]),
    "figure_a10": (_FINAL, [_SPACINGS]),
    "figure_a11": (_FINAL, [_RATIOS, _WHOLE]),
    "figure_a12": (_INITIAL, [_SPACINGS]),
    "figure_a13": (_INITIAL, [_RATIOS, _WHOLE]),
    "figure_a14": ([_TEST, "initial_test_hessian"], [_SPACINGS]),
    "figure_controls": ([_TEST, "initial_test_hessian", "final_train_gauss_newton"], [_DECILES, _EXTENTS]),
}
#: Panel a of figure 1 is the GOE, its panel d the whole training set of the network of c. Figure A14 leaves out its
#: second network before training.
_LETTERS = {"figure_1": "bcd", "figure_a14": "abc"}


def curvature_panels(paper: Baskerville2022, item: str) -> dict[str, dict[str, str]]:
    """Panels of a figure by letter, each with its ``spectrum``, ``scope`` and ``statistic``."""
    spectra, statistics = HESSIAN_FIGURES[item]
    names = [f"{network}/{spectrum}" for network in paper.named(item) for spectrum in spectra]
    if item == "figure_controls":
        node = paper.figure_controls
        owners = {"hessian": node.softmax, "gauss_newton": node.gauss_newton}
        names = [f"{owners[parts_of(f'/{spectrum}').kind]}/{spectrum}" for spectrum in spectra]
    shown = [(name, *statistic) for statistic in statistics for name in names]
    if item == "figure_1" and paper.network(last := paper.named(item)[-1]).is_softmax_regression:
        shown.append((f"{last}/final_train_hessian", "whole", "density"))
    panels = (dict(zip(("spectrum", "scope", "statistic"), panel, strict=True)) for panel in shown)
    return dict(zip(_LETTERS.get(item, "abcdef"), panels, strict=False))


def curvature_spectra(paper: Baskerville2022, item: str) -> list[str]:
    """Names of a figure's spectra, or of the table's: those of all figures, and of test sets of all other networks."""
    if item in HESSIAN_FIGURES:
        return list(dict.fromkeys(panel["spectrum"] for panel in curvature_panels(paper, item).values()))
    names = {name for figure in HESSIAN_FIGURES for name in curvature_spectra(paper, figure)}
    shown, order = {parts_of(name).network for name in names}, list(paper.networks)
    names |= {f"{network}/{_TEST}" for network in order if network not in shown}
    return sorted(names, key=lambda name: (order.index(parts_of(name).network), name))


def statistics_files(spectra: list[str], suffix: str = "") -> list[str]:
    """One kind of table for every spectrum: the numbers, or ``_curves``."""
    return [f"statistics/baskerville2022/{name}{suffix}.csv" for name in spectra]


def spectrum_files(paper: Baskerville2022, spectrum: str) -> dict[str, list[str]]:
    """Files of all eigenvalues of a spectrum, by name.

    ``published``: of float32 matrices, a batch a file. ``resolved``: several batches a file, few where one takes long.
    ``controls``: all in one file, of spectra whose deciles are shown.
    ``published_whole``, ``resolved_whole``: whole sets, only of softmax regression; the former if settings ask for it.
    ``zeros``: how many eigenvalues of each batch are exactly zero, where large matrices make spectra as published rare.
    """
    network, _, split, kind = parts_of(spectrum)
    entry, count = paper.network(network), paper.batches(network, split, kind)
    published = paper.published_batches(network, split)
    step = count if kind == "gauss_newton" or entry.is_softmax_regression else paper.curvature.batches_a_job
    whole = kind == "hessian" and entry.is_softmax_regression
    published_whole = whole and paper.curvature.published_whole and paper.published_batches(network, "test")
    names = {
        "published": [f"published_{batch}" for batch in range(published)],
        "resolved": [f"resolved_{first}_{min(first + step, count) - 1}" for first in range(0, count, step)],
        "controls": ["controls"] * bool(control_plan(paper, *parts_of(spectrum))["drawn"]),
        "published_whole": ["published_whole"] if published_whole else [],
        "resolved_whole": ["resolved_whole"] if whole else [],
        "zeros": ["zeros"] if kind == "hessian" and entry.counts_zeros else [],
    }
    return {key: [f"spectra/baskerville2022/{spectrum}/{name}.h5" for name in found] for key, found in names.items()}


def control_plan(paper: Baskerville2022, network: str, state: str, split: Split, kind: Kind) -> dict[str, int]:
    """Fields of :class:`.Batches`, for a spectrum's controls."""
    shown = mapped_levels_plan(paper, network, state, split, kind)["draws"] > 0
    return {
        "size": paper.curvature.batch_size,
        "there": paper.batches(network, split, kind),
        "drawn": paper.control_batches(network, split, kind) if shown else 0,
        "vectors": paper.controls.vector_batches,
    }


def of_softmax_regression(paper: Baskerville2022, network: str, kind: Kind) -> bool:
    """Whether a spectrum is that of the Hessian of softmax regression, a sum of factors of samples."""
    return kind == "hessian" and paper.network(network).is_softmax_regression


def mapped_levels_plan(paper: Baskerville2022, network: str, state: str, split: str, kind: str) -> dict[str, int]:
    """How often GOE levels of equal density are drawn (``draws``), not at all where a spectrum's deciles are not shown,
    and their ``seed``.
    """
    panels = [panel for item in HESSIAN_FIGURES for panel in curvature_panels(paper, item).values()]
    shown = {panel["spectrum"] for panel in panels if panel["statistic"] == "deciles"}
    draws = paper.controls.draws if f"{network}/{state}_{split}_{kind}" in shown else 0
    return {"draws": draws, "seed": paper.controls.seed}


def feature_files(paper: Baskerville2022, spectra: list[str]) -> list[str]:
    """The file of the features, if one of the spectra is of a network on them."""
    on_features = any(paper.network(parts_of(name).network).data == "features" for name in spectra)
    return ["features/cifar10.h5"] if on_features else []


def hessian_settings(paper: Baskerville2022, item: str) -> list[str]:
    """What shapes a figure or the table besides its own settings: networks, their training, and which matrices."""
    networks = dict.fromkeys(parts_of(name).network for name in curvature_spectra(paper, item))
    entries = [paper.network(network) for network in networks]
    nodes = ["training"]
    if all(entry.epochs for entry in entries):
        nodes = [f"training.{key}" for key in type(paper.training).model_fields if key != "epochs"]
    nodes += ["features"] * any(entry.data == "features" for entry in entries)
    nodes += [*(f"networks.{network}" for network in networks), "curvature.batch_size"]
    own = ("batches", "published_batches")
    nodes += [f"curvature.{key}" for key in own if any(getattr(entry, key) is None for entry in entries)]
    if item != "table_networks":
        shown = {panel["statistic"] for panel in curvature_panels(paper, item).values()}
        nodes += ["controls.draws"] * ("deciles" in shown) + ["controls.vector_batches"] * ("participation" in shown)
    if item in ("figure_1", "figure_3", "figure_a11", "figure_a13", "table_networks"):
        nodes += ["curvature.whole_samples", "curvature.published_whole"]
    return nodes


def analysed_files(
    paper: Baskerville2022, scale: str, network: str, state: str, split: str, kind: str
) -> dict[str, list[str]]:
    """The same with the scale's folder, for the spectrum that a job is about."""
    files = spectrum_files(paper, f"{network}/{state}_{split}_{kind}")
    return {name: [f"results/{scale}/{path}" for path in paths] for name, paths in files.items()}


def whole_samples(paper: Baskerville2022, network: str, split: Split) -> int:
    """How many samples the whole-set Hessian of a network covers."""
    return min(paper.samples(network, split), paper.curvature.whole_samples)


def full_batches(paper: Baskerville2022, network: str, split: Split) -> int:
    """How many full batches a set has, whether or not they have spectra."""
    return paper.samples(network, split) // paper.curvature.batch_size


def samples_of(paper: Baskerville2022, network: str, split: Split, batch: str) -> int:
    """How many samples a float32 matrix covers: those of a batch, or of a whole set (``batch`` is ``whole``)."""
    return whole_samples(paper, network, split) if batch == "whole" else paper.curvature.batch_size
