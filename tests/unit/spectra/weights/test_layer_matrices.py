"""Which matrices a network has: the same parts as its layers use."""

import h5py
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from deepspectra.data.checkpoints import open_checkpoint
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.weights.layer_matrices import network_layers

TORCH = torch.Generator().manual_seed(0)


def analysed(source, **options):
    return {matrix.name: matrix for matrix in network_layers(open_checkpoint(source), **options) if not matrix.left_out}


def left_out(source, **options):
    return {
        matrix.name: matrix.left_out for matrix in network_layers(open_checkpoint(source), **options) if matrix.left_out
    }


def matrix_of(matrix):
    found = matrix.of(matrix.tensor.read())
    assert found.shape == (matrix.outputs, matrix.inputs)
    return found


def test_a_transformer_has_these():
    module = nn.TransformerEncoderLayer(32, 4, 64)
    found = analysed(module)
    assert {name: matrix.kind for name, matrix in found.items()} == {
        **{f"self_attn.in_proj_weight ({part})": "attention" for part in ("query", "key", "value")},
        **{"self_attn.out_proj": "attention", "linear1": "dense", "linear2": "dense"},
    }
    fused = module.self_attn.in_proj_weight.detach().double().numpy()
    parts = [matrix_of(found[f"self_attn.in_proj_weight ({part})"]) for part in ("query", "key", "value")]
    np.testing.assert_array_equal(np.concatenate(parts), fused)


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("layer", [nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d])
def test_matrices_of_convolutions_map_patches_to_outputs(layer, groups):
    """A kernel as large as the input is one matrix product a group; transposed, on an input of one pixel."""
    module = layer(32, 64, 2, groups=groups)
    matrices = [matrix_of(matrix) for matrix in analysed(module).values()]
    assert len(matrices) == groups
    weight = module.weight.detach().double()
    transposed = "Transpose" in layer.__name__
    inputs = torch.randn(1, 32, *[1 if transposed else 2] * (weight.ndim - 2), dtype=torch.float64, generator=TORCH)
    function = getattr(functional, f"conv{'_transpose' * transposed}{weight.ndim - 2}d")
    expected = function(inputs, weight, groups=groups)[0].numpy()
    for group, matrix in enumerate(matrices):
        values = inputs[0].numpy().reshape(groups, -1)[group]
        if transposed:
            # Rows are outputs, columns inputs x kernel: sum over the inputs for each place of the kernel.
            products = np.einsum("oik,i->ok", matrix.reshape(64 // groups, 32 // groups, -1), values).ravel()
        else:
            products = matrix @ values
        np.testing.assert_allclose(products, expected.reshape(groups, -1)[group], atol=1e-12)


def test_depthwise_filters_are_vectors():
    assert "64 groups of one filter" in left_out(nn.Sequential(nn.Conv2d(64, 64, 5, groups=64), nn.Linear(20, 20)))["0"]
    file = {"depthwise.weight": torch.zeros(64, 1, 5, 5), "dense.weight": torch.zeros(20, 20)}
    assert "depthwise" in left_out(file)["depthwise"]


@pytest.mark.parametrize(("layer", "gates"), [(nn.LSTM, 4), (nn.GRU, 3), (nn.RNN, 1)])
def test_recurrent_layers_are_split_by_gate(layer, gates):
    module = nn.ModuleDict({layer.__name__.lower(): layer(24, 16)})
    found = analysed(module)
    assert len(found) == 2 * gates
    assert {matrix.kind for matrix in found.values()} == {"recurrent"}
    name = f"{layer.__name__.lower()}.weight_hh_l0"
    parts = [matrix_of(matrix) for matrix in found.values() if matrix.layer == name]
    np.testing.assert_array_equal(np.concatenate(parts), module.state_dict()[name].double().numpy())
    if gates == 4:
        assert [matrix.part for matrix in found.values()][:4] == ["input gate", "forget gate", "cell", "output gate"]


def test_attention_by_head():
    weights = {"attention.query.weight": torch.randn(64, 64), "attention.output.dense.weight": torch.randn(64, 64)}
    found = analysed(weights, head_size=16)
    assert len(found) == 8
    query = found["attention.query (head 1)"]
    np.testing.assert_array_equal(matrix_of(query), weights["attention.query.weight"][16:32].double().numpy())
    output = found["attention.output.dense (head 3)"]
    assert (output.outputs, output.inputs) == (64, 16)
    np.testing.assert_array_equal(matrix_of(output), weights["attention.output.dense.weight"][:, 48:].double().numpy())


def test_fused_projections_stored_with_inputs_as_rows():
    weight = torch.randn(32, 96)
    found = analysed({"h.0.attn.c_attn.weight": weight, "h.0.attn.bias": torch.ones(1, 1, 40, 40)})
    assert list(found) == [f"h.0.attn.c_attn ({part})" for part in ("query", "key", "value")]
    np.testing.assert_array_equal(matrix_of(found["h.0.attn.c_attn (key)"]), weight[:, 32:64].T.double().numpy())
    whole = analysed({"attention.query_key_value.weight": torch.randn(96, 32)})
    assert "taken together" in whole["attention.query_key_value"].note


def test_layers_stored_with_inputs_as_rows_are_told_by_the_fused_one():
    """GPT-2's Conv1D multiplies inputs by its weight from the right; others of the same names are linear layers."""
    shapes = {"attn.c_attn": (32, 96), "attn.c_proj": (32, 32), "mlp.c_fc": (32, 128), "mlp.c_proj": (128, 32)}
    names = {f"h.0.{name}.weight": torch.randn(shape, generator=TORCH) for name, shape in shapes.items()}
    found = analysed(names)
    linear = analysed({name: weight.T.contiguous() for name, weight in names.items()})
    assert found.keys() == linear.keys()
    for name, matrix in found.items():
        np.testing.assert_array_equal(matrix_of(matrix), matrix_of(linear[name]))
    assert (found["h.0.mlp.c_fc"].outputs, found["h.0.mlp.c_fc"].inputs) == (128, 32)
    assert (found["h.0.mlp.c_proj"].outputs, found["h.0.mlp.c_proj"].inputs) == (32, 128)
    assert found["h.0.attn.c_attn (query)"].is_transposed
    assert not linear["h.0.attn.c_attn (query)"].is_transposed


# The newer Keras numbers the arrays of a layer, and keeps inputs as rows.
UNITS, WIDTH = 16, 24


def keras_file(path, arrays):
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array
    return path


@pytest.mark.parametrize(
    ("cell", "gates"),
    [
        ("layers/gru/cell", ["update gate", "reset gate", "candidate"]),
        ("layers/lstm_1/cell", ["input gate", "forget gate", "cell", "output gate"]),
    ],
)
def test_gates_of_the_newer_keras(cell, gates, tmp_path):
    rng = np.random.default_rng(1)
    kernels = {
        f"{cell}/vars/{place}": rng.standard_normal((rows, len(gates) * UNITS))
        for place, rows in ((0, WIDTH), (1, UNITS))
    }
    path = keras_file(tmp_path / "model.weights.h5", kernels | {f"{cell}/vars/2": np.zeros((2, len(gates) * UNITS))})
    found = analysed(path)
    assert [matrix.part for matrix in found.values()] == gates * 2
    for place, gate in enumerate(gates):
        for name, kernel in kernels.items():
            expected = kernel[:, place * UNITS : (place + 1) * UNITS].T
            np.testing.assert_array_equal(matrix_of(found[f"{name} ({gate})"]), expected)


def test_gates_of_a_wrapped_cell_follow_from_its_square_blocks(tmp_path):
    rng = np.random.default_rng(2)
    cell = "layers/bidirectional/forward_layer/cell/vars"
    kernels = {
        f"{cell}/0": rng.standard_normal((WIDTH, 4 * UNITS)),
        f"{cell}/1": rng.standard_normal((UNITS, 4 * UNITS)),
    }
    found = analysed(keras_file(tmp_path / "model.weights.h5", kernels))
    assert {matrix.kind for matrix in found.values()} == {"recurrent"}
    assert "do not tell its gates" in found[f"{cell}/0"].note
    assert len(found) == 1 + 4


def test_other_layers_of_the_newer_keras(tmp_path):
    rng = np.random.default_rng(3)
    arrays = {
        "layers/dense/vars/0": rng.standard_normal((20, 30)),
        "layers/dense/vars/1": np.zeros(30),
        "layers/conv2d/vars/0": rng.standard_normal((3, 3, 8, 16)),
        "layers/embedding/vars/0": rng.standard_normal((50, 20)),
        "layers/multi_head_attention/query_dense/vars/0": rng.standard_normal((20, 4, 8)),
        "layers/multi_head_attention/query_dense/vars/1": np.zeros((4, 8)),
        "layers/multi_head_attention/output_dense/vars/0": rng.standard_normal((4, 8, 20)),
    }
    path = keras_file(tmp_path / "model.weights.h5", arrays)
    found = {name.split("/", 1)[1]: matrix for name, matrix in analysed(path).items()}
    query, output = (f"multi_head_attention/{side}_dense/vars/0" for side in ("query", "output"))
    kinds = {"dense/vars/0": "dense", "conv2d/vars/0": "convolution", "embedding/vars/0": "embedding"}
    assert {name: matrix.kind for name, matrix in found.items()} == kinds | {query: "attention", output: "attention"}
    dense, kernel, table, projection, joined = (arrays[f"layers/{name}"] for name in (*kinds, query, output))
    np.testing.assert_array_equal(matrix_of(found["dense/vars/0"]), dense.T)
    np.testing.assert_array_equal(matrix_of(found["embedding/vars/0"]), table)
    np.testing.assert_array_equal(matrix_of(found["conv2d/vars/0"]), kernel.transpose(3, 2, 0, 1).reshape(16, 72))
    inputs = rng.standard_normal(20)
    np.testing.assert_allclose(matrix_of(found[query]) @ inputs, np.einsum("i,ihs->hs", inputs, projection).ravel())
    heads = rng.standard_normal((4, 8))
    np.testing.assert_allclose(matrix_of(found[output]) @ heads.ravel(), np.einsum("hs,hso->o", heads, joined))
    assert left_out(path)["layers/multi_head_attention/query_dense/vars/1"] == "a bias"


def test_tied_weights_come_once():
    module = nn.Sequential(nn.Embedding(50, 20), nn.Linear(20, 50, bias=False))
    module[1].weight = module[0].weight
    assert len(analysed(module)) == 1
    assert left_out(module) == {"1": "tied to 0"}


def test_objects_beside_weights_are_left_out(tmp_path):
    np.savez(tmp_path / "mixed.npz", **{"dense.weight": np.ones((20, 20)), "names": np.array([None, "a"])})
    for source in (tmp_path / "mixed.npz", dict(np.load(tmp_path / "mixed.npz", allow_pickle=True))):
        assert set(analysed(source)) == {"dense"}
        assert left_out(source) == {"names": "Python objects, which are refused: loading weights must not run code"}


def test_what_is_left_out_has_a_reason():
    weights = {
        "dense.weight": torch.randn(20, 20),
        "dense.bias": torch.randn(20),
        "small.weight": torch.randn(14, 400),
        "mask.weight": torch.ones(20, 20, dtype=torch.bool),
        "quantised.weight": torch.ones(20, 20, dtype=torch.int8),
        "eighth.weight": torch.ones(20, 20).to(torch.float8_e4m3fn),
        "indices.weight": torch.ones(20, 20, dtype=torch.int64),
        "waves.weight": torch.ones(20, 20, dtype=torch.complex64),
        "h.attn.bias": torch.ones(1, 1, 20, 20),
    }
    assert left_out(weights) == {
        "dense.bias": "a vector, shape (20,)",
        "small": "14 singular values, fewer than 15",
        "mask": "stored as bool, a mask, not a weight",
        "quantised": "stored as int8, as quantised weights are; dequantise the network first",
        "eighth": "stored as float8_e4m3fn, as quantised weights are; dequantise the network first",
        "indices": "stored as int64, whole numbers; cast them to float32 if they are a weight",
        "waves": "stored as complex64, complex numbers; give their real and imaginary parts as tensors of their own",
        "h.attn.bias": "a mask, not a weight",
    }


def test_patterns_choose_layers():
    weights = {f"encoder.{number}.weight": torch.randn(20, 20) for number in range(3)} | {
        "head.weight": torch.randn(20, 20)
    }
    assert list(analysed(weights, include=["encoder.*"], exclude=["*.1"])) == ["encoder.0", "encoder.2"]
    with pytest.raises(
        UserError, match=r"no layer of the dictionary matches decoder.\*; its tensors are encoder.0.weight"
    ):
        analysed(weights, include=["decoder.*"])
    with pytest.raises(UserError, match=r"has no matrix to analyse\. bias: a vector"):
        analysed({"bias": torch.zeros(3)})


def test_stacked_experts_are_split():
    weight = torch.randn(3, 20, 30)
    found = analysed({"mlp.experts.weight": weight})
    np.testing.assert_array_equal(matrix_of(found["mlp.experts (expert 2)"]), weight[2].double().numpy())


def test_embeddings_are_marked():
    kinds = {
        name: matrix.kind
        for name, matrix in analysed(
            {"wte.weight": torch.randn(50, 20), "embeddings.position_embeddings.weight": torch.randn(20, 20)}
        ).items()
    }
    assert kinds == {"wte": "embedding", "embeddings.position_embeddings": "embedding"}


def test_types_of_a_module_win_over_names():
    """Each is called what it is not; a file of the same names shows what names alone would say."""
    module = nn.ModuleDict(
        {
            **{"embedded": nn.Linear(20, 30), "embed": nn.ModuleDict({"qkv": nn.Linear(20, 60)})},
            **{"attention": nn.Embedding(50, 20), "embed_cell": nn.GRUCell(24, 16), "embed_rnn": nn.RNN(24, 16)},
            **{"embed_attention": nn.MultiheadAttention(16, 2), "experts": nn.Conv1d(64, 64, 3, groups=2)},
            "code": nn.LSTM(24, 32, proj_size=16),
        }
    )
    kinds = {name: matrix.kind for name, matrix in analysed(module).items()}
    gates = [f"embed_cell.weight_{side} ({gate} gate)" for side in ("ih", "hh") for gate in ("reset", "update")]
    parts = ("input gate", "forget gate", "cell", "output gate")
    assert kinds == {
        "embedded": "dense",
        **{f"embed.qkv ({part})": "attention" for part in ("query", "key", "value")},
        "attention": "embedding",
        **dict.fromkeys([*gates, *(f"embed_cell.weight_{side} (candidate)" for side in ("ih", "hh"))], "recurrent"),
        **{f"embed_rnn.weight_{side}_l0": "recurrent" for side in ("ih", "hh")},
        **{f"embed_attention.in_proj_weight ({part})": "attention" for part in ("query", "key", "value")},
        "embed_attention.out_proj": "attention",
        **{f"experts (group {group})": "convolution" for group in (0, 1)},
        **{f"code.weight_{side}_l0 ({part})": "recurrent" for side in ("ih", "hh") for part in parts},
        "code.weight_hr_l0": "recurrent",
    }
    assert not any(matrix.note for matrix in analysed(module).values())
    by_name = {name: matrix.kind for name, matrix in analysed(dict(module.state_dict())).items()}
    assert (by_name["embedded"], by_name["attention"]) == ("embedding", "attention")
    assert by_name["code.weight_hr_l0"] == "recurrent"
