"""SciPy's special functions, differentiable: those of ``autograd.numpy`` under SciPy's names. Imports it."""

from autograd.numpy.reductions import logsumexp
from autograd.numpy.special import *  # noqa: F403
from autograd.numpy.special import __all__ as _special

__all__ = [*_special, "logsumexp"]
