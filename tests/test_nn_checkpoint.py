"""Checkpoints: a training killed at any moment ends as one that was not; damaged and hostile files change nothing."""

from __future__ import annotations

import functools
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from nn import checkpoint
from nn.saving import FileError
from tests.helpers import to_numpy

ROOT = Path(__file__).resolve().parent.parent

# Dropout, shuffling, moments, a changing rate, metrics, an uneven last batch, numpy.random: all that has a state.
PROGRAM = """
import os, signal, sys, time
import numpy as np
import nn

folder, out, kill, pause, freq = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]), sys.argv[5]
variant = sys.argv[6]
rng = np.random.default_rng(0)
x, y = rng.normal(size=(50, 4)).astype("float32"), rng.integers(0, 3, 50)
nn.set_random_seed(7)
model = nn.Sequential([
    nn.Dense(16, activation="relu", input_shape=(4,)), nn.Dropout(0.3), nn.Dense(3, activation="softmax")
])
if variant == "arrays":
    optimizer = nn.optimizers.Adam(0.01)
else:
    rates = nn.optimizers.schedules.CosineDecay(0.05, 24, warmup_target=0.1, warmup_steps=5)
    optimizer = nn.optimizers.SGD(rates, momentum=0.9, nesterov=True, use_ema=True, ema_momentum=0.9, clipnorm=0.5)
model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
steps = 0

class Killer(nn.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        global steps
        steps += 1
        np.random.rand()
        if pause:
            time.sleep(pause)
        if kill.startswith("batch") and steps == int(kill[5:]):
            os.kill(os.getpid(), signal.SIGKILL)

if kill.startswith("save"):
    # Die at the n-th renaming or syncing: in the middle of writing a checkpoint.
    left = int(kill[4:])
    for name in ("replace", "fsync"):
        def dying(*args, real=getattr(os, name)):
            global left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args)
        setattr(os, name, dying)

if kill.startswith("write"):
    # Die with part of a file's bytes on the disk.
    import zipfile
    left = int(kill[5:])
    def torn(self, data, real=zipfile._ZipWriteFile.write):
        global left
        left -= 1
        if left == 0:
            real(self, bytes(data)[: len(bytes(data)) // 2])
            self._fileobj.flush()
            os.fsync(self._fileobj.fileno())
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, data)
    zipfile._ZipWriteFile.write = torn

freq = freq if freq == "epoch" else int(freq)
callbacks = [
    nn.callbacks.BackupAndRestore(folder, save_freq=freq, delete_checkpoint=False),
    nn.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=2, min_delta=1.0),
    nn.callbacks.EarlyStopping(monitor="val_loss", patience=50, restore_best_weights=True),
    Killer(),
]
common = {"epochs": 4, "verbose": 0, "callbacks": callbacks}
if variant == "arrays":
    history = model.fit(x, y, batch_size=8, validation_split=0.1, **common)
else:
    class Set:
        def __len__(self):
            return 45
        def __getitem__(self, i):
            return x[i], y[i]
    held = {"validation_data": (x[45:], y[45:])}
    if variant == "dataset":
        data = nn.data.Batches(Set(), batch_size=8, shuffle=True, seed=5, prefetch=2)
    else:
        def data():
            order = np.random.default_rng(1).permutation(45)
            return ((x[order[i : i + 8]], y[order[i : i + 8]]) for i in range(0, 45, 8))
    history = model.fit(data, **held, **common)
arrays = {name: value for name, value in model.state_dict().items()}
np.savez(out, *arrays.values(), np.random.rand(3), *[np.array(v) for k, v in sorted(history.history.items())])
print(steps)
"""


def run(
    folder: Path,
    out: Path,
    kill: str = "no",
    freq: str = "epoch",
    pause: float = 0.0,
    after: float = 0.0,
    variant: str = "arrays",
) -> int | None:
    """How many steps the process took; None where it was killed."""
    command = [sys.executable, "-c", PROGRAM, str(folder), str(out), kill, str(pause), freq, variant]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if after:
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
    said, err = process.communicate(timeout=120)
    assert process.returncode in (0, -signal.SIGKILL), err.decode()
    return int(said) if process.returncode == 0 else None


STEPS = 4 * 6


@functools.cache
def whole(variant: str) -> dict[str, Any]:
    """What a training ends with that nobody interrupts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assert run(folder / "backup", folder / "end.npz", variant=variant) == STEPS
        with np.load(folder / "end.npz") as file:
            return {name: file[name] for name in file.files}


@pytest.fixture
def uninterrupted() -> dict[str, Any]:
    return whole("arrays")


posix = pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")


@posix
@pytest.mark.parametrize(
    "kill, freq, kept",
    # A save is a sync and a renaming of the file, two renamings in the folder (one, the first time), and a sync of it.
    [("batch1", "epoch", 0), ("batch3", "epoch", 0), ("batch8", "epoch", 6), ("batch13", "epoch", 12)]
    + [("batch17", "1", 16), ("batch11", "2", 10), ("batch20", "5", 15), ("batch24", "23", 23)]
    + [(f"save{n}", "4", kept) for n, kept in ((1, 0), (2, 0), (3, 4), (4, 4), (5, 4), (6, 4), (7, 8), (8, 8), (9, 8))],
)
def test_killed_and_started_again_it_ends_with_the_same_numbers(
    kill: str, freq: str, kept: int, uninterrupted: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "end.npz"
    assert run(tmp_path / "backup", out, kill, freq) is None
    assert not out.exists()
    assert run(tmp_path / "backup", out, "no", freq) == STEPS - kept
    with np.load(out) as file:
        assert sorted(file.files) == sorted(uninterrupted)
        for name, value in uninterrupted.items():
            np.testing.assert_array_equal(file[name], value, err_msg=name)


@posix
@pytest.mark.parametrize("variant", ["dataset", "function"])
@pytest.mark.parametrize("kill, freq", [("batch9", "2"), ("batch12", "epoch"), ("batch20", "3"), ("write90", "5")])
def test_schedules_momentum_averages_and_other_data_go_on_alike(
    variant: str, kill: str, freq: str, tmp_path: Path
) -> None:
    out = tmp_path / "end.npz"
    assert run(tmp_path / "backup", out, kill, freq, variant=variant) is None
    left = run(tmp_path / "backup", out, "no", freq, variant=variant)
    assert left is not None and left < STEPS
    with np.load(out) as file:
        for name, value in whole(variant).items():
            np.testing.assert_array_equal(file[name], value, err_msg=name)


@posix
@pytest.mark.parametrize("kill", ["write1", "write9", "write40", "write77"])
def test_a_file_torn_in_the_middle_gives_way_to_the_one_before(
    kill: str, uninterrupted: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "end.npz"
    assert run(tmp_path / "backup", out, kill, "3") is None
    torn = list((tmp_path / "backup").glob(".*.part"))
    assert len(torn) == 1 and torn[0].stat().st_size > 0
    assert run(tmp_path / "backup", out, "no", "3") is not None
    assert not list((tmp_path / "backup").glob(".*.part"))
    with np.load(out) as file:
        for name, value in uninterrupted.items():
            np.testing.assert_array_equal(file[name], value, err_msg=name)


@posix
def test_killed_again_and_again_by_the_clock(uninterrupted: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "end.npz"
    for after in (0.45, 0.6, 0.75):
        run(tmp_path / "backup", out, freq="1", pause=0.02, after=after)
    left = run(tmp_path / "backup", out, freq="1")
    assert left is not None
    with np.load(out) as file:
        for name, value in uninterrupted.items():
            np.testing.assert_array_equal(file[name], value, err_msg=name)


def test_a_finished_training_is_left_as_it_is_and_a_longer_one_goes_on(tmp_path: Path) -> None:
    def train(epochs: int, keep: bool, folder: str) -> Any:
        nn.set_random_seed(1)
        model = nn.Sequential([nn.Dense(1, input_shape=(2,))])
        model.compile("adam", "mse")
        x = np.random.default_rng(0).normal(size=(20, 2))
        back_up = nn.callbacks.BackupAndRestore(tmp_path / folder, delete_checkpoint=not keep)
        history = model.fit(x, x.sum(axis=1), epochs=epochs, verbose=0, callbacks=[back_up])
        return history, model.parameters()[0].data.copy()

    first, weights = train(2, True, "a")
    again, same = train(2, True, "a")
    np.testing.assert_array_equal(same, weights)
    assert again.history == first.history and again.epoch == [0, 1]
    longer, more = train(5, True, "a")
    whole, expected = train(5, False, "b")
    assert longer.history == whole.history
    np.testing.assert_array_equal(more, expected)
    assert not list((tmp_path / "b").iterdir())


# Files -------------------------------------------------------------------------------------------------------------

TREE = {
    "numbers": [1, 2.5, -(2**100), float("inf"), True, None, "text"],
    "tuple": (0.1, (1, [])),
    "bytes": b"\x00\xff",
    3: {"a": np.arange(6.0).reshape(2, 3), "b": np.float32(0.5)},
    "empty": np.zeros((0, 2), "int8"),
}


def alike(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and bool((a == b).all())
    return bool(a == b)


def test_a_tree_comes_back_as_it_was(tmp_path: Path) -> None:
    checkpoint.write(tmp_path / "a.npz", TREE)
    assert alike(checkpoint.read(tmp_path / "a.npz"), TREE)
    with pytest.raises(TypeError, match=r"got function at \.a\[1\]"):
        checkpoint.write(tmp_path / "b.npz", {"a": [1, print.__class__ and (lambda: 0)]})
    assert not (tmp_path / "b.npz").exists()


def test_every_truncation_and_every_flipped_byte_is_noticed_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    checkpoint.write(path, TREE)
    whole = path.read_bytes()
    for length in range(0, len(whole), 41):
        path.write_bytes(whole[:length])
        with pytest.raises(FileError, match="checkpoint: expected"):
            checkpoint.read(path)
    noticed = 0
    places = range(0, len(whole), 7)
    for at in places:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        try:
            # A time stamp or an attribute in the archive may change without harm; the contents may not.
            assert alike(checkpoint.read(path), TREE)
        except FileError:
            noticed += 1
    assert noticed > len(places) / 2


class Hostile:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_hostile_files_execute_nothing(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    path = tmp_path / "a.npz"
    path.write_bytes(pickle.dumps(Hostile(touched)))
    with pytest.raises(FileError):
        checkpoint.read(path)
    np.savez(path, tree=np.array([Hostile(touched)], dtype=object), allow_pickle=True)
    with pytest.raises(FileError, match=r"damaged|another format"):
        checkpoint.read(path)
    # An array that claims to be enormous.
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999,), }"
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tree.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(FileError):
        checkpoint.read(path)
    for text in (
        "{}",
        '{"mark": "other", "tree": 1}',
        json.dumps({"mark": checkpoint.MARK, "tree": {"array": "b"}}),
        "[" * 9999,
    ):
        np.savez(path, tree=np.frombuffer(text.encode(), "uint8"))
        with pytest.raises(FileError, match="to be a checkpoint of this version"):
            checkpoint.read(path)
    np.savez(path, a=np.zeros(3))
    with pytest.raises(FileError, match="to be a model or a checkpoint; it holds arrays alone"):
        checkpoint.read(path)
    with pytest.raises(FileError, match="there is none"):
        checkpoint.read(tmp_path / "absent.npz")
    assert not touched.exists()


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path: Path) -> None:
    folder = checkpoint.Folder(tmp_path / "new" / "folder")
    assert folder.load() is None
    folder.save({"epoch": 1})
    folder.save({"epoch": 2})
    folder.newest.write_bytes(folder.newest.read_bytes()[:50])
    assert folder.load() == {"epoch": 1}
    folder.previous.write_bytes(b"")
    with pytest.raises(FileError, match="got 2 damaged"):
        folder.load()
    folder.clear()
    assert folder.load() is None and not list(folder.path.iterdir())


def test_a_file_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    x = np.ones((4, 2))

    def fitted(units: int, optimizer: str) -> Any:
        nn.set_random_seed(0)
        model = nn.Sequential([nn.Dense(units, input_shape=(2,))])
        model.compile(optimizer, "mse")
        return model

    back_up = nn.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    fitted(1, "adam").fit(x, np.ones((4, 1)), verbose=0, callbacks=[back_up])
    for units, optimizer in ((2, "adam"), (1, "sgd")):
        model = fitted(units, optimizer)
        before = [p.data.copy() for p in model.parameters()]
        with pytest.raises(ValueError, match="load_state_dict: expected"):
            model.fit(x, np.ones((4, units)), verbose=0, callbacks=[back_up])
        for p, value in zip(model.parameters(), before):
            np.testing.assert_array_equal(p.data, value)


def test_a_loop_of_ones_own_goes_on_where_it_was(tmp_path: Path, backend: Any) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(24, 3)).astype("float32"), rng.normal(size=(24, 1)).astype("float32")

    def train(stop: int, folder: Any) -> list[Any]:
        nn.set_random_seed(0)
        model = nn.Sequential([nn.Dense(4, activation="tanh", input_shape=(3,)), nn.Dropout(0.5), nn.Dense(1)])
        optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
        schedule = nn.schedule.StepLR(optimizer, 2)
        batches = nn.data.Batches((x, y), batch_size=8, shuffle=True, device=backend)
        parts = {"model": model, "optimizer": optimizer, "schedule": schedule}
        state = folder.load()
        first = 0 if state is None else checkpoint.restore(state, **parts)["epoch"]
        for epoch in range(first, stop):
            for images, labels in batches:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(images), labels).backward()
                optimizer.step()
            schedule.step()
            folder.save(checkpoint.gather(**parts, epoch=epoch + 1))
        return [to_numpy(p) for p in model.parameters()]

    whole = train(5, checkpoint.Folder(tmp_path / "a"))
    train(3, checkpoint.Folder(tmp_path / "b"))
    for ours, theirs in zip(train(5, checkpoint.Folder(tmp_path / "b")), whole):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(KeyError, match="expected the state of average; got"):
        checkpoint.restore({"model": {}}, average=nn.Linear(1, 1))


def test_the_texts_are_json(tmp_path: Path) -> None:
    checkpoint.write(tmp_path / "a.npz", {"epoch": 3})
    with np.load(tmp_path / "a.npz") as file:
        assert json.loads(file["tree"].tobytes())["mark"] == checkpoint.MARK
