"""Settings of the claims: which papers' claims are judged."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from deepspectra.papers.types import Node

__all__ = ["Claims"]

#: Keys of :data:`deepspectra.papers.registry.PAPERS`, spelled out for the schema; a test compares them.
_Key = Literal["thamm2024", "baskerville2022", "fan2020", "pennington2017"]


class Claims(Node):
    """What the claims are read from."""

    papers: list[_Key] = Field(
        min_length=1,
        description="Papers whose claims are judged, from all their figures and tables; claims of the others are "
        "listed as not run.",
    )

    @field_validator("papers")
    @classmethod
    def _each_once(cls, papers: list[_Key]) -> list[_Key]:
        if len(set(papers)) < len(papers):
            raise ValueError(f"expected every paper once, found {', '.join(papers)}")
        return papers
