"""What settings are typed with: nodes, numbers, and sizes that must divide."""

import re
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

__all__ = ["FromText", "Node", "OptionalText", "PositiveReal", "Ratio", "Seed", "is_name", "require_whole"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
#: What pandas reads as a missing value, a number or a truth value.
_NO_NAMES = {"nan", "null", "inf", "infinity", "true", "false"}
_SMALLEST, _LARGEST, _MOST = 1e-15, 1e12, 10**9


def is_name(name: str) -> bool:
    """Whether a network or a law may be called so: small letters, digits and _, a letter first. It enters paths.

    :raises ValueError: if a table would not hold the name as text.
    """
    if name in _NO_NAMES:
        raise ValueError(f"{name!r} cannot be a name: tables would hold it as a number, a truth value or nothing")
    return bool(_NAME.fullmatch(name))


def _number_from_text(value: object) -> object:
    """YAML 1.1 reads ``1e-12`` (no decimal point) as text, but users mean a number."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _not_too_small(value: float) -> float:
    if value < _SMALLEST:
        raise ValueError(f"expected at least {_SMALLEST:g}")
    return value


# Put it last in every type: bounds before it belong to the number and reach the JSON schema.
FromText = BeforeValidator(_number_from_text)
#: What powers and products of a few such numbers keep within the range of float64, and single ones within float32.
PositiveReal = Annotated[float, Field(gt=0, le=_LARGEST, allow_inf_nan=False), AfterValidator(_not_too_small), FromText]
# Read as a fraction with a denominator up to 10^4 (see require_whole).
Ratio = Annotated[float, Field(ge=1e-4, allow_inf_nan=False), FromText]
Seed = Annotated[int, Field(ge=0, lt=2**63, description="Seed of all random numbers of this item.", title="seed")]
# A folder may be called 2024.
OptionalText = Annotated[str | None, BeforeValidator(lambda value: str(value) if type(value) is int else value)]


class Node(BaseModel):
    """A mapping in the configuration: unknown keys are errors, and types are not coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @field_validator("*")
    @classmethod
    def _countable(cls, value: object, info: ValidationInfo) -> object:
        """Sizes and counts beyond all memory would end a job in an error of NumPy's or torch's."""
        counts = value if isinstance(value, list) else [value]
        if info.field_name != "seed" and any(type(count) is int and count > _MOST for count in counts):
            raise ValueError(f"expected at most {_MOST}")
        return value


def require_whole(size: int, ratio: float, what: str) -> int:
    """size / ratio, without rounding errors (3 / 1.5 = 2).

    :raises ValueError: unless it is a whole number.
    """
    quotient = Fraction(size) / Fraction(ratio).limit_denominator(10_000)
    if quotient.denominator != 1:
        raise ValueError(f"{what} must be a whole number, found {size} / {ratio:g} = {float(quotient):g}")
    return int(quotient)
