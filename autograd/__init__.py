"""Reverse-mode automatic differentiation for NumPy and CuPy arrays and Python floats. Imports nothing of ``nn``."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

import numpy as _numpy  # noqa: F401 - before anything of ours: in the midst of it the same import takes a tenth longer

from autograd import _clash as _clash  # first: refuses to be mixed with HIPS autograd's files
from autograd.checkpoint import checkpoint
from autograd.custom import custom_vjp
from autograd.differential_operators import (
    deriv,
    grad_and_aux,
    grad_named,
    hessian_tensor_product,
    holomorphic_grad,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_vjp,
    multigrad_dict,
    tensor_jacobian_product,
    vector_jacobian_product,
)
from autograd.draw import draw
from autograd.gradients import gradients, stop_gradient
from autograd.graph import GraphError
from autograd.jacobians import hessian, jacobian
from autograd.mode import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from autograd.products import hessian_vector_product, hvp, jvp, vjp
from autograd.tensor import Tensor, scalar, tensor
from autograd.transform import elementwise_grad, grad, value_and_grad

if _TYPE_CHECKING:
    from autograd.anomaly import AnomalyError, detect_anomaly
    from autograd.check import check_grads
    from autograd.comparing import Comparison, compare
    from autograd.draw.drawing import Drawing
    from autograd.explain import why_no_grad
    from autograd.memory import MemoryReport, memory_report
    from autograd.profiling import profile
    from autograd.record import record_lines

__all__ = [
    "AnomalyError",
    "Comparison",
    "Drawing",
    "GraphError",
    "MemoryReport",
    "Tensor",
    "check_grads",
    "checkpoint",
    "compare",
    "custom_vjp",
    "deriv",
    "detect_anomaly",
    "draw",
    "elementwise_grad",
    "enable_grad",
    "grad",
    "grad_and_aux",
    "grad_named",
    "gradients",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "hvp",
    "is_grad_enabled",
    "jacobian",
    "jvp",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_vjp",
    "memory_report",
    "multigrad_dict",
    "no_grad",
    "profile",
    "record_lines",
    "scalar",
    "set_grad_enabled",
    "stop_gradient",
    "tensor",
    "tensor_jacobian_product",
    "value_and_grad",
    "vector_jacobian_product",
    "vjp",
    "why_no_grad",
]

# Loaded when asked for, as programs that only compute gradients never do: they would make a tenth of the import.
_LATE = {
    **dict.fromkeys(("AnomalyError", "detect_anomaly"), "autograd.anomaly"),
    **dict.fromkeys(("MemoryReport", "memory_report"), "autograd.memory"),
    **dict.fromkeys(("Comparison", "compare"), "autograd.comparing"),
    **{"Drawing": "autograd.draw.drawing", "check_grads": "autograd.check", "why_no_grad": "autograd.explain"},
    **{"profile": "autograd.profiling", "record_lines": "autograd.record"},
    # HIPS autograd has these here, too.
    **dict.fromkeys(("dict", "isinstance", "list", "tuple", "type"), "autograd.builtins"),
}
_MODULES = ("builtins", "core", "extend", "misc", "scipy", "test_util", "tracer", "wrap_util")


def __getattr__(name: str) -> _Any:
    if name in _LATE:
        return getattr(_import_module(_LATE[name]), name)
    if name in _MODULES:
        return _import_module(f"autograd.{name}")
    raise AttributeError(f"module 'autograd' has no attribute {name!r}.")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
