"""Settings of Thamm, Staats and Rosenow (2024)."""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from deepspectra.nn import architectures
from deepspectra.nn.architectures import architecture, matrix_shape
from deepspectra.nn.images import CLASSES, IMAGE_SIDE, image_inputs
from deepspectra.papers.types import FromText, Node, OptionalText, PositiveReal, Seed, is_name
from deepspectra.runtime.errors import UserError

__all__ = ["Thamm2024", "WeightNetwork"]

if TYPE_CHECKING:
    ArchitectureName = str
else:
    # The registry says what there is.
    ArchitectureName = Literal[tuple(sorted({*architectures.names()} - {"lenet", "ntk_mlp"}))]
Alpha = Annotated[float, Field(ge=1e-3, le=1e3), FromText]


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("a centred window has an odd number of neighbours")
    return value


Window = Annotated[int, Field(ge=1), AfterValidator(_odd)]
# So many levels or fewer have no number variance at lengths of one and more in some random matrices.
_FEWEST = 14
Penalty = Annotated[float, Field(ge=0, allow_inf_nan=False), FromText]
Crop = Annotated[int, Field(ge=7, le=IMAGE_SIDE)]
TrainingImages = Annotated[int, Field(ge=10, le=50_000)]
TestImages = Annotated[int, Field(ge=10, le=10_000)]


class WeightTraining(Node):
    """How the networks are trained: stochastic gradient descent on CIFAR-10, Glorot-uniform weights, zero biases."""

    images: TrainingImages = Field(description="Number of the first training images.", title="training images")
    test_images: TestImages = Field(description="Number of the first test images.", title="test images")
    epochs: int = Field(ge=1, description="Passes through the training images.", title="epochs")
    batch_size: int = Field(ge=1, description="Images per step.")
    learning_rate: PositiveReal = Field(description="Learning rate of the first epoch.")
    decay: Annotated[float, Field(gt=0, le=1), FromText] = Field(
        description="Factor by which the learning rate falls from one epoch to the next; 1 keeps it."
    )
    momentum: Annotated[float, Field(ge=0, lt=1), FromText] = Field(description="Momentum.")


class WeightNetwork(Node):
    """A network that is trained here. Table 2 has all its weight matrices but the output layer's."""

    architecture: ArchitectureName = Field("mlp", description="Fully connected, or two convolutions.")
    hidden: list[Annotated[int, Field(ge=2)]] = Field([], description="Neurons in each hidden layer of an mlp.")
    seed: Seed
    alpha: Alpha = Field(default=1.0, description="Scale of the outputs: below 1 rich, above 1 lazy learning.")
    l2: Penalty = Field(0.0, description="This times the sum of squared weights is added to the loss.")
    crop: Crop | None = Field(None, description="Side of the random crops in training; tests take the centre.")
    images: TrainingImages | None = Field(None, description="Training images, if its own.", title="training images")
    test_images: TestImages | None = Field(None, description="Test images, if its own.", title="test images")
    epochs: int | None = Field(None, ge=1, description="Epochs, if its own.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.architecture == "mlp") != bool(self.hidden):
            raise ValueError("architecture mlp needs its hidden layers (hidden: [512, 512]), and no other has them")
        return self

    @property
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Layer -> shape of its weight, the output layer last."""
        return architecture(self.architecture).shapes({"hidden": self.hidden}, image_inputs(self.crop), CLASSES)

    @property
    def shown_shapes(self) -> dict[str, tuple[int, ...]]:
        """The same without the output layer, which the paper leaves out."""
        return dict(list(self.weight_shapes.items())[:-1])


class PretrainedNetwork(Node):
    """A pretrained network."""

    file: OptionalText = Field(description="Your file of its weights; without one they are looked for and downloaded.")


class Unfolding(Node):
    """How singular values are unfolded."""

    half_window: int = Field(ge=1, le=499, description="a of eq. 4; the paper's window size is 2 a = 15.", title="a")
    polynomial_degree: int = Field(ge=1, le=30, description="Degree of the polynomial unfolding, for comparison.")


class Nulls(Node):
    """Random matrices and vectors through the same pipeline, for calibrated p-values."""

    matrices: int = Field(ge=19, description="Random matrices per shape.", title="null matrices")
    vectors: int = Field(ge=19, description="Random unit vectors per dimension.", title="null vectors")
    longest_interval: Annotated[float, Field(ge=2, le=1000), FromText] = Field(
        description="Longest interval of the number variance, in mean spacings."
    )
    seed: Seed


class Place(Node):
    """A weight matrix of a network."""

    network: str = Field(description="Name of the network.")
    layer: str = Field(description="Name of the layer.")


class LevelPanels(Node):
    """Unfolded levels of four matrices."""

    panels: list[Place] = Field(min_length=1, max_length=6, description="The matrices of panels 1, 2, ...")


class Vectors(Node):
    """Spectrum and singular vectors."""

    spectrum: Place = Field(description="The matrix of panel a.")
    panels: dict[Literal["b", "c", "d"], Annotated[list[Place], Field(min_length=1)]] = Field(description="By panel.")
    window: Window = Field(description="Odd number of neighbours over which p-values are averaged.")


class Regimes(Place):
    """Rich, typical and lazy learning, as a weight matrix shows it."""

    further: list[str] = Field(description="The same network with other seeds, for the claims.", title="further seeds")
    alphas: list[Alpha] = Field(min_length=1, description="One row each.", title="alphas")
    window: Window = Field(description="Odd number of neighbours over which p-values are averaged.")


class Linearisation(Node):
    """Full and linearised networks."""

    networks: list[str] = Field(min_length=1, description="The same network with different seeds, for error bars.")
    layer: str = Field(description="The layer in whose weights the network is linearised.")
    alphas: list[Alpha] = Field(min_length=1, description="Output scales, ascending.", title="alphas")


class LevelTests(Node):
    """Matrices of which the truth is known, by which the tests of table 2 are tried out."""

    rows: int = Field(ge=2, description="Longer side of the matrices.")
    columns: int = Field(ge=60, description="Shorter side, less than the longer.")
    matrices: int = Field(ge=1, description="Matrices of each kind.", title="matrices of known kinds")
    independent: list[Annotated[float, Field(gt=0, lt=1), FromText]] = Field(
        description="Shares of levels that are independent of the others."
    )
    outliers: list[Annotated[int, Field(ge=1)]] = Field(description="Numbers of outliers at either end.")
    half_windows: list[Annotated[int, Field(ge=1)]] = Field(
        description="Half-windows a of eq. 4 whose p-values stand beside the paper's."
    )
    seed: Seed

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.rows <= self.columns:
            raise ValueError(f"a lower edge needs more rows than columns; found {self.rows} x {self.columns}")
        # As many bulk levels as outliers, or there is no bulk.
        if any(4 * count > self.columns for count in self.outliers):
            raise ValueError(f"at most {self.columns // 4} outliers at either end; found {max(self.outliers)}")
        if any(2 * window >= self.columns for window in self.half_windows):
            raise ValueError(f"half-windows are below {self.columns / 2:g}; found {max(self.half_windows)}")
        return self


class Thamm2024(Node):
    """Random matrix theory analysis of neural network weight matrices (Thamm, Staats and Rosenow 2024)."""

    training: WeightTraining = Field(description="How the networks are trained.")
    networks: dict[str, WeightNetwork] = Field(description="Networks trained here; tables 1 and 2 show them all.")
    left_out: list[str] = Field(
        description="Networks of these that are not trained; figures and tables say so in their place.",
        title="without training",
    )
    pretrained: dict[Literal["alexnet", "vgg16", "vgg19"], PretrainedNetwork] = Field(description="Pretrained ones.")
    unfolding: Unfolding = Field(description="How singular values are unfolded.")
    nulls: Nulls = Field(description="Random matrices for calibrated p-values.")
    figure_1: LevelPanels = Field(description="Spacings and number variance.")
    figure_2: Vectors = Field(description="A spectrum, and Porter-Thomas tests.")
    figure_3: Regimes = Field(description="The same in three learning regimes.")
    figure_4: Linearisation = Field(description="Accuracies of full and linearised networks.")
    table_2: LevelTests = Field(description="Level and power of the tests of levels.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._require_networks()
        self._require_places()
        self._require_sweeps()
        self._require_windows()
        return self

    def _require_networks(self) -> None:
        """Names are unambiguous, and every matrix has enough singular values to unfold."""
        least = max(2 * self.unfolding.half_window, self.unfolding.polynomial_degree, _FEWEST)
        for name, network in self.networks.items():
            if not is_name(name) or "_alpha" in name or name in self.pretrained:
                rule = "small letters, digits and underscores, no '_alpha' and not the name of a pretrained one"
                raise ValueError(f"names of networks have {rule}; found {name!r}")
            for layer, (outputs, inputs) in ((key, matrix_shape(shape)) for key, shape in network.shown_shapes.items()):
                if min(outputs, inputs) <= least:
                    need = f"unfolding needs more than {least} singular values"
                    raise ValueError(f"{layer} of {name} is {outputs} x {inputs}: {need}")

    def _require_places(self) -> None:
        for key, place in self.places:
            if place.network not in self.known_networks:
                known = ", ".join(self.known_networks)
                raise ValueError(f"{key} names the network {place.network!r}; known are {known}")
            trained = self.networks.get(place.network)
            layers = list(trained.shown_shapes) if trained else ["dense1", "dense2", "dense3"]
            if place.layer not in layers:
                has = f"{place.network}, which has {', '.join(layers)}"
                raise ValueError(f"{key} names the layer {place.layer!r} of {has}")

    def _require_sweeps(self) -> None:
        """Figures of initial weights or other output scales take networks trained here; names of scales are unique."""
        seeds = {"figure 3": [self.figure_3.network, *self.figure_3.further], "figure 4": self.figure_4.networks}
        swept = [name for names in seeds.values() for name in names]
        for name in (self.figure_2.spectrum.network, *swept):
            if name not in self.networks:
                known = f"networks that are trained here, {', '.join(self.networks)}"
                raise ValueError(f"figures 2 (spectrum), 3 and 4 take {known}; found {name!r}")
        for name in swept:
            if self.networks[name].alpha != 1:
                raise ValueError(f"networks of figures 3 and 4 have alpha 1 as they stand; that of {name} differs")
        for name in self.left_out:
            if name not in self.networks:
                raise ValueError(f"left_out names the network {name!r}; trained here are {', '.join(self.networks)}")
            if name in (self.figure_2.spectrum.network, *swept):
                raise ValueError(f"figures 2 (spectrum), 3 and 4 show {name}, which left_out leaves out")
        if self.figure_2.spectrum.layer.startswith("conv"):
            raise ValueError("figure_2.spectrum takes a dense layer: the initial law of a convolution is another one")
        for figure, names in seeds.items():
            first, *_ = trained = [self.networks[name] for name in names]
            for name, network in zip(names, trained, strict=True):
                if network.model_copy(update={"seed": first.seed}) != first:
                    raise ValueError(f"networks of {figure} differ in their seeds alone; {name} differs in more")
            if len({network.seed for network in trained}) < len(names):
                found = [network.seed for network in trained]
                raise ValueError(
                    f"networks of {figure} differ in their seeds, or errors would be too small; found {found}"
                )
        for alphas in (self.figure_3.alphas, self.figure_4.alphas):
            if sorted(set(alphas)) != alphas or any(float(f"{alpha:g}") != alpha for alpha in alphas):
                raise ValueError(f"alphas must ascend without repetition, with at most six digits; found {alphas}")

    def _require_windows(self) -> None:
        """Running means have as many vectors as their windows, and panels every matrix once."""
        shown: dict[str, tuple[int, list[Place]]] = {"figure_3": (self.figure_3.window, [self.figure_3])}
        for panel, places in self.figure_2.panels.items():
            shown[f"figure_2.panels.{panel}"] = (self.figure_2.window, places)
        for key, (window, places) in shown.items():
            for place in places:
                if places.count(place) > 1:
                    raise ValueError(f"{key} names {place.layer} of {place.network} twice")
                if window > (count := self._vectors(place)):
                    few = f"{place.layer} of {place.network} has {count} singular vectors"
                    raise ValueError(f"{few}, fewer than the window of {window} in {key}")

    def _vectors(self, place: Place) -> int:
        """Singular vectors of a matrix; of pretrained networks, those of the two hidden and the output layer."""
        if place.network in self.pretrained:
            return {"dense1": 4096, "dense2": 4096, "dense3": 1000}[place.layer]
        return min(matrix_shape(self.networks[place.network].shown_shapes[place.layer]))

    @property
    def places(self) -> list[tuple[str, Place]]:
        """Every matrix that a figure names, with repetitions, each with the key that names it."""
        places = [("figure_1.panels", place) for place in self.figure_1.panels]
        places += [("figure_2.spectrum", self.figure_2.spectrum)]
        places += [(f"figure_2.panels.{key}", place) for key, panel in self.figure_2.panels.items() for place in panel]
        swept = [Place(network=name, layer=self.figure_4.layer) for name in self.figure_4.networks]
        return [*places, ("figure_3", self.figure_3), *(("figure_4", place) for place in swept)]

    @property
    def known_networks(self) -> tuple[str, ...]:
        """Names of all networks, trained here and pretrained."""
        return (*self.networks, *self.pretrained)

    def at_alpha(self, network: str, alpha: float) -> str:
        """Name of a network at an output scale: its own name at its own scale."""
        return network if alpha == self.networks[network].alpha else f"{network}_alpha{alpha:g}"

    def network(self, name: str) -> WeightNetwork:
        """The settings of a network, or of a variant with another output scale.

        :raises UserError: if there is no such network.
        """
        base, _, alpha = name.partition("_alpha")
        if base not in self.networks:
            raise UserError(f"there is no network {name!r}; trained here are {', '.join(self.networks)}")
        entry = self.networks[base]
        return entry.model_copy(update={"alpha": float(alpha)}) if alpha else entry
