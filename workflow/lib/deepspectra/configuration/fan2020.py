"""Settings of Fan and Wang (2020)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from deepspectra.configuration.types import Node, Seed


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
            raise ValueError(
                "removed_components must be fewer than samples - 1 and than the 3072 pixels, "
                f"found {self.removed_components} with {self.samples} samples"
            )
        return self


class Fan2020(Node):
    """Spectra of the conjugate kernel and neural tangent kernel (Fan and Wang 2020)."""

    figure_1: GaussianKernelSpectra = Field(description="Gaussian inputs.")
    figure_2: ImageKernelSpectra = Field(description="CIFAR-10 images without their leading principal components.")
