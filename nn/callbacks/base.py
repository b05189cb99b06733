"""What callbacks share: the events, and following a value. Imports ``nn.checks``."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from nn import checks

EVENTS = tuple(
    f"on_{what}_{when}"
    for what in ("train", "epoch", "train_batch", "test", "test_batch", "predict", "predict_batch")
    for when in ("begin", "end")
)


class Callback:
    """The base of callbacks: override what you need; ``self.model`` is the model, ``self.params`` epochs and steps.

    ``logs`` hold the loss and metrics so far. Set ``self.model.stop_training = True`` to end training. What a callback
    has to remember over a restart from a checkpoint, it returns from ``get_state`` and takes back in ``set_state``.

    >>> class Told(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(epoch, sorted(logs))
    """

    model: Any = None
    params: dict[str, Any] = {}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """After the last epoch; ``logs`` are its."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Before epoch 0, 1, …"""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """After an epoch and its validation; ``val_…`` in ``logs`` are the latter's."""

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Before a training step."""

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After a training step; overriding it makes every step wait for the values in ``logs``."""

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before an evaluation."""

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """After an evaluation."""

    def on_test_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Before a batch of an evaluation."""

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After a batch of an evaluation."""

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before a prediction."""

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        """After a prediction."""

    def on_predict_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Before a batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After a batch of a prediction."""

    def get_state(self) -> Any:
        """What a checkpoint has to keep: numbers, strings, arrays, lists and dicts."""
        return None

    def set_state(self, state: Any) -> None:
        """Go on from a state that ``get_state`` gave."""


class LambdaCallback(Callback):
    """Functions as a callback: ``LambdaCallback(on_epoch_end=lambda epoch, logs: print(logs["loss"]))``.

    Raises:
        TypeError: a name is no event's.
    """

    def __init__(self, **functions: Callable[..., Any] | None) -> None:
        for name, function in functions.items():
            if name not in EVENTS:
                raise TypeError(f"LambdaCallback: expected names among {', '.join(EVENTS)}; got {name}. Correct it.")
            if function is not None:
                setattr(self, name, function)


class Callbacks:
    """Several as one; an event that nobody listens to costs nothing."""

    def __init__(self, given: Any, model: Any, params: dict[str, Any]) -> None:
        listed = [] if given is None else list(given) if isinstance(given, (list, tuple)) else [given]
        for callback in listed:
            if isinstance(callback, type) and issubclass(callback, Callback):
                raise TypeError(
                    f"callbacks: expected objects of nn.callbacks.Callback; got the class {callback.__name__}. "
                    f"Make one: {callback.__name__}()."
                )
            if not isinstance(callback, Callback):
                raise TypeError(
                    f"callbacks: expected objects of nn.callbacks.Callback; got {type(callback).__name__}. "
                    "Subclass it, or use LambdaCallback(on_epoch_end=…)."
                )
            callback.model = model
            callback.params = params
        self.all: list[Callback] = listed
        self.listeners: dict[str, list[Callable[..., Any]]] = {
            name: [
                getattr(c, name)
                for c in listed
                if getattr(getattr(c, name), "__func__", None) is not vars(Callback)[name]
            ]
            for name in EVENTS
        }

    def call(self, event: str, *args: Any) -> None:
        """Call the event of each that has it."""
        for listener in self.listeners[event]:
            listener(*args)

    def get_state(self) -> list[Any]:
        """For checkpoints."""
        return [[type(callback).__name__, callback.get_state()] for callback in self.all]

    def set_state(self, state: list[Any]) -> None:
        """Go on from a state that ``get_state`` gave; a callback that was not there then starts anew."""
        left = list(state)
        for callback in self.all:
            found = next((entry for entry in left if entry[0] == type(callback).__name__), None)
            if found is not None:
                left.remove(found)
                callback.set_state(found[1])


class Monitor(Callback):
    """Callbacks that follow one value."""

    def __init__(self, monitor: str, mode: str, min_delta: float) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"{type(self).__name__}: expected mode 'auto', 'min' or 'max'; got {mode!r}. Choose one.")
        checks.number(type(self).__name__, "min_delta", min_delta)
        self.monitor = monitor
        if mode == "auto":
            rising = (
                "acc",
                "accuracy",
                "auc",
                "precision",
                "recall",
                "f1",
                "f1_score",
                "fbeta_score",
                "r2",
                "r2_score",
                "iou",
            )
            mode = "max" if monitor.removeprefix("val_").endswith(rising) else "min"
        self.sign = 1.0 if mode == "max" else -1.0
        self.min_delta = abs(min_delta)

    def better(self, value: float, than: float | None) -> bool:
        """Whether ``value`` improves on ``than`` by more than ``min_delta``."""
        return than is None or self.sign * (value - than) > self.min_delta

    def current(self, logs: dict[str, Any] | None) -> float | None:
        """The value followed; None, with a warning, where there is none."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warnings.warn(
                f"{type(self).__name__}: expected {self.monitor!r} among "
                f"{', '.join(sorted(logs or {}))}; it is not there. "
                "Pass validation data, or monitor another value.",
                stacklevel=2,
            )
            return None
        return float(value)

    def say(self, text: str) -> None:
        print(text, flush=True)
