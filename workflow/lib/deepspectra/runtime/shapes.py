"""Shapes of arrays that belong together: what NumPy and torch would broadcast in silence is an error here."""

from collections.abc import Sequence
from typing import Protocol

from deepspectra.runtime.errors import UserError

__all__ = ["check_shapes"]


class _Array(Protocol):
    @property
    def shape(self) -> tuple[int, ...]: ...


def check_shapes(**arrays: tuple[_Array, str | Sequence[int]]) -> None:
    """Check that arrays, NumPy's or torch's, have axes that fit together.

    ``check_shapes(outputs=(outputs, "samples classes"), labels=(labels, "samples"))`` takes shapes (5, 3) and (5,), and
    neither (5, 3) and (5, 1) nor (5, 3) and (1,).

    :param arrays: name -> the array, and its shape or its axes as words: equal words are equal lengths, a number is a
        length, and dots as the first or last word stand for any further axes.
    :raises UserError: naming all arrays, with the axes that were expected and the shapes that were found.
    """
    lengths: dict[str, int] = {}
    expected = {name: _words(axes) for name, (_, axes) in arrays.items()}
    found = {name: tuple(array.shape) for name, (array, _) in arrays.items()}
    if not all(_fits(found[name], words, lengths) for name, words in expected.items()):
        wanted = ", ".join(f"{name.replace('_', ' ')} ({', '.join(words)})" for name, words in expected.items())
        told = ", ".join(f"{name.replace('_', ' ')} {shape}" for name, shape in found.items())
        raise UserError(f"shapes do not fit together: expected {wanted}; found {told}.")


def _words(axes: str | Sequence[int]) -> list[str]:
    return axes.split() if isinstance(axes, str) else [str(length) for length in axes]


def _fits(shape: tuple[int, ...], words: list[str], lengths: dict[str, int]) -> bool:
    """Whether a shape has these axes; lengths of new words are noted."""
    if "..." in words:
        named = len(words) - 1
        words, shape = (words[:-1], shape[:named]) if words[-1] == "..." else (words[1:], shape[len(shape) - named :])
    return len(shape) == len(words) and all(
        length == (int(word) if word.isdigit() else lengths.setdefault(word, length))
        for word, length in zip(words, shape, strict=True)
    )
