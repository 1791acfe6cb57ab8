"""Recorded rates of false alarms are nominal, and the script that records them counts what it says."""

import importlib.util

import numpy as np
import pandas as pd
import pytest

from tests import ROOT


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("false_alarms", ROOT / "resources" / "false_alarms.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_recorded_rates_of_random_matrices_are_nominal(script):
    """Of so many intervals of 95 %, few lie above the nominal rate; one of 99.9 % never does."""
    table = pd.read_csv(ROOT / "resources" / "false_alarms.csv")
    null = table[table.nominal.notna()]
    assert set(script.KINDS) <= set(null.kind)
    assert set(script.INFORMATIVE) == set(table.kind[table.nominal.isna()])
    # The null matrices of a kind are drawn once: 999 of them add to the error.
    error = np.sqrt(null.nominal * (1 - null.nominal) * (1 / null.cases + 1 / 999))
    assert (null.rate <= null.nominal + 3.3 * error).all()
    assert (null.low > null.nominal).mean() <= 0.1


def test_rates_are_of_cases_that_were_tested(script, tmp_path, monkeypatch):
    found = script.analysed(script.KINDS["tiny, 60 x 20"][0], 3, 0, tmp_path)
    rates = script.rates(found, (0, 0))
    # Twenty levels leave none between the margins.
    assert "spacings p <= 0.05" not in rates
    assert rates["outliers above"][1:] == (3, 0.01)
    assert rates["vectors p <= 0.05"][1] == 3 * 2 * 20
    families = script.findings([found])
    assert families["any vector"][1] == 3
    low, high = script.interval(0, 200)
    assert low == 0
    assert 1 - (1 - high) ** 200 == pytest.approx(0.975, abs=1e-3)
