"""Recurrent layers, with PyTorch's parameters and order of gates. Imports ``module``, ``init``, ``autograd``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd.numpy.common import backend_of, raw
from autograd.numpy.networks import dropout
from autograd.ops import recurrent as _recurrent
from autograd.ops.network import linear
from nn import init
from nn.layers.dense import check_size
from nn.module import Module, parameter


class _Recurrent(Module):
    """What the three kinds share: layers, directions, masks, and the order of axes."""

    # How many blocks of hidden_size the gates take, and the names of the states.
    gates = 1
    states: tuple[str, ...] = ("h",)

    def __init__(
        self,
        input_size: int,
        hidden_size: int | None = None,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        return_sequences: bool = True,
        return_state: bool | None = None,
        dtype: Any = "float32",
    ) -> None:
        if hidden_size is None:
            kind = type(self).__name__
            raise TypeError(
                f"{kind}: expected input_size and hidden_size, as PyTorch has them; got {input_size} alone. Keras's "
                f"{kind}({input_size}) is nn.{kind}(features, {input_size}, return_sequences=False, "
                "return_state=False), where features is the size of the input's last axis."
            )
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
            check_size(self, name, size)
        if not 0 <= dropout <= 1:
            raise ValueError(f"{type(self).__name__}: expected dropout from 0 to 1; got {dropout}. Correct it.")
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.use_bias = bias
        self.batch_first = batch_first
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.return_sequences = return_sequences
        self.return_state = return_state
        limit = hidden_size**-0.5
        draw = init.Uniform(-limit, limit)
        rows = self.gates * hidden_size
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * (1 + bidirectional)
            for suffix in self._suffixes(layer):
                setattr(self, f"weight_ih{suffix}", parameter(draw((rows, width), dtype)))
                setattr(self, f"weight_hh{suffix}", parameter(draw((rows, hidden_size), dtype)))
                if bias:
                    setattr(self, f"bias_ih{suffix}", parameter(draw((rows,), dtype)))
                    setattr(self, f"bias_hh{suffix}", parameter(draw((rows,), dtype)))

    def _suffixes(self, layer: int) -> list[str]:
        return [f"_l{layer}", f"_l{layer}_reverse"][: 1 + self.bidirectional]

    def _scan(self, x: Any, first: list[Any], suffix: str) -> tuple[Any, ...]:
        """One direction of one layer over x (steps, n, width): every state at every step, each (steps, n, hidden)."""
        raise NotImplementedError

    def _weights(self, suffix: str) -> tuple[Any, Any, Any, Any]:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weights = [getattr(self, name + suffix, None) for name in names]
        return weights[0], weights[1], weights[2], weights[3]

    def forward(self, x: Any, state: Any = None, lengths: Any = None, mask: Any = None) -> Any:
        name = type(self).__name__
        if len(x.shape) != 3 or x.shape[2] != self.input_size:
            layout = "(n, steps, {})" if self.batch_first else "(steps, n, {})"
            raise ValueError(
                f"{name}: expected x of shape {layout.format(self.input_size)}; got {tuple(x.shape)}. "
                "Add a batch axis with x[None], or correct input_size."
            )
        if self.batch_first:
            x = np.swapaxes(x, 0, 1)
        if not x.shape[0]:
            raise ValueError(f"{name}: expected one step or more; got none. Leave such sequences out, or pad them.")
        first = self._first(name, state, x)
        turns = None if lengths is None and mask is None else _Turns(name, x, lengths, mask, self.batch_first)
        last: list[list[Any]] = [[] for _ in self.states]
        for layer in range(self.num_layers):
            if layer and self.dropout and self.training:
                x = dropout(x, self.dropout)
            outs = []
            for backwards, suffix in enumerate(self._suffixes(layer)):
                start = [part[layer * (1 + self.bidirectional) + backwards] for part in first]
                if turns is None:
                    found = self._scan(np.flip(x, 0) if backwards else x, start, suffix)
                    out = np.flip(found[0], 0) if backwards else found[0]
                    ends = [part[-1] for part in found]
                else:
                    found = self._scan(turns.there(x, backwards), start, suffix)
                    out = turns.back(found[0], backwards)
                    ends = [turns.end(part, begin) for part, begin in zip(found, start, strict=True)]
                outs.append(out)
                for kept, end in zip(last, ends, strict=True):
                    kept.append(end)
            x = outs[0] if len(outs) == 1 else np.concatenate(outs, axis=-1)
        count = 1 + self.bidirectional
        if self.return_sequences:
            out = np.swapaxes(x, 0, 1) if self.batch_first else x
        else:
            # The last layer's last states, of both directions.
            out = last[0][-1] if count == 1 else np.concatenate(last[0][-count:], axis=-1)
        if not (self.return_sequences if self.return_state is None else self.return_state):
            return out
        ends = [np.stack(kept, axis=0) for kept in last]
        return out, (ends[0] if len(ends) == 1 else tuple(ends))

    def _first(self, name: str, state: Any, x: Any) -> list[Any]:
        """The states to start from, (layers·directions, n, hidden) each: 0 where none are given."""
        shape = (self.num_layers * (1 + self.bidirectional), x.shape[1], self.hidden_size)
        if state is None:
            zeros = backend_of(x).xp.zeros(shape, dtype=self._weights("_l0")[1].dtype)
            return [zeros] * len(self.states)
        given = [state] if len(self.states) == 1 else list(state)
        if len(given) != len(self.states) or any([tuple(part.shape) != shape for part in given]):
            came = ", ".join([str(tuple(part.shape)) for part in given])
            raise ValueError(
                f"{name}: expected {' and '.join(self.states)} of shape {shape} (layers·directions, n, hidden_size); "
                f"got {came}. Correct the state."
            )
        return given

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        width = self.hidden_size * (1 + self.bidirectional)
        return (*shape[:-1], width) if self.return_sequences else (width,)

    def describe(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        if self.num_layers > 1:
            parts.append(f"num_layers={self.num_layers}")
        if not self.use_bias:
            parts.append("bias=False")
        if self.bidirectional:
            parts.append("bidirectional=True")
        return ", ".join(parts)


class _Turns:
    """The steps that a mask keeps, moved to the front in either direction, and back to where they were."""

    def __init__(self, name: str, x: Any, lengths: Any, mask: Any, batch_first: bool) -> None:
        steps, n = x.shape[:2]
        backend = backend_of(x)
        xp = backend.xp
        at = xp.arange(steps)[:, None]
        if mask is None:
            lengths = raw(lengths) if hasattr(lengths, "shape") else backend.asarray(lengths)
            if tuple(lengths.shape) != (n,):
                raise ValueError(
                    f"{name}: expected one length per sequence ({n}); got {tuple(lengths.shape)}. Correct it."
                )
            keep = at < lengths[None, :]
        else:
            if lengths is not None:
                raise ValueError(f"{name}: expected lengths or a mask; got both. Drop one.")
            keep = raw(mask) if hasattr(mask, "shape") else backend.asarray(mask)
            shape = (n, steps) if batch_first else (steps, n)
            if tuple(keep.shape) != shape or keep.dtype != bool:
                raise ValueError(
                    f"{name}: expected a mask of booleans of shape {shape}, True where a step counts; "
                    f"got {keep.dtype} of {tuple(keep.shape)}. Correct it."
                )
            keep = keep.T if batch_first else keep
        count = keep.sum(axis=0)
        # In order, those kept first; and the same with the kept ones turned around.
        order = xp.argsort(~keep, axis=0, kind="stable")
        turned = xp.take_along_axis(order, xp.where(at < count, count - 1 - at, at), axis=0)
        self.orders = [order, turned]
        self.inverses = [xp.argsort(part, axis=0) for part in self.orders]
        self.keep = keep[:, :, None]
        self.last = xp.maximum(count - 1, 0)[None, :, None]
        self.empty = (count == 0)[:, None]

    def there(self, x: Any, backwards: int) -> Any:
        """The steps as the recurrence takes them."""
        return _along(x, self.orders[backwards])

    def back(self, x: Any, backwards: int) -> Any:
        """Results where their inputs were; 0 at steps not kept."""
        return _along(x, self.inverses[backwards]) * self.keep

    def end(self, states: Any, first: Any) -> Any:
        """The state after each sequence's last step; the first one where no step is kept."""
        xp = backend_of(states).xp
        index = xp.broadcast_to(self.last, (1, *states.shape[1:]))
        return np.where(self.empty, first, np.take_along_axis(states, index, axis=0)[0])


def _along(x: Any, order: Any) -> Any:
    """Step order[t, i] of sequence i at t."""
    index = backend_of(x).xp.broadcast_to(order[:, :, None], x.shape)
    return np.take_along_axis(x, index, axis=0)


class SimpleRNN(_Recurrent):
    """``h_t = tanh(W_ih·x_t + b_ih + W_hh·h_{t-1} + b_hh)`` (Elman 1990), in layers and in both directions if asked.

    Args:
        input_size: the width of x.
        hidden_size: the width of h.
        num_layers: layers on top of each other.
        bias: whether there are biases.
        batch_first: whether x is (n, steps, input_size), and not (steps, n, input_size) as is PyTorch's default.
        dropout: probability with which, in training, entries between layers are set to 0.
        bidirectional: whether a second direction runs from the end; results stand side by side.
        return_sequences: False for the last h in place of that of every step, as Keras's layers have it.
        return_state: whether the last states come along; by default with sequences alone. In a ``Sequential``, where
            one value goes from layer to layer, say False.
        nonlinearity: ``"tanh"`` or ``"relu"``.

    Calling it with x, and, if wanted, a first state (layers·directions, n, hidden_size), gives ``(out, h)``: the last
    layer's h of every step, and the last h of every layer and direction. ``lengths`` (n,) or ``mask`` (n, steps, True
    where a step counts) name the steps that sequences have: others are skipped, and out is 0 there.

    Parameters are ``weight_ih_l0`` (hidden, input), ``weight_hh_l0``, ``bias_ih_l0``, ``bias_hh_l0``, ``…_l0_reverse``,
    ``…_l1`` and so on, uniform on ±1/√hidden_size at the start.

    >>> out, h = SimpleRNN(4, 8)(np.zeros((3, 5, 4), "float32"))
    >>> out.shape, h.shape
    ((3, 5, 8), (1, 3, 8))
    """

    def __init__(self, *args: Any, nonlinearity: str = "tanh", **options: Any) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"SimpleRNN: expected nonlinearity to be 'tanh' or 'relu'; got {nonlinearity!r}. Correct it."
            )
        self.nonlinearity = nonlinearity
        super().__init__(*args, **options)

    def _scan(self, x: Any, first: list[Any], suffix: str) -> tuple[Any, ...]:
        weight_ih, weight_hh, bias_ih, bias_hh = self._weights(suffix)
        bias = None if bias_ih is None else bias_ih + bias_hh
        shares = linear(x, weight_ih, bias)
        return (_recurrent.rnn(shares, first[0], weight_hh, relu=self.nonlinearity == "relu"),)


class GRU(_Recurrent):
    """The gated recurrent unit (Cho et al. 2014) as PyTorch has it: gates r, z, n in this order in the weights.

    r = σ(W_ir·x + b_ir + W_hr·h + b_hr), z alike, n = tanh(W_in·x + b_in + r·(W_hn·h + b_hn)), h' = (1 - z)·n + z·h.
    Arguments, calls and results are ``SimpleRNN``'s.

    >>> GRU(4, 8, bidirectional=True)(np.zeros((3, 5, 4), "float32"))[0].shape
    (3, 5, 16)
    """

    gates = 3

    def _scan(self, x: Any, first: list[Any], suffix: str) -> tuple[Any, ...]:
        weight_ih, weight_hh, bias_ih, bias_hh = self._weights(suffix)
        if bias_hh is None:
            bias_hh = backend_of(x).xp.zeros((3 * self.hidden_size,), dtype=weight_hh.dtype)
        return (_recurrent.gru(linear(x, weight_ih, bias_ih), first[0], weight_hh, bias_hh)[0],)


class LSTM(_Recurrent):
    """Long short-term memory (Hochreiter, Schmidhuber 1997) as PyTorch has it: gates i, f, g, o in the weights.

    i, f, o = σ(W·x + b + W'·h + b'), g = tanh(…), c' = f·c + i·g, h' = o·tanh(c'). Arguments and calls are
    ``SimpleRNN``'s; states are pairs, so that a call gives ``(out, (h, c))``.

    >>> out, (h, c) = LSTM(4, 8, num_layers=2)(np.zeros((3, 5, 4), "float32"))
    >>> out.shape, h.shape, c.shape
    ((3, 5, 8), (2, 3, 8), (2, 3, 8))
    """

    gates = 4
    states = ("h", "c")

    def _scan(self, x: Any, first: list[Any], suffix: str) -> tuple[Any, ...]:
        weight_ih, weight_hh, bias_ih, bias_hh = self._weights(suffix)
        bias = None if bias_ih is None else bias_ih + bias_hh
        return _recurrent.lstm(linear(x, weight_ih, bias), *first, weight_hh)[:2]
