"""Convolutions as Keras writes them: ``Conv2D(32, 3, activation="relu")``, channels last. Imports ``layers.conv``.

Weights keep this package's layout, (out, in, window…), in either ``data_format``; ``nn.load_keras_weights`` turns
Keras's kernels round.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd.numpy.convolution import Size, as_sizes
from nn import checks
from nn.layers.conv import Forward
from nn.layers.conv_transpose import Transposed
from nn.layers.penalised import Penalised


def is_last(owner: str, data_format: str | None) -> bool:
    """Whether the channels' axis is the last: Keras's default.

    Raises:
        ValueError: it is neither of the two words.

    >>> is_last("Conv2D", None), is_last("Conv2D", "channels_first")
    (True, False)
    """
    if data_format not in (None, "channels_last", "channels_first"):
        raise ValueError(
            f"{owner}: expected data_format 'channels_last', (n, …, channels), or 'channels_first'; "
            f"got {data_format!r}. Choose one."
        )
    return data_format != "channels_first"


def padding_of(owner: str, padding: Any, *more: str) -> str:
    """``"valid"`` or ``"same"``, however it is spelled.

    Raises:
        ValueError: it is neither.
    """
    found = padding.lower() if isinstance(padding, str) else padding
    if found not in ("valid", "same", *more):
        raise ValueError(
            f"{owner}: expected padding to be one of {', '.join(map(repr, ('valid', 'same', *more)))}; "
            f"got {padding!r}. Correct it, or use PyTorch's layer, which takes sizes."
        )
    return found


class _Keras(Penalised):
    """What Keras's convolutions add to PyTorch's: where the channels stand, names, penalties, constraints."""

    last = True
    n: int

    def _finish(
        self, name: str | None, data_format: str | None, input_shape: Any, penalised: tuple[Any, Any, Any, Any, Any]
    ) -> None:
        kind = type(self).__name__
        self.name = name
        self.last = is_last(kind, data_format)
        self.penalise(*penalised)
        if input_shape is not None:
            self.input_shape = checks.as_shape(kind, input_shape, "input_shape")
            if len(self.input_shape) != self.n + 1:
                form = "(…, channels)" if self.last else "(channels, …)"
                raise ValueError(
                    f"{kind}: expected input_shape to have {self.n + 1} sizes, {form}; got {self.input_shape}. "
                    "Leave the batch axis out."
                )
            self.build(self.input_shape[-1 if self.last else 0])  # type: ignore[attr-defined]

    def _first(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one input with its channels in front."""
        return (shape[-1], *shape[:-1]) if self.last else tuple(shape)

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        out = super().build_for(self._first(shape))
        return (*out[1:], out[0]) if self.last and out is not None else out

    def forward(self, x: Any) -> Any:
        if len(x.shape) != self.n + 2:
            form = f"(n, {self.n} more axes, channels)" if self.last else f"(n, channels, {self.n} more axes)"
            raise ValueError(
                f"{type(self).__name__}: expected x of shape {form}; got {tuple(x.shape)}. Reshape it: a channels' "
                "axis is added by x[..., None]."
            )
        return super().forward(x)

    def convolve(self, x: Any) -> Any:
        if not self.last:
            return self.convolve_first(x)
        return np.moveaxis(self.convolve_first(np.moveaxis(x, -1, 1)), 1, -1)

    def convolve_first(self, x: Any) -> Any:
        """The same of an input whose channels come first."""
        raise NotImplementedError

    def describe(self) -> str:
        return super().describe() + ("" if self.last else ", data_format='channels_first'")


class _KerasForward(_Keras, Forward):
    def __init__(
        self,
        filters: int,
        kernel_size: Size,
        strides: Size = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Size = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        input_shape: Any = None,
        dtype: Any = "float32",
        name: str | None = None,
    ) -> None:
        kind = type(self).__name__
        checks.whole(kind, "filters", filters)
        kept = padding_of(kind, padding, *(("causal",) if self.n == 1 else ()))
        # Causal: what stands before a step, and nothing behind it.
        self.causal = kept == "causal"
        Forward.__init__(
            self, None, filters, kernel_size, strides, "valid" if self.causal else kept, dilation_rate, groups,
            use_bias, "zeros", kernel_initializer, bias_initializer, activation, None, dtype,
        )  # fmt: skip
        penalised = (kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint)
        self._finish(name, data_format, input_shape, penalised)

    def sizes_after(self, size: tuple[int, ...]) -> tuple[int, ...]:
        return super().sizes_after((size[0] + self._before(),) if self.causal else size)

    def convolve_first(self, x: Any) -> Any:
        return Forward.convolve(self, np.pad(x, [(0, 0), (0, 0), (self._before(), 0)]) if self.causal else x)

    def _before(self) -> int:
        return self.dilation[0] * (self.kernel_size[0] - 1)


class Conv1D(_KerasForward):
    """Keras's convolution along one axis: (n, steps, in) to (n, places, filters).

    Args:
        filters: the number of output channels.
        padding: ``"valid"``, ``"same"``, or (of ``Conv1D`` alone) ``"causal"``.
        data_format: ``"channels_last"`` (the default) or ``"channels_first"``.
        input_shape: of one input, without the batch axis.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties, of ``nn.regularizers``.
        kernel_constraint, bias_constraint: of ``nn.constraints``; they see the kernel as (window…, in, filters).
        kernel_size, strides, dilation_rate, groups, activation, use_bias, kernel_initializer, bias_initializer: as in
            ``nn.Conv1d``, with Keras's starting values.

    Raises:
        ValueError: an option is out of range; at a call, where the input does not fit.

    >>> Conv1D(8, 3, padding="causal")(np.zeros((2, 10, 4), "float32")).shape
    (2, 10, 8)
    """

    n = 1


class Conv2D(_KerasForward):
    """``Conv1D`` over two axes: (n, height, width, in) to (n, height, width, filters).

    >>> Conv2D(16, 3, padding="same", activation="relu", input_shape=(28, 28, 1))
    Conv2D(1, 16, kernel_size=(3, 3), padding='same', activation='relu')
    """

    n = 2


class Conv3D(_KerasForward):
    """``Conv1D`` over three axes.

    >>> Conv3D(3, 2)(np.zeros((1, 4, 4, 4, 2), "float32")).shape
    (1, 3, 3, 3, 3)
    """

    n = 3


class _KerasTransposed(_Keras, Transposed):
    def __init__(
        self,
        filters: int,
        kernel_size: Size,
        strides: Size = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Size = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        input_shape: Any = None,
        dtype: Any = "float32",
        name: str | None = None,
    ) -> None:
        kind = type(self).__name__
        checks.whole(kind, "filters", filters)
        self.same = padding_of(kind, padding) == "same"
        # A window narrower than the stride leaves a gap behind the last one, which counts.
        reach = [
            d * (k - 1) + 1
            for d, k in zip(
                as_sizes(kind, "dilation_rate", dilation_rate, self.n),
                as_sizes(kind, "kernel_size", kernel_size, self.n),
                strict=True,
            )
        ]
        gaps = [max(s - r, 0) for s, r in zip(as_sizes(kind, "strides", strides, self.n), reach, strict=True)]
        # What "same" cuts off, so that the result is the input's size times the stride.
        self.cut = [max(r - s, 0) for s, r in zip(as_sizes(kind, "strides", strides, self.n), reach, strict=True)]
        Transposed.__init__(
            self, None, filters, kernel_size, strides, 0, tuple(gaps), 1, use_bias, dilation_rate, kernel_initializer,
            bias_initializer, activation, None, dtype,
        )  # fmt: skip
        penalised = (kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint)
        self._finish(name, data_format, input_shape, penalised)

    def sizes_after(self, size: tuple[int, ...]) -> tuple[int, ...]:
        whole = super().sizes_after(size)
        return tuple([w - c for w, c in zip(whole, self.cut, strict=True)]) if self.same else whole

    def convolve_first(self, x: Any) -> Any:
        out = Transposed.convolve(self, x)
        if not self.same or not any(self.cut):
            return out
        sizes = out.shape[2:]
        inner = [slice(c // 2, c // 2 + m - c) for c, m in zip(self.cut, sizes, strict=True)]
        return out[(slice(None), slice(None), *inner)]


class Conv1DTranspose(_KerasTransposed):
    """Keras's transposed convolution: (n, steps, in) to (n, more steps, filters); options as in ``Conv1D``.

    With ``padding="same"`` the result is the input's size times the stride.

    >>> Conv1DTranspose(2, 3, strides=2, padding="same")(np.zeros((1, 5, 4), "float32")).shape
    (1, 10, 2)
    """

    n = 1


class Conv2DTranspose(_KerasTransposed):
    """``Conv1DTranspose`` over two axes.

    >>> Conv2DTranspose(2, 2, strides=2)(np.zeros((1, 5, 5, 4), "float32")).shape
    (1, 10, 10, 2)
    """

    n = 2


class Conv3DTranspose(_KerasTransposed):
    """``Conv1DTranspose`` over three axes.

    >>> Conv3DTranspose(1, 2)(np.zeros((1, 2, 2, 2, 1), "float32")).shape
    (1, 3, 3, 3, 1)
    """

    n = 3
