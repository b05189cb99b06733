"""Callbacks: what each does and when, the history and its plot, what is missing."""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from nn import callbacks
from tests.helpers import to_numpy

X = np.random.default_rng(0).normal(size=(12, 2))
Y = X.sum(axis=1)


def model() -> nn.Sequential:
    nn.set_random_seed(0)
    out = nn.Sequential([nn.Dense(1, input_shape=(2,))])
    out.compile("sgd", "mse", metrics=["mae"])
    return out


class Scripted(callbacks.Callback):
    """Puts values into the logs, one per epoch; comes first."""

    def __init__(self, **values: list[float]) -> None:
        self.values = values

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        assert logs is not None
        logs.update({name: series[epoch] for name, series in self.values.items()})


def fit(*given: Any, epochs: int = 8, **options: Any) -> tuple[nn.Sequential, callbacks.History]:
    trained = model()
    return trained, trained.fit(X, Y, epochs=epochs, batch_size=4, verbose=0, callbacks=list(given), **options)


def test_events_come_in_keras_order() -> None:
    seen: list[Any] = []

    def note(name: str) -> Any:
        return lambda *args: seen.append((name, *[a for a in args if isinstance(a, int)]))

    everything = callbacks.LambdaCallback(**{name: note(name) for name in callbacks.EVENTS})
    model().fit(X, Y, epochs=2, batch_size=8, verbose=0, callbacks=everything, validation_data=(X, Y))
    batches = [e for b in (0, 1) for e in (("on_train_batch_begin", b), ("on_train_batch_end", b))]
    tests = [e for b in (0, 1) for e in (("on_test_batch_begin", b), ("on_test_batch_end", b))]
    held = [("on_test_begin",), *tests, ("on_test_end",)]
    epochs = [e for n in (0, 1) for e in (("on_epoch_begin", n), *batches, *held, ("on_epoch_end", n))]
    assert seen == [("on_train_begin",), *epochs, ("on_train_end",)]
    seen.clear()
    model().predict(X, batch_size=6, verbose=0, callbacks=[everything])
    steps = [e for b in (0, 1) for e in (("on_predict_batch_begin", b), ("on_predict_batch_end", b))]
    assert seen == [("on_predict_begin",), *steps, ("on_predict_end",)]
    with pytest.raises(TypeError, match="expected names among on_train_begin"):
        callbacks.LambdaCallback(on_epoch_ende=print)


def test_a_callback_knows_model_and_sizes() -> None:
    seen: dict[str, Any] = {}

    class Look(callbacks.Callback):
        def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
            seen.update(self.params, model=self.model)

    trained, _ = fit(Look(), epochs=3)
    assert seen == {"epochs": 3, "steps": 3, "verbose": 0, "model": trained}


@pytest.mark.parametrize(
    "values, options, epochs",
    [
        ([5, 4, 3, 4, 5, 6, 7, 8], {"patience": 2}, 5),
        ([5, 4, 3, 4, 5, 6, 7, 8], {"patience": 0}, 4),
        ([5, 4, 3, 4, 2, 6, 7, 8], {"patience": 2}, 7),
        ([5, 4.9, 4.8, 4.7, 4, 4, 4, 4], {"patience": 2, "min_delta": 0.5}, 3),
        ([5, 6, 7, 8, 7, 6, 5, 4], {"patience": 2, "mode": "max"}, 6),
        ([5, 4, 3, 2, 1, 0, 0, 0], {"patience": 2, "baseline": 1.5}, 2),
        ([5, 6, 7, 4, 5, 6, 7, 8], {"patience": 2, "start_from_epoch": 3}, 6),
    ],
)
def test_early_stopping_waits_as_asked(values: Any, options: Any, epochs: int) -> None:
    _, history = fit(Scripted(watched=values), callbacks.EarlyStopping("watched", **options))
    assert len(history.epoch) == epochs


@pytest.mark.parametrize(
    "name, rising",
    [("val_accuracy", True), ("auc", True), ("val_loss", False), ("mae", False), ("kind_accuracy", True)],
)
def test_the_name_tells_which_way_is_better(name: str, rising: bool) -> None:
    assert callbacks.EarlyStopping(name).better(2.0, 1.0) is rising


def test_the_best_weights_come_back(backend: Any, capsys: pytest.CaptureFixture[str]) -> None:
    kept: list[Any] = []
    keep = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: kept.append(to_numpy(trained.parameters()[0]).copy())
    )
    trained = model()
    stop = callbacks.EarlyStopping("watched", patience=2, restore_best_weights=True, verbose=1)
    script = Scripted(watched=[3, 1, 2, 4, 5, 6, 7, 8])
    trained.fit(X, Y, epochs=8, batch_size=4, verbose=0, callbacks=[script, keep, stop])
    np.testing.assert_array_equal(to_numpy(trained.parameters()[0]), kept[1])
    assert len(kept) == 4 and (kept[1] != kept[3]).all()
    said = capsys.readouterr().out
    assert "Epoch 4: early stopping" in said and "end of the best epoch: 2" in said


def test_a_value_that_is_not_there_is_told() -> None:
    with pytest.warns(UserWarning, match="expected 'val_loss' among loss, mae; it is not there"):
        fit(callbacks.EarlyStopping(), epochs=1)


def test_model_checkpoint_writes_what_is_asked(tmp_path: Path) -> None:
    path = str(tmp_path / "deep" / "at-{epoch:02d}-{watched:.1f}.npz")
    fit(
        Scripted(watched=[3, 4, 2, 5]),
        callbacks.ModelCheckpoint(path, "watched", save_best_only=True, save_weights_only=True),
        epochs=4,
    )
    assert sorted(p.name for p in (tmp_path / "deep").iterdir()) == ["at-01-3.0.npz", "at-03-2.0.npz"]
    trained, _ = fit(callbacks.ModelCheckpoint(tmp_path / "last.npz", save_weights_only=True), epochs=2)
    other = model()
    nn.load_weights(other, tmp_path / "last.npz")
    np.testing.assert_array_equal(other.parameters()[0].data, trained.parameters()[0].data)
    fit(callbacks.ModelCheckpoint(tmp_path / "{epoch}.npz", save_weights_only=True, save_freq=4), epochs=4)
    assert sorted(p.name for p in tmp_path.glob("?.npz")) == ["2.npz", "3.npz", "4.npz"]
    with pytest.raises(KeyError, match="expected values among epoch, loss, mae in the path; got 'val_los'"):
        fit(callbacks.ModelCheckpoint(tmp_path / "{val_los}.npz", save_weights_only=True), epochs=1)
    with pytest.raises(ValueError, match="expected save_freq 'epoch' or a number"):
        callbacks.ModelCheckpoint("a.npz", save_freq="batch")


def test_learning_rates_are_scheduled(capsys: pytest.CaptureFixture[str]) -> None:
    _, history = fit(
        callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5 if epoch else 0.8, verbose=1), epochs=3
    )
    assert history.history["learning_rate"] == [0.8, 0.4, 0.2]
    assert "Epoch 2: LearningRateScheduler setting learning rate to 0.4." in capsys.readouterr().out
    _, history = fit(callbacks.LearningRateScheduler(lambda epoch: 1 / (1 + epoch)), epochs=2)
    assert history.history["learning_rate"] == [1.0, 0.5]
    trained = model()
    trained.optimizer.lr = 0.4
    rate = callbacks.LearningRateScheduler(nn.schedule.StepLR(trained.optimizer, 1, gamma=0.5))
    used: list[float] = []
    look = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: used.append(trained.optimizer.lr))
    trained.fit(X, Y, epochs=3, batch_size=12, verbose=0, callbacks=[rate, look])
    assert used == [0.4, 0.2, 0.1]
    with pytest.raises(TypeError, match="expected a number from the schedule; got str"):
        fit(callbacks.LearningRateScheduler(lambda epoch, rate: "fast"))
    with pytest.raises(TypeError, match="a function of"):
        callbacks.LearningRateScheduler(0.1)


def test_an_error_inside_a_schedule_is_its_own() -> None:
    def broken(epoch: int, rate: float) -> float:
        return rate + "1"  # type: ignore[operator]

    with pytest.raises(TypeError, match="unsupported operand"):
        fit(callbacks.LearningRateScheduler(broken))


def test_a_plateau_lowers_the_rate() -> None:
    def rates(values: Any, **options: Any) -> Any:
        trained, _ = model(), None
        plateau = callbacks.ReduceLROnPlateau("watched", factor=0.5, **options)
        after: list[float] = []
        look = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: after.append(trained.optimizer.lr / 0.01))
        trained.fit(X, Y, epochs=len(values), verbose=0, callbacks=[Scripted(watched=values), plateau, look])
        return after

    assert rates([3, 3, 3, 3, 3], patience=2) == [1, 1, 0.5, 0.5, 0.25]
    assert rates([3, 3, 3, 3, 3, 3, 3], patience=2, cooldown=2) == [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]
    assert rates([3, 2, 1, 0, -1], patience=1) == [1] * 5
    assert rates([3, 3, 3, 3], patience=1, min_lr=0.004) == [1, 0.5, 0.4, 0.4]
    with pytest.raises(ValueError, match="expected factor to be a number above 0 to below 1; got 2"):
        callbacks.ReduceLROnPlateau(factor=2)


def test_rows_are_written_after_each_epoch(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "log.csv"
    _, history = fit(callbacks.CSVLogger(path), epochs=2)
    fit(callbacks.CSVLogger(path, append=True), epochs=1)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "0"]
    assert [float(row["loss"]) for row in rows[:2]] == history.history["loss"]
    fit(callbacks.CSVLogger(path, separator=";"), epochs=1)
    assert path.read_text().splitlines()[0] == "epoch;loss;mae"


def test_training_ends_where_the_loss_is_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    trained = model()
    x = X.copy()
    x[5] = np.nan
    history = trained.fit(x, Y, epochs=5, batch_size=2, shuffle=False, verbose=0, callbacks=callbacks.TerminateOnNaN())
    assert len(history.epoch) == 1 and math.isnan(history.history["loss"][0])
    assert "Batch 2: Invalid loss, terminating training" in capsys.readouterr().out


def test_tensorboard_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"expected the package tensorboardX.*pip install 'xpgrad\[tensorboard\]'"):
        callbacks.TensorBoard()


def test_tensorboard_gets_training_and_validation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written: list[Any] = []

    class Writer:
        def __init__(self, folder: str) -> None:
            self.folder = Path(folder).name

        def add_scalar(self, name: str, value: float, step: int) -> None:
            written.append((self.folder, name, step))

        def close(self) -> None:
            written.append((self.folder, "closed"))

    monkeypatch.setitem(sys.modules, "tensorboardX", type(sys)("tensorboardX"))
    sys.modules["tensorboardX"].SummaryWriter = Writer  # type: ignore[attr-defined]
    fit(callbacks.TensorBoard(tmp_path), epochs=1, validation_data=(X, Y))
    assert sorted(written) == [
        ("train", "closed"), ("train", "epoch_loss", 0), ("train", "epoch_mae", 0),
        ("validation", "closed"), ("validation", "epoch_loss", 0), ("validation", "epoch_mae", 0),
    ]  # fmt: skip


# History -----------------------------------------------------------------------------------------------------------


def test_history_lists_every_epoch() -> None:
    trained, history = fit(epochs=3, validation_data=(X, Y), validation_freq=2)
    assert history is trained.history and history.epoch == [0, 1, 2]
    assert list(history.history) == ["loss", "mae", "val_loss", "val_mae"]
    assert [len(history.history[name]) for name in ("loss", "val_loss")] == [3, 1]
    assert repr(history) == "History(3 epochs of loss, mae, val_loss, val_mae)"


def test_history_is_plotted(monkeypatch: pytest.MonkeyPatch) -> None:
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    matplotlib.use("Agg")
    _, history = fit(epochs=3, validation_data=(X, Y))
    figure = history.plot()
    panels = figure.axes
    assert [[line.get_label() for line in panel.lines] for panel in panels] == [
        ["loss", "val_loss"],
        ["mae", "val_mae"],
    ]
    np.testing.assert_array_equal(panels[0].lines[0].get_ydata(), history.history["loss"])
    np.testing.assert_array_equal(panels[0].lines[0].get_xdata(), [1, 2, 3])
    assert [panel.get_ylabel() for panel in panels] == ["loss", "mae"]
    assert all(float(tick).is_integer() for panel in panels for tick in panel.get_xticks())
    assert len(history.plot("loss").axes) == 1
    _, sparse = fit(epochs=5, validation_data=(X, Y), validation_freq=2)
    np.testing.assert_array_equal(sparse.plot("val_loss").axes[0].lines[0].get_xdata(), [2, 4])
    assert history.plot(["loss", "mae"], ax=panels[0]) is figure
    with pytest.raises(ValueError, match="expected names among loss, mae, val_loss, val_mae; got los"):
        history.plot("los")
    from matplotlib import pyplot

    pyplot.close("all")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="expected matplotlib"):
        history.plot()
