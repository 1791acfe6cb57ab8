"""EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation, with ReLU6.

Stands in where the weights of ResNet-34 are out of reach. Modules have the names in the file of its weights.
"""

import torch
from torch import nn
from torch.nn import functional

from deepspectra.nn.backbones import Backbone

__all__ = ["BACKBONE", "EfficientNetLite0"]

# Blocks of each stage, alike but for the first one's stride: how many, filter side, stride, expansion, outputs.
_STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80)]
_STAGES += [(3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)]
_STEM, _FEATURES, _CLASSES, _EPSILON = 32, 1280, 1000, 1e-3


class _Convolution(nn.Conv2d):
    """Of stride 1 or 2 without bias, padded as TensorFlow's "same": ceil(length / stride) outputs, and where the number
    of zeros is odd, one more at the end. torch pads both sides alike."""

    def __init__(self, inputs: int, outputs: int, side: int, stride: int = 1, groups: int = 1) -> None:
        padding = side // 2 if stride == 1 else 0
        super().__init__(inputs, outputs, side, stride, padding, groups=groups, bias=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.stride[0] == 2:
            width, height = (self.kernel_size[0] - 2 + length % 2 for length in (images.shape[3], images.shape[2]))
            images = functional.pad(images, [width // 2, width - width // 2, height // 2, height - height // 2])
        return super().forward(images)


class _InvertedResidual(nn.Module):
    """Expansion to more channels, one filter a channel, projection to fewer; the input is added where it fits."""

    def __init__(self, inputs: int, outputs: int, side: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expands, self.adds = expansion > 1, stride == 1 and inputs == outputs
        if self.expands:
            self._expand_conv = _Convolution(inputs, inner, 1)
            self._bn0 = nn.BatchNorm2d(inner, _EPSILON)
        self._depthwise_conv = _Convolution(inner, inner, side, stride, groups=inner)
        self._bn1 = nn.BatchNorm2d(inner, _EPSILON)
        self._project_conv = _Convolution(inner, outputs, 1)
        self._bn2 = nn.BatchNorm2d(outputs, _EPSILON)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        values = functional.relu6(self._bn0(self._expand_conv(images)), inplace=True) if self.expands else images
        values = functional.relu6(self._bn1(self._depthwise_conv(values)), inplace=True)
        values = self._bn2(self._project_conv(values))
        return values + images if self.adds else values


class EfficientNetLite0(nn.Module):
    """The network with its classifier for the 1000 classes of ImageNet."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _Convolution(3, _STEM, 3, stride=2)
        self._bn0 = nn.BatchNorm2d(_STEM, _EPSILON)
        self._blocks = nn.ModuleList()
        channels = _STEM
        for count, side, stride, expansion, outputs in _STAGES:
            for number in range(count):
                self._blocks.append(_InvertedResidual(channels, outputs, side, 1 if number else stride, expansion))
                channels = outputs
        self._conv_head = _Convolution(channels, _FEATURES, 1)
        self._bn1 = nn.BatchNorm2d(_FEATURES, _EPSILON)
        self._fc = nn.Linear(_FEATURES, _CLASSES)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Outputs, shape (images, 1000), of images normalised by the backbone's mean and deviation."""
        values = functional.relu6(self._bn0(self._conv_stem(images)), inplace=True)
        for block in self._blocks:
            values = block(values)
        values = functional.relu6(self._bn1(self._conv_head(values)), inplace=True)
        return self._fc(values.mean((2, 3)))


BACKBONE = Backbone(
    title="EfficientNet-Lite0",
    features=_FEATURES,
    # (pixel - 127) / 128 in its authors' code, unlike the larger EfficientNets.
    mean=(127 / 255,) * 3,
    deviation=(128 / 255,) * 3,
    build=EfficientNetLite0,
    classifier="_fc",
    folded=(
        *(("_conv_stem", "_bn0"), ("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1")),
        *(("_project_conv", "_bn2"), ("_conv_head", "_bn1")),
    ),
)
