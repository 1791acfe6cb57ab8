"""Settings of Baskerville, Granziol and Keating (2022)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from deepspectra.data.sets import data_set
from deepspectra.nn.architectures import architecture, parameter_count
from deepspectra.papers.types import NAME, FromText, Node, PositiveReal, Seed
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature.sizes import DENSE_PARAMETERS, LARGEST_MATRIX, reduced_rows

__all__ = ["Baskerville2022", "HessianNetwork"]

# Figures with unfolded spacings.
_UNFOLDED = ("figure_3", "figure_4", "figure_a10", "figure_a12", "figure_a14")

Split = Literal["train", "test"]
_Share = Annotated[float, Field(gt=0, le=1), FromText]


class HessianTraining(Node):
    """How the networks are trained: stochastic gradient descent from torch's default initialisation."""

    epochs: int = Field(ge=1, description="Passes through the training samples.", title="epochs")
    batch_size: int = Field(ge=1, description="Samples per step.")
    learning_rate: PositiveReal = Field(description="Learning rate before the decay.")
    final_learning_rate: PositiveReal = Field(description="Learning rate after the decay.")
    decay_start: Annotated[float, Field(ge=0, le=1), FromText] = Field(
        description="Share of the epochs after which the rate falls, linearly from epoch to epoch (150 of 300)."
    )
    decay_end: _Share = Field(description="Share of the epochs after which it stays (270 of 300).")
    momentum: Annotated[float, Field(ge=0, lt=1), FromText] = Field(description="Momentum.")
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False), FromText] = Field(
        description="Multiple of every parameter that is added to its gradient."
    )

    @model_validator(mode="after")
    def _ordered(self) -> HessianTraining:
        if self.decay_start >= self.decay_end:
            raise ValueError(f"the decay starts before it ends; found {self.decay_start:g} and {self.decay_end:g}")
        return self


class Features(Node):
    """CIFAR-10 as features of a network trained on ImageNet."""

    images: Annotated[int, Field(ge=10, le=50_000)] = Field(
        description="Number of training images to embed, from the first on.", title="embedded training images"
    )
    test_images: Annotated[int, Field(ge=10, le=10_000)] = Field(
        description="Number of test images to embed, from the first on.", title="embedded test images"
    )
    backbone: Literal["auto", "resnet34", "efficientnet_lite0"] = Field(
        description="Whose features; auto: the paper's ResNet-34 if its weights are available, else the other network."
    )
    seed: Seed


class HessianNetwork(Node):
    """A network whose Hessians are studied."""

    data: Literal["mnist", "cifar10", "features", "bike"] = Field(
        description="What it is trained on; features: CIFAR-10 images as a larger network sees them."
    )
    architecture: Literal["mlp", "lenet"] = Field(
        default="mlp",
        description="mlp: fully connected, with the hidden layers given (none: regression); lenet: small.",
    )
    hidden: list[Annotated[int, Field(ge=1)]] = Field(default=[], description="Neurons in each hidden layer of an mlp.")
    activation: Literal["relu", "tanh"] = Field(default="relu", description="Activation function of hidden layers.")
    seed: Seed
    images: Annotated[int, Field(ge=10)] | None = Field(
        default=None,
        description="Number of training samples to use, from the first on; null: all.",
        title="training samples",
    )
    test_images: Annotated[int, Field(ge=10)] | None = Field(
        default=None, description="Number of test samples to use, from the first on; null: all.", title="test samples"
    )
    epochs: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Epochs, if different from the other networks'.", title="epochs"
    )
    batches: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="Batches with resolved Hessians, if different from the other networks'.",
        title="batches of Hessians",
    )
    published_batches: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description="Batches with float32 spectra as published, if different from the other networks'; 0: none.",
        title="batches as published",
    )
    method: Literal["gram", "piecewise", "dense"] | None = Field(
        default=None, description="How resolved Hessian spectra are computed; null: chosen by network."
    )

    @model_validator(mode="after")
    def _complete(self) -> HessianNetwork:
        if self.architecture == "lenet" and (self.hidden or self.data != "cifar10"):
            raise ValueError("architecture lenet takes cifar10 and has its own hidden layers")
        deep = self.hidden or self.architecture == "lenet"
        if self.method == "gram" and deep:
            raise ValueError("method gram is for Hessians of networks without hidden layers; this one has some")
        if self.method == "piecewise" and self.activation != "relu":
            raise ValueError(f"method piecewise is for networks of activation relu, not {self.activation}")
        if deep and self.activation != "relu" and self.method is None and self.parameters > DENSE_PARAMETERS:
            raise ValueError(
                f"no exact method serves the Hessian of a network of activation {self.activation} with "
                f"{self.parameters} parameters, more than {DENSE_PARAMETERS}. Take fewer neurons or activation relu, "
                f"or ask for method dense if you have the memory ({4e-8 * self.parameters**2:.0f} GB)"
            )
        return self

    @property
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Layer -> shape of its weight; on features, for the 512 of ResNet-34."""
        data = data_set(self.data)
        return architecture(self.architecture).shapes({"hidden": self.hidden}, data.inputs, data.outputs)

    @property
    def parameters(self) -> int:
        """P."""
        return parameter_count(self.weight_shapes)

    @property
    def is_softmax_regression(self) -> bool:
        """Whether its Hessian has a closed form, also over a whole set."""
        return self.architecture == "mlp" and not self.hidden and data_set(self.data).loss == "cross_entropy"


class Curvature(Node):
    """Hessians and Gauss-Newton matrices of batches and of whole sets."""

    batch_size: int = Field(ge=1, description="Samples per batch.", title="batch size")
    batches: int = Field(
        ge=1,
        description="Maximum number of batches with a resolved Hessian; an incomplete last batch is left out.",
        title="batches of Hessians",
    )
    published_batches: int = Field(
        ge=0,
        description="Maximum number of batches with a float32 spectrum as published.",
        title="batches as published",
    )
    batches_a_job: int = Field(
        ge=1, description="Batches per job, for resolved spectra of networks with hidden layers."
    )
    whole_samples: int = Field(
        ge=10, description="Maximum number of samples in a whole-set Hessian.", title="samples of whole sets"
    )
    published_whole: bool = Field(
        description="Whether networks that have float32 Hessians of batches get them of whole sets, too, as published.",
        title="whole sets as published",
    )
    unfolded_share: Annotated[float, Field(gt=0, lt=1), FromText] = Field(
        description="Share of the batches to unfold by the distribution function of the others (one third)."
    )
    seed: Seed


class Ensemble(Node):
    """GOE matrices."""

    dimension: int = Field(ge=10, description="Rows of a matrix.", title="dimension")
    matrices: int = Field(ge=1, description="Number of matrices.", title="matrices")
    seed: Seed


class GaussianProcess(Node):
    """Hessians of Gaussian processes, figures 5 and 6."""

    dimension: int = Field(ge=30, description="Directions on which the kernel depends.", title="dimension")
    samples: int = Field(ge=2, description="Hessians per panel.", title="samples")
    first_derivative: PositiveReal = Field(description="k'(0).")
    second_derivatives: dict[Literal["a", "b", "c", "d", "e", "f"], PositiveReal] = Field(
        description="k''(0) of each panel."
    )
    degenerate: int = Field(ge=0, description="Directions of panel d on which the kernel does not depend.")
    outliers: int = Field(ge=0, description="Diagonal entries of panels e and f that are raised by s (1 + z^2).")
    outlier_scales: dict[Literal["e", "f"], PositiveReal] = Field(description="s of panels e and f.")
    bins: int = Field(ge=5, description="Bars of a histogram.", title="bins")
    seed: Seed

    @model_validator(mode="after")
    def _complete(self) -> GaussianProcess:
        if set(self.second_derivatives) != set("abcdef") or set(self.outlier_scales) != set("ef"):
            raise ValueError("second_derivatives has the keys a to f, outlier_scales e and f")
        if self.outliers > self.dimension:
            raise ValueError(f"no more outliers than directions; found {self.outliers} and {self.dimension}")
        return self


class Densities(Node):
    """Densities of a random matrix and of two Hessians."""

    ensemble: Ensemble = Field(description="Panel a.")
    networks: list[str] = Field(min_length=2, max_length=2, description="Networks of panels b and c.")


class Spacings(Node):
    """Spacings of random matrices beside the surmise."""

    ensemble: Ensemble = Field(description="Large matrices.")


class OneNetwork(Node):
    """A figure about one network."""

    network: str = Field(description="Name of the network.")


class TwoNetworks(Node):
    """A figure about two networks."""

    networks: list[str] = Field(min_length=2, max_length=2, description="Networks: the first also untrained.")


class LargeNetwork(Node):
    """The Gauss-Newton matrix of a full ResNet-34 on CIFAR-10 images."""

    batch_size: int = Field(ge=3, le=10_000, description="Test images.", title="batch size")
    seed: Seed


class Baskerville2022(Node):
    """Appearance of random matrix theory in deep learning (Baskerville, Granziol and Keating 2022)."""

    training: HessianTraining = Field(description="How the networks are trained.")
    features: Features = Field(description="CIFAR-10 as features.")
    networks: dict[str, HessianNetwork] = Field(description="Networks, one entry each; all are in the table.")
    curvature: Curvature = Field(description="Which matrices are computed.")
    gaussian_process: GaussianProcess = Field(description="Hessians of Gaussian processes, figures 5 and 6.")
    figure_1: Densities = Field(description="Global densities.")
    figure_2: Spacings = Field(description="The Wigner surmise.")
    figure_3: OneNetwork = Field(description="Logistic regression on features, test set.")
    figure_4: OneNetwork = Field(description="Multi-layer perceptron, test set.")
    figure_7: OneNetwork = Field(description="Convolutional network, test set.")
    figure_8: OneNetwork = Field(description="Regression, Hessians.")
    figure_9: OneNetwork = Field(description="Regression, Gauss-Newton matrices.")
    figure_a10: OneNetwork = Field(description="Unfolded spacings after training.")
    figure_a11: OneNetwork = Field(description="Spacing ratios after training.")
    figure_a12: OneNetwork = Field(description="Unfolded spacings before training.")
    figure_a13: OneNetwork = Field(description="Spacing ratios before training.")
    figure_a14: TwoNetworks = Field(description="Unfolded spacings with and without cut-off.")
    figure_resnet34: LargeNetwork = Field(description="Beyond the paper.")

    @model_validator(mode="after")
    def _known(self) -> Baskerville2022:
        for name, network in self.networks.items():
            if not NAME.fullmatch(name):
                raise ValueError(f"names of networks are small letters, digits and _, a letter first; found {name!r}")
            self._check_sizes(name, network)
        for key, name in self._named:
            if name not in self.networks:
                raise ValueError(f"{key} names the network {name!r}; known are {', '.join(self.networks)}")
        for key in ("figure_3", "figure_a11", "figure_a13"):
            name = getattr(self, key).network
            if not self.networks[name].is_softmax_regression:
                raise ValueError(
                    f"{key} shows whole sets, which are computed only for softmax regression; {name} is another network"
                )
        for key in ("figure_8", "figure_9"):
            name = getattr(self, key).network
            if self.networks[name].data != "bike":
                raise ValueError(f"{key} is about Bike Sharing's training set; {name} is on other data")
        for key, name in self._named:
            for split in ("train", "test"):
                if key in _UNFOLDED and self.batches(name, split) < 3:
                    raise ValueError(
                        f"unfolding, in {key}, takes at least 3 batches of {self.curvature.batch_size} samples; of the "
                        f"{split} set of {name} there are {self.batches(name, split)} (curvature.batches, or batches, "
                        "images and test_images of the network)"
                    )
                if key in _UNFOLDED and 0 < self.published_batches(name, split) < 3:
                    raise ValueError(
                        f"unfolding, in {key}, takes at least 3 batches as published of {name}, or none; there are "
                        f"{self.published_batches(name, split)} (curvature.published_batches, or the network's own)"
                    )
        return self

    def _check_sizes(self, name: str, network: HessianNetwork) -> None:
        """Check that the samples exist, and that no batch is larger than its set."""
        data = data_set(network.data)
        embedded = (self.features.images, self.features.test_images)
        most = embedded if network.data == "features" else (data.train_samples, data.test_samples)
        for key, count in zip(("images", "test_images"), most, strict=True):
            asked = getattr(network, key)
            if asked is not None and asked > count:
                raise ValueError(f"networks.{name}.{key}: {network.data} has {count} of them; found {asked}")
        deep = not network.is_softmax_regression and network.method is None and network.activation == "relu"
        rows = reduced_rows(network.weight_shapes, self.curvature.batch_size, data.rank)
        # This counts all parameters; half of them or more are active in a batch.
        if deep and rows > 2 * LARGEST_MATRIX:
            raise ValueError(
                f"networks.{name}: the reduced Hessian of a batch may have {rows} rows, where {LARGEST_MATRIX} can be "
                "decomposed. Take fewer neurons or a smaller curvature.batch_size"
            )
        for split in ("train", "test"):
            there = self.samples(name, split)
            if self.curvature.batch_size > there:
                raise ValueError(
                    f"curvature.batch_size: a batch of {self.curvature.batch_size} is larger than the {split} set of "
                    f"{name}, which has {there} samples"
                )

    @property
    def _named(self) -> list[tuple[str, str]]:
        """The networks that figures name, each with the key that names it."""
        single = [f"figure_{item}" for item in ("3", "4", "7", "8", "9", "a10", "a11", "a12", "a13")]
        named = [(key, getattr(self, key).network) for key in single]
        return named + [(key, name) for key in ("figure_1", "figure_a14") for name in getattr(self, key).networks]

    def network(self, name: str) -> HessianNetwork:
        """The entry of a network.

        :raises UserError: if there is none of that name.
        """
        if name not in self.networks:
            raise UserError(f"there is no network {name!r}; known are {', '.join(self.networks)}")
        return self.networks[name]

    def samples(self, name: str, split: Split) -> int:
        """Samples of a network's training or test set."""
        network = self.network(name)
        key = "test_images" if split == "test" else "images"
        most = getattr(self.features, key) if network.data == "features" else data_set(network.data).samples(split)
        return min(most, getattr(network, key) or most)

    def batches(self, name: str, split: Split, kind: Literal["hessian", "gauss_newton"] = "hessian") -> int:
        """How many batches have a resolved spectrum; an incomplete last one has none.

        Gauss-Newton matrices (``kind`` ``gauss_newton``) take no time, so all complete batches have one.
        """
        complete = self.samples(name, split) // self.curvature.batch_size
        asked = self.network(name).batches or self.curvature.batches
        return complete if kind == "gauss_newton" else min(asked, complete)

    def published_batches(self, name: str, split: Split) -> int:
        """How many batches have a float32 spectrum as published."""
        own = self.network(name).published_batches
        asked = self.curvature.published_batches if own is None else own
        return min(asked, self.samples(name, split) // self.curvature.batch_size)
