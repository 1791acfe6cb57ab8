"""Settings of networks that the user has trained elsewhere."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from deepspectra.config.entries import WITHOUT_NULLS, names_of
from deepspectra.papers.types import Node, OptionalText, Seed

__all__ = ["MyNetworks", "NetworkEntry"]

_Path = Annotated[str, Field(min_length=1), BeforeValidator(lambda value: str(value) if type(value) is int else value)]


class NetworkEntry(Node):
    """A checkpoint, and what is analysed of it: the options of ``deepspectra analyse``."""

    file: _Path = Field(description="A checkpoint, as a file or a folder with one; `deepspectra analyse` has formats.")
    initial: OptionalText = Field(None, description="The network before training, to tell what moved; null: none.")
    include: list[str] = Field([], description="Layers to analyse, as [encoder.*]; empty: all.")
    exclude: list[str] = Field([], description="Layers to leave out.")
    by_head: bool = Field(False, description="Split attention by head, of the size that the checkpoint tells.")
    head_size: int | None = Field(None, ge=1, description="Split attention by heads of so many rows.")
    draws: int | None = Field(
        None, ge=99, description="Random matrices of each shape; null: 999, or 199 of more than 1024 singular values."
    )
    seed: Seed = Field(1, description="Of random matrices and vectors.")


MyNetworks = Annotated[dict[str, NetworkEntry], names_of("networks", ["networks"]), WITHOUT_NULLS]
