"""The four verdicts, the rule for them, and numbers and bounds as they are written."""

from __future__ import annotations

import math

from deepspectra.papers.reading import Measured

HOLDS, FAILS, NOT_RUN, UNDECIDED = "holds", "does not hold", "not run at this scale", "not determinable"
VERDICTS = (HOLDS, FAILS, NOT_RUN, UNDECIDED)

#: The rule of :func:`verdict` in words, for readers of the table.
RULE = (
    "A claim about sizes as published (scale: paper) is not run at another scale, none is judged to hold or not at "
    "smoke scale, which is too small to conclude from, and none where the user's own settings shape what it is about; "
    "the number is given as an indication. A claim is not determinable if there is no "
    "number, if the spectrum is unresolved, if value ± 2 errors reach over a bound of what is accepted, or if the "
    "value is outside and even a perfect model of the same size would be. Else it holds if the value is accepted, "
    "bounds included. What is one draw has no error, and is judged by its value alone; the error 0 is that of what is "
    "computed and not drawn."
)

#: Of numbers and bounds, for the same readers.
BOUNDS = (
    "What follows ± is one error, a standard error where the reason says nothing else. Bounds of what is accepted are "
    "this project's, since the papers give few."
)


def verdict(found: Measured, low: float, high: float, run: bool = True) -> tuple[str, str]:
    """Whether a measured number bears a claim out, and why, in words.

    The first of these that applies: *not run at this scale* if the claim is about sizes as published and the run is
    not; *not determinable* if there is no number or an obstacle, if value ± 2 errors reach over a bound (an error that
    is NaN counts as none), or if the value is outside and the floor outside on the same side; *holds* if
    low <= value <= high; *does not hold*.

    :param low: smallest accepted value, NaN for no bound; ``high``: the largest. :param run: whether the scale is the
        claim's.
    """
    low, high = (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)
    missing = math.isnan(found.value)
    hindered = found.obstacle or ("no number" if missing else "")
    one_draw = "one draw" if math.isnan(found.error) else ""
    if not run:
        return NOT_RUN, hindered or one_draw
    if hindered:
        return UNDECIDED, hindered
    reach = 0.0 if one_draw else 2 * found.error
    if any(abs(found.value - bound) < reach for bound in (low, high)):
        return UNDECIDED, "value ± 2 errors reach over the bound"
    if low <= found.value <= high:
        return HOLDS, one_draw
    if (found.value < low and found.floor < low) or (found.value > high and found.floor > high):
        return UNDECIDED, "outside, as a perfect model of this size would be"
    return FAILS, one_draw


def accepted(low: float, high: float) -> str:
    """What is accepted, in words."""
    if math.isnan(low):
        return f"at most {high:g}"
    return f"at least {low:g}" if math.isnan(high) else f"{low:g} to {high:g}"


def measured(value: float, error: float) -> str:
    """A number with its error; where there is one, in its digits, and nothing where there is no number."""
    if math.isnan(value):
        return ""
    if not error > 0:
        return f"{value:.3g}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{digits}f} ± {error:.{digits}f}"
