"""Features: CIFAR-10 images embedded by a network trained on ImageNet (:mod:`deepspectra.data.features`)."""

from deepspectra.data.sets.base import DataSet
from deepspectra.nn.images import CLASSES

__all__ = ["DATA_SET"]

# The last layer of the paper's ResNet-34 takes 512 features; EfficientNet-Lite0, which may stand in for it, has 1280.
DATA_SET = DataSet(
    inputs=512,
    outputs=CLASSES,
    loss="cross_entropy",
    train_samples=50_000,
    test_samples=10_000,
    file="features/cifar10.h5",
    stored="features",
    shape=("features",),
    most_inputs=1280,
)
