"""What an analysis says, in sentences."""

from __future__ import annotations

import pandas as pd

__all__ = ["findings"]

#: A power law with a larger p-value is plausible (Clauset et al. 2009).
_PLAUSIBLE = 0.1
#: Spaces overlap if their overlap is so many times that of random ones.
_ALONG = 10


def findings(table: pd.DataFrame, false_discovery: float, level: float) -> list[str]:
    """Plain sentences on a whole network and on its kinds of layers, with how sure they are.

    :param table: of :class:`Analysis`. :param false_discovery: rate at which corrected p-values count.
    :param level: false-alarm rate of outliers, a side.
    """
    known = table[table["rank"].notna()]
    if known.empty:
        return ["No matrix could be analysed; the table says why."]
    said = [_outliers(known, level), _levels(known, false_discovery), _vectors(known, false_discovery)]
    said += [_law(known), _tails(known, false_discovery), _unresolved(known), _changes(known)]
    if failed := len(table) - len(known):
        said.append(f"{_count(failed, 'matrix', 'matrices')} could not be analysed; the table says why.")
    return [sentence for sentence in said if sentence]


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _of(chosen: pd.DataFrame, known: pd.DataFrame) -> str:
    """ "12 of 38 matrices (attention 10 of 24, dense 2 of 12)"."""
    total = known.groupby("kind").size()
    kinds = [f"{kind} {int((chosen.kind == kind).sum())} of {total[kind]}" for kind in total.index]
    return f"{len(chosen)} of {_count(len(known), 'matrix', 'matrices')}" + (
        f" ({', '.join(kinds)})" if len(kinds) > 1 else ""
    )


def _outliers(known: pd.DataFrame, level: float) -> str:
    above, below = known[known.above > 0], known[known.below > 0]
    said = f"Singular values stand above the random bulk in {_of(above, known)}"
    if len(above):
        said += f", {int(known.above.sum())} in all, {above.above.median():.0f} in the median"
    said += f", and below it in {_of(below, known)}. A random matrix has one with probability {level:g} on each side: "
    return said + f"by chance {level * len(known):.1f} matrices would."


def _levels(known: pd.DataFrame, rate: float) -> str:
    judged = known[known.spacing_q.notna()]
    if judged.empty:
        return "No matrix has enough levels between its outliers for a test of their spacings."
    spacings, variances = judged[judged.spacing_q <= rate], judged[judged.variance_q <= rate]
    said = f"Spacings of the bulk's levels differ from those of random matrices in {_of(spacings, judged)}, the number "
    said += f"variance in {_of(variances, judged)}, at a false discovery rate of {rate:g}."
    if spacings.empty and variances.empty:
        said += " The levels between the outliers are those of random matrices, as far as "
        said += f"{int(judged.null_draws.max())} draws of each shape can tell."
    return said


def _vectors(known: pd.DataFrame, rate: float) -> str:
    either = known[(known.vectors_output > 0) | (known.vectors_input > 0)]
    sides = " and ".join(f"{int(known[f'vectors_{side}'].sum())} {side} vectors" for side in ("output", "input"))
    said = f"Singular vectors are not random in {_of(either, known)}: {sides} have entries that are not Gaussian, "
    return said + f"at a false discovery rate of {rate:g} over all vectors of the network."


def _law(known: pd.DataFrame) -> str:
    good, poor = known[known.fit_poor == 0], known[known.fit_poor == 1]
    said = f"The Marchenko-Pastur law fits the bulk of {_of(good, known)}"
    said += f", and {good.fraction.median():.0%} of their values in the median." if len(good) else "."
    if len(poor):
        said += (
            " Where it does not fit, the bulk is not that of a random matrix with equal variances, and outliers are "
        )
        said += "counted from a law that does not hold."
    return said


def _tails(known: pd.DataFrame, rate: float) -> str:
    heavy, plausible = known[known.alpha_q <= rate], known[known.alpha_fit_p > _PLAUSIBLE]
    said = (
        f"Exponents of power laws fitted to the tails are {known.alpha.min():.1f} to {known.alpha.max():.1f}, smaller "
    )
    said += f"than random matrices' in {_of(heavy, known)}. A power law describes the tail (p > {_PLAUSIBLE:g}) in "
    return said + f"{_of(plausible, known)}; elsewhere the exponent is a number without a law."


def _unresolved(known: pd.DataFrame) -> str:
    coarse = known[known.is_resolved == 0]
    said = f"Rounding of the stored numbers blurs the levels of {_of(coarse, known)}: spacing tests there mean little."
    return said if len(coarse) else ""


def _changes(known: pd.DataFrame) -> str:
    if "relative_change" not in known:
        return ""
    changes, most = known.relative_change, known.loc[known.relative_change.idxmax(), "name"]
    along = known[known.overlap > _ALONG * known.overlap_random]
    said = (
        f"Training moved the matrices by {changes.min():.2g} to {changes.max():.2g} of their norm, most of all {most}. "
    )
    directions = _count(int(known.change_above.sum()), "direction stands", "directions stand")
    said += f"Of the changes, {directions} above their own bulk; they lie along the leading directions before training "
    return said + f"in {_of(along, known)}."
