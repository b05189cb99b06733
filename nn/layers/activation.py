"""Activations as layers, with PyTorch's names and options. Imports ``nn.activations``, ``nn.module``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from nn import activations as functions
from nn import init
from nn.module import Module, parameter


class Activation(Module):
    """An activation by name or function as a layer, as Keras has it.

    >>> Activation("tanh")
    Activation('tanh')
    """

    def __init__(self, activation: str | functions.Function) -> None:
        self.function = functions.get(activation) or functions.linear

    def forward(self, x: Any) -> Any:
        return self.function(x)

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return shape

    def describe(self) -> str:
        return repr(functions.name_of(self.function))


# Without options ---------------------------------------------------------------------------------------------


class _Plain(Activation):
    """The activation called ``name`` in the table."""

    name = ""

    def __init__(self, inplace: bool = False) -> None:
        # PyTorch's ``inplace`` saves memory there; here the graph keeps what it needs either way.
        super().__init__(self.name)

    def describe(self) -> str:
        return ""


class ReLU(_Plain):
    """max(x, 0)."""

    name = "relu"


class ReLU6(_Plain):
    """min(max(x, 0), 6)."""

    name = "relu6"


class SELU(_Plain):
    """scale·elu(x) with the constants of self-normalising networks (Klambauer et al. 2017)."""

    name = "selu"


class SiLU(_Plain):
    """x·sigmoid(x) (Elfwing, Uchibe, Doya 2018)."""

    name = "silu"


class Mish(_Plain):
    """x·tanh(softplus(x)) (Misra 2019)."""

    name = "mish"


class Softsign(_Plain):
    """x/(1 + |x|)."""

    name = "softsign"


class Tanh(_Plain):
    """tanh x."""

    name = "tanh"


class Sigmoid(_Plain):
    """1/(1 + e^-x)."""

    name = "sigmoid"


class Hardsigmoid(_Plain):
    """min(max(x + 3, 0), 6)/6."""

    name = "hardsigmoid"


class Hardswish(_Plain):
    """x·min(max(x + 3, 0), 6)/6 (Howard et al. 2019)."""

    name = "hardswish"


class LogSigmoid(_Plain):
    """log(1/(1 + e^-x))."""

    name = "logsigmoid"


class Tanhshrink(_Plain):
    """x - tanh x."""

    name = "tanhshrink"


# With options: each is an attribute ------------------------------------------------------------------------------


class _WithOptions(Module):
    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return shape

    def describe(self) -> str:
        options = [(name, value) for name, value in vars(self).items() if name not in ("training", "frozen", "_hooks")]
        return ", ".join(f"{name}={value!r}" for name, value in options)


class LeakyReLU(_WithOptions):
    """x where x > 0, slope·x elsewhere."""

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        return np.leaky_relu(x, self.negative_slope)


class RReLU(_WithOptions):
    """x where x > 0, slope·x elsewhere; in training each slope is drawn from lower to upper (Xu et al. 2015)."""

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3) -> None:
        self.lower = lower
        self.upper = upper

    def forward(self, x: Any) -> Any:
        return functions.rrelu(x, self.lower, self.upper, self.training)


class ELU(_WithOptions):
    """x where x > 0, alpha·(e^x - 1) elsewhere (Clevert, Unterthiner, Hochreiter 2016)."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        return np.elu(x, self.alpha)


class CELU(_WithOptions):
    """x where x > 0, alpha·(e^(x/alpha) - 1) elsewhere (Barron 2017)."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        return np.celu(x, self.alpha)


class GELU(_WithOptions):
    """x·Φ(x), or its approximation with ``"tanh"`` (Hendrycks, Gimpel 2016)."""

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, x: Any) -> Any:
        return np.gelu(x, self.approximate)


class Softplus(_WithOptions):
    """log(1 + e^(beta·x))/beta, exact everywhere, so that PyTorch's threshold is not needed."""

    def __init__(self, beta: float = 1.0) -> None:
        self.beta = beta

    def forward(self, x: Any) -> Any:
        return np.softplus(x, self.beta)


class Hardtanh(_WithOptions):
    """min(max(x, min_val), max_val)."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        self.min_val = min_val
        self.max_val = max_val

    def forward(self, x: Any) -> Any:
        return np.hardtanh(x, self.min_val, self.max_val)


class Softshrink(_WithOptions):
    """x moved by lambd towards 0, at most to 0."""

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def forward(self, x: Any) -> Any:
        return np.softshrink(x, self.lambd)


class Hardshrink(_WithOptions):
    """x where |x| > lambd, 0 elsewhere."""

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def forward(self, x: Any) -> Any:
        return np.hardshrink(x, self.lambd)


class Threshold(_WithOptions):
    """x where x > threshold, value elsewhere."""

    def __init__(self, threshold: float, value: float) -> None:
        self.threshold = threshold
        self.value = value

    def forward(self, x: Any) -> Any:
        return functions.threshold(x, self.threshold, self.value)


class Softmax(_WithOptions):
    """e^x over its sum along ``axis`` (PyTorch: ``dim``)."""

    def __init__(self, axis: int = -1, dim: int | None = None) -> None:
        self.axis = axis if dim is None else dim

    def forward(self, x: Any) -> Any:
        return np.softmax(x, self.axis)


class LogSoftmax(_WithOptions):
    """log(softmax(x)) along ``axis`` (PyTorch: ``dim``)."""

    def __init__(self, axis: int = -1, dim: int | None = None) -> None:
        self.axis = axis if dim is None else dim

    def forward(self, x: Any) -> Any:
        return np.log_softmax(x, self.axis)


class Softmax2d(_WithOptions):
    """e^x over its sum across the channels of (…, channels, height, width)."""

    def forward(self, x: Any) -> Any:
        return np.softmax(x, -3)


class Softmin(_WithOptions):
    """softmax(-x) along ``axis`` (PyTorch: ``dim``)."""

    def __init__(self, axis: int = -1, dim: int | None = None) -> None:
        self.axis = axis if dim is None else dim

    def forward(self, x: Any) -> Any:
        return functions.softmin(x, self.axis)


class GLU(_WithOptions):
    """a·sigmoid(b), a and b the halves of x along ``axis`` (PyTorch: ``dim``) (Dauphin et al. 2017)."""

    def __init__(self, axis: int = -1, dim: int | None = None) -> None:
        self.axis = axis if dim is None else dim

    def forward(self, x: Any) -> Any:
        return functions.glu(x, self.axis)


class PReLU(Module):
    """x where x > 0, weight·x elsewhere; one learned weight, or one per channel (axis 1) (He et al. 2015).

    >>> PReLU(3).weight
    Tensor([0.25, 0.25, 0.25], dtype=float32, requires_grad=True)
    """

    def __init__(self, num_parameters: int = 1, init_value: float = 0.25, dtype: Any = "float32") -> None:
        self.weight = parameter(init.Constant(init_value)((num_parameters,), dtype))

    def forward(self, x: Any) -> Any:
        return functions.prelu(x, self.weight)

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return shape

    def describe(self) -> str:
        return str(self.weight.size)
