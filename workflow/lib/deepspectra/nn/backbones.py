"""Networks trained on ImageNet, as maps from images to features: what they have before their classifier.

``resnet34``            512 features; what baskerville2022 takes, by torchvision
``efficientnet_lite0``  1280 features; where the weights of the other are out of reach

For speed batch normalisation is folded into the convolutions before it, and images lie with their channels last: on a
CPU that is two to three times as fast, and equal but for float32 rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from deepspectra.nn.architectures import IMAGENET_DEVIATION, IMAGENET_MEAN
from deepspectra.runtime.errors import UserError

#: Height and width of the images that both networks were trained on.
SIDE = 224

# Blocks of EfficientNet-Lite0, alike but for the first one's stride: how many, filter side, stride, expansion, outputs.
_LITE0_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_LITE0_STEM, _LITE0_FEATURES, _CLASSES = 32, 1280, 1000
_LITE0_EPSILON = 1e-3


class _Convolution(nn.Conv2d):
    """Without bias, padded as TensorFlow's "same": ceil(length / stride) outputs, and where the padding is odd the
    further zero is at the end, other than torch's."""

    def __init__(self, inputs: int, outputs: int, side: int, stride: int = 1, groups: int = 1) -> None:
        padding = side // 2 if stride == 1 else 0
        super().__init__(inputs, outputs, side, stride, padding, groups=groups, bias=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.stride[0] > 1:
            margins = []
            for length in (images.shape[3], images.shape[2]):
                covered = (-(-length // self.stride[0]) - 1) * self.stride[0] + self.kernel_size[0]
                zeros = max(covered - length, 0)
                margins += [zeros // 2, zeros - zeros // 2]
            images = functional.pad(images, margins)
        return super().forward(images)


class _InvertedResidual(nn.Module):
    """Expansion to more channels, a filter for each channel, projection to fewer; the input is added where it fits."""

    def __init__(self, inputs: int, outputs: int, side: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expands, self.adds = expansion > 1, stride == 1 and inputs == outputs
        # Names are those in the file of weights.
        if self.expands:
            self._expand_conv = _Convolution(inputs, inner, 1)
            self._bn0 = nn.BatchNorm2d(inner, _LITE0_EPSILON)
        self._depthwise_conv = _Convolution(inner, inner, side, stride, groups=inner)
        self._bn1 = nn.BatchNorm2d(inner, _LITE0_EPSILON)
        self._project_conv = _Convolution(inner, outputs, 1)
        self._bn2 = nn.BatchNorm2d(outputs, _LITE0_EPSILON)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        values = images
        if self.expands:
            values = functional.relu6(self._bn0(self._expand_conv(values)), inplace=True)
        values = functional.relu6(self._bn1(self._depthwise_conv(values)), inplace=True)
        values = self._bn2(self._project_conv(values))
        return values + images if self.adds else values


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation, with ReLU6."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _Convolution(3, _LITE0_STEM, 3, stride=2)
        self._bn0 = nn.BatchNorm2d(_LITE0_STEM, _LITE0_EPSILON)
        self._blocks = nn.ModuleList()
        channels = _LITE0_STEM
        for count, side, stride, expansion, outputs in _LITE0_STAGES:
            for number in range(count):
                self._blocks.append(_InvertedResidual(channels, outputs, side, 1 if number else stride, expansion))
                channels = outputs
        self._conv_head = _Convolution(channels, _LITE0_FEATURES, 1)
        self._bn1 = nn.BatchNorm2d(_LITE0_FEATURES, _LITE0_EPSILON)
        self._fc = nn.Linear(_LITE0_FEATURES, _CLASSES)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Outputs for the classes of ImageNet, shape (images, 1000), of images as :class:`Embedding` scales them."""
        values = functional.relu6(self._bn0(self._conv_stem(images)), inplace=True)
        for block in self._blocks:
            values = block(values)
        values = functional.relu6(self._bn1(self._conv_head(values)), inplace=True)
        return self._fc(values.mean((2, 3)))


@dataclass(frozen=True)
class Backbone:
    """A kind of network.

    ``title``: its name for a caption. ``features``: how many it has.
    ``mean``, ``deviation``: of each channel, of pixels in [0, 1]; by them its images were normalised in training.
    ``build``: the network with its classifier, which is its layer ``classifier``.
    ``folded``: names of the convolutions and of the batch normalisations that follow them, in whatever module.
    """

    title: str
    features: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    build: Callable[[], nn.Module]
    classifier: str
    folded: tuple[tuple[str, str], ...]


BACKBONES = {
    "resnet34": Backbone(
        title="ResNet-34",
        features=512,
        mean=IMAGENET_MEAN,
        deviation=IMAGENET_DEVIATION,
        build=torchvision.models.resnet34,
        classifier="fc",
        folded=(("conv1", "bn1"), ("conv2", "bn2"), ("0", "1")),
    ),
    "efficientnet_lite0": Backbone(
        title="EfficientNet-Lite0",
        features=_LITE0_FEATURES,
        # By its authors' code, (pixel - 127) / 128: other than those of the larger EfficientNets.
        mean=(127 / 255,) * 3,
        deviation=(128 / 255,) * 3,
        build=EfficientNetLite0,
        classifier="_fc",
        folded=(
            *(("_conv_stem", "_bn0"), ("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1")),
            *(("_project_conv", "_bn2"), ("_conv_head", "_bn1")),
        ),
    ),
}


class Embedding(nn.Module):
    """uint8 images (count, 3, 224, 224) to features (count, features), float32."""

    def __init__(self, network: nn.Module, backbone: Backbone) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", 255 * torch.tensor(backbone.mean).view(3, 1, 1))
        self.register_buffer("deviation", 255 * torch.tensor(backbone.deviation).view(3, 1, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """What the network makes of images of shape (images, 3, height, width), from 0 to 255."""
        values = (images.to(torch.float32) - self.mean) / self.deviation
        return self.network(values.contiguous(memory_format=torch.channels_last))


def parameter_shapes(name: str) -> dict[str, tuple[int, ...]]:
    """Shape of every parameter and buffer of a backbone, named as in HDF5: ``layer1/0/conv1/weight``."""
    with torch.device("meta"):
        state = BACKBONES[name].build().state_dict()
    return {
        key.replace(".", "/"): tuple(value.shape)
        for key, value in state.items()
        if not key.endswith("num_batches_tracked")
    }


def load_embedding(name: str, arrays: Mapping[str, np.ndarray]) -> Embedding:
    """A backbone with its weights, for evaluation, on the CPU.

    :param arrays: float32, all of :func:`parameter_shapes` and no other.
    :raises UserError: if one is missing, is too many or has another shape.
    """
    backbone = BACKBONES[name]
    expected = parameter_shapes(name)
    wrong = sorted(
        key for key in expected.keys() | arrays.keys() if key not in arrays or arrays[key].shape != expected.get(key)
    )
    if wrong:
        raise UserError(
            f"the weights are not those of {backbone.title}: {len(wrong)} arrays are missing, too many or of another "
            f"shape, the first of them {wrong[0]}. Delete resources/backbones and run again."
        )
    # Nothing is drawn for weights that are replaced at once.
    with torch.device("meta"):
        network = backbone.build()
    state = {key.replace("/", "."): torch.from_numpy(array) for key, array in arrays.items()}
    network.load_state_dict(state, strict=True, assign=True)
    setattr(network, backbone.classifier, nn.Identity())
    network.eval().requires_grad_(False)
    _fold_normalisation(network, backbone.folded)
    return Embedding(network, backbone).eval().to(memory_format=torch.channels_last)


def _fold_normalisation(network: nn.Module, pairs: tuple[tuple[str, str], ...]) -> None:
    """Put every batch normalisation into the convolution before it, in place."""
    for module in list(network.modules()):
        for convolution, normalisation in pairs:
            first, second = (getattr(module, key, None) for key in (convolution, normalisation))
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                setattr(module, convolution, fuse_conv_bn_eval(first, second))
                setattr(module, normalisation, nn.Identity())
