"""The four verdicts, the rule behind them, and how numbers and bounds are written."""

import math

from deepspectra.papers.reading import Measured

__all__ = ["BOUNDS", "FAILS", "HOLDS", "MARKS", "NOT_RUN", "RULE", "UNDECIDED", "accepted", "measured", "verdict"]

HOLDS, FAILS, NOT_RUN, UNDECIDED = "holds", "does not hold", "not run at this scale", "not determinable"
#: Every verdict with its sign on the page of results and its name in the page's HTML, in the order of tables.
MARKS = {HOLDS: ("✓", "holds"), FAILS: ("✗", "fails"), NOT_RUN: ("·", "not-run"), UNDECIDED: ("?", "open")}

#: The rule of :func:`verdict` in words, for readers of the table.
RULE = (
    "A claim about published sizes (scale: paper) is not run at other scales. No claim is judged at smoke scale, which "
    "is too small to conclude from, or where it depends on the user's own settings. The number is then an indication. "
    "A claim is not determinable if there is no number, if the spectrum is unresolved, if value ± 2 errors reaches "
    "beyond a bound, or if the value is outside the bounds and so is that of a perfect model of the same size. "
    "Otherwise it holds if the value lies within the bounds or on one. A single draw has no error and is judged by its "
    "value alone; an error of 0 means that the value is computed, not drawn."
)

#: About numbers and bounds, for the same readers.
BOUNDS = (
    "The number after ± is one standard error unless the reason says otherwise. The bounds are this project's, since "
    "the papers give few."
)


def verdict(found: Measured, low: float, high: float, run: bool = True) -> tuple[str, str]:
    """Whether a measured number supports a claim by :data:`RULE`, and why, in words.

    :param low: smallest accepted value, NaN for no bound. :param high: the largest.
    :param run: whether the claim is about the scale of the run.
    """
    low, high = (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)
    hindered = found.obstacle or ("no number" if math.isnan(found.value) else "")
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
    """The accepted values in words."""
    if math.isnan(low):
        return f"at most {high:g}"
    return f"at least {low:g}" if math.isnan(high) else f"{low:g} to {high:g}"


def measured(value: float, error: float) -> str:
    """A number with as many digits as its error has, and the error; three digits without one, nothing for NaN."""
    if math.isnan(value):
        return ""
    if not error > 0:
        return f"{value:.3g}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{digits}f} ± {error:.{digits}f}"
