"""Settings of Baskerville, Granziol and Keating (2022)."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from deepspectra.data import sets
from deepspectra.data.sets import data_set
from deepspectra.nn import architectures
from deepspectra.nn.architectures import architecture, parameter_count
from deepspectra.papers.types import FromText, Node, PositiveReal, Seed, is_name
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature.sizes import DENSE_PARAMETERS, LARGEST_MATRIX, reduced_rows

__all__ = ["Baskerville2022", "HessianNetwork"]

# Figures with unfolded spacings, and with whole sets.
_UNFOLDED = ("figure_3", "figure_4", "figure_a10", "figure_a12", "figure_a14")
_WHOLE = ("figure_3", "figure_a11", "figure_a13")

if TYPE_CHECKING:
    ArchitectureName = str
    DataSetName = str
else:
    # The registries say what there is. Gradients of miniAlexNet's normalisation are not piecewise linear.
    ArchitectureName = Literal[tuple(sorted({*architectures.names()} - {"minialexnet", "ntk_mlp"}))]
    DataSetName = Literal[sets.names()]
Split = Literal["train", "test"]
Kind = Literal["hessian", "gauss_newton"]
# The setting of how many samples each part has.
_COUNTS: dict[Split, str] = {"train": "images", "test": "test_images"}
_Share = Annotated[float, Field(gt=0, le=1), FromText]
_Decay = Annotated[float, Field(ge=0, allow_inf_nan=False), FromText]
_Samples = Annotated[int, Field(ge=10)] | None
_Count = Annotated[int, Field(ge=1)] | None
# The random part of a process's eigenvalues stands out from the rounding of the shift that they share.
_Slope = Annotated[float, Field(ge=1e-3, le=1e3), FromText]
_Derivative = Annotated[float, Field(ge=1e-10, le=1e6), FromText]
# Semicircle over shift: the density of both takes ten points for each unit.
_WIDEST = 1e4


def _own(title: str | None, description: str) -> Any:
    return Field(default=None, title=title, description=description)


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
    weight_decay: _Decay = Field(description="Multiple of every parameter that is added to its gradient.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
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

    data: DataSetName = Field(
        description="What it is trained on; features: CIFAR-10 images as a larger network sees them."
    )
    architecture: ArchitectureName = Field(
        default="mlp",
        description="mlp: fully connected, with the hidden layers given (none: regression); lenet: small.",
    )
    hidden: list[Annotated[int, Field(ge=1)]] = Field(default=[], description="Neurons in each hidden layer of an mlp.")
    activation: Literal["relu", "tanh"] = Field(default="relu", description="Activation function of hidden layers.")
    seed: Seed
    images: _Samples = _own("training samples", "Number of training samples to use, from the first on; null: all.")
    test_images: _Samples = _own("test samples", "Number of test samples to use, from the first on; null: all.")
    epochs: _Count = _own("epochs", "Epochs, if different from the other networks'.")
    batches: _Count = _own(
        "batches of Hessians", "Batches with resolved Hessians, if different from the other networks'."
    )
    published_batches: Annotated[int, Field(ge=0)] | None = _own(
        "batches as published",
        "Batches with spectra of float32 matrices as published, if different from the other networks'; 0: none.",
    )
    control_batches: Annotated[int, Field(ge=0)] | None = _own(
        "batches of control Hessians",
        "Batches of Gaussian inputs whose Hessians are the control of the network's, in all; null: as many as "
        "controls.draws asks for. Each takes as long as one of the data.",
    )
    method: Literal["gram", "piecewise", "dense"] | None = _own(
        None, "How resolved Hessian spectra are computed; null: chosen by network."
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        convolutional = self.architecture != "mlp"
        if convolutional and (self.hidden or self.data != "cifar10"):
            raise ValueError(f"architecture {self.architecture} takes cifar10 and has its own hidden layers")
        deep = self.hidden or convolutional
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
    def counts_zeros(self) -> bool:
        """Whether zeros of its Hessians are counted without the matrices: a deep network of activation relu."""
        return self.activation == "relu" and bool(self.hidden or self.architecture != "mlp")

    @property
    def is_softmax_regression(self) -> bool:
        """Whether its Hessian has a closed form, also over a whole set."""
        return self.architecture == "mlp" and not self.hidden and data_set(self.data).loss == "cross_entropy"


class Curvature(Node):
    """Hessians and Gauss-Newton matrices of batches and of whole sets."""

    batch_size: int = Field(ge=3, description="Samples per batch: at least 3 levels have a ratio.", title="batch size")
    batches: Annotated[int, Field(ge=1, title="batches of Hessians")] = Field(
        description="Maximum number of batches with a resolved Hessian; an incomplete last batch is left out."
    )
    published_batches: Annotated[int, Field(ge=0, title="batches as published")] = Field(
        description="Maximum number of batches with the spectrum of a float32 matrix, as published."
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


class Controls(Node):
    """Controls beside resolved spectra: random inputs, and random matrices of equal density."""

    draws: int = Field(
        ge=1, description="Draws of every control, each of as many batches as the data.", title="draws of controls"
    )
    vector_batches: int = Field(
        ge=1,
        description="Batches whose eigenvectors are analysed, of the data and of each control.",
        title="batches with eigenvectors",
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
    first_derivative: _Slope = Field(description="k'(0).")
    second_derivatives: dict[Literal["a", "b", "c", "d", "e", "f"], _Derivative] = Field(
        description="k''(0) of each panel."
    )
    degenerate: int = Field(ge=0, description="Directions of panel d on which the kernel does not depend.")
    outliers: int = Field(ge=0, description="Diagonal entries of panels e and f that are raised by s (1 + z^2).")
    outlier_scales: dict[Literal["e", "f"], _Derivative] = Field(description="s of panels e and f.")
    bins: int = Field(ge=5, description="Bars of a histogram.", title="bins")
    seed: Seed

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if set(self.second_derivatives) != set("abcdef") or set(self.outlier_scales) != set("ef"):
            raise ValueError("second_derivatives has the keys a to f, outlier_scales e and f")
        if self.outliers > self.dimension:
            raise ValueError(f"no more outliers than directions; found {self.outliers} and {self.dimension}")
        largest = max(self.second_derivatives.values())
        if (self.dimension * largest) ** 0.5 > _WIDEST * self.first_derivative:
            rule = f"sqrt(dimension x second_derivative) must not exceed {_WIDEST:g} times first_derivative"
            raise ValueError(f"{rule}; found {self.dimension}, {largest:g} and {self.first_derivative:g}")
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


class Controlled(Node):
    """Softmax regression and Gauss-Newton matrices beside their controls."""

    softmax: str = Field(description="A network of softmax regression, trained and untrained, on its test set.")
    gauss_newton: str = Field(description="A network whose Gauss-Newton matrices are shown, on its training set.")

    @property
    def networks(self) -> list[str]:
        """Both."""
        return [self.softmax, self.gauss_newton]


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
    controls: Controls = Field(description="Controls of resolved spectra, wherever deciles are shown.")
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
    figure_controls: Controlled = Field(description="Beyond the paper: what controls show.")
    figure_resnet34: LargeNetwork = Field(description="Beyond the paper.")

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name, network in self.networks.items():
            if not is_name(name):
                raise ValueError(f"names of networks are small letters, digits and _, a letter first; found {name!r}")
            self._check_sizes(name, network)
        named = [(key, name) for key in type(self).model_fields for name in self.named(key)]
        for key, name in named:
            if name not in self.networks:
                raise ValueError(f"{key} names the network {name!r}; known are {', '.join(self.networks)}")
            network = self.networks[name]
            if key in _WHOLE and not network.is_softmax_regression:
                only = "which are computed only for softmax regression"
                raise ValueError(f"{key} shows whole sets, {only}; {name} is another network")
            if key == "figure_controls" and name == self.figure_controls.softmax and not network.is_softmax_regression:
                raise ValueError(f"{key}.softmax is a network of softmax regression; {name} is another network")
            if key in ("figure_8", "figure_9") and network.data != "bike":
                raise ValueError(f"{key} is about Bike Sharing's training set; {name} is on other data")
            for split in ("train", "test") if key in _UNFOLDED else ():
                found, published = self.batches(name, split), self.published_batches(name, split)
                least = f"unfolding, in {key}, takes at least 3 batches"
                if found < 3:
                    raise ValueError(
                        f"{least} of {self.curvature.batch_size} samples; of the {split} set of {name} there are "
                        f"{found} (curvature.batches, or batches, images and test_images of the network)"
                    )
                if 0 < published < 3:
                    where = "curvature.published_batches, or the network's own"
                    raise ValueError(f"{least} as published of {name}, or none; there are {published} ({where})")
        return self

    def _check_sizes(self, name: str, network: HessianNetwork) -> None:
        deep = not network.is_softmax_regression and network.method is None and network.activation == "relu"
        rows = reduced_rows(network.weight_shapes, self.curvature.batch_size, data_set(network.data).rank)
        # This counts all parameters; half of them or more are active in a batch.
        if deep and rows > 2 * LARGEST_MATRIX:
            found = f"networks.{name}: the reduced Hessian of a batch may have {rows} rows"
            advice = "Take fewer neurons or a smaller curvature.batch_size"
            raise ValueError(f"{found}, where {LARGEST_MATRIX} can be decomposed. {advice}")
        for split, key in _COUNTS.items():
            most, asked, there = self._most(network, split), getattr(network, key), self.samples(name, split)
            if asked is not None and asked > most:
                raise ValueError(f"networks.{name}.{key}: {network.data} has {most} of them; found {asked}")
            if (size := self.curvature.batch_size) > there:
                larger = f"a batch of {size} is larger than the {split} set of {name}"
                raise ValueError(f"curvature.batch_size: {larger}, which has {there} samples")

    def named(self, item: str) -> list[str]:
        """The networks that a figure names, if it names any."""
        node = getattr(self, item)
        return [node.network] if isinstance(node, OneNetwork) else getattr(node, "networks", [])

    def network(self, name: str) -> HessianNetwork:
        """The entry of a network.

        :raises UserError: if there is none of that name.
        """
        if name not in self.networks:
            raise UserError(f"there is no network {name!r}; known are {', '.join(self.networks)}")
        return self.networks[name]

    def samples(self, name: str, split: Split) -> int:
        """Samples of a network's training or test set."""
        most = self._most(network := self.network(name), split)
        return min(most, getattr(network, _COUNTS[split]) or most)

    def _most(self, network: HessianNetwork, split: Split) -> int:
        embedded = network.data == "features"
        return getattr(self.features, _COUNTS[split]) if embedded else data_set(network.data).samples(split)

    def batches(self, name: str, split: Split, kind: Kind = "hessian") -> int:
        """How many batches have a resolved spectrum: of Gauss-Newton matrices, which take no time, all full ones."""
        complete = self.samples(name, split) // self.curvature.batch_size
        asked = self.network(name).batches or self.curvature.batches
        return complete if kind == "gauss_newton" else min(asked, complete)

    def control_batches(self, name: str, split: Split, kind: Kind) -> int:
        """How many batches with Gaussian inputs a spectrum has as its control, in all."""
        own, drawn = self.network(name).control_batches, self.controls.draws * self.batches(name, split, kind)
        return drawn if own is None or kind == "gauss_newton" else min(own, drawn)

    def published_batches(self, name: str, split: Split) -> int:
        """How many batches have the spectrum of a float32 matrix, as published."""
        own = self.network(name).published_batches
        asked = self.curvature.published_batches if own is None else own
        return min(asked, self.samples(name, split) // self.curvature.batch_size)
