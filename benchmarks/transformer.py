"""An encoder of sentences as BERT has it, in plain torch, with the parameter names of published checkpoints.

    CHECKPOINT=FOLDER uv run deepspectra curvature benchmarks.transformer:sentences

analyses the network of a folder with ``model.safetensors``, ``config.json`` and ``vocab.txt``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from deepspectra.data.checkpoints import Checkpoint, open_checkpoint

__all__ = ["Bert", "Sizes", "sentences", "word_pieces"]

#: Of the batch: sentences, words each with the marks at both ends, and classes of the head.
COUNT, LENGTH, CLASSES = 32, 24, 5


@dataclass(frozen=True)
class Sizes:
    """As a checkpoint's ``config.json`` calls them."""

    vocab_size: int = 20
    hidden_size: int = 16
    num_hidden_layers: int = 2
    num_attention_heads: int = 4
    intermediate_size: int = 32
    max_position_embeddings: int = 8
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12


def named(**layers: nn.Module) -> nn.Module:
    """A module that only holds others."""
    holder = nn.Module()
    for name, layer in layers.items():
        holder.add_module(name, layer)
    return holder


class Layer(nn.Module):
    """Attention and a dense network, each added to its input and normalised."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width, inner = sizes.hidden_size, sizes.intermediate_size
        self.heads = sizes.num_attention_heads

        def left(entering: int) -> nn.Module:
            return named(dense=nn.Linear(entering, width), LayerNorm=nn.LayerNorm(width, sizes.layer_norm_eps))

        projections = {name: nn.Linear(width, width) for name in ("query", "key", "value")}
        self.attention = named(self=named(**projections), output=left(width))
        self.intermediate, self.output = named(dense=nn.Linear(width, inner)), left(inner)

    def forward(self, state: torch.Tensor) -> torch.Tensor:
        own = self.attention.get_submodule("self")
        query, key, value = (
            own.get_submodule(name)(state).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        mixed = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        after = self.attention.output
        state = after.LayerNorm(state + after.dense(mixed))
        wide = functional.gelu(self.intermediate.dense(state))
        return self.output.LayerNorm(state + self.output.dense(wide))


class Bert(nn.Module):
    """Word indices (batch, places) to outputs: the encoder, the mean over places, and a dense head."""

    def __init__(self, sizes: Sizes, outputs: int) -> None:
        super().__init__()
        width = sizes.hidden_size
        self.embeddings = named(
            word_embeddings=nn.Embedding(sizes.vocab_size, width),
            position_embeddings=nn.Embedding(sizes.max_position_embeddings, width),
            token_type_embeddings=nn.Embedding(sizes.type_vocab_size, width),
            LayerNorm=nn.LayerNorm(width, sizes.layer_norm_eps),
        )
        self.encoder = named(layer=nn.ModuleList(Layer(sizes) for _ in range(sizes.num_hidden_layers)))
        # Published checkpoints have it, and the mean over places leaves it unused.
        self.pooler = named(dense=nn.Linear(width, width))
        self.head = nn.Linear(width, outputs)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        table = self.embeddings
        places = torch.arange(words.shape[1], device=words.device).expand_as(words)
        state = table.word_embeddings(words) + table.position_embeddings(places)
        state = table.LayerNorm(state + table.token_type_embeddings(torch.zeros_like(words)))
        for layer in self.encoder.layer:
            state = layer(state)
        return self.head(state.mean(1))

    def load(self, checkpoint: Checkpoint) -> Bert:
        """Take all parameters except the head's from a checkpoint, by name."""
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if not name.startswith("head."):
                    parameter.copy_(torch.from_numpy(checkpoint.tensors[name].read()))
        return self


def sentences() -> tuple[Bert, str, tuple[torch.Tensor, torch.Tensor]]:
    """The network of the folder CHECKPOINT with a random head, and a batch: what CHANGELOG.md says of version 0.1.0 in
    pieces of equal length, with classes in turn."""
    folder = Path(os.environ["CHECKPOINT"])
    config = json.loads((folder / "config.json").read_text("utf-8"))
    torch.manual_seed(1)
    model = Bert(Sizes(**{field.name: config[field.name] for field in fields(Sizes)}), CLASSES)
    model.load(open_checkpoint(folder / "model.safetensors"))
    words = (folder / "vocab.txt").read_text("utf-8").split("\n")
    places = {word: place for place, word in enumerate(words)}
    text = Path(__file__).parents[1].joinpath("CHANGELOG.md").read_text("utf-8").partition("\n## 0.1.0\n")[2]
    found, inner = list(word_pieces(text, places)), LENGTH - 2
    rows = [[places["[CLS]"], *found[n * inner : (n + 1) * inner], places["[SEP]"]] for n in range(COUNT)]
    return model.eval(), "cross_entropy", (torch.tensor(rows), torch.arange(COUNT) % CLASSES)


def word_pieces(text: str, places: dict[str, int]) -> Iterator[int]:
    """Places of the longest pieces of each word in a vocabulary, from its beginning on."""
    for word in re.findall(r"[a-z]+|[0-9]+|[^\sa-z0-9]", text.lower()):
        start = 0
        while start < len(word):
            pieces = (("##" if start else "") + word[start:stop] for stop in range(len(word), start, -1))
            piece = next((piece for piece in pieces if piece in places), None)
            yield places["[UNK]" if piece is None else piece]
            start += len(word) if piece is None else len(piece.removeprefix("##"))
