"""Networks of all kinds that have a Hessian and a Gauss-Newton matrix, or are refused."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, prune

from benchmarks.transformer import Bert, Sizes
from deepspectra.nn.activations import activation
from deepspectra.nn.architectures.lenet import lenet
from deepspectra.nn.architectures.minialexnet import minialexnet
from deepspectra.nn.architectures.mlp import feed_forward
from deepspectra.nn.architectures.ntk_mlp import kernel_network


class Functional(nn.Module):
    """A network with a forward of its own."""

    def __init__(self, forward, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)
        self.own = forward

    def forward(self, inputs):
        return self.own(self, inputs)


class Doubled(nn.Linear):
    """What a subclass may do."""

    def forward(self, inputs):
        return 2 * super().forward(inputs) ** 2


def mlp(*hidden, inputs=6, outputs=3):
    return feed_forward(hidden, inputs, outputs)


def scalars():
    """Two scalar layers that share their weight."""
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False))
    model[1].weight = model[0].weight
    return model


def tied_transposed():
    layer = nn.Linear(6, 3, bias=False)
    return Functional(
        lambda own, x: own.layer(functional.linear(torch.tanh(own.layer(x)), own.layer.weight.T)), layer=layer
    )


def shared(between, size=6):
    layer = nn.Linear(size, size)
    return nn.Sequential(layer, *([between] if between else []), layer)


def frozen(model, *names):
    for name in names:
        model.get_parameter(name).requires_grad_(False)
    return model


def only(model, *names):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in names)
    return model


def pruned(model, layer):
    prune.l1_unstructured(model.get_submodule(layer), "weight", 0.5)
    return model


def with_parametrisation(add, model, layer):
    add(model.get_submodule(layer))
    return model


def hooked(model, layer):
    model.get_submodule(layer).register_forward_hook(lambda layer, given, output: output**2)
    return model


class Attention(nn.Module):
    """A transformer of one block for indices (batch, places): word table tied with the readout, places learnt."""

    def __init__(self, words=7, width=4, places=3):
        super().__init__()
        self.words, self.places = nn.Embedding(words, width), nn.Parameter(torch.randn(places, width))
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.normal, self.wide, self.narrow = nn.LayerNorm(width), nn.Linear(width, 5), nn.Linear(5, width)
        self.readout = nn.Linear(width, words, bias=False)
        self.readout.weight = self.words.weight

    def forward(self, inputs):
        state = self.words(inputs) + self.places
        weights = torch.softmax(self.query(state) @ self.key(state).transpose(1, 2), dim=2)
        state = self.normal(state + weights @ self.value(state))
        return self.readout((state + self.narrow(functional.gelu(self.wide(state)))).mean(1))


def encoder():
    layer = nn.TransformerEncoderLayer(4, 2, 6, batch_first=True)
    return Functional(lambda own, x: own.last(own.layer(x.view(-1, 3, 4)).mean(1)), layer=layer, last=nn.Linear(4, 3))


def image_layers(*layers, left, classes=3):
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(left, classes))


def normalised():
    model = image_layers(
        nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Tanh(), nn.AvgPool2d(3), nn.Flatten(), nn.BatchNorm1d(4), left=4
    )
    model.train()
    for _ in range(3):
        model(torch.randn(9, 2, 5, 5))
    return model


def on_places():
    """Dense layers on several places of a sample."""
    return nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3), nn.Flatten(), nn.Linear(6, 3))


def residual():
    return Functional(
        lambda own, x: own.last(torch.relu(own.second(torch.relu_(own.first(x))) + own.skip(x)).mean((2, 3))),
        first=nn.Conv2d(2, 4, 3, stride=2, padding=1, bias=False),
        second=nn.Conv2d(4, 4, 3, padding=1, groups=2),
        skip=nn.Conv2d(2, 4, 1, stride=2),
        last=nn.Linear(4, 3),
    )


def mixing():
    """Samples that see each other in evaluation mode too."""
    return Functional(
        lambda own, x: own.last(torch.tanh(own.first(x)).cumsum(0)), first=nn.Linear(6, 4), last=nn.Linear(4, 3)
    )


def volumes():
    model = nn.Sequential(
        nn.Conv3d(2, 4, (3, 2, 1), (1, 2, 1), (1, 0, 1), groups=2), nn.BatchNorm3d(4), nn.Tanh(), nn.Flatten()
    )
    model.append(nn.Linear(4 * 3 * 2 * 5, 3))
    model.train()
    for _ in range(3):
        model(torch.randn(9, 2, 3, 4, 3))
    return model


def bert():
    return Functional(lambda own, x: own.bert(x), bert=Bert(Sizes(), 5))


def padded_words():
    """A table whose first row is not trained, looked up several times in a sample, and twice in the network."""
    return Functional(
        lambda own, x: own.last((own.table(x) + own.twice(x) * own.twice(x.flip(1))).mean(1)),
        table=nn.Embedding(5, 4, padding_idx=0),
        twice=nn.Embedding(5, 4),
        last=nn.Linear(4, 5),
    )


IMAGES, WORDS = (2, 5, 5), "words"
#: Name -> network, shape of a sample, outputs, losses, and the methods beside "dense" that serve its Hessian
#: (None where torch itself lacks a second derivative).
CASES = {
    "softmax regression": (lambda: mlp(), (6,), 3, ("cross_entropy", "squared"), {"gram", "piecewise"}),
    "mlp": (lambda: mlp(5, 4), (6,), 3, ("cross_entropy", "squared"), {"piecewise"}),
    "one output": (lambda: mlp(5, 4, outputs=1), (6,), 1, ("squared",), {"piecewise"}),
    "tanh": (lambda: feed_forward([5, 4], 6, 3, "tanh"), (6,), 3, ("cross_entropy",), set()),
    "ntk_mlp": (lambda: kernel_network(6, [5, 4], activation("erf"), 2), (6,), 2, ("squared",), set()),
    "lenet": (
        lambda: only(lenet(side=16, outputs=3), "conv1.bias", "conv2.bias", "output.weight"),
        (3, 16, 16),
        3,
        ("cross_entropy",),
        {"piecewise"},
    ),
    "minialexnet": (
        lambda: only(minialexnet(7, 3), "conv2.bias", "output.bias"),
        (3, 7, 7),
        3,
        ("cross_entropy",),
        set(),
    ),
    "tied": (scalars, (1,), 1, ("squared",), set()),
    "tied and transposed": (tied_transposed, (6,), 3, ("cross_entropy", "squared"), set()),
    "shared with ReLU": (lambda: shared(nn.ReLU()), (6,), 6, ("cross_entropy",), set()),
    "shared with nothing between": (lambda: shared(None), (6,), 6, ("squared",), set()),
    "frozen bias": (lambda: frozen(mlp(), "output.bias"), (6,), 3, ("cross_entropy",), {"gram", "piecewise"}),
    "frozen first bias": (lambda: frozen(mlp(5, 4), "dense1.bias"), (6,), 3, ("cross_entropy",), {"piecewise"}),
    "frozen first weight": (lambda: frozen(mlp(5, 4), "dense1.weight"), (6,), 3, ("cross_entropy",), {"piecewise"}),
    "frozen amid": (lambda: frozen(mlp(5, 4), "dense2.weight", "output.bias"), (6,), 3, ("squared",), {"piecewise"}),
    "only one bias": (lambda: only(mlp(5, 4), "dense2.bias"), (6,), 3, ("cross_entropy",), {"piecewise"}),
    "pruned": (lambda: pruned(mlp(5, 4), "dense2"), (6,), 3, ("cross_entropy",), set()),
    "pruned regression": (lambda: pruned(mlp(), "output"), (6,), 3, ("cross_entropy",), set()),
    "weight norm": (
        lambda: with_parametrisation(parametrizations.weight_norm, mlp(), "output"),
        (6,),
        3,
        ("squared",),
        None,
    ),
    "older weight norm": (
        lambda: with_parametrisation(torch.nn.utils.weight_norm, mlp(), "output"),
        (6,),
        3,
        ("squared",),
        None,
    ),
    "spectral norm": (
        lambda: with_parametrisation(parametrizations.spectral_norm, mlp(4), "dense1"),
        (6,),
        3,
        ("cross_entropy",),
        set(),
    ),
    "hook": (lambda: hooked(mlp(), "output"), (6,), 3, ("squared",), set()),
    "subclass": (lambda: nn.Sequential(Doubled(6, 3)), (6,), 3, ("cross_entropy",), set()),
    "nested": (
        lambda: nn.Sequential(nn.Sequential(nn.Linear(6, 5), nn.ReLU()), nn.Linear(5, 3)),
        (6,),
        3,
        ("cross_entropy",),
        set(),
    ),
    "unused layer": (
        lambda: Functional(lambda own, x: own.used(x), used=nn.Linear(6, 3), idle=nn.Linear(6, 3)),
        (6,),
        3,
        ("cross_entropy",),
        set(),
    ),
    "another layer's weight": (
        lambda: Functional(
            lambda own, x: own.last(functional.linear(own.first(x), own.last.weight.T)),
            first=nn.Linear(6, 3),
            last=nn.Linear(6, 3),
        ),
        (6,),
        3,
        ("squared",),
        set(),
    ),
    "in place": (
        lambda: nn.Sequential(nn.Linear(6, 5), nn.ReLU(inplace=True), nn.Linear(5, 3)),
        (6,),
        3,
        ("cross_entropy",),
        {"piecewise"},
    ),
    "samples mix": (mixing, (6,), 3, ("cross_entropy",), set()),
    "transformer": (Attention, WORDS, 7, ("cross_entropy",), set()),
    "bert": (bert, WORDS, 5, ("cross_entropy", "squared"), set()),
    "padded words": (padded_words, WORDS, 5, ("cross_entropy",), set()),
    "wide on places": (
        lambda: nn.Sequential(nn.Linear(6, 60), nn.Tanh(), nn.Linear(60, 40), nn.Flatten(), nn.Linear(120, 9)),
        (3, 6),
        9,
        ("cross_entropy",),
        set(),
    ),
    "sequences": (
        lambda: image_layers(nn.Conv1d(2, 4, 3, 2, 1, 2, groups=2), nn.BatchNorm1d(4), nn.Tanh(), left=16),
        (2, 9),
        3,
        ("cross_entropy",),
        set(),
    ),
    "volumes": (volumes, (2, 3, 4, 3), 3, ("cross_entropy",), set()),
    "torch's encoder": (encoder, (12,), 3, ("cross_entropy",), set()),
    "several places": (on_places, (2, 6), 3, ("cross_entropy",), set()),
    "layer norm of two axes": (
        lambda: nn.Sequential(nn.LayerNorm((2, 6)), nn.Flatten(), nn.Linear(12, 3)),
        (2, 6),
        3,
        ("cross_entropy",),
        set(),
    ),
    "group norm": (
        lambda: image_layers(nn.Conv2d(2, 4, 3), nn.GroupNorm(2, 4), nn.Tanh(), left=36),
        IMAGES,
        3,
        ("cross_entropy",),
        set(),
    ),
    "batch norm": (normalised, IMAGES, 3, ("cross_entropy",), set()),
    "residual": (residual, IMAGES, 3, ("cross_entropy",), set()),
    "groups": (
        lambda: image_layers(nn.Conv2d(2, 4, 3, groups=2), nn.ReLU(), left=36),
        IMAGES,
        3,
        ("cross_entropy",),
        set(),
    ),
    "many places": (
        lambda: image_layers(nn.Conv2d(2, 3, 2, groups=1), nn.ReLU(), left=48),
        IMAGES,
        3,
        ("cross_entropy",),
        {"piecewise"},
    ),
    "stride, dilation, zeros": (
        lambda: image_layers(
            nn.Conv2d(2, 4, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2)), nn.ReLU(), nn.MaxPool2d(2), left=12
        ),
        IMAGES,
        3,
        ("cross_entropy",),
        {"piecewise"},
    ),
    "padded to the same size": (
        lambda: image_layers(nn.Conv2d(2, 3, 3, padding="same"), nn.ReLU(), nn.AvgPool2d(2), left=12),
        IMAGES,
        3,
        ("cross_entropy",),
        {"piecewise"},
    ),
    "padded unequally": (
        lambda: image_layers(nn.Conv2d(2, 3, 2, padding="same"), nn.ReLU(), nn.AvgPool2d(2), left=12),
        IMAGES,
        3,
        ("cross_entropy",),
        set(),
    ),
    "circular": (
        lambda: image_layers(
            nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular"), nn.ReLU(), nn.AvgPool2d(2), left=12
        ),
        IMAGES,
        3,
        ("cross_entropy",),
        set(),
    ),
    "transposed convolution": (
        lambda: image_layers(nn.ConvTranspose2d(2, 2, 2), nn.Tanh(), left=72),
        IMAGES,
        3,
        ("cross_entropy",),
        set(),
    ),
}
