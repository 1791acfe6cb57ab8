"""What is known of weights before training (thamm2024)."""

import math

from deepspectra.rmt.laws.singular_values import ModifiedMarchenkoPastur, singular_value_marchenko_pastur

__all__ = ["initial_law"]


def initial_law(outputs: int, inputs: int) -> ModifiedMarchenkoPastur:
    """Law of the singular values of a dense layer's initial weights, whose entries are Glorot's."""
    deviation = math.sqrt(2 / (outputs + inputs))
    return singular_value_marchenko_pastur(max(outputs, inputs), min(outputs, inputs), deviation)
