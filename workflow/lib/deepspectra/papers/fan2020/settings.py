"""Settings of Fan and Wang (2020)."""

import re
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from deepspectra.nn.images import CHANNELS, CIFAR10_CLASSES, IMAGE_SIDE
from deepspectra.papers.types import Node, PositiveReal, Seed, is_name

__all__ = ["GAUSSIAN", "DrawnSizes", "ExampleImages", "Fan2020", "GaussianKernelSpectra", "ImageKernelSpectra"]
__all__ += ["InnerProducts", "KernelNetwork", "KernelScaling", "KernelSpectra", "KernelTraining", "RemovedComponents"]
__all__ += ["TrainedKernels", "TrainedSeeds"]

_PIXELS = CHANNELS * IMAGE_SIDE**2
#: Names that networks cannot have: those of figures, of draws, and of networks with another seed.
_TAKEN, _SEED = re.compile(r"(figure|table|draws)_|.*_seed\d+$"), re.compile(r"_seed\d+$")
#: Inputs of figure 1's networks, of which many are drawn.
GAUSSIAN = "gaussian"

ActivationName = Annotated[
    Literal["arctan", "cosine"],
    Field(description="Activation function, scaled to zero mean and unit second moment under N(0, 1)."),
]
ImageClass = Literal[CIFAR10_CLASSES]  # type: ignore[valid-type]  # the names stand in one place


def _check_components(removed: int, samples: int, of: str = "", among: str = "") -> None:
    # Centred images have one dimension less than there are samples; one has to be left.
    if removed >= min(samples - 1, _PIXELS):
        most = f"{among}samples - 1 and than the {_PIXELS} pixels"
        raise ValueError(f"{of}removed_components must be fewer than {most}, found {removed} with {samples} samples")


class KernelSpectra(Node):
    """Spectra of the input Gram matrix, conjugate kernel and neural tangent kernel at initialisation."""

    samples: int = Field(ge=10, description="n, the number of training samples.", title="n")
    depth: int = Field(ge=1, description="L, the number of hidden layers.", title="L")
    width: int = Field(ge=10, description="d_1 = ... = d_L, neurons in each hidden layer.", title="width")
    activation: ActivationName
    dtype: Literal["float32", "float64"] = Field(
        description="Arithmetic of the network and its kernels; their eigenvalues are always computed in float64."
    )
    accumulation: Literal["float32", "float64"] = Field(
        description="Arithmetic of the products and sums in the kernels, at least dtype; where it is float64 and dtype "
        "is float32, the difference that makes is kept with the eigenvalues."
    )
    bins: int = Field(ge=5, description="Histogram bins.", title="bins")
    curve_points: int = Field(ge=100, description="Points of a limit density.", title="curve points")
    seed: Seed

    @model_validator(mode="after")
    def _sums_are_exact_enough(self) -> Self:
        if self.dtype == "float64" and self.accumulation == "float32":
            raise ValueError("accumulation must be float64 where dtype is float64")
        return self


class GaussianKernelSpectra(KernelSpectra):
    """The same for independent Gaussian inputs."""

    input_dimension: int = Field(ge=2, description="d_0; the inputs have iid N(0, 1/d_0) entries.", title="d0")


class ImageKernelSpectra(KernelSpectra):
    """The same for CIFAR-10 training images."""

    removed_components: int = Field(
        ge=0, description="Leading principal components removed from the centred images.", title="removed components"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.samples > 50_000:
            raise ValueError(f"samples must be at most the 50000 training images of CIFAR-10, found {self.samples}")
        _check_components(self.removed_components, self.samples)
        return self


class KernelTraining(Node):
    """How networks are trained whose kernels are compared before and after: Adam on the mean squared error."""

    samples: int = Field(ge=10, description="n, the number of training samples.", title="n")
    test_samples: int = Field(ge=10, description="Samples to test with.", title="test samples")
    epochs: int = Field(ge=1, description="Passes through the training samples.", title="epochs")
    batch_size: int = Field(ge=1, description="Samples of a step.", title="batch size")
    learning_rate: PositiveReal = Field(description="Adam's learning rate, the same in all epochs.")


class KernelNetwork(Node):
    """A network of equation 1 (no biases, NTK parametrisation, one output) and what it learns."""

    data: Literal["sphere", "cifar10"] = Field(
        description="sphere: points of the unit sphere, y = sigma(x'v); cifar10: images of two classes, y = 1 and -1."
    )
    input_dimension: int | None = Field(default=None, ge=2, description="d_0 of points of the sphere.", title="d0")
    classes: Annotated[list[ImageClass], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="The two classes; the first is +1."
    )
    removed_components: int = Field(
        default=0, ge=0, description="Leading principal components of the training images that are removed."
    )
    hidden: list[Annotated[int, Field(ge=10)]] = Field(
        min_length=1, description="d_1, ..., d_L, neurons in each hidden layer.", title="widths"
    )
    activation: ActivationName
    seed: Seed

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.data == "sphere" and (self.input_dimension is None or self.classes or self.removed_components):
            raise ValueError("data sphere needs input_dimension and has neither classes nor removed_components")
        if self.data == "cifar10" and (self.classes is None or self.input_dimension is not None):
            raise ValueError("data cifar10 needs two classes and has no input_dimension: an image has 3072 pixels")
        if self.classes and self.classes[0] == self.classes[1]:
            raise ValueError(f"classes must be two different ones, found {self.classes[0]} twice")
        return self

    @property
    def dimension(self) -> int:
        """d_0."""
        return self.input_dimension or _PIXELS

    @property
    def kernel_names(self) -> list[str]:
        """The conjugate kernel of every layer, and the tangent kernel."""
        return [*(f"conjugate_{layer}" for layer, _ in enumerate(self.hidden, 1)), "tangent"]


class InnerProducts(Node):
    """Inner products of pairs of images, those of figure 2."""

    bins: int = Field(ge=5, description="Histogram bins.", title="bins")
    choices: int = Field(ge=1, description="Random choices of images, figure 2's first, for the claims.")


class ExampleImages(Node):
    """Images before and after the removal of principal components."""

    images: int = Field(ge=1, le=20, description="How many of figure 2's images are shown.", title="images")


class TrainedKernels(Node):
    """Kernels of one network before and after training."""

    network: str = Field(description="Name of the network.")
    bins: int = Field(ge=5, description="Histogram bins.", title="bins")
    curve_points: int = Field(ge=100, description="Points of a limit density.", title="curve points")


class TrainedSeeds(TrainedKernels):
    """The same, and how its numbers differ from seed to seed."""

    seeds: list[int] = Field(
        description="Seeds of further networks, alike in all else: data, weights and order are drawn anew.",
        title="further seeds",
    )

    @model_validator(mode="after")
    def _different(self) -> Self:
        if len(set(self.seeds)) < len(self.seeds) or not all(0 <= seed < 2**63 for seed in self.seeds):
            raise ValueError(f"seeds must be different whole numbers from 0 to 2^63 - 1, found {self.seeds}")
        return self


class DrawnSizes(Node):
    """Sizes of random networks, and how many are drawn of each."""

    samples: list[Annotated[int, Field(ge=10)]] = Field(
        min_length=3, description="n, ascending; the ratios n/d_l stay those of the figure.", title="n"
    )
    draws: list[Annotated[int, Field(ge=3)]] = Field(description="Networks of each size.", title="draws")

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if any(low >= high for low, high in pairwise(self.samples)):
            raise ValueError(f"samples must ascend without repetition, found {self.samples}")
        if len(self.draws) != len(self.samples):
            raise ValueError(f"draws needs a number for each of {len(self.samples)} sizes, found {len(self.draws)}")
        return self


class KernelScaling(Node):
    """How distances to the limits fall with size: many draws of the networks of figures 1, 2 and S2."""

    gaussian: DrawnSizes = Field(description="Gaussian inputs (figure 1).")
    images: DrawnSizes = Field(description="Images (figure 2, and S2 with figure 2's network).")
    seed: Seed


class RemovedComponents(Node):
    """The same for images without ever more principal components."""

    removed_components: list[Annotated[int, Field(ge=0)]] = Field(
        min_length=2, description="Leading principal components removed, ascending.", title="removed components"
    )
    sizes: int = Field(ge=3, description="How many of the sizes of figure_scaling.images, the smallest first.")

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if any(low >= high for low, high in pairwise(self.removed_components)):
            raise ValueError(f"removed_components must ascend without repetition, found {self.removed_components}")
        return self


class Fan2020(Node):
    """Spectra of the conjugate kernel and neural tangent kernel (Fan and Wang 2020)."""

    training: KernelTraining = Field(description="How networks are trained.")
    networks: dict[str, KernelNetwork] = Field(description="Networks that are trained, one entry each.")
    figure_1: GaussianKernelSpectra = Field(description="Gaussian inputs.")
    figure_2: ImageKernelSpectra = Field(description="CIFAR-10 images without their leading principal components.")
    figure_3: TrainedSeeds = Field(description="Kernels after training on one neuron's outputs.")
    figure_s1: InnerProducts = Field(description="Inner products of images with and without principal components.")
    figure_s2: ImageKernelSpectra = Field(description="Figure 2 with all principal components.")
    figure_s3: ExampleImages = Field(description="Images with and without principal components.")
    figure_s5: TrainedKernels = Field(description="Conjugate kernels of all layers after training.")
    figure_s6: TrainedKernels = Field(description="Kernels after training on two classes of images.")
    figure_scaling: KernelScaling = Field(description="Distances to the limits against size, many draws.")
    figure_components: RemovedComponents = Field(description="The same against the removed components.")

    @model_validator(mode="after")
    def _networks_fit(self) -> Self:
        for name, network in self.networks.items():
            if not is_name(name) or _TAKEN.match(name):
                allowed = (
                    "small letters, digits and _, a letter first, and not those of figures, draws or further seeds"
                )
                raise ValueError(f"names of networks are {allowed}; found {name!r}")
            _check_components(network.removed_components, self.training.samples, f"networks.{name}.", "training.")
            for key, most in (("samples", 10_000), ("test_samples", 2_000)):
                found = getattr(self.training, key)
                if network.data == "cifar10" and found > most:
                    known = f"two classes of CIFAR-10 have {most} such images"
                    raise ValueError(f"training.{key}: {known}, found {found} ({name})")
        if self.figure_s3.images > self.figure_2.samples:
            few = f"figure_2 has {self.figure_2.samples} samples"
            raise ValueError(f"figure_s3.images must not be more than there are: {few}, found {self.figure_s3.images}")
        for item in ("figure_3", "figure_s5", "figure_s6"):
            name = getattr(self, item).network
            if name not in self.networks:
                raise ValueError(f"{item} names the network {name!r}; known are {', '.join(self.networks)}")
        if (own := self.networks[self.figure_3.network].seed) in self.figure_3.seeds:
            raise ValueError(f"figure_3.seeds are other ones than that of {self.figure_3.network}, found {own}")
        return self

    @model_validator(mode="after")
    def _draws_are_possible(self) -> Self:
        images, components = self.figure_scaling.images, self.figure_components
        if images.samples[-1] > 50_000:
            told = f"at most the 50000 training images of CIFAR-10, found {images.samples[-1]}"
            raise ValueError(f"figure_scaling.images.samples must be {told}")
        if components.sizes > len(images.samples):
            told = f"at most the {len(images.samples)} sizes of figure_scaling.images, found {components.sizes}"
            raise ValueError(f"figure_components.sizes must be {told}")
        for inputs in (*self.drawn_inputs, *self.drawn_components):
            entry = self.draws(inputs)
            if inputs != GAUSSIAN:
                _check_components(entry["removed_components"], images.samples[0], "figure_scaling.images: ")
        return self

    def network(self, name: str) -> KernelNetwork:
        """The entry of a network, or of one with another seed (:meth:`at_seed`)."""
        if name in self.networks:
            return self.networks[name]
        base, _, seed = name.rpartition("_seed")
        return self.networks[base].model_copy(update={"seed": int(seed)})

    def trains(self, name: str) -> bool:
        """Whether a network is one of this paper's."""
        return name in self.networks or (bool(_SEED.search(name)) and name.rpartition("_seed")[0] in self.networks)

    def at_seed(self, network: str, seed: int) -> str:
        """Name of the same network with another seed."""
        return f"{network}_seed{seed}"

    @property
    def drawn_inputs(self) -> list[str]:
        """Inputs of the networks of figures 1, 2 and S2, many of which are drawn."""
        return [GAUSSIAN, *(f"images_{each.removed_components}" for each in (self.figure_2, self.figure_s2))]

    @property
    def drawn_components(self) -> list[str]:
        """Images without ever more components."""
        return [f"images_{removed}" for removed in self.figure_components.removed_components]

    def draws(self, inputs: str) -> dict[str, Any]:
        """Which networks are drawn on some inputs: at each size as many neurons a sample as in figure 1 or 2, or two.

        :param inputs: ``gaussian``, or ``images_`` with the number of components removed.
        :returns: ``sizes``, each with ``samples``, ``draws``, ``width`` and, for Gaussian inputs, ``input_dimension``;
            ``depth``, ``activation``, ``dtype``, ``seed`` and, for images, ``removed_components``.
        """
        figure = self.figure_1 if inputs == GAUSSIAN else self.figure_2
        entry = figure.model_dump(include={"depth", "activation", "dtype"}) | {"seed": self.figure_scaling.seed}
        drawn, lengths = self.figure_scaling.images, {"width": figure.width}
        if isinstance(figure, GaussianKernelSpectra):
            drawn = self.figure_scaling.gaussian
            lengths["input_dimension"] = figure.input_dimension
        else:
            entry["removed_components"] = int(inputs.removeprefix("images_"))
        count = len(drawn.samples) if inputs in self.drawn_inputs else self.figure_components.sizes
        entry["sizes"] = [
            {"samples": n, "draws": draws}
            | {key: max(2, round(n * length / figure.samples)) for key, length in lengths.items()}
            for n, draws in zip(drawn.samples[:count], drawn.draws, strict=False)
        ]
        return entry
