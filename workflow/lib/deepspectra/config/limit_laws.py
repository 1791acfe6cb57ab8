"""Settings of limit laws that belong to no figure of a paper."""

import os
from collections.abc import Callable
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from deepspectra.config.entries import WITHOUT_NULLS, names_of
from deepspectra.papers.types import FromText, Node, OptionalText, PositiveReal
from deepspectra.runtime.errors import UserError

__all__ = ["LawEntry", "LawInput", "LimitLaws"]

_Real = Annotated[float, Field(allow_inf_nan=False), FromText]
_Share = Annotated[float, Field(gt=0, lt=1), FromText]
_Size = Annotated[int, Field(ge=1)]
#: Keys of an input, of which it has one.
_SOURCES = ("marchenko_pastur", "eigenvalues", "atoms", "gram", "data")
_Atom = Annotated[list[_Real], Field(min_length=2, max_length=2)]


class LawInput(Node):
    """The input Gram matrix: its spectrum, or all of it."""

    marchenko_pastur: PositiveReal | None = Field(None, description="Independent Gaussian samples: n / d_0.")
    eigenvalues: OptionalText = Field(None, description="A file: .csv with one column, .npy, or .h5 with its dataset.")
    atoms: list[_Atom] | None = Field(None, description="[location, mass] each; the masses sum to one.")
    gram: OptionalText = Field(None, description="A file: .npy, or .h5 with its dataset: X'X, for its own law.")
    data: OptionalText = Field(None, description="The same for samples of norm about one, a sample a row.")
    dataset: str | None = Field(None, description="Name of the array in an .h5 file.")
    smoothing: _Share | None = Field(None, description="Spread each of the eigenvalues by this share; null: none.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        # Imported here: only those who ask for a law need NumPy.
        from deepspectra.rmt.limits.eigenvalue_files import check_matrix_name, check_name

        given = [key for key in _SOURCES if getattr(self, key) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"expected exactly one of {', '.join(_SOURCES[:-1])} and {_SOURCES[-1]}, found {found}")
        if self.dataset is not None and self.file is None:
            raise ValueError("dataset belongs to eigenvalues, gram or data in an .h5 file")
        if self.smoothing is not None and self.eigenvalues is None:
            raise ValueError("smoothing belongs to eigenvalues")
        if self.file is not None:
            _plainly(check_name if self.eigenvalues else check_matrix_name, self.file, self.dataset)
        return self

    @property
    def file(self) -> str | None:
        """The user's file, if there is one."""
        return self.eigenvalues or self.gram or self.data


class LawEntry(Node):
    """The limit of one kernel's spectrum."""

    kernel: Literal["conjugate", "tangent", "nonlinear"] = Field(
        description="fan2020's theorem 3.4, or 3.7 and 3.8 (tangent), or pennington2017's theorem 1 (nonlinear)."
    )
    ratios: list[PositiveReal] | None = Field(None, min_length=1, description="n / d_l of each hidden layer in order.")
    samples: _Size | None = Field(None, description="n, in place of ratios.")
    widths: list[_Size] | None = Field(None, min_length=1, description="d_1, d_2, ..., in place of ratios.")
    activation: str = Field(description="A name (arctan, ...) or your own normalised NumPy function, module:function.")
    breakpoints: list[_Real] = Field(default=[], description="Where a function of your own has kinks.")
    input: LawInput | None = Field(None, description="The input Gram matrix: one of the five keys; not for nonlinear.")
    layer: _Size | None = Field(None, description="Of a conjugate kernel: which layer; null: the last.")
    outputs: int = Field(1, ge=1, description="Of a tangent kernel: k outputs, on which the law does not depend.")
    rates: list[PositiveReal] | None = Field(None, description="Of a tangent kernel: tau_1 to tau_{L+1}; null: all 1.")
    phi: PositiveReal | None = Field(None, description="Of a nonlinear kernel: n_0/m.")
    psi: PositiveReal | None = Field(None, description="Of a nonlinear kernel: n_0/n_1.")
    points: int = Field(default=1000, ge=50, le=100_000, description="Points of the density.", title="points")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        # Imported here, as for the input.
        from deepspectra.spectra.limit_laws import entry_activation

        if self.kernel == "nonlinear":
            self._check_nonlinear()
        else:
            self._check_layers()
        _plainly(entry_activation, self.model_dump())
        return self

    def _check_nonlinear(self) -> None:
        foreign = ("ratios", "samples", "widths", "input", "layer", "rates")
        given = [key for key in foreign if getattr(self, key) is not None] + ["outputs"] * (self.outputs != 1)
        if given:
            told = f"expected phi = n_0/m and psi = n_0/n_1, found {' and '.join(given)}"
            raise ValueError(f"a nonlinear kernel has one layer and Gaussian inputs: {told}")
        if missing := [key for key in ("phi", "psi") if getattr(self, key) is None]:
            raise ValueError(
                f"a nonlinear kernel needs both phi = n_0/m and psi = n_0/n_1; missing: {', '.join(missing)}"
            )

    def _check_layers(self) -> None:
        from deepspectra.spectra.limit_laws import input_spectrum

        if self.phi is not None or self.psi is not None:
            raise ValueError(f"phi and psi are for nonlinear kernels; a {self.kernel} kernel has ratios")
        if self.input is None:
            raise ValueError(f"a {self.kernel} kernel needs an input: {{marchenko_pastur: 1}}, say")
        given = [key for key in ("ratios", "samples", "widths") if getattr(self, key) is not None]
        if given not in (["ratios"], ["samples", "widths"]):
            found = " and ".join(given) or "none of them"
            raise ValueError(f"expected either ratios or both samples and widths, found {found}")
        layers = len(self.ratios or self.widths or ())
        if self.kernel == "tangent" and self.layer is not None:
            raise ValueError("layer is for conjugate kernels; a tangent kernel has all layers")
        if self.kernel == "conjugate" and (self.rates is not None or self.outputs != 1):
            raise ValueError("rates and outputs are for tangent kernels; a conjugate kernel has none")
        if self.layer is not None and self.layer > layers:
            raise ValueError(f"layer {self.layer} does not exist; there are {layers} layers")
        if self.rates is not None and len(self.rates) != layers + 1:
            wanted = f"{layers} hidden layers have {layers + 1} weight matrices, each with a rate"
            raise ValueError(f"{wanted}; found {len(self.rates)}")
        # A rule makes what lies below results/, perhaps again, and matrices are large: both are for the job to check.
        file = self.input.file
        spectrum = self.input.gram is None and self.input.data is None
        if file is None or (spectrum and not file.startswith("results/") and os.path.isfile(os.path.expanduser(file))):
            _plainly(input_spectrum, self.input.model_dump())


def _plainly(function: Callable[..., object], *arguments: object) -> None:
    """Call a function of the library; its errors become mistakes in the configuration."""
    try:
        function(*arguments)
    except UserError as error:
        raise ValueError(str(error).removesuffix(".")) from None


LimitLaws = Annotated[dict[str, LawEntry], names_of("limit laws", ["laws"], "_summary"), WITHOUT_NULLS]
