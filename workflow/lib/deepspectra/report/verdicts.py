"""The two questions put to every claim, the four verdicts with their rule, and how numbers and bounds are written."""

import math
from collections.abc import Mapping

from deepspectra.papers.reading import COMPUTED, REPETITIONS, Measured

__all__ = ["BOUNDS", "FEWEST_DRAWS", "LARGEST_NULL", "MARKS", "NEEDS_PAPER", "NO", "PUBLISHED_SIZES", "QUESTIONS"]
__all__ += ["RULE", "UNDECIDED", "YES", "accepted", "measured", "replication", "robustness"]
__all__ += ["verdict"]

#: The questions in words, by the prefix of their columns.
QUESTIONS = {"published": "reproduced as published?", "scrutiny": "survives scrutiny?"}
YES, NO, UNDECIDED, NEEDS_PAPER = "yes", "no", "undecided", "needs paper scale"
#: Every verdict with its sign on the page of results and its name in the page's HTML, in the order of tables.
MARKS = {
    YES: ("✓", "yes"),
    NO: ("✗", "no"),
    UNDECIDED: ("?", "undecided"),
    NEEDS_PAPER: ("·", "needs-paper"),
}
#: Scales at which matrices and networks have the published sizes, and what stands for one in paths of the record.
PUBLISHED_SIZES = ("record", "recorded", "paper")
#: With fewer analyses, its own among them, it is not said whether a verdict depends on how the numbers are analysed.
FEWEST_ANALYSES = 3
#: With fewer draws a claim about something random is undecided.
FEWEST_DRAWS = 3
#: A bound that perfect random matrices miss more often than this is no bound.
LARGEST_NULL = 0.05
# After the decimal point; numbers with more are written with an exponent.
_MOST_DIGITS = 6

#: The rule of :func:`verdict` in words, for readers of the table.
RULE = (
    "Each claim is judged twice: reproduced as published, by the paper's own statistic, and under scrutiny (resolved, "
    "calibrated, controlled, over several seeds). Yes: the whole interval lies within the bounds. No: the whole "
    f"interval lies outside. Undecided: the interval reaches over a bound, there are fewer than {FEWEST_DRAWS} draws, "
    "the spectrum is unresolved, a perfect model of the same size would lie outside too, or there is no number. Needs "
    "paper scale: the sizes decide, and those of this scale are smaller. Intervals of means over batches, vectors or "
    "images are Student's at 95 %; those of repeated experiments (seeds, draws of weights) are their range; a computed "
    "number has none. No claim is judged at smoke scale or where it depends on the user's own settings. Robust: at "
    f"least {FEWEST_ANALYSES} reasonable analyses of the same data (other unfoldings, distances, numbers of vectors), "
    "judged by the same bounds, all give the verdict under scrutiny; yes, no if one contradicts another, else "
    f"undecided. Replicated: a yes or no rests on {FEWEST_DRAWS} or more seeds, networks or random functions, not on "
    "parts of one. Where nothing stands, it was not tried."
)

#: About bounds, for the same readers.
BOUNDS = (
    "The bounds are this project's, since the papers give few: set before or after the number was known, or derived "
    "from simulated random matrices alone. Where perfect random matrices could miss a bound, the ledger says "
    f"how often: never in more than {LARGEST_NULL:.0%} of cases."
)


def verdict(found: Measured, low: float, high: float, run: bool = True) -> tuple[str, str]:
    """Whether a measured number supports a claim by :data:`RULE`, and why, in words.

    :param low: smallest accepted value, NaN for no bound. :param high: the largest.
    :param run: whether the scale of the run has the sizes that the claim is about.
    """
    low, high = (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)
    obstacle = found.obstacle or ("no number" if math.isnan(found.value) else "")
    drawn = "" if found.draws == COMPUTED else f"{found.draws} {found.of}" if found.draws > 1 else _one(found.of)
    if not run:
        return NEEDS_PAPER, obstacle or (drawn and f"here {drawn}")
    if obstacle:
        return UNDECIDED, obstacle
    if found.draws != COMPUTED and (found.draws < FEWEST_DRAWS or math.isnan(found.high - found.low)):
        return UNDECIDED, f"only {drawn}" if found.draws < FEWEST_DRAWS else "no interval is known"
    if low <= found.low and found.high <= high:
        return YES, drawn
    if found.high < low or found.low > high:
        if (found.high < low and found.floor < low) or (found.low > high and found.floor > high):
            return UNDECIDED, "outside, as a perfect model of this size would be"
        return NO, drawn
    return UNDECIDED, f"the interval reaches over a bound ({drawn})"


def robustness(verdicts: Mapping[str, str]) -> str:
    """Whether all analyses agree, by :data:`RULE`; empty if there are too few.

    :param verdicts: of every analysis by its name, the claim's own among them.
    """
    found = set(verdicts.values())
    if len(verdicts) < FEWEST_ANALYSES or found <= {NEEDS_PAPER, UNDECIDED}:
        return ""
    if {YES, NO} <= found:
        return NO
    return UNDECIDED if len(found) > 1 else YES


def replication(found: Measured) -> str:
    """What the number under scrutiny repeats, such as "5 seeds"; empty if nothing, or if there are too few."""
    return f"{found.draws} {found.of}" if found.of in REPETITIONS and found.draws >= FEWEST_DRAWS else ""


def _one(plural: str) -> str:
    """The singular: one batch, one training, one matrix, one choice of input."""
    words = {"batches": "batch", "matrices": "matrix"}
    noun, of, rest = plural.partition(" of ")
    return f"one {words.get(noun) or noun.removesuffix('s')}{of}{rest}"


def accepted(low: float, high: float) -> str:
    """The accepted values in words."""
    if math.isnan(low):
        return f"at most {high:g}"
    return f"at least {low:g}" if math.isnan(high) else f"{low:g} to {high:g}"


def measured(value: float, low: float, high: float) -> str:
    """A number and its interval, with as many digits as that has; two or three where these are many or unknown."""
    if math.isnan(value):
        return ""
    if not high - low > 0:
        return f"{value:.3g}"
    digits = max(0, 1 - math.floor(math.log10((high - low) / 2)))
    if digits > _MOST_DIGITS:
        return f"{value:.2g} ({low:.2g} to {high:.2g})"
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
