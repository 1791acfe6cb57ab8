"""Settings of Pennington and Worah (2017)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from deepspectra.papers.types import FromText, Node, PositiveReal, Ratio, Seed, require_whole

__all__ = ["ActivationCurves", "CovarianceDistance", "Memorisation", "Pennington2017", "ShapePair"]


class CovarianceDistance(Node):
    """Distance of data covariance spectra to the first-layer limit, against width."""

    phi: Ratio = Field(description="n0 / m: input dimension over samples.", title="phi")
    psi: Ratio = Field(description="n0 / n1: input dimension over width.", title="psi")
    alphas: list[Annotated[float, Field(ge=-1, le=1), FromText]] = Field(
        min_length=1, description="Activations f_alpha of eq. 17: -1 is linear, 0 a shifted relu, 1 a shifted |x|."
    )
    input_dimensions: list[Annotated[int, Field(ge=2)]] = Field(
        min_length=1, description="n0, ascending; n1 = n0 / psi and m = n0 / phi must be whole numbers.", title="n0"
    )
    layers: int = Field(ge=2, description="The deep layer of panel b.", title="layers")
    pooled_eigenvalues: int = Field(
        ge=100, description="Realisations are pooled to so many eigenvalues a point.", title="eigenvalues a point"
    )
    bins: int = Field(
        ge=2, description="Equal bins over the limit's support; the two outer bins are extra.", title="bins"
    )
    seed: Seed

    @model_validator(mode="after")
    def _whole_sizes(self) -> Self:
        for n0 in self.input_dimensions:
            require_whole(n0, self.phi, "n0 / phi (samples m)")
            require_whole(n0, self.psi, "n0 / psi (width n1)")
        if sorted(set(self.input_dimensions)) != self.input_dimensions:
            raise ValueError(f"input_dimensions must ascend without repetition, found {self.input_dimensions}")
        for alpha in self.alphas:
            if float(f"{alpha:.4f}") != alpha or self.alphas.count(alpha) > 1:
                raise ValueError(f"alphas must differ and have at most four decimals, found {self.alphas}")
        if self.phi > self.psi or (self.psi < 1 and -1 in self.alphas):
            rule = "phi must not be above psi, nor psi below 1 with alpha = -1, or limits have eigenvalues exactly zero"
            raise ValueError(f"{rule}; found phi = {self.phi:g} and psi = {self.psi:g}")
        return self


class ShapePair(Node):
    """Shape of one panel."""

    phi: Ratio = Field(description="n0 / m.")
    psi: Ratio = Field(description="n0 / n1; below phi there are more features than samples.")


class Memorisation(Node):
    """Training loss of ridge-regularised random features against the ridge parameter."""

    panels: dict[Literal["a", "b"], ShapePair] = Field(min_length=2, description="Shape of each panel.")
    betas: list[Annotated[float, Field(le=300), FromText]] = Field(
        min_length=1, description="beta = log10(eta/zeta - 1) with eta = 1; -.inf is a linear network.", title="betas"
    )
    smallest_gamma: PositiveReal = Field(description="Smallest ridge parameter.", title="smallest gamma")
    largest_gamma: PositiveReal = Field(description="Largest ridge parameter.", title="largest gamma")
    simulated_points: int = Field(
        ge=2, description="Ridge parameters (log-equidistant) at which each beta is simulated.", title="points a curve"
    )
    curve_points: int = Field(ge=10, description="Ridge parameters at which the theory is drawn.")
    input_dimension: int = Field(
        ge=2, description="n0 of the simulations; n0 / phi and n0 / psi must be whole numbers.", title="n0"
    )
    smaller_dimension: int = Field(
        ge=2, description="A smaller n0, whose simulations show how the distance to theory falls.", title="smaller n0"
    )
    seed: Seed

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.betas)) < len(self.betas):
            raise ValueError(f"betas must differ, found {self.betas}")
        if not self.smallest_gamma < self.largest_gamma:
            raise ValueError(f"smallest_gamma {self.smallest_gamma} must be below largest_gamma {self.largest_gamma}")
        if not self.smaller_dimension < self.input_dimension:
            sizes = f"smaller_dimension {self.smaller_dimension}, input_dimension {self.input_dimension}"
            raise ValueError(f"smaller_dimension must be below input_dimension; found {sizes}")
        for name, panel in self.panels.items():
            for key in ("input_dimension", "smaller_dimension"):
                require_whole(getattr(self, key), panel.phi, f"{key} / phi of panel {name}")
                require_whole(getattr(self, key), panel.psi, f"{key} / psi of panel {name}")
        return self


class ActivationCurves(Node):
    """Activation functions with zeta = 0 and their derivatives."""

    largest_argument: PositiveReal = Field(description="The functions are drawn from minus to plus this argument.")
    points: int = Field(ge=10, description="Arguments at which they are drawn.")


class Pennington2017(Node):
    """Nonlinear random matrix theory for deep learning (Pennington and Worah 2017)."""

    figure_1: CovarianceDistance = Field(description="Distance to the limit law against width.")
    figure_2: Memorisation = Field(description="Memorisation by random features.")
    figure_3: ActivationCurves = Field(description="Four activation functions with eta = 1 and zeta = 0.")
