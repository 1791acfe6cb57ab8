"""MNIST: handwritten digits, flattened, with pixels in [-1, 1]."""

from deepspectra.data.sets.base import DataSet

DATA_SET = DataSet(
    inputs=28**2,
    outputs=10,
    loss="cross_entropy",
    train_samples=60_000,
    test_samples=10_000,
    file="resources/data/mnist.h5",
    stored="images",
    shape=(28, 28),
    # uint8 (count, 28, 28) to float64 (count, 784): mean 0.5 and deviation 0.5 of pixels in [0, 1].
    normalise=lambda images: images.reshape(len(images), -1) / 127.5 - 1,
)
