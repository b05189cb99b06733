"""Reverse-mode automatic differentiation for NumPy and CuPy arrays and Python floats. Imports nothing of ``nn``."""

from autograd import _clash as _clash  # first: refuses to be mixed with HIPS autograd's files
from autograd.check import check_grads
from autograd.checkpoint import checkpoint
from autograd.custom import custom_vjp
from autograd.draw import Drawing, draw
from autograd.graph import GraphError
from autograd.jacobians import hessian, jacobian
from autograd.mode import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from autograd.record import record_lines
from autograd.tensor import Tensor, scalar, tensor
from autograd.transform import (
    elementwise_grad,
    grad,
    gradients,
    hessian_vector_product,
    hvp,
    jvp,
    stop_gradient,
    value_and_grad,
    vjp,
)

__all__ = [
    "Drawing",
    "GraphError",
    "Tensor",
    "check_grads",
    "checkpoint",
    "custom_vjp",
    "draw",
    "elementwise_grad",
    "enable_grad",
    "grad",
    "gradients",
    "hessian",
    "hessian_vector_product",
    "hvp",
    "is_grad_enabled",
    "jacobian",
    "jvp",
    "no_grad",
    "record_lines",
    "scalar",
    "set_grad_enabled",
    "stop_gradient",
    "tensor",
    "value_and_grad",
    "vjp",
]
