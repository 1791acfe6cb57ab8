"""Checkpoints of every format: the same numbers from each, and bad files refused by name."""

import io
import json
import pickle
import warnings
import zipfile

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from deepspectra.data.checkpoints import open_checkpoint
from deepspectra.runtime.errors import UserError

RNG = np.random.default_rng(3)
DENSE, BIAS = RNG.standard_normal((20, 30)).astype(np.float32), RNG.standard_normal(20).astype(np.float32)
KERNEL = RNG.standard_normal((16, 5, 3, 3)).astype(np.float32)
ARRAYS = {"dense.weight": DENSE, "dense.bias": BIAS, "conv.weight": KERNEL}
TENSORS = {name: torch.from_numpy(array) for name, array in ARRAYS.items()}


def assert_holds(checkpoint, expected=ARRAYS):
    assert {name: tensor.shape for name, tensor in checkpoint.tensors.items()} == {
        name: array.shape for name, array in expected.items()
    }
    for name, array in expected.items():
        read = checkpoint.tensors[name].read()
        assert read.dtype == np.float64
        np.testing.assert_array_equal(read, array)


def save_torch(path, contents, **options):
    torch.save(contents, path, **options)
    return path


def write_sharded(folder, stem="model", suffix=".safetensors", save=save_file):
    first, second = (f"{stem}-0000{number}-of-00002{suffix}" for number in (1, 2))
    save({"dense.weight": TENSORS["dense.weight"]}, folder / first)
    save({name: TENSORS[name] for name in ("dense.bias", "conv.weight")}, folder / second)
    path = folder / f"{stem}{suffix}.index.json"
    path.write_text(json.dumps({"weight_map": dict.fromkeys(TENSORS, second) | {"dense.weight": first}}))
    return path


def write_torch_shards(folder):
    return write_sharded(folder, "pytorch_model", ".bin", torch.save)


def write_safetensors(folder):
    save_file(TENSORS, folder / "model.safetensors")
    return folder / "model.safetensors"


def write_npz(folder):
    np.savez(folder / "model.npz", **ARRAYS)
    return folder / "model.npz"


WRITERS = {
    "safetensors": write_safetensors,
    "sharded": write_sharded,
    "folder of shards": lambda folder: write_sharded(folder).parent,
    "folder of torch's shards": lambda folder: write_torch_shards(folder).parent,
    "folder": lambda folder: write_safetensors(folder).parent,
    "torch": lambda folder: save_torch(folder / "model.pt", TENSORS),
    "old torch": lambda folder: save_torch(folder / "model.pth", TENSORS, _use_new_zipfile_serialization=False),
    "nested": lambda folder: save_torch(folder / "model.ckpt", {"epoch": 3, "state_dict": TENSORS}),
    "npz": write_npz,
    "dictionary of tensors": lambda folder: TENSORS,
    "dictionary of arrays": lambda folder: ARRAYS,
}


@pytest.mark.parametrize("writer", WRITERS)
def test_each_format_holds_the_same_numbers(writer, tmp_path):
    assert_holds(open_checkpoint(WRITERS[writer](tmp_path)))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_floating_point_types_are_cast(dtype, tmp_path):
    weight = TENSORS["dense.weight"].to(dtype)
    save_file({"dense.weight": weight}, tmp_path / "model.safetensors")
    for source in (tmp_path / "model.safetensors", save_torch(tmp_path / "model.pt", {"dense.weight": weight})):
        (stored,) = open_checkpoint(source).tensors.values()
        assert stored.dtype == str(dtype).removeprefix("torch.")
        np.testing.assert_array_equal(stored.read(), weight.double().numpy())


def test_prefixes_of_wrapped_models_are_stripped_and_said():
    wrapped = {f"module._orig_mod.{name}": tensor for name, tensor in TENSORS.items()}
    found = open_checkpoint(wrapped)
    assert_holds(found)
    assert found.notes == ("The prefix module._orig_mod. of names is left out.",)
    partly = {"module.dense.weight": DENSE, "head.weight": DENSE}
    assert list(open_checkpoint(partly).tensors) == list(partly)


def test_what_is_no_tensor_is_said(tmp_path):
    found = open_checkpoint(save_torch(tmp_path / "model.pt", {**TENSORS, "epoch": 7}))
    assert found.notes == ("Not tensors, and left out: epoch.",)
    nested = open_checkpoint(save_torch(tmp_path / "model.pt", {"model": {"state_dict": TENSORS}, "epoch": 7}))
    assert nested.notes == ("The parameters were found under 'model'.", "The parameters were found under 'state_dict'.")


def test_quantised_layers_are_named(tmp_path):
    """Dynamic quantisation packs weights into objects that are no tensors."""
    network = nn.Sequential(nn.Linear(20, 20), nn.Linear(20, 20))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        packed = torch.ao.quantization.quantize_dynamic(network, {nn.Linear}).state_dict()
    torch.save(packed | {"first.weight": torch.zeros(20, 20)}, tmp_path / "mixed.pt")
    found = open_checkpoint(tmp_path / "mixed.pt")
    assert found.notes[-1] == "Quantised, and left out: 0, 1; dequantise the network first."


@pytest.mark.parametrize("write", [write_sharded, write_torch_shards])
def test_a_shard_is_not_taken_for_its_network(write, tmp_path):
    index = write(tmp_path)
    first, second = sorted(path for path in tmp_path.iterdir() if path != index)
    note = "This is file 2 of 2 of a network, analysed alone; name its folder or index for all of them."
    assert open_checkpoint(second).notes == (note,)
    assert set(open_checkpoint(second).tensors) == {"dense.bias", "conv.weight"}
    assert open_checkpoint(index).notes == ()
    index.unlink()
    with pytest.raises(UserError, match=rf"in 2 files, of which are missing: {index.name}\. Fetch them too"):
        open_checkpoint(tmp_path)
    first.unlink()
    with pytest.raises(UserError, match=rf"are missing: {index.name}, {first.name}\. Fetch them too"):
        open_checkpoint(tmp_path)
    # The only one of one.
    alone = second.rename(tmp_path / second.name.replace("00002", "00001"))
    assert open_checkpoint(tmp_path).notes == open_checkpoint(alone).notes == ()


def test_a_module_tells_its_groups_and_tied_weights():
    module = nn.Sequential(
        nn.Conv2d(8, 16, 3, groups=2), nn.ConvTranspose2d(16, 4, 3), nn.Linear(5, 5), nn.Linear(5, 5)
    )
    module[3].weight = module[2].weight
    found = open_checkpoint(module)
    assert [found.layers[f"{place}.weight"] for place in range(3)] == [
        *(("convolution", 2), ("convolution", -1), ("dense", 1))
    ]
    assert found.tensors["2.weight"].place == found.tensors["3.weight"].place != found.tensors["0.weight"].place
    wrapped = open_checkpoint(nn.DataParallel(module))
    assert wrapped.layers == found.layers
    assert list(wrapped.tensors) == list(found.tensors)


# Keras ----------------------------------------------------------------------------------------------------------------

#: In Keras's order of axes.
OF_KERAS = {
    "dense/kernel": (DENSE.T, DENSE),
    "conv/kernel": (KERNEL.transpose(2, 3, 1, 0), KERNEL),
    "token_embedding/embeddings": (DENSE, DENSE),
    "attention/query/kernel": (RNG.standard_normal((12, 3, 4)), None),
    "attention/attention_output/kernel": (RNG.standard_normal((3, 4, 12)), None),
    "depthwise/depthwise_kernel": (RNG.standard_normal((3, 3, 6, 2)), None),
}


def write_keras(path, prefix=""):
    with h5py.File(path, "w") as file:
        for name, (array, _) in OF_KERAS.items():
            file[f"{prefix}{name}"] = array
        file["optimizer_weights/momentum"] = DENSE
        # Neither is an array.
        file["types"], file["nothing"] = np.dtype(np.float32), h5py.Empty(np.float32)
    return path


def test_kernels_of_keras_are_turned(tmp_path):
    expected = {name: array for name, (_, array) in OF_KERAS.items() if array is not None}
    query, output, depthwise = (array for array, turned in OF_KERAS.values() if turned is None)
    expected["attention/query/kernel"] = query.reshape(12, 12).T
    expected["attention/attention_output/kernel"] = output.reshape(12, 12).T
    # Filter 2 i + k is the k-th of input i.
    filters = [depthwise[:, :, channel, place] for channel in range(6) for place in range(2)]
    expected["depthwise/depthwise_kernel"] = np.array(filters)[:, None]
    old = open_checkpoint(write_keras(tmp_path / "model.h5"))
    assert_holds(old, {name: expected[name] for name in old.tensors})
    assert old.tensors.keys() == expected.keys()
    write_keras(tmp_path / "model.weights.h5")
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.write(tmp_path / "model.weights.h5", "model.weights.h5")
    assert_holds(open_checkpoint(tmp_path / "model.keras"), {name: expected[name] for name in old.tensors})


# Bad files ------------------------------------------------------------------------------------------------------------


class Attack:
    """Its unpickling would write a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def flipped(content):
    """One bit of a weight is another."""
    place = content.index(DENSE.tobytes()) + 5
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def bad_files(folder):
    """Path -> words of its message."""
    marker = folder / "executed"
    save_torch(folder / "attack.pt", {"weight": Attack(marker)})
    (folder / "attack.bin").write_bytes(pickle.dumps(Attack(marker), protocol=2))
    (folder / "attack.pkl").write_bytes(pickle.dumps(Attack(marker)))
    save_torch(folder / "network.pt", nn.Linear(3, 3))
    for name, entries in (("script", ("script/constants.pkl", "script/version")), ("archive", ("weights.txt",))):
        with zipfile.ZipFile(folder / f"{name}.pt", "w") as archive:
            for entry in entries:
                archive.writestr(entry, "3")
    (folder / "flipped.pt").write_bytes(flipped(save_torch(folder / "whole.pt", TENSORS).read_bytes()))
    for name in ("pointer.safetensors", "pointer.pt", "pointer.onnx", "pointing-00001-of-00001.bin"):
        (folder / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n")
    (folder / "pointing.index.json").write_text(json.dumps({"weight_map": {"a": "pointing-00001-of-00001.bin"}}))
    save_torch(folder / "list.pt", [TENSORS["dense.weight"]])
    save_torch(folder / "settings.pt", {"epochs": 3})
    whole = write_safetensors(folder).read_bytes()
    (folder / "cut.safetensors").write_bytes(whole[:-100])
    (folder / "header.safetensors").write_bytes(whole[:20])
    (folder / "cut.pt").write_bytes(save_torch(folder / "whole.pt", TENSORS).read_bytes()[:-300])
    (folder / "cut.npz").write_bytes(write_npz(folder).read_bytes()[:-300])
    for suffix in ("safetensors", "pt", "npz", "h5", "keras"):
        (folder / f"nothing.{suffix}").write_bytes(b"")
    with h5py.File(folder / "hollow.h5", "w"):
        pass
    with zipfile.ZipFile(folder / "hollow.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    header = io.BytesIO()
    np.save(header, DENSE)
    for name, entry, content in (
        ("method.npz", "a.npy", b""),
        ("method.keras", "model.weights.h5", b""),
        ("token.npz", "a.npy", header.getvalue().replace(b"(20, 30)", b"(20, 30 ")),
        ("shape.npz", "a.npy", header.getvalue().replace(b"(20, 30)", b"(90, 90)")),
    ):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr(entry, content)
            # Of those that there are not.
            archive.filelist[0].compress_type = 99 if name.startswith("method") else 0
    (folder / "deep.index.json").write_text(5000 * "[" + 5000 * "]")
    (folder / "text.safetensors").write_text("no such thing")
    (folder / "text.pt").write_text("no such thing")
    (folder / "text.h5").write_text("no such thing")
    (folder / "text.keras").write_text("no such thing")
    with h5py.File(folder / "workflow.h5", "w") as file:
        # As results/{scale}/networks/ has them: outputs first, unlike Keras.
        file["initial/dense1/weight"] = file["final/dense1/weight"] = np.ones((20, 30), np.float32)
        file.attrs["arrays"] = file.attrs["software"] = "{}"
    for suffix in ("onnx", "gguf", "tflite", "pb", "msgpack", "what"):
        (folder / f"model.{suffix}").write_text("no such thing")
    (folder / "quantised").mkdir()
    (folder / "quantised" / "model.gguf").write_bytes(b"GGUF")
    (folder / "empty").mkdir()
    (folder / "several").mkdir()
    for name in ("one.pt", "two.pt"):
        save_torch(folder / "several" / name, TENSORS)
    (folder / "lost.index.json").write_text(json.dumps({"weight_map": {"a": "not_there.safetensors"}}))
    (folder / "outside.index.json").write_text(json.dumps({"weight_map": {"a": "../model.safetensors"}}))
    (folder / "list.index.json").write_text("[]")
    return {
        "attack.pt": "must not run code",
        "attack.bin": "must not run code",
        "attack.pkl": "is a pickle, which may run code",
        "network.pt": r"Linear, which is refused: .*Save its weights alone.*torch\.save\(model\.state_dict\(\), ",
        "script.pt": r"TorchScript\. Save its weights alone, where it can be loaded: torch\.save\(model",
        "archive.pt": "but it is damaged or something else: fetch or save it anew",
        "flipped.pt": "but it is damaged",
        "pointer.safetensors": "is a pointer of Git LFS .* run `git lfs pull`",
        "pointer.pt": "run `git lfs pull`",
        "pointer.onnx": "run `git lfs pull`",
        "pointing.index.json": r"pointing-00001-of-00001\.bin is a pointer of Git LFS",
        "list.pt": "holds a list",
        "settings.pt": "holds no tensors, but 'epochs'",
        "cut.safetensors": "no whole safetensors file",
        "header.safetensors": "no whole safetensors file",
        "cut.pt": "damaged",
        "cut.npz": "no whole archive of NumPy arrays",
        "method.npz": "no whole archive of NumPy arrays: .* Fetch or save it anew",
        "method.keras": "no whole archive of Keras",
        "token.npz": "no whole archive of NumPy arrays",
        "shape.npz": r"not as many numbers as its shape \(90, 90\)",
        "deep.index.json": "no index",
        "nothing.safetensors": "no whole safetensors file",
        "nothing.pt": "damaged",
        "nothing.npz": "no whole archive of NumPy arrays",
        "nothing.h5": "no whole HDF5 file",
        "nothing.keras": "no whole archive of Keras",
        "hollow.h5": "holds no arrays",
        "hollow.keras": r"which is a zip file with model\.weights\.h5",
        "text.safetensors": "no whole safetensors file",
        "text.pt": "damaged",
        "text.h5": "no whole HDF5 file",
        "text.keras": "no whole archive",
        "workflow.h5": "a network of this workflow before and after training",
        "model.onnx": "is an ONNX graph",
        "model.gguf": "is a GGUF file, whose weights are mostly quantised",
        "model.tflite": "is a TensorFlow Lite file",
        "model.pb": "is a TensorFlow graph",
        "model.msgpack": "is a Flax file",
        "model.what": "not known by its name",
        "quantised": r"holds no checkpoint, but model\.gguf",
        "empty": "holds no checkpoint",
        "several": "several checkpoints: one.pt, two.pt",
        "missing.pt": "there is no file",
        "lost.index.json": "not_there.safetensors",
        "outside.index.json": "another folder",
        "list.index.json": "no index",
    }


def test_bad_files_are_refused_by_name(tmp_path):
    for name, words in bad_files(tmp_path).items():
        with pytest.raises(UserError, match=words) as refusal:
            open_checkpoint(tmp_path / name)
        assert name.split(".")[0] in str(refusal.value)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (3, "a network cannot be 3, of type int; expected the path of a checkpoint, an nn.Module, or a dictionary of "),
        ([1], r"cannot be \[1\], of type list; expected the path"),
        (nn.Linear, r"cannot be <class 'torch.*Linear'>, of type type; expected the path"),
        (torch.optim.SGD([torch.ones(3)]), "of type SGD; expected the path"),
        ({}, "the dictionary is empty; expected arrays"),
        ({"a": "text"}, "the dictionary holds no tensors, but 'a'; expected a state dictionary"),
        ({"model": {"x": {}, "ema": {}}}, r"torch\.save\(torch\.load\(FILE\)\['model'\]\['x'\], NEW\)"),
    ],
)
def test_other_objects_are_refused(source, words):
    with pytest.raises(UserError, match=words):
        open_checkpoint(source)


def test_numbers_that_are_not_floating_point_are_refused_when_read(tmp_path):
    integers = {"quantised.weight": torch.ones(20, 30, dtype=torch.int8)}
    np.savez(tmp_path / "model.npz", **{"quantised.weight": np.ones((20, 30), dtype=np.int8)})
    for source in (integers, tmp_path / "model.npz"):
        (stored,) = open_checkpoint(source).tensors.values()
        with pytest.raises(UserError, match=r"quantised\.weight is stored as int8.*[dD]equantise"):
            stored.read()


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta state")
def test_tensors_without_numbers_are_refused_when_read():
    weights = {
        "meta.weight": torch.empty(20, 30, device="meta"),
        "sparse.weight": torch.eye(20).to_sparse(),
        "rows.weight": torch.eye(20).to_sparse_csr(),
        "small.weight": torch.quantize_per_tensor(torch.ones(20, 30), 0.1, 0, torch.qint8),
    }
    words = {
        "meta.weight": "no numbers",
        "sparse.weight": r"is sparse.*to_dense",
        "rows.weight": r"is sparse.*to_dense",
        "small.weight": "stored as qint8, as quantised weights are",
    }
    for name, stored in open_checkpoint(weights).tensors.items():
        with pytest.raises(UserError, match=words[name]):
            stored.read()


def test_sums_that_torch_was_told_not_to_compute_are_not_checked(tmp_path):
    before = torch.serialization.get_crc32_options()
    try:
        torch.serialization.set_crc32_options(False)
        assert_holds(open_checkpoint(save_torch(tmp_path / "model.pt", TENSORS)))
    finally:
        torch.serialization.set_crc32_options(before)


@pytest.mark.parametrize("name", ["model.safetensors", "model.npz", "model.weights.h5"])
def test_a_file_that_is_cut_while_in_use_is_told(name, tmp_path):
    writers = {"npz": write_npz, "safetensors": write_safetensors}
    path = tmp_path / name
    writers.get(path.suffix[1:], lambda folder: write_keras(folder / name))(tmp_path)
    (first, *_) = open_checkpoint(path).tensors.values()
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(UserError, match=r"cannot be read|no whole"):
        first.read()


def test_the_size_of_heads_is_read_beside_the_weights(tmp_path):
    write_safetensors(tmp_path)
    assert open_checkpoint(tmp_path).head_size is None
    for entries, size in [
        ({"hidden_size": 384, "num_attention_heads": 12}, 32),
        ({"n_embd": 768, "n_head": 12}, 64),
        ({"hidden_size": 384, "num_attention_heads": 12, "head_dim": 64}, 64),
        ({"hidden_size": 100, "num_attention_heads": 12}, None),
        ([], None),
    ]:
        (tmp_path / "config.json").write_text(json.dumps(entries))
        assert open_checkpoint(tmp_path).head_size == size
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UserError, match="is no JSON"):
        open_checkpoint(tmp_path)


def test_reading_holds_one_tensor(tmp_path):
    """Opening reads no numbers: the file may be changed on the disk afterwards."""
    path = write_npz(tmp_path)
    found = open_checkpoint(path)
    buffer = io.BytesIO()
    np.savez(buffer, **{name: array + 1 for name, array in ARRAYS.items()})
    path.write_bytes(buffer.getvalue())
    np.testing.assert_array_equal(found.tensors["dense.weight"].read(), DENSE + np.float32(1))


def test_layers_of_keras_may_be_called_initial_and_final(tmp_path):
    """As are the groups of this workflow's networks, which are told by their attributes."""
    kernel = np.arange(6.0).reshape(2, 3)
    with h5py.File(tmp_path / "model.weights.h5", "w") as file:
        file["initial/vars/0"] = file["final/vars/0"] = kernel
    found = open_checkpoint(str(tmp_path / "model.weights.h5")).tensors
    assert set(found) == {"initial/vars/0", "final/vars/0"}
    assert (found["final/vars/0"].read() == kernel.T).all()
