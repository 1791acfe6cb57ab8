"""The readings of all papers' claims, by paper and by id in the ledger."""

from deepspectra.papers.baskerville2022 import claims as baskerville2022
from deepspectra.papers.fan2020 import claims as fan2020
from deepspectra.papers.pennington2017 import claims as pennington2017
from deepspectra.papers.thamm2024 import claims as thamm2024

__all__ = ["READINGS"]

READINGS = {
    "thamm2024": thamm2024.READINGS,
    "baskerville2022": baskerville2022.READINGS,
    "fan2020": fan2020.READINGS,
    "pennington2017": pennington2017.READINGS,
}
