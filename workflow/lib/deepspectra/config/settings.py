"""All settings of the workflow at one scale."""

from contextlib import suppress
from typing import Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from deepspectra.config.limit_laws import LimitLaws
from deepspectra.config.my_networks import MyNetworks
from deepspectra.papers.baskerville2022.settings import Baskerville2022
from deepspectra.papers.fan2020.settings import Fan2020
from deepspectra.papers.pennington2017.settings import Pennington2017
from deepspectra.papers.thamm2024.settings import Thamm2024
from deepspectra.papers.types import Node, OptionalText, is_name

__all__ = ["RECORDED", "SCALES", "Claims", "Data", "Scale", "Settings", "is_run_name", "scale_name"]

Scale = Literal["smoke", "preview", "record", "paper"]
SCALES: tuple[str, ...] = get_args(Scale)
#: In place of a scale in the paths of what is drawn from the record that is in the repository; nobody runs it.
RECORDED = "recorded"
#: Keys of :data:`deepspectra.papers.registry.PAPERS`, spelled out for the schema; a test compares them.
_Key = Literal["thamm2024", "baskerville2022", "fan2020", "pennington2017"]


def is_run_name(name: object) -> bool:
    """Whether a run may be called so: it is a folder beside those of the scales."""
    with suppress(ValueError):
        return isinstance(name, str) and name not in (*SCALES, RECORDED) and is_name(name)
    return False


def scale_name(scale: str, sizes: str = "") -> str:
    """A scale in words: "preview scale", "the record", or "run wide at preview scale", of those sizes."""
    if scale in SCALES:
        return f"{scale} scale"
    return "the record" if scale == RECORDED else f"run {scale}" + (f" at {sizes} scale" if sizes else "")


class Data(Node):
    """Where data sets come from."""

    folder: OptionalText = Field(description="Searched before downloads: official files, or archives of registries.")
    timeout_seconds: int = Field(ge=1, description="Give up a download after so many seconds without data.")
    retries: int = Field(ge=0, description="How often to retry a failed download, for each source.")


class Claims(Node):
    """What the claims are read from."""

    papers: list[_Key] = Field(min_length=1, description="Papers whose claims are judged; the others' are not run.")

    @field_validator("papers")
    @classmethod
    def _each_once(cls, papers: list[_Key]) -> list[_Key]:
        if len(set(papers)) < len(papers):
            raise ValueError(f"expected every paper once, found {', '.join(papers)}")
        return papers


class Settings(Node):
    """Every parameter of the workflow at one scale."""

    scale: Scale = Field(
        description="Of short target names: smoke (tests), preview (reduced), record (the published sizes, fewer "
        "repetitions) or paper (as published)."
    )
    run: str | None = Field(
        default=None,
        description="A name for a run with values of your own, which then lies below results/{run}/ and leaves the "
        "results of all scales alone.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        description="auto: a GPU if there is one; cuda without one is an error."
    )
    keep_matrices: bool = Field(description="Keep kernel matrices and singular vectors on disk after they are used.")
    checkpoint_epochs: int = Field(ge=1, description="Epochs between checkpoints, from which killed trainings resume.")
    data: Data = Field(description="Where data sets come from.")
    pretrained: Literal["optional", "require"] = Field(description="optional: figures without weights say so.")
    thamm2024: Thamm2024 = Field(description="Weight matrices.")
    pennington2017: Pennington2017 = Field(description="Nonlinear random matrices.")
    fan2020: Fan2020 = Field(description="Conjugate and neural tangent kernels.")
    baskerville2022: Baskerville2022 = Field(description="Hessians and Gauss-Newton matrices.")
    claims: Claims = Field(description="The papers' claims beside what was measured.")
    limit_laws: LimitLaws = Field(description="Limit laws on their own, one entry each; null: none.")
    my_networks: MyNetworks = Field(description="Checkpoints of your own whose spectra are judged, one entry each.")

    @field_validator("run")
    @classmethod
    def _names_a_run(cls, run: str | None) -> str | None:
        if run is not None and not is_run_name(run):
            taken = ", ".join((*SCALES, RECORDED))
            raise ValueError(f"expected small letters, digits and _, a letter first, and none of {taken}")
        return run

    @model_validator(mode="after")
    def _one_name_one_network(self) -> Self:
        # All weights lie in one folder, under the names of their networks.
        owners = dict.fromkeys(self.thamm2024.known_networks, "thamm2024")
        others = [("baskerville2022", name) for name in self.baskerville2022.networks]
        for paper, name in [*others, *(("fan2020", name) for name in self.fan2020.networks)]:
            if name in owners:
                raise ValueError(f"two networks are called {name}, one of {owners[name]} and one of {paper}")
            owners[name] = paper
        for name, paper in owners.items():
            base, scaled, _ = name.partition("_alpha")
            if scaled and base in self.thamm2024.networks:
                raise ValueError(f"{name}, of {paper}, is the name of {base} of thamm2024 at another alpha")
            if paper != "fan2020" and self.fan2020.trains(name):
                raise ValueError(f"{name}, of {paper}, is the name of a network of fan2020 with another seed")
        return self
