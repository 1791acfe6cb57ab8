"""The configuration: one typed source for every parameter, read from YAML and checked before anything runs.

``config/config.yaml`` holds the parameters as published (paper scale). A scale is that file with a few values made
smaller by ``config/{scale}.yaml``, and on top of it whatever the user gives on the command line. The models below say
what every key means; the JSON schema and the table in ``config/README.md`` are made from them.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from deepspectra.errors import UserError

Scale = Literal["smoke", "preview", "paper"]
SCALES: tuple[str, ...] = get_args(Scale)


_PLAIN_SCALAR = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?|[-+]?\.(inf|[0-9]+)|\.nan|true|false|null")


def _number_from_text(value: object) -> object:
    """YAML 1.1 reads ``1e-12`` (no decimal point) as text; a user means a number."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


# It stands last in every type: bounds in front of it belong to the number, and so they reach the JSON schema.
_FromText = BeforeValidator(_number_from_text)
PositiveReal = Annotated[float, Field(gt=0, allow_inf_nan=False), _FromText]
# Read as fractions with denominators up to 10^4 (see _require_whole).
Ratio = Annotated[float, Field(ge=1e-4, allow_inf_nan=False), _FromText]
Seed = Annotated[int, Field(ge=0, lt=2**63, description="Seed of all random numbers of this item.", title="seed")]


def _text_from_number(value: object) -> object:
    """A folder may be called 2024."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Node(BaseModel):
    """A mapping in the configuration: unknown keys are errors, and types are not coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Data(Node):
    """Where data sets come from."""

    folder: Annotated[str | None, BeforeValidator(_text_from_number)] = Field(
        description="A folder with files that you have already; it is tried before any download. "
        "Official file names or the registry packages' archives."
    )
    timeout_seconds: int = Field(ge=1, description="A download that is silent for so long is given up.")
    retries: int = Field(ge=0, description="How often a failed download is tried again, per source.")


class CovarianceDistance(Node):
    """Distance of data covariance spectra to the first-layer limit, against width."""

    phi: Ratio = Field(description="n0 / m: input dimension over samples.", title="phi")
    psi: Ratio = Field(description="n0 / n1: input dimension over width.", title="psi")
    alphas: list[Annotated[float, Field(ge=-1, le=1), _FromText]] = Field(
        min_length=1, description="Activations f_alpha of eq. 17: -1 is linear, 0 a shifted relu, 1 a shifted |x|."
    )
    input_dimensions: list[Annotated[int, Field(ge=2)]] = Field(
        min_length=1, description="n0, ascending; n1 = n0 / psi and m = n0 / phi must be whole numbers.", title="n0"
    )
    layers: int = Field(ge=2, description="The deep layer of panel b.", title="layers")
    pooled_eigenvalues: int = Field(
        ge=100,
        description="Realisations are pooled to so many eigenvalues a point, or more.",
        title="eigenvalues a point",
    )
    bins: int = Field(ge=2, description="Equal bins over the limit's support; both outsides come on top.", title="bins")
    seed: Seed

    @model_validator(mode="after")
    def _whole_sizes(self) -> CovarianceDistance:
        for n0 in self.input_dimensions:
            _require_whole(n0, self.phi, "n0 / phi (samples m)")
            _require_whole(n0, self.psi, "n0 / psi (width n1)")
        if sorted(set(self.input_dimensions)) != self.input_dimensions:
            raise ValueError(f"input_dimensions must ascend without repetition, found {self.input_dimensions}")
        for alpha in self.alphas:
            if float(f"{alpha:.4f}") != alpha or self.alphas.count(alpha) > 1:
                raise ValueError(f"alphas must differ and have at most four decimals, found {self.alphas}")
        if self.phi > self.psi or (self.psi < 1 and -1 in self.alphas):
            raise ValueError(
                "the densities are compared where the limit has no eigenvalues that are exactly zero: phi must not be "
                f"above psi, nor psi below 1 with alpha = -1; found phi = {self.phi:g} and psi = {self.psi:g}"
            )
        return self


class ShapePair(Node):
    """Shape of one panel."""

    phi: Ratio = Field(description="n0 / m.")
    psi: Ratio = Field(description="n0 / n1; below phi there are more features than samples.")


class Memorisation(Node):
    """Training loss of ridge-regularised random features against the ridge parameter."""

    panels: dict[Literal["a", "b"], ShapePair] = Field(min_length=2, description="Shape of each panel.")
    betas: list[Annotated[float, Field(le=300), _FromText]] = Field(
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
    seed: Seed

    @model_validator(mode="after")
    def _consistent(self) -> Memorisation:
        if not self.smallest_gamma < self.largest_gamma:
            raise ValueError(f"smallest_gamma {self.smallest_gamma} must be below largest_gamma {self.largest_gamma}")
        for name, panel in self.panels.items():
            _require_whole(self.input_dimension, panel.phi, f"input_dimension / phi of panel {name}")
            _require_whole(self.input_dimension, panel.psi, f"input_dimension / psi of panel {name}")
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


class KernelSpectra(Node):
    """Spectra of the input Gram matrix, conjugate kernel and neural tangent kernel at initialisation."""

    samples: int = Field(ge=10, description="n, the number of training samples.", title="n")
    depth: int = Field(ge=1, description="L, the number of hidden layers.", title="L")
    width: int = Field(ge=10, description="d_1 = ... = d_L, neurons in each hidden layer.", title="width")
    activation: Literal["arctan", "cosine"] = Field(
        description="Activation function, scaled to zero mean and unit second moment under N(0, 1)."
    )
    dtype: Literal["float32", "float64"] = Field(
        description="Arithmetic of the network and its kernels; their eigenvalues are always computed in float64."
    )
    bins: int = Field(ge=5, description="Histogram bins.", title="bins")
    curve_points: int = Field(ge=100, description="Points of a limit density.", title="curve points")
    seed: Seed


class GaussianKernelSpectra(KernelSpectra):
    """The same for independent Gaussian inputs."""

    input_dimension: int = Field(ge=2, description="d_0; the inputs have iid N(0, 1/d_0) entries.", title="d0")


class ImageKernelSpectra(KernelSpectra):
    """The same for CIFAR-10 training images."""

    removed_components: int = Field(
        ge=0, description="Leading principal components removed from the centred images.", title="removed components"
    )

    @model_validator(mode="after")
    def _possible(self) -> ImageKernelSpectra:
        if self.samples > 50_000:
            raise ValueError(f"samples must be at most the 50000 training images of CIFAR-10, found {self.samples}")
        # Centred images have one dimension less than there are samples; one has to be left.
        if self.removed_components >= min(self.samples - 1, 3072):
            raise ValueError("removed_components must be fewer than samples - 1 and than the 3072 pixels")
        return self


class Fan2020(Node):
    """Spectra of the conjugate kernel and neural tangent kernel (Fan and Wang 2020)."""

    figure_1: GaussianKernelSpectra = Field(description="Gaussian inputs.")
    figure_2: ImageKernelSpectra = Field(description="CIFAR-10 images without their leading principal components.")


class Settings(Node):
    """Every parameter of the workflow at one scale."""

    scale: Scale = Field(
        description="Which scale the short target names make: smoke (tests), preview (reduced) or paper (as published)."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        description="auto takes a GPU where there is one and the CPU else; cuda is an error where there is no GPU."
    )
    keep_matrices: bool = Field(description="Keep kernel matrices on disk once their spectra are known.")
    data: Data = Field(description="Where data sets come from.")
    pennington2017: Pennington2017 = Field(description="Nonlinear random matrices.")
    fan2020: Fan2020 = Field(description="Conjugate and neural tangent kernels.")


def _require_whole(size: int, ratio: float, what: str) -> None:
    quotient = Fraction(size) / Fraction(ratio).limit_denominator(10_000)
    if quotient.denominator != 1:
        raise ValueError(f"{what} must be a whole number, found {size} / {ratio:g} = {float(quotient):g}")


def whole_quotient(size: int, ratio: float) -> int:
    """size / ratio for a ratio that divides it (3 / 1.5 = 2), without rounding errors."""
    return int(Fraction(size) / Fraction(ratio).limit_denominator(10_000))


def load_settings(folder: str | Path, overrides: Mapping[str, object] | None = None) -> dict[str, Settings]:
    """Settings of all scales, from the YAML files of a folder and the user's own values.

    :param folder: holds ``config.yaml`` and, for each reduced scale, ``{scale}.yaml``.
    :param overrides: nested mapping that wins over the files at every scale (from the command line).
    :raises UserError: with the key's path and what was expected, for every mistake found.
    """
    folder = Path(folder)
    overrides = _typed(overrides or {})
    base = _read_yaml(folder / "config.yaml")
    settings = {}
    for scale in SCALES:
        layers = [] if scale == "paper" else [_read_yaml(folder / f"{scale}.yaml")]
        merged = base
        for layer in (*layers, overrides):
            merged = _merge(merged, layer)
        settings[scale] = _validated(merged, scale)
    return settings


def _typed(value: object) -> object:
    """Numbers, booleans and null inside lists and mappings of the command line, which Snakemake leaves as text."""
    if isinstance(value, Mapping):
        return {key: _typed(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_typed(entry) for entry in value]
    if isinstance(value, str) and _PLAIN_SCALAR.fullmatch(value):
        return yaml.safe_load(value)
    return value


def _read_yaml(path: Path) -> dict[str, object]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"configuration file {path} is missing; restore it from the repository") from error
    except yaml.YAMLError as error:
        raise UserError(f"configuration file {path} is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise UserError(f"configuration file {path} must hold a mapping of keys to values")
    return content


def _merge(base: Mapping[str, object], layer: Mapping[str, object]) -> dict[str, object]:
    """``layer`` over ``base``: mappings are merged, everything else (lists too) is replaced."""
    result = dict(base)
    for key, value in layer.items():
        old = result.get(key)
        result[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def _validated(values: Mapping[str, object], scale: str) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        lines = [_explain(problem) for problem in error.errors()]
        raise UserError(
            f"the configuration at {scale} scale has {len(lines)} mistake{'s' * (len(lines) > 1)}:\n"
            + "\n".join(f"  - {line}" for line in lines)
            + "\nEvery key is explained in config/README.md."
        ) from error


def _explain(problem: Mapping[str, object]) -> str:
    """One line for one pydantic error: the key's path, what was expected, what was found."""
    location = [part for part in problem["loc"] if part != "[key]"]
    path = ".".join(str(part) for part in location) or "the configuration"
    if problem["type"] == "extra_forbidden":
        known = _known_keys(location[:-1])
        close = difflib.get_close_matches(str(location[-1]), known, n=1)
        return f"{path}: unknown key; {f'did you mean {close[0]}? ' if close else ''}known here: {', '.join(known)}"
    if problem["type"] == "missing":
        return f"{path}: this key is missing"
    message = str(problem["msg"]).removeprefix("Value error, ")
    for wording, plainer in (("Input should be", "expected"), ("a valid integer", "an integer"), ("a valid", "a")):
        message = message.replace(wording, plainer)
    found = problem["input"]
    suffix = "" if isinstance(found, (Mapping, BaseModel)) else f", found {found!r}"
    return f"{path}: {message}{suffix}"


def _known_keys(location: list[object]) -> list[str]:
    """Names of the fields of the model at a path."""
    model: type[BaseModel] = Settings
    for part in location:
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return sorted(ShapePair.model_fields)
        model = annotation
    return list(model.model_fields)


def describe_scale(filed: Mapping[str, Settings], settings: Mapping[str, Settings], scale: str, item: str) -> str:
    """A sentence for a caption: the scale, what it makes smaller than paper scale, and what the user changed.

    :param filed: settings of the files alone; ``settings``: with the user's own values.
    """
    reduced = differences(filed["paper"], filed[scale], item)
    own = differences(filed[scale], settings[scale], item)
    note = f"{scale.capitalize()} scale" + (f": {reduced}." if reduced else ".")
    return note + (f" Own settings: {own}." if own else "")


def differences(base: Settings, other: Settings, item: str) -> str:
    """What one item ("fan2020.figure_1") has in ``other`` instead of ``base``, in few words for a caption."""
    node, changed = base, other
    for part in item.split("."):
        node, changed = getattr(node, part), getattr(changed, part)
    found = []
    for name, field in type(node).model_fields.items():
        old, new = getattr(node, name), getattr(changed, name)
        if old != new:
            found.append(f"{field.title or name.replace('_', ' ')} {_shorten(new, old)}")
    return ", ".join(found)


def _shorten(value: object, full: object) -> str:
    """A value beside the one it replaces; of lists (numbers, ascending) the end or else the length says it."""
    if isinstance(value, list) and isinstance(full, list):
        if value[-1] != full[-1]:
            return f"up to {value[-1]:g} instead of {full[-1]:g}"
        return f"{len(value)} instead of {len(full)}"
    if isinstance(value, dict):
        return "as set"
    return f"{value:g} instead of {full:g}" if isinstance(value, float) else f"{value} instead of {full}"


def json_schema() -> str:
    """The JSON schema of the configuration, as text for ``workflow/schemas/config.schema.json``."""
    return json.dumps(Settings.model_json_schema(), indent=2, sort_keys=True) + "\n"


def describe_keys(settings: Mapping[str, Settings]) -> str:
    """A Markdown table of every key: meaning, and value at each scale."""
    header = "| key | meaning | paper | preview | smoke |\n|---|---|---|---|---|\n"
    rows = []
    for path, description in _walk(Settings):
        description = description.replace("|", r"\|")
        values = [_cell(settings[scale], path) for scale in ("paper", "preview", "smoke")]
        shown = [values[0]] + ["" if value == values[0] else value for value in values[1:]]
        rows.append(f"| `{path}` | {description} | " + " | ".join(shown) + " |")
    return header + "\n".join(rows) + "\n"


def _walk(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from _walk(annotation, f"{path}.")
        else:
            yield path, field.description or ""


def _cell(settings: Settings, path: str) -> str:
    value: object = settings
    for part in path.split("."):
        value = getattr(value, part)
    if isinstance(value, dict):
        value = {key: node.model_dump() if isinstance(node, BaseModel) else node for key, node in value.items()}
    return "`" + yaml.safe_dump(value, default_flow_style=True, width=1000).replace("\n...", "").strip() + "`"
