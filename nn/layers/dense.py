"""The dense layer of the reference document, ``f(W·x + b)``. Imports ``nn.module``, ``init``, ``activations``."""

from __future__ import annotations

from typing import Any

from autograd import Tensor
from autograd.ops.network import linear
from nn import activations, init
from nn.module import Module, parameter


class Linear(Module):
    """``x · Wᵀ + b`` over the last axis: (…, in) to (…, out), with W (out, in) as PyTorch and the document have it.

    Args:
        in_features: the size of the input's last axis; None to take it from the first batch.
        out_features: the size of the output's.
        bias: whether to add b.
        weight_init, bias_init: initialisers by name or as objects; by default PyTorch's, uniform on ±1/√in.
        activation: applied to the result: a name or a function (none by default).
        dtype: of the parameters.

    >>> Linear(4, 2).weight.shape
    (2, 4)
    """

    def __init__(
        self,
        in_features: int | None,
        out_features: int,
        bias: bool = True,
        weight_init: Any = "torch_uniform",
        bias_init: Any = None,
        activation: Any = None,
        dtype: Any = "float32",
    ) -> None:
        for name, size in (("in_features", in_features), ("out_features", out_features)):
            if not (size is None and name == "in_features") and (not isinstance(size, int) or size < 1):
                raise ValueError(f"{type(self).__name__}: expected {name} to be a positive integer; got {size!r}.")
        self.out_features = out_features
        self.use_bias = bias
        self.weight_init = init.get(weight_init)
        self.bias_init = None if bias_init is None else init.get(bias_init)
        self.activation = activations.get(activation)
        self.dtype = dtype
        self.weight: Tensor | None = None
        self.bias: Tensor | None = None
        if in_features is not None:
            self.build(in_features)

    @property
    def in_features(self) -> int | None:
        """The size of the input's last axis; None before it is known."""
        return None if self.weight is None else self.weight.shape[1]

    @property
    def output_size(self) -> int:
        return self.out_features

    def is_built(self) -> bool:
        return self.weight is not None

    def build(self, in_features: int) -> None:
        """Make the parameters, now that the input's size is known."""
        self.weight = parameter(self.weight_init((self.out_features, in_features), self.dtype))
        if self.use_bias:
            if self.bias_init is not None:
                self.bias = parameter(self.bias_init((self.out_features,), self.dtype))
            else:
                limit = in_features**-0.5
                self.bias = parameter(init.Uniform(-limit, limit)((self.out_features,), self.dtype))

    def build_after(self, size: int) -> None:
        if self.weight is None:
            self.build(size)

    def forward(self, x: Any) -> Any:
        if self.weight is None:
            self.build(x.shape[-1])
        out = linear(x, self.weight, self.bias)
        return out if self.activation is None else self.activation(out)

    def describe(self) -> str:
        size = "?" if self.weight is None else self.in_features
        parts = [f"{size}, {self.out_features}"]
        if not self.use_bias:
            parts.append("bias=False")
        if self.activation is not None:
            parts.append(f"activation={activations.name_of(self.activation)!r}")
        return ", ".join(parts)


class Dense(Linear):
    """The same layer as Keras writes it: ``Dense(units, activation="relu", input_shape=(n,))``.

    Weights start Glorot uniform and biases 0, as Keras's do; the input's size is taken from the layer before, from
    ``input_shape``, or from the first batch.

    >>> layer = Dense(10, activation="relu", input_shape=(4,))
    >>> layer
    Dense(4, 10, activation='relu')
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = "float32",
    ) -> None:
        super().__init__(
            input_shape[-1] if input_shape else None,
            units,
            bias=use_bias,
            weight_init=kernel_initializer,
            bias_init=bias_initializer,
            activation=activation,
            dtype=dtype,
        )
