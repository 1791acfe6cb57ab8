"""Looks that all figures share."""

from __future__ import annotations

import numpy as np

from deepspectra.papers import style


def test_colours_of_a_sequence_are_ordered_in_grey():
    """Legible in print without colour: lightness grows with every step."""
    lightness = style.sequence(7)[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0.03).all()
    assert len(style.sequence(1)) == 1
