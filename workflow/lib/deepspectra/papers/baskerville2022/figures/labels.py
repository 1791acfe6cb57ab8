"""How figures name networks and matrices, where files have keys."""

from deepspectra.papers.baskerville2022.names import parts_of

__all__ = ["matrix_title", "network_title"]

#: Networks of the paper; others keep their keys.
_NETWORKS = {
    "logistic_mnist": "softmax regression on MNIST",
    "logistic_features": "softmax regression on CIFAR-10 features",
    "mlp_mnist": "perceptron on MNIST",
    "mlp_deep_mnist": "deep perceptron on MNIST",
    "lenet_cifar10": "small LeNet on CIFAR-10",
    "mlp_cifar10": "perceptron on CIFAR-10",
    "mlp_bike": "perceptron on Bike Sharing",
}
_KINDS = {"hessian": "Hessian", "gauss_newton": "Gauss-Newton matrix"}
_STATES = {"final": "", "initial": ", untrained"}


def network_title(spectrum: str) -> str:
    """The network of a spectrum, and whether it is trained."""
    network, state, _, _ = parts_of(spectrum)
    return f"{_NETWORKS.get(network, network.replace('_', ' '))}{_STATES[state]}"


def matrix_title(spectrum: str) -> str:
    """The kind of matrix of a spectrum."""
    return _KINDS[parts_of(spectrum).kind]
