"""The tables of pretrained weights and backbones: what each file is, where it can be had, what must be in it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, PositiveInt, TypeAdapter, ValidationError, model_validator

from deepspectra.data.sources.table import AnySource, Entry, Url, mistakes, url_file_name
from deepspectra.runtime.errors import UserError

Text = Annotated[str, Field(min_length=1)]


class Hash(Entry, strict=True):
    """The hash that a provider publishes, as much of it as there is.

    Neither kind would withstand a forger. They tell a damaged or mistaken file from the right one, and the readers
    execute nothing that is in a file.
    """

    kind: Literal["sha256_prefix", "md5"]
    value: str = Field(pattern=r"^[0-9a-f]+$")

    @model_validator(mode="after")
    def _length_fits_kind(self) -> Self:
        digits = len(self.value)
        if self.kind == "md5" and digits != 32:
            raise ValueError(f"an md5 has 32 digits, found {digits}")
        if self.kind == "sha256_prefix" and not 8 <= digits <= 64:
            raise ValueError(f"a sha256_prefix has 8 to 64 digits, found {digits}")
        return self

    def difference(self, path: str | os.PathLike) -> str | None:
        """What a file's hash is and what was expected, in words; None where they agree.

        :raises OSError: if the file cannot be read.
        """
        algorithm, words = ("md5", "MD5") if self.kind == "md5" else ("sha256", "SHA-256")
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()
        if found.startswith(self.value):
            return None
        beginning = "one that begins with " if len(self.value) < len(found) else ""
        return f"it has {words} {found}, expected {beginning}{self.value}"


class Layer(Entry, strict=True):
    """One weight matrix in a file."""

    parameter: Text = Field(description="its name in the file; for Keras that of the layer's group")
    shape: list[PositiveInt] = Field(min_length=2, max_length=2, description="as it lies in the file")


class Pretrained(Entry, strict=True):
    """The weights of one network, in one file."""

    title: Text
    provider: Text
    licence: Text
    citation: Text
    homepage: Url
    url: Url = Field(description="official address; its last part is the file's name")
    bytes: PositiveInt = Field(description="size of the file, for the progress bar")
    hash: Hash
    format: Literal["torch", "keras"]
    layers: dict[str, Layer] = Field(min_length=1, description="by the names that the matrices get here")

    @property
    def file_name(self) -> str:
        """The official file's name."""
        return url_file_name(self.url)

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """(outputs, inputs) of every matrix by layer; a Keras kernel lies the other way round in its file."""
        step = -1 if self.format == "keras" else 1
        return {name: tuple(layer.shape[::step]) for name, layer in self.layers.items()}


class Backbone(Entry, strict=True):
    """A network whose features other data are given: all its parameters, from the first source that answers."""

    title: Text
    provider: Text
    licence: Text
    citation: Text
    homepage: Url
    sources: list[AnySource] = Field(min_length=1, description="in the order in which they are tried")


_TABLE = TypeAdapter(dict[str, Pretrained])
_BACKBONES = TypeAdapter(dict[str, Backbone])


def load_weights_table(path: str | os.PathLike) -> dict[str, Pretrained]:
    """Read and validate the table of pretrained weights.

    :returns: entry by network, in the file's order.
    :raises UserError: if the file is missing, is not YAML, or is not as it must be; the message has a line for every
        mistake, with the key's path.
    """
    return _read(Path(path), "table of weights", _TABLE)


def load_backbones_table(path: str | os.PathLike) -> dict[str, Backbone]:
    """Read and validate the table of backbones; in the file's order, errors as those of :func:`load_weights_table`."""
    return _read(Path(path), "table of backbones", _BACKBONES)


def _read(path: Path, what: str, form: TypeAdapter) -> dict[str, Any]:
    """The entries of a table of a form."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read the {what} {path}: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"the {what} {path} is not YAML: {error}") from error
    try:
        return form.validate_python(content)
    except ValidationError as error:
        raise UserError(f"the {what} {path} is not as it must be:\n{mistakes(error)}") from error
