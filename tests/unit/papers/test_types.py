"""Sizes that must divide."""

from __future__ import annotations

import pytest

from deepspectra.papers.types import require_whole


@pytest.mark.parametrize(
    ("size", "ratio", "expected"),
    [(3, 1.5, 2), (48, 1, 48), (3072, 1.5, 2048), (768, 0.75, 1024), (3, 0.1, 30), (7, 0.07, 100), (14, 0.14, 100)],
)
def test_whole_quotients_have_no_rounding_errors(size, ratio, expected):
    """The floating-point quotient 7 / 0.07, for one, is just below 100."""
    assert require_whole(size, ratio, "n") == expected


def test_other_quotients_are_refused():
    with pytest.raises(ValueError, match=r"n must be a whole number, found 4 / 1.5 = 2.66667"):
        require_whole(4, 1.5, "n")
