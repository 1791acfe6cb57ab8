"""What an analysis says, in sentences."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from deepspectra.analysis.changes import is_along
from deepspectra.rmt.laws.singular_values import POOR_FIT
from deepspectra.spectra.weights.layer_matrices import FEWEST_VALUES
from deepspectra.spectra.weights.vectors import FALSE_DISCOVERY

__all__ = ["bulk_words", "describe", "findings"]

#: A power law with a larger p-value is plausible (Clauset et al. 2009).
_PLAUSIBLE = 0.1
#: Tests of fewer levels see coarse differences only.
_FEW_LEVELS = 100


def findings(table: pd.DataFrame, false_discovery: float, level: float) -> list[str]:
    """Plain sentences on a whole network and on its kinds of layers, with how sure they are.

    :param table: of :class:`Analysis`. :param false_discovery: rate at which corrected p-values count.
    :param level: false-alarm rate of outliers, a side.
    """
    known = table[table["rank"].notna()]
    if known.empty:
        return ["No matrix could be analysed; the notes say why."]
    said = [_outliers(known, false_discovery, level), _levels(known, false_discovery), _vectors(known, false_discovery)]
    said += [_law(known), _tails(known, false_discovery), _unresolved(known), _changes(known)]
    if failed := len(table) - len(known):
        said.append(f"{_count(failed, 'matrix', 'matrices')} could not be analysed; the notes say why.")
    return [sentence for sentence in said if sentence]


def bulk_words(row: pd.Series) -> str:
    """Whether a matrix has the bulk of a random one: "yes", as far as can be told, "roughly", "no", or ""."""
    if pd.isna(row.has_bulk):
        return ""
    return "no" if row.has_bulk == 0 else "roughly" if row.bulk_q <= FALSE_DISCOVERY else "yes"


def _below(table: pd.DataFrame | pd.Series) -> Any:
    """Values below the bulk without those that are zero."""
    return table.below - (table[["outputs", "inputs"]].min(axis=table.ndim - 1) - table["rank"])


def describe(row: pd.Series) -> str:
    """One matrix in a few sentences; ``row`` is its row of the table."""
    said = [f"{row.outputs} outputs, {row.inputs} inputs, stored as {row['dtype']}, rank {row['rank']:.0f}."]
    if row.has_bulk == 1:
        said.append(
            f"Of its singular values {row.above:.0f} lie above the bulk of a random matrix with entries of standard "
            f"deviation {row.sigma:.3g}, and {_below(row):.0f} below, not counting zeros. The bulk's distribution "
            f"function is off the law's by {row.bulk_distance:.2g} at most (p = {row.bulk_p:.2g})."
        )
    elif row.has_bulk == 0:
        said.append("It has no random bulk: most of its singular values are not spread as those of a random matrix.")
    said += _describe_levels(row) if row.is_resolved != 0 else ["Rounding of the stored numbers blurs its levels."]
    sides = [(int(row[f"vectors_{side}"]), f"{side} vector") for side in ("output", "input")]
    words = " and ".join(_count(number, name, f"{name}s") for number, name in sides)
    said.append(f"{words} are not random.")
    return " ".join([*said, *([f"Note: {row.note}"] if row.note else [])])


def _describe_levels(row: pd.Series) -> list[str]:
    """Of a broad spectrum the two tests take different levels."""
    tests: dict[float, list[tuple[str, bool]]] = {}
    for name, words in (("spacing", "spacings"), ("variance", "number variance")):
        if pd.notna(row[f"{name}_p"]):
            tests.setdefault(row[f"{name}_levels"], []).append((words, row[f"{name}_q"] <= FALSE_DISCOVERY))
    said = []
    for levels, judged in tests.items():
        differ = [words for words, is_found in judged if is_found]
        verdict = "differ from those of random matrices" if differ else "look random"
        # Where both tests take the same levels and find nothing, that is all there is to say.
        where = f" in {' and '.join(differ or [words for words, _ in judged])}" if differ or len(tests) > 1 else ""
        said.append(f"The {levels:.0f} levels tested {verdict}{where}.")
    return said


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _of(chosen: pd.DataFrame, known: pd.DataFrame) -> str:
    """ "12 of 38 matrices (attention 10 of 24, dense 2 of 12)", "none of 38 matrices"."""
    if chosen.empty:
        return f"none of {len(known)} matrices" if len(known) > 1 else "no matrix"
    if len(chosen) == len(known):
        return {1: "the only matrix", 2: "both matrices"}.get(len(known), f"all {len(known)} matrices")
    total = known.groupby("kind").size()
    kinds = [f"{kind} {int((chosen.kind == kind).sum())} of {total[kind]}" for kind in total.index]
    return f"{len(chosen)} of {_count(len(known), 'matrix', 'matrices')}" + (
        f" ({', '.join(kinds)})" if len(kinds) > 1 else ""
    )


def _outliers(known: pd.DataFrame, rate: float, level: float) -> str:
    """Of matrices with a random bulk; those without have no outliers either."""
    bulk, few = known[known.has_bulk == 1], known[known["rank"] < FEWEST_VALUES]
    # Where no bulk was found at all, has_bulk is not known.
    others = known.drop([*bulk.index, *few.index])
    rough = bulk[bulk.bulk_q <= rate]
    said = f"A bulk that cannot be told from a random matrix's is in {_of(bulk.drop(rough.index), known)}."
    if len(rough):
        said += f" In {_of(rough, known)} most values lie between the edges of such a bulk, but their distribution "
        said += f"function is off its law's by {rough.bulk_distance.median():.2g} in the median, "
        said += (
            f"{rough.bulk_distance.max():.2g} at most: more than chance allows, at a false discovery rate of {rate:g}."
        )
    if len(bulk):
        above, below = bulk[bulk.above > 0], bulk[_below(bulk) > 0]
        said += f" Singular values lie above the bulk in {_of(above, bulk)}"
        said += f", {int(above.above.sum())} in all," * bool(len(above))
        said += (
            f" and below it in {_of(below, bulk)}. A random matrix has values outside with probability {level:g} on "
        )
        said += f"each side: chance alone would give {level * len(bulk):.2g} such matrices."
    if len(others):
        said += f" {_count(len(others), 'has', 'have')} no such bulk: most values are not spread as those of a random "
        said += "matrix, so that the numbers above and below count no separate directions."
    if len(few):
        said += f" {_count(len(few), 'has', 'have')} too small a rank to be judged."
    return said


def _levels(known: pd.DataFrame, rate: float) -> str:
    # A spectrum may have levels enough for one of the tests alone.
    judged, counted = known[known.spacing_q.notna()], known[known.variance_q.notna()]
    if judged.empty and counted.empty:
        return "No matrix has enough levels between its outliers, apart by more than rounding, to test them."
    spacings, variances = judged[judged.spacing_q <= rate], counted[counted.variance_q <= rate]
    said = f"Spacings of levels differ from those of random matrices in {_of(spacings, judged)}, the number variance "
    said += f"in {_of(variances, counted)}, at a false discovery rate of {rate:g}."
    if fewer := int(judged.variance_q.isna().sum()):
        said += f" {_count(fewer, 'has', 'have')} too few levels for the number variance."
    tested = max(len(judged), len(counted))
    draws = int(known.null_draws.min())
    # So many matrices must have the smallest possible p for any to count after the correction.
    needed = math.ceil(tested / (rate * (draws + 1)))
    if needed > 1:
        said += f" With {draws} random matrices of a shape, one matrix alone cannot count among {tested}: at "
        said += f"least {needed} must have the smallest possible p. More draws would tell more."
    elif spacings.empty and variances.empty:
        smallest = known[["spacing_q", "variance_q"]].min(axis=None)
        said += f" The smallest q, from at least {draws} random matrices of each shape, is {smallest:.2g}."
    few = judged[judged.spacing_levels < _FEW_LEVELS]
    if len(few):
        said += f" In {_of(few, judged)} fewer than {_FEW_LEVELS} levels could be tested, so that only coarse "
        said += "differences would show."
    return said


def _vectors(known: pd.DataFrame, rate: float) -> str:
    either = known[(known.vectors_output > 0) | (known.vectors_input > 0)]
    if either.empty:
        said = f"Singular vectors look random in {_of(known, known)}: of none can it be told that its entries are not "
        return said + f"Gaussian, at a false discovery rate of {rate:g} over all vectors of the network."
    sides = " and ".join(f"{int(known[f'vectors_{side}'].sum())} {side} vectors" for side in ("output", "input"))
    said = f"Singular vectors are not random in {_of(either, known)}: {sides} have entries that are not Gaussian, "
    return said + f"at a false discovery rate of {rate:g} over all vectors of the network."


def _law(known: pd.DataFrame) -> str:
    known = known[known.fit_poor.notna()]
    good = known[known.fit_poor == 0]
    if known.empty:
        return ""
    said = f"A Marchenko-Pastur law with free edges and a free share of the values describes {_of(good, known)} to "
    said += f"within {POOR_FIT:g} of the distribution function, or as well as it does 99 % of random matrices"
    said += f"; {good.fraction.median():.0%} of the values follow it in the median." if len(good) else "."
    if len(good) < len(known):
        said += " Elsewhere the spectrum has another shape, and the share that follows the law means little."
    return said


def _tails(known: pd.DataFrame, rate: float) -> str:
    known = known[known.alpha.notna()]
    if known.empty:
        return ""
    heavy, plausible = known[known.alpha_q <= rate], known[known.alpha_fit_p > _PLAUSIBLE]
    ends = dict.fromkeys((f"{known.alpha.min():.1f}", f"{known.alpha.max():.1f}"))
    said = f"Exponents of power laws fitted to the tails are {' to '.join(ends)}, "
    said += f"significantly smaller than random matrices' (a heavier tail) in {_of(heavy, known)}. A power law "
    said += f"may describe the tail (p > {_PLAUSIBLE:g}, by a lenient test) in {_of(plausible, known)}"
    return said + ("." if len(plausible) == len(known) else "; elsewhere the exponent is a number without a law.")


def _unresolved(known: pd.DataFrame) -> str:
    coarse = known[known.is_resolved == 0]
    said = f"Rounding of the stored numbers blurs the levels of {_of(coarse, known)}, which are left out."
    return said if len(coarse) else ""


def _changes(known: pd.DataFrame) -> str:
    if "relative_change" not in known:
        return ""
    known = known[known.change_has_bulk.notna()]
    changes = known.relative_change.dropna()
    said = ""
    if len(changes):
        ends = " to ".join(dict.fromkeys((f"{changes.min():.2g}", f"{changes.max():.2g}")))
        most = f", most of all {known.name[changes.idxmax()]!r}" if len(changes) > 1 else ""
        said = f"Training moved the matrices by {ends} of their norm{most}. "
    if zero := len(known) - len(changes):
        said += f"{_count(zero, 'initial matrix is', 'initial matrices are')} zero. "
    narrow = known[known.change_has_bulk == 1]
    said += f"The change has a random bulk of its own in {_of(narrow, known)}"
    if len(narrow):
        said += f", above which {_count(int(narrow.change_above.sum()), 'direction stands', 'directions stand')}"
    said += ". "
    judged = known[known.overlap.notna()]
    if judged.empty:
        return said.strip()
    is_found = map(is_along, judged.overlap, judged.overlap_random, judged.outputs)
    said += "Changes lie along the leading directions before training (they share with them more than random "
    said += "directions do by chance, by over a tenth of what these leave) in "
    return said + f"{_of(judged[list(is_found)], judged)}."
