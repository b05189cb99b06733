"""How weights start: initialisers by name or as objects, and PyTorch's functions that fill a Tensor in place.

A weight has shape (out, in) or (out, in, *window): with a window of k elements, fan_in = in·k and fan_out = out·k.
"""

from nn.init.in_place import (
    calculate_gain,
    constant_,
    fill_,
    kaiming_normal_,
    kaiming_uniform_,
    normal_,
    ones_,
    orthogonal_,
    trunc_normal_,
    uniform_,
    xavier_normal_,
    xavier_uniform_,
    zeros_,
)
from nn.init.starts import (
    NAMED,
    Constant,
    Initializer,
    Normal,
    Orthogonal,
    TruncatedNormal,
    Uniform,
    VarianceScaling,
    fans,
    get,
)

__all__ = [
    "Constant",
    "Initializer",
    "NAMED",
    "Normal",
    "Orthogonal",
    "TruncatedNormal",
    "Uniform",
    "VarianceScaling",
    "calculate_gain",
    "constant_",
    "fans",
    "fill_",
    "get",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]
