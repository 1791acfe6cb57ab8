"""Readings of the four papers' claims together."""

from deepspectra.claims import baskerville2022, fan2020, pennington2017, thamm2024

#: Reading of every claim, by its paper and its name in the ledger.
READINGS = {
    "thamm2024": thamm2024.READINGS,
    "baskerville2022": baskerville2022.READINGS,
    "fan2020": fan2020.READINGS,
    "pennington2017": pennington2017.READINGS,
}
