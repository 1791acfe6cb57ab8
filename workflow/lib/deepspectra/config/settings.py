"""All settings of the workflow at one scale."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field, model_validator

from deepspectra.config.claims import Claims
from deepspectra.config.limit_laws import LimitLaws
from deepspectra.papers.baskerville2022.settings import Baskerville2022
from deepspectra.papers.fan2020.settings import Fan2020
from deepspectra.papers.pennington2017.settings import Pennington2017
from deepspectra.papers.thamm2024.settings import Thamm2024
from deepspectra.papers.types import Node, OptionalText

Scale = Literal["smoke", "preview", "paper"]
SCALES: tuple[str, ...] = get_args(Scale)


class Data(Node):
    """Where data sets come from."""

    folder: OptionalText = Field(
        description="A folder with files that you have already; it is tried before any download. "
        "Official file names or the registry packages' archives."
    )
    timeout_seconds: int = Field(ge=1, description="A download that is silent for so long is given up.")
    retries: int = Field(ge=0, description="How often a failed download is tried again, per source.")


class Settings(Node):
    """Every parameter of the workflow at one scale."""

    scale: Scale = Field(
        description="Which scale the short target names make: smoke (tests), preview (reduced) or paper (as published)."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        description="auto takes a GPU where there is one and the CPU else; cuda is an error where there is no GPU."
    )
    keep_matrices: bool = Field(
        description="Keep kernel matrices and singular vectors on disk once their spectra and tests are known."
    )
    checkpoint_epochs: int = Field(
        ge=1,
        description="A killed training goes on from the last multiple of so many epochs; where epochs are long, from "
        "one that ended about a quarter of an hour before.",
    )
    data: Data = Field(description="Where data sets come from.")
    pretrained: Literal["optional", "require"] = Field(
        description="Whether a figure is made without pretrained weights that cannot be had, saying so, or is an error."
    )
    thamm2024: Thamm2024 = Field(description="Weight matrices.")
    pennington2017: Pennington2017 = Field(description="Nonlinear random matrices.")
    fan2020: Fan2020 = Field(description="Conjugate and neural tangent kernels.")
    baskerville2022: Baskerville2022 = Field(description="Hessians and Gauss-Newton matrices.")
    claims: Claims = Field(description="The papers' claims beside what was measured.")
    limit_laws: LimitLaws = Field(description="Limit laws by themselves, one entry each; null: none.")

    @model_validator(mode="after")
    def _one_name_one_network(self) -> Settings:
        # Weights have one folder, whose files are called by the networks' names.
        owners: dict[str, str] = {}
        papers = {"thamm2024": self.thamm2024.known_networks}
        papers |= {"baskerville2022": self.baskerville2022.networks, "fan2020": self.fan2020.networks}
        for paper, names in papers.items():
            for name in names:
                if name in owners:
                    raise ValueError(f"two networks are called {name}, one of {owners[name]} and one of {paper}")
                base, scaled, _ = name.partition("_alpha")
                if scaled and base in self.thamm2024.networks:
                    raise ValueError(f"{name}, of {paper}, is what {base} of thamm2024 is called at another alpha")
                owners[name] = paper
        return self
