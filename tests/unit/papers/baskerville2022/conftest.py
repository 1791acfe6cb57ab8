"""Settings of the paper."""

from __future__ import annotations

import pytest

from deepspectra.config import load_settings
from tests import ROOT


@pytest.fixture(scope="session")
def settings():
    """Settings of all scales: ``settings["smoke"].baskerville2022``."""
    return load_settings(ROOT / "config")
