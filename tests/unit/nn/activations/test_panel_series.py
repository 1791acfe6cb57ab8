from __future__ import annotations

import numpy as np
import pytest

from deepspectra.nn.activations.own import PanelSeries

CUTS = np.array([-3.0, -1.0, 0.3, 0.5, 4.0])


def test_values_and_derivatives_of_a_smooth_function():
    series = PanelSeries.fit(np.sin, CUTS)
    x = np.linspace(-3, 4, 333)
    np.testing.assert_allclose(series(x), np.sin(x), atol=1e-14)
    np.testing.assert_allclose(series.derivative()(x), np.cos(x), atol=1e-11)
    assert series(x.reshape(3, 111)).shape == (3, 111)
    assert series.tails.max() < 1e-14
    assert np.abs(series.jumps).max() < 1e-13


def test_polynomials_are_exact_on_panels_of_any_width():
    narrow = np.array([-1.0, 1e-3, 2e-3, 5.0])
    series = PanelSeries.fit(lambda x: x**5 - 2 * x**2, narrow)
    x = np.concatenate([np.linspace(1e-3, 2e-3, 11), np.linspace(-1, 5, 50)])
    np.testing.assert_allclose(series.derivative()(x), 5 * x**4 - 4 * x, atol=1e-8)


def test_a_kink_at_a_cut_is_a_jump_of_the_derivative_there_and_nowhere_else():
    series = PanelSeries.fit(lambda x: np.abs(x - 0.3), CUTS)
    assert np.abs(series.jumps).max() < 1e-13
    assert series.derivative().jumps == pytest.approx([0, 2, 0], abs=1e-10)
    assert series.tails.max() < 1e-13


def test_a_jump_at_a_cut_is_told_with_its_height():
    series = PanelSeries.fit(lambda x: 3.0 * (x > 0.5), CUTS)
    assert series.jumps == pytest.approx([0, 0, 3], abs=1e-12)


def test_a_kink_within_a_panel_leaves_a_tail_there():
    tails = PanelSeries.fit(lambda x: np.abs(x - 1.234), CUTS).tails
    assert tails[3] > 1e-5
    assert tails[:3].max() < 1e-13
