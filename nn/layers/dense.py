"""The dense layer of the reference document, ``f(W·x + b)``. Imports ``nn.module``, ``init``, ``activations``."""

from __future__ import annotations

import numbers
from typing import Any

import autograd.numpy as np
import backends
from autograd import Tensor
from autograd.ops.network import linear
from nn import activations, checks, init
from nn.layers.penalised import Penalised
from nn.module import Module, parameter


class Linear(Module):
    """``f(x · Wᵀ + b)`` over the last axis: (…, in) to (…, out), with W (out, in) as PyTorch and the document have it.

    Args:
        in_features: the size of the input's last axis; None to take it from the first batch.
        out_features: the size of the output's.
        bias: whether to add b.
        weight_init, bias_init: initialisers by name or as objects; by default PyTorch's, uniform on ±1/√in.
        activation: f, by name or as a function (none by default).
        dtype: of the parameters.

    Raises:
        ValueError: a size is not a positive integer; at a call, where the input's last axis does not fit.

    >>> Linear(4, 2).weight.shape
    (2, 4)
    """

    kernels = ("weight",)

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
        if in_features is not None:
            check_size(self, "in_features", in_features)
        check_size(self, "out_features", out_features)
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

    def is_built(self) -> bool:
        return self.weight is not None

    def build(self, in_features: int) -> None:
        """Make the parameters, now that the input's size is known."""
        self.weight = parameter(self.weight_init((self.out_features, in_features), self.dtype))
        if self.use_bias:
            limit = in_features**-0.5
            self.bias = parameter((self.bias_init or init.Uniform(-limit, limit))((self.out_features,), self.dtype))

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        if self.weight is None:
            self.build(shape[-1])
        return (*shape[:-1], self.out_features)

    def output_shape_alone(self) -> tuple[int, ...] | None:
        return None if self.weight is None else (self.out_features,)

    def forward(self, x: Any) -> Any:
        weight = self.weight
        if weight is None:
            with backends.use(of_input(x)):
                self.build(x.shape[-1])
            weight = self.weight
        out = linear(x, weight, self.bias)
        activation = self.activation
        return out if activation is None else activation(out)

    def describe(self) -> str:
        parts = [f"{'?' if self.weight is None else self.in_features}, {self.out_features}"]
        if not self.use_bias:
            parts.append("bias=False")
        if self.activation is not None:
            parts.append(f"activation={activations.name_of(self.activation)!r}")
        return ", ".join(parts)


class Dense(Penalised, Linear):
    """The same layer as Keras writes it: ``Dense(units, activation="relu", input_shape=(n,))``.

    Weights start Glorot uniform and biases 0, as Keras's do; the input's size is taken from the layer before, from
    ``input_shape`` (``input_dim=n`` is ``input_shape=(n,)``), or from the first batch. Penalties are of
    ``nn.regularizers`` and constraints of ``nn.constraints``, by name or as objects. ``name`` is for
    ``model.get_layer(name)`` and the table of ``summary()``.

    >>> Dense(10, activation="relu", input_shape=(4,))
    Dense(4, 10, activation='relu')
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        input_shape: tuple[int, ...] | int | None = None,
        dtype: Any = "float32",
        name: str | None = None,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        input_dim: int | None = None,
    ) -> None:
        check_size(self, "units", units)
        if input_dim is not None:
            input_shape = (input_dim,)
        if input_shape is not None:
            input_shape = checks.as_shape("Dense", input_shape, "input_shape")
            if not input_shape:
                raise ValueError("Dense: expected input_shape to have a size; got (). Pass (n,), without the batch.")
        # For get_layer() and the table of summary().
        self.name = name
        super().__init__(
            None if input_shape is None else input_shape[-1],
            units,
            bias=use_bias,
            weight_init=kernel_initializer,
            bias_init=bias_initializer,
            activation=activation,
            dtype=dtype,
        )
        if input_shape is not None:
            self.input_shape = input_shape
        self.penalise(kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint)


def bilinear(x1: Any, x2: Any, weight: Any, bias: Any = None) -> Any:
    """``x1ᵀ · W_k · x2 + b_k`` for each k: (…, in1), (…, in2) and W (out, in1, in2) to (…, out).

    >>> bilinear(np.array([1.0, 2.0]), np.array([3.0]), np.array([[[1.0], [1.0]]]))
    array([9.])
    """
    out = np.einsum("...i,kij,...j->...k", x1, weight, x2)
    return out if bias is None else out + bias


class Bilinear(Module):
    """``x1ᵀ · W_k · x2 + b_k`` for each k: (…, in1) and (…, in2) to (…, out), W (out, in1, in2); starts as PyTorch's.

    >>> Bilinear(3, 2, 4).weight.shape
    (4, 3, 2)
    """

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, dtype: Any = "float32"
    ) -> None:
        for name, size in (("in1", in1_features), ("in2", in2_features), ("out", out_features)):
            check_size(self, f"{name}_features", size)
        limit = in1_features**-0.5
        draw = init.Uniform(-limit, limit)
        self.weight = parameter(draw((out_features, in1_features, in2_features), dtype))
        self.bias = parameter(draw((out_features,), dtype)) if bias else None

    def forward(self, x1: Any, x2: Any) -> Any:
        return bilinear(x1, x2, self.weight, self.bias)

    def describe(self) -> str:
        out, in1, in2 = self.weight.shape
        return f"{in1}, {in2}, {out}" + ("" if self.bias is not None else ", bias=False")


def check_size(layer: Any, name: str, size: Any) -> None:
    """Raise ValueError unless ``size`` is a positive integer; NumPy's, as of ``labels.max() + 1``, are ones."""
    if not isinstance(size, numbers.Integral) or isinstance(size, bool) or size < 1:
        raise ValueError(f"{type(layer).__name__}: expected {name} to be a positive integer; got {size!r}. Correct it.")


def of_input(x: Any) -> backends.Backend:
    """The backend a layer's parameters belong on when the layer first sees ``x``."""
    if isinstance(x, Module):
        raise TypeError(
            f"layer: expected an array or a Tensor; got the layer {type(x).__name__}. Layers are put in a row, "
            "nn.Sequential([nn.Input((4,)), nn.Dense(2)]), or called one after another in a Model's forward(self, x)."
        )
    return x.backend if isinstance(x, Tensor) else backends.of(x)
