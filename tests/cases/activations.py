"""Rows for ``autograd.ops.activations``; the references are the definitions, written out in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special

from autograd.ops import activations as ops
from tests.cases.base import Case

A = np.array([[0.6, -1.25, 2.0], [4.5, 0.8, -0.4], [-5.0, 7.0, -0.05]])
W = np.array([0.25, 0.5, -0.125])
LAMBDA, ALPHA = 1.0507009873554805, 1.6732632423543772


def _elu(x: Any, alpha: float) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(x))


ROWS = [
    Case("relu", ops.relu, (A,), reference=lambda x: np.maximum(x, 0)),
    Case("relu6", ops.relu6, (A,), reference=lambda x: np.clip(x, 0, 6)),
    Case("leaky_relu", ops.leaky_relu, (A,), {"slope": 0.01}, lambda x, slope: np.where(x > 0, x, slope * x)),
    Case(
        "leaky_relu", ops.leaky_relu, (A,), {"slope": 1.5},
        lambda x, slope: np.where(x > 0, x, slope * x), label="steep",
    ),
    Case("prelu", ops.prelu, (A, W), reference=lambda x, weight: np.where(x > 0, x, weight * x)),
    Case("hardtanh", ops.hardtanh, (A,), {"low": -1.0, "high": 1.5}, lambda x, low, high: np.clip(x, low, high)),
    Case("hardsigmoid", ops.hardsigmoid, (A,), reference=lambda x: np.clip(x + 3, 0, 6) / 6),
    Case("hardswish", ops.hardswish, (A,), reference=lambda x: x * np.clip(x + 3, 0, 6) / 6),
    Case(
        "softshrink", ops.softshrink, (A,), {"lambd": 0.5},
        lambda x, lambd: np.sign(x) * np.maximum(np.abs(x) - np.asarray(lambd, x.dtype), 0),
    ),
    Case("hardshrink", ops.hardshrink, (A,), {"lambd": 0.5}, lambda x, lambd: np.where(np.abs(x) > lambd, x, 0)),
    Case(
        "threshold", ops.threshold, (A,), {"threshold": 0.7, "value": 0.1},
        lambda x, threshold, value: np.where(x > threshold, x, value),
    ),
    Case("elu", ops.elu, (A,), {"alpha": 1.5}, _elu),
    Case("selu", ops.selu, (A,), reference=lambda x: LAMBDA * _elu(x, ALPHA)),
    Case("celu", ops.celu, (A,), {"alpha": 1.5}, lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(x / alpha))),
    Case("softplus", ops.softplus, (A,), {"beta": 1}, lambda x, beta: np.logaddexp(x, 0)),
    Case("softplus", ops.softplus, (A,), {"beta": 2.5}, lambda x, beta: np.logaddexp(beta * x, 0) / beta, label="beta"),
    Case("log_sigmoid", ops.log_sigmoid, (A,), reference=scipy.special.log_expit),
    Case("silu", ops.silu, (A,), reference=lambda x: x * scipy.special.expit(x)),
    Case("mish", ops.mish, (A,), reference=lambda x: x * np.tanh(np.logaddexp(x, 0))),
    Case("softsign", ops.softsign, (A,), reference=lambda x: x / (1 + np.abs(x))),
    Case("tanhshrink", ops.tanhshrink, (A,), reference=lambda x: x - np.tanh(x)),
    Case("gelu", ops.gelu, (A,), reference=lambda x: x * scipy.special.ndtr(x)),
    Case(
        "gelu_tanh", ops.gelu_tanh, (A,),
        reference=lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi).astype(x.dtype) * (x + 0.044715 * x**3))),
    ),
    Case("gate", ops.gate, (A, np.maximum(A[::-1], 0)), reference=lambda g, x: g * (x > 0), argnums=(0,)),
]  # fmt: skip
