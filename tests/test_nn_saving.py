"""Weights in files: round trips, PyTorch's and Keras's, and what happens to damaged, hostile and interrupted files."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import sys
import tracemalloc
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import backends
import nn
from nn import saving
from tests.helpers import to_numpy
from tests.nn_recorded import KERAS, close

RECORDED = Path(__file__).parent / "recorded"
ENDINGS = [".safetensors", ".npz"]


def model() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))


def state(module: nn.Module) -> dict[str, Any]:
    return {name: to_numpy(value).copy() for name, value in module.state_dict().items()}


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(
        one[k].dtype == other[k].dtype and np.array_equal(one[k], other[k]) for k in one
    )


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_weights_come_back_bit_by_bit(ending: str, dtype: str, tmp_path: Path, backend: backends.Backend) -> None:
    nn.set_random_seed(0)
    one, two = model().to(dtype), model().to(dtype)
    path = tmp_path / f"weights{ending}"
    nn.save_weights(one, path)
    assert not same(state(one), state(two))
    parameters = two.parameters()
    assert not nn.load_weights(two, path)
    assert same(state(one), state(two))
    assert all(a is b for a, b in zip(parameters, two.parameters())), "the Tensors stay the same objects"
    assert [p.name for p in tmp_path.iterdir()] == [path.name], "nothing else is left in the folder"


def test_names_may_be_anything(tmp_path: Path) -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            self.file = nn.parameter([1.0])
            self.by_name = {"a/b": nn.parameter([2.0]), "ü": nn.parameter(3.0)}

    for ending in ENDINGS:
        path = tmp_path / f"odd{ending}"
        nn.save_weights(Odd(), path)
        assert {k: v.tolist() for k, v in saving.read_arrays(path).items()} == {
            "file": [1.0],
            "by_name.a/b": [2.0],
            "by_name.ü": 3.0,
        }


class Net(nn.Module):
    """The architecture of record_torch_weights.py."""

    def __init__(self) -> None:
        self.table = nn.Embedding(5, 3)
        self.body = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2, bias=False))
        self.norm = nn.LayerNorm(2)

    def forward(self, x: Any) -> Any:
        rows = self.table(x)
        return self.norm(self.body(rows.reshape(rows.shape[0], -1)))


def metadata(path: Path) -> dict[str, str]:
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + size])["__metadata__"]


def test_pytorchs_safetensors_load_under_their_own_names(backend: backends.Backend) -> None:
    path = RECORDED / "torch_weights.safetensors"
    net = Net()
    assert not nn.load_weights(net, path), "every name and shape matches, strictly"
    about = metadata(path)
    out = net.eval()(backend.asarray(json.loads(about["x"])))
    close(out, np.array(json.loads(about["out"]), "float32"), 1e-6, "PyTorch's output")
    assert net.body[1].num_batches_tracked.item() == 7


class Many(nn.Module):
    """The second architecture of record_torch_weights.py."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.PReLU(4), nn.GroupNorm(2, 4))
        self.up = nn.ConvTranspose2d(4, 2, 2, stride=2, bias=False)
        self.blocks = nn.ModuleList([nn.TransformerEncoderLayer(8, 2, 12, dropout=0.1) for _ in range(2)])
        self.attention = nn.MultiHeadAttention(8, 2, kdim=6, vdim=5)
        self.readers = {
            "lstm": nn.LSTM(8, 3, num_layers=2, bidirectional=True),
            "gru": nn.GRU(6, 4),
            "rnn": nn.SimpleRNN(4, 4),
        }
        self.mix = nn.Bilinear(4, 4, 3)
        self.scale = nn.parameter(anp.ones(3, dtype="float32"))
        self.register_buffer("shift", anp.zeros(3, dtype="float32"))

    def forward(self, x: Any) -> Any:
        h = self.up(self.stem(x))
        h = h.reshape(h.shape[0], -1, h.shape[-1])
        for block in self.blocks:
            h = block(h)
        h = h + self.attention(h, h[..., :6], h[..., 3:])
        h = self.readers["lstm"](h)[0]
        h = self.readers["rnn"](self.readers["gru"](h)[0])[0]
        return self.mix(h[:, -1], h[:, 0]) * self.scale + self.shift


def test_most_kinds_of_layers_have_pytorchs_names(backend: backends.Backend) -> None:
    path = RECORDED / "torch_architecture.safetensors"
    net = Many()
    assert not nn.load_weights(net, path), "every name and shape matches, strictly"
    about = metadata(path)
    out = net.eval()(backend.asarray(np.array(json.loads(about["x"]), "float32")))
    close(out, np.array(json.loads(about["out"]), "float32"), 1e-5, "PyTorch's output")
    assert list(net.state_dict()) and set(net.state_dict()) == set(saving.read_arrays(path))


def test_kerass_document_weights_give_its_predictions() -> None:
    file = np.load(RECORDED / "keras_document.npz")
    net = nn.Sequential([nn.Dense(10, activation="relu", input_shape=(1,)), nn.Dense(1, activation="sigmoid")])
    last = file["float32/weights"][-1]
    shapes = [(1, 10), (10,), (10, 1), (1,)]
    ends = np.cumsum([0] + [int(np.prod(s)) for s in shapes])
    nn.load_keras_weights(net, [last[a:b].reshape(s) for a, b, s in zip(ends, ends[1:], shapes)])
    close(net(file["x"].astype("float32")), file["float32/predictions"].reshape(100, 1), 1e-6, "predictions")


def test_kerass_batch_norm_and_errors() -> None:
    name = "layer/batch_normalization/eval"
    arrays = KERAS.part(name, "in")
    layer = nn.BatchNormalization(input_shape=arrays["x"].shape[1:])
    nn.load_keras_weights(layer, [arrays[k] for k in ("gamma", "beta", "moving_mean", "moving_variance")])
    out = KERAS.get(f"{name}/out")
    assert out is not None
    close(layer.eval()(arrays["x"].astype("float32")), out, 1e-5, name)
    net, before = nn.Linear(3, 2), None
    before = state(net)
    with pytest.raises(ValueError, match=r"expected 2 arrays \(weight, bias\); got 1"):
        nn.load_keras_weights(net, [np.ones((3, 2))])
    with pytest.raises(ValueError, match=r"weight from an array of shape \(3, 2\); got \(2, 3\)"):
        nn.load_keras_weights(net, [np.ones((2, 3)), np.ones(2)])
    assert same(state(net), before)


# Damage and malice -----------------------------------------------------------------------------------------------


class Bomb:
    """Executes something when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("hacked",)


def pickled_npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, **{"0.weight": np.array([Bomb()], dtype=object)})  # type: ignore[arg-type]
    return file.getvalue()


def npz_of_header(header: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("0.weight.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    return file.getvalue()


def safetensors_of(header: Any, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode() if not isinstance(header, bytes) else header
    return struct.pack("<Q", len(text)) + text + data


def archive_of(*entries: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", compression) as archive:
        warnings.simplefilter("ignore")  # of a name that comes twice
        for name, data in entries:
            archive.writestr(name, data)
    return file.getvalue()


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


# A quarter of a gigabyte of zeros in a quarter of a megabyte.
BOMB = archive_of(("0.weight.npy", npy(np.zeros((2**26, 1), "float32"))), compression=zipfile.ZIP_DEFLATED)
FIELDS = b"{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,), }\n"
HOSTILE = {
    "bomb.npz": BOMB,
    "fields.npz": npz_of_header(FIELDS),
    "twice.npz": archive_of(("0.weight.npy", npy(np.ones((4, 3)))), ("0.weight.npy", npy(np.zeros((4, 3))))),
    "no_array.npz": archive_of(("0.weight", b"import os"), ("setup.py", b"import os")),
    "magic.npz": archive_of(("0.weight.npy", b"\x94NUMPY" + npy(np.ones((4, 3)))[6:])),
    "version.npz": archive_of(("0.weight.npy", b"\x93NUMPY\x09" + npy(np.ones((4, 3)))[7:])),
    "longer.npz": archive_of(("0.weight.npy", npy(np.ones((4, 3))) + b"more")),
    "negative.npz": npz_of_header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1, -3), }\n"),
    "checksum.safetensors": safetensors_of(
        {
            "__metadata__": {"xpgrad.crc32": '{"0.bias": 1}'},
            "0.bias": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
        },
        b"\0" * 4,
    ),
    "checksum_names.safetensors": safetensors_of(
        {
            "__metadata__": {"xpgrad.crc32": '{"1.bias": 1}'},
            "0.bias": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]},
        }
    ),
    "pickle.npz": pickled_npz(),
    "pickle.safetensors": pickle.dumps(Bomb()),
    "bare_pickle.npz": pickle.dumps(Bomb()),
    "empty.npz": b"",
    "empty.safetensors": b"",
    "text.npz": b"not an archive",
    "expression.npz": npz_of_header(b"__import__('os').mkdir('hacked')\n"),
    "huge.npz": npz_of_header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776, 4096), }\n"),
    "cut_off.npz": npz_of_header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (4, 3), }\n"),
    "huge_header.safetensors": struct.pack("<Q", 2**62) + b"{}",
    "not_json.safetensors": safetensors_of(b"{nonsense"),
    "cut_off.safetensors": safetensors_of({"0.weight": {"dtype": "F32", "shape": [4, 3], "data_offsets": [0, 48]}}),
    "overlap.safetensors": safetensors_of(
        {
            "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
            "b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
        },
        b"\0" * 4,
    ),
    "negative.safetensors": safetensors_of({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, -4]}}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_execute_and_change_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    net = model()
    before = state(net)
    with pytest.raises(saving.FileError, match="damaged or of another format; nothing was loaded"):
        nn.load_weights(net, path)
    assert same(state(net), before)
    assert [p.name for p in tmp_path.iterdir()] == [name], "something was executed"


def test_an_archive_is_not_unpacked_before_its_size_is_known(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    path.write_bytes(BOMB)
    tracemalloc.start()
    with pytest.raises(saving.FileError, match=r"bytes that unpack to 268,\d\d\d,\d\d\d"):
        nn.load_weights(model(), path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**20
    # What NumPy's users compress is read.
    np.savez_compressed(
        path, a=np.zeros((1000, 1000)), b=np.asfortranarray(np.arange(6.0).reshape(2, 3)), c=np.empty((0, 2))
    )
    arrays = saving.read_arrays(path)
    assert arrays["b"].tolist() == [[0, 1, 2], [3, 4, 5]] and arrays["c"].shape == (0, 2)
    arrays["b"][0, 0] = 7


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_cut_off_or_flipped_anywhere_never_loads_in_part(ending: str, tmp_path: Path) -> None:
    nn.set_random_seed(1)
    path = tmp_path / f"weights{ending}"
    given = model()
    saved = state(given)
    nn.save_weights(given, path)
    whole = path.read_bytes()
    net = model()
    before = state(net)
    assert not same(before, saved)
    for size in range(0, len(whole), 37):
        path.write_bytes(whole[:size])
        with pytest.raises(saving.FileError):
            nn.load_weights(net, path)
        assert same(state(net), before)
    stream = np.random.default_rng(0)
    for at in stream.integers(0, len(whole), 300):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << int(stream.integers(8))
        path.write_bytes(bytes(flipped))
        try:
            nn.load_weights(net, path)
        except (ValueError, KeyError):
            assert same(state(net), before)
        else:  # it hit what says nothing: a time, an attribute, a name that zip holds twice
            assert same(state(net), saved), at
            net.load_state_dict(before)


@pytest.mark.parametrize("ending", ENDINGS)
def test_another_architecture_changes_nothing(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"weights{ending}"
    nn.save_weights(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 5)), path)
    net = model()
    before = state(net)
    with pytest.raises(ValueError, match=r"expected 3.weight of shape \(2, 4\); got \(5, 4\)"):
        nn.load_weights(net, path)
    assert same(state(net), before)
    report = nn.load_weights(net, path, strict=False)
    assert [name for name, _, _ in report.mismatched] == ["3.weight", "3.bias"]
    after = state(net)
    assert not np.array_equal(after["0.weight"], before["0.weight"])
    assert np.array_equal(after["3.weight"], before["3.weight"])


# Writing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_failure_while_writing_leaves_the_old_file(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"weights{ending}"
    nn.save_weights(model(), path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        nn.save_weights(model(), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_missing_packages_and_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(saving.FileError, match=r"expected a file .*none.npz; there is none"):
        nn.load_weights(model(), tmp_path / "none.npz")
    with pytest.raises(ValueError, match=r"ends in \.safetensors or \.npz; got 'weights\.pt'"):
        nn.save_weights(model(), tmp_path / "weights.pt")
    with pytest.raises(
        ValueError, match=r"load_weights: .*got 'weights\.pt'. Write it with safetensors.torch.save_file"
    ):
        nn.load_weights(model(), tmp_path / "weights.pt")
    with pytest.raises(saving.FileError, match=r"save: expected a folder .*none; there is none. Make it first"):
        nn.save_weights(model(), tmp_path / "none" / "weights.npz")
    with pytest.raises(ValueError, match="know its input's size"):
        nn.save_weights(nn.Sequential(nn.Dense(3)), tmp_path / "weights.npz")
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(ImportError, match=r"pip install 'xpgrad\[nn\]', or save to a name that ends in \.npz"):
        nn.save_weights(model(), tmp_path / "weights.safetensors")
    nn.save_weights(model(), tmp_path / "weights.npz")


def test_saved_arrays_are_plain_on_any_backend(tmp_path: Path, device_backend: backends.Backend) -> None:
    path = tmp_path / "weights.npz"
    nn.save_weights(nn.Linear(2, 2), path)
    with backends.use("numpy"):
        other = nn.Linear(2, 2)
        nn.load_weights(other, path)
    assert other.weight is not None and other.weight.backend is backends.get("numpy")
    assert isinstance(anp.sum(other(np.ones((1, 2), "float32"))).item(), float)
