"""Recurrent layers' single steps, for loops of one's own. Imports ``module``, ``init``, ``autograd``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd.numpy.common import backend_of
from autograd.ops import recurrent as _recurrent
from autograd.ops.network import linear
from nn import init
from nn.layers.dense import check_size
from nn.module import Module, parameter


class _Cell(Module):
    gates = 1
    states: tuple[str, ...] = ("h",)

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, dtype: Any = "float32") -> None:
        check_size(self, "input_size", input_size)
        check_size(self, "hidden_size", hidden_size)
        self.input_size = input_size
        self.hidden_size = hidden_size
        limit, rows = hidden_size**-0.5, self.gates * hidden_size
        draw = init.Uniform(-limit, limit)
        self.weight_ih = parameter(draw((rows, input_size), dtype))
        self.weight_hh = parameter(draw((rows, hidden_size), dtype))
        self.bias_ih = parameter(draw((rows,), dtype)) if bias else None
        self.bias_hh = parameter(draw((rows,), dtype)) if bias else None

    def _step(self, x: Any, first: list[Any]) -> tuple[Any, ...]:
        """The new states from x (1, n, input) and the old ones, each (1, n, hidden)."""
        raise NotImplementedError

    def forward(self, x: Any, state: Any = None) -> Any:
        name, last = type(self).__name__, self.input_size
        if len(x.shape) != 2 or x.shape[1] != last:
            raise ValueError(f"{name}: expected x of shape (n, {last}); got {tuple(x.shape)}. Reshape it.")
        shape = (x.shape[0], self.hidden_size)
        if state is None:
            given = [backend_of(x).xp.zeros(shape, dtype=self.weight_hh.dtype)] * len(self.states)
        else:
            given = [state] if len(self.states) == 1 else list(state)
        if len(given) != len(self.states) or any([tuple(part.shape) != shape for part in given]):
            came = ", ".join([str(tuple(part.shape)) for part in given])
            raise ValueError(
                f"{name}: expected {' and '.join(self.states)} of shape {shape} (n, hidden_size); got {came}. "
                "Correct the state."
            )
        found = [part[0] for part in self._step(np.expand_dims(x, 0), given)]
        return found[0] if len(found) == 1 else tuple(found)

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return (self.hidden_size,)

    def describe(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias_ih is not None else ", bias=False")

    def _bias(self) -> Any:
        return None if self.bias_ih is None else self.bias_ih + self.bias_hh


class RNNCell(_Cell):
    """``h' = tanh(W_ih·x + b_ih + W_hh·h + b_hh)``: x (n, input), h (n, hidden; 0 where none is given) to h'.

    >>> RNNCell(4, 8)(np.zeros((3, 4), "float32")).shape
    (3, 8)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        dtype: Any = "float32",
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"RNNCell: expected nonlinearity to be 'tanh' or 'relu'; got {nonlinearity!r}. Correct it."
            )
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, bias, dtype)

    def _step(self, x: Any, first: list[Any]) -> tuple[Any, ...]:
        shares = linear(x, self.weight_ih, self._bias())
        return (_recurrent.rnn(shares, first[0], self.weight_hh, relu=self.nonlinearity == "relu"),)


class GRUCell(_Cell):
    """One step of ``GRU``: x (n, input), h (n, hidden) to h'.

    >>> GRUCell(4, 8)(np.zeros((3, 4), "float32")).shape
    (3, 8)
    """

    gates = 3

    def _step(self, x: Any, first: list[Any]) -> tuple[Any, ...]:
        bias = self.bias_hh
        if bias is None:
            bias = backend_of(x).xp.zeros((3 * self.hidden_size,), dtype=self.weight_hh.dtype)
        return (_recurrent.gru(linear(x, self.weight_ih, self.bias_ih), first[0], self.weight_hh, bias)[0],)


class LSTMCell(_Cell):
    """One step of ``LSTM``: x (n, input) and the pair (h, c), each (n, hidden), to (h', c').

    >>> h, c = LSTMCell(4, 8)(np.zeros((3, 4), "float32"))
    >>> h.shape, c.shape
    ((3, 8), (3, 8))
    """

    gates = 4
    states = ("h", "c")

    def _step(self, x: Any, first: list[Any]) -> tuple[Any, ...]:
        return _recurrent.lstm(linear(x, self.weight_ih, self._bias()), *first, self.weight_hh)[:2]
