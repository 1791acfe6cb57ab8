from __future__ import annotations

import numpy as np
import pytest
import torch

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes


@pytest.mark.parametrize(
    ("shape", "axes", "fits"),
    [
        ((5, 3), "samples classes", True),
        ((5, 3), "side side", False),
        ((3, 3), "side side", True),
        ((5, 3), "samples", False),
        ((5,), "samples classes", False),
        ((), "samples", False),
        ((), "", True),
        ((5, 3), "samples 3", True),
        ((5, 1), "samples 3", False),
        ((5, 3), (5, 3), True),
        ((5, 3), (3, 5), False),
        ((5, 3, 2), "samples ...", True),
        ((5,), "samples ...", True),
        ((), "samples ...", False),
        ((4, 5, 3), "... 5 3", True),
        ((5, 3), "... 5 3", True),
        ((3,), "... 5 3", False),
        ((4, 5, 3), "... 4 5", False),
    ],
)
def test_axes_are_words_for_lengths(shape, axes, fits):
    for array in (np.empty(shape), torch.empty(shape)):
        if fits:
            check_shapes(array=(array, axes))
        else:
            with pytest.raises(UserError, match="shapes do not fit together"):
                check_shapes(array=(array, axes))


@pytest.mark.parametrize("shape", [(5, 1), (1,), (), (4,)])
def test_both_shapes_are_named_where_lengths_differ(shape):
    outputs = np.empty((5, 3))
    check_shapes(outputs=(outputs, "samples classes"), true_labels=(np.empty(5), "samples"))
    with pytest.raises(UserError) as caught:
        check_shapes(outputs=(outputs, "samples classes"), true_labels=(np.empty(shape), "samples"))
    expected = "expected outputs (samples, classes), true labels (samples)"
    assert str(caught.value) == f"shapes do not fit together: {expected}; found outputs (5, 3), true labels {shape}."
