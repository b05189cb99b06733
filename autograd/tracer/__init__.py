"""Stops HIPS autograd's `__init__.py` where it was installed over ours: it imports `autograd.tracer` before all else.

Python finds a package before a module of the same name, so this folder hides their `tracer.py`. See `autograd._clash`.
Of theirs it has ``getval``, which programs use to print what is being differentiated.
"""

from typing import Any

from autograd import _clash as _clash
from autograd.plan import RUNTIME

__all__ = ["getval", "isbox"]


def getval(x: Any) -> Any:
    """The plain value of ``x``: a Tensor's array, anything else as it is.

    >>> from autograd import grad
    >>> def f(x):
    ...     print(getval(x))
    ...     return x**2
    >>> grad(f)(3.0)
    3.0
    np.float64(6.0)
    """
    return x._data if isbox(x) else x


def isbox(x: Any) -> bool:
    """Whether ``x`` is being differentiated or recorded, that is, a Tensor.

    >>> isbox(2.0)
    False
    """
    return x.__class__ is RUNTIME["Tensor"]
