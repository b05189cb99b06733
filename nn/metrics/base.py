"""What metrics share: they take batch after batch, and give the value of all of them. Imports ``losses``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import autograd.numpy as np
import backends
from autograd.numpy.common import raw
from nn.losses.base import like, spread
from nn.nest import HOST

# Results are worked out on the host, whatever the default backend is.
host = HOST.xp


class Metric:
    """The base of metrics: ``update_state(y_true, y_pred, sample_weight=None)``, ``result()``, ``reset_state()``.

    Sums stay on the device of the predictions until ``result`` asks for them. A subclass defines ``start()``, which
    sets its sums to 0, ``update(y, p, weight)`` and ``value()``, and names its sums in ``sums``:

    >>> import numpy as np
    >>> class Largest(Metric):
    ...     sums = ("top",)
    ...     def start(self):
    ...         self.top = 0.0
    ...     def update(self, y, p, weight):
    ...         self.top = max(self.top, float(p.max()))
    ...     def value(self):
    ...         return self.top
    >>> largest = Largest()
    >>> largest(np.array([0, 1]), np.array([0.25, 0.5]))
    0.5
    """

    sums: tuple[str, ...] = ()
    _restored = False

    def __init__(self, name: str | None = None) -> None:
        self.name = name or _snake(type(self).__name__)
        self.reset_state()

    def start(self) -> None:
        """Set the sums to 0."""
        raise NotImplementedError(f"{type(self).__name__}: expected a method start(self). Add one.")

    def update(self, y: Any, p: Any, weight: Any) -> None:
        """Add a batch: arrays of the predictions' backend; ``weight`` is None or one number per sample."""
        raise NotImplementedError(f"{type(self).__name__}: expected a method update(self, y, p, weight). Add one.")

    def value(self) -> Any:
        """The metric of what was added."""
        raise NotImplementedError(f"{type(self).__name__}: expected a method value(self). Add one.")

    def reset_state(self) -> None:
        """Forget every batch."""
        self.start()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Raises:
            ValueError: the shapes don't fit one another.
        """
        p = raw(y_pred)
        if not hasattr(p, "dtype"):
            p = np.asarray(p)
        backend = backends.of(p)
        if self._restored:
            # What a checkpoint held is on the host; from here on it is added to where the predictions are.
            kept = {name: getattr(self, name) for name in self.sums}
            self._put_back({n: backend.asarray(v) if hasattr(v, "shape") else v for n, v in kept.items()})
            self._restored = False
        y = _there(raw(y_true), backend)
        self.update(y, p, None if sample_weight is None else _there(raw(sample_weight), backend))

    def result(self) -> Any:
        """The value of all batches since the last reset: a number, or an array on the host."""
        return self.value()

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    def get_state(self) -> dict[str, Any]:
        """The sums, as arrays on the host and numbers: for checkpoints."""
        return {name: plain(getattr(self, name)) for name in self.sums}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a state that ``get_state`` gave."""
        self._put_back(state)
        self._restored = True

    def _put_back(self, state: dict[str, Any]) -> None:
        for name in self.sums:
            setattr(self, name, state[name])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class Mean(Metric):
    """The mean over samples of ``function(y_true, y_pred)``, which gives one number per element or per sample.

    Args:
        function: of two arrays; the mean over its axes but the first is a sample's value.
        name: under which it is reported; the function's by default.

    >>> import numpy as np
    >>> error = Mean(lambda y, p: abs(y - p), "error")
    >>> error(np.array([0.0, 1.0]), np.array([0.5, 1.0]))
    0.25
    """

    sums = ("total", "count")

    def __init__(self, function: Callable[..., Any], name: str | None = None, **options: Any) -> None:
        self.function = function
        self.options = options
        super().__init__(name or getattr(function, "__name__", "mean"))

    def start(self) -> None:
        self.total: Any = 0.0
        self.count: Any = 0.0

    def update(self, y: Any, p: Any, weight: Any) -> None:
        values = raw(self.function(y, p, **self.options))
        if weight is None:
            if values.dtype.kind == "b":
                self.total = self.total + backends.of(values).xp.count_nonzero(values)
            else:
                self.total = self.total + values.sum(dtype="float64")
            self.count += values.size
            return
        while values.ndim > weight.ndim and values.ndim > 1:
            values = values.mean(axis=-1)
        weights = np.broadcast_to(spread(weight, values.astype("float64")), values.shape)
        self.total = self.total + (values * weights).sum(dtype="float64")
        self.count = self.count + weights.sum(dtype="float64")

    def value(self) -> Any:
        return ratio(float(self.total), float(self.count))


def ratio(above: float, below: float) -> float:
    """above/below, 0 where nothing was counted."""
    return above / below if below else 0.0


def ratios(above: Any, below: Any) -> Any:
    """above/below element by element on the host, 0 where nothing was counted."""
    above, below = host.asarray(on_host(above), dtype="float64"), host.asarray(on_host(below), dtype="float64")
    counted = below != 0
    return host.where(counted, above / host.where(counted, below, 1.0), 0.0)


def on_host(x: Any) -> Any:
    """A number or an array as NumPy or Python have it."""
    return backends.of(x).to_numpy(x) if hasattr(x, "shape") else x


def plain(x: Any) -> Any:
    """A single number as a float; an array of several as it is, on the host."""
    x = on_host(x)
    return float(x) if hasattr(x, "shape") and math.prod(x.shape) == 1 else x


def _there(x: Any, backend: backends.Backend) -> Any:
    if not hasattr(x, "dtype"):
        return backend.asarray(x)
    here = backends.BY_TYPE.get(type(x)) or backends.of(x)
    # NumPy's scalars and Python's numbers go along; an array elsewhere stays there, and its library says so.
    return x if here is backend or here.owns_memory else backend.asarray(x)


def same_shape(name: str, y: Any, p: Any) -> tuple[Any, Any]:
    """y in p's shape; (n,) beside (n, 1) counts as one.

    Raises:
        ValueError: they differ otherwise.
    """
    if y.shape == p.shape:
        return y, p
    if y.shape == (*p.shape, 1) or p.shape == (*y.shape, 1):
        return y.reshape(p.shape), p
    raise ValueError(
        f"{name}: expected y_true in the shape of y_pred, {tuple(p.shape)}; got {tuple(y.shape)}. "
        "Reshape it, or use a metric of integer labels."
    )


def fitted(x: Any, other: Any) -> Any:
    """``x`` in the dtype of ``other``."""
    return raw(like(x, other))


def _snake(name: str) -> str:
    out = ""
    for i, letter in enumerate(name):
        starts = letter.isupper() and i > 0 and (name[i - 1].islower() or (i + 1 < len(name) and name[i + 1].islower()))
        out += ("_" if starts and name[i - 1] != "_" else "") + letter.lower()
    return out
