"""Reverse-mode automatic differentiation for NumPy and CuPy arrays and Python floats. Imports nothing of ``nn``."""

from autograd import _clash as _clash  # first: refuses to be mixed with HIPS autograd's files
from autograd.graph import GraphError
from autograd.mode import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from autograd.tensor import Tensor, scalar, tensor

__all__ = [
    "GraphError",
    "Tensor",
    "enable_grad",
    "is_grad_enabled",
    "no_grad",
    "scalar",
    "set_grad_enabled",
    "tensor",
]
