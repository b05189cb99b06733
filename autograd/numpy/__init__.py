"""The differentiable namespace: NumPy's functions over arrays and Tensors. Imports ``autograd.ops`` and ``backends``.

    import autograd.numpy as np

On plain arrays these functions return plain arrays, equal to NumPy's, and record nothing; with a Tensor among the
arguments they return Tensors. ``np.linalg``, ``np.fft`` and ``np.random`` come along.
"""

from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec

for _name in (
    "creation", "elementwise", "parts", "choosing", "trigonometry", "rounding", "logic", "special", "activations", "reductions", "statistics", "scans", "shaping", "joining",
    "turning", "diagonals", "indexing", "sorting", "signals", "linalg_functions", "linalg", "fft", "random",
):
    try:
        _module = _import_module(f"autograd.numpy.{_name}")
    except Exception:
        continue
    for _public in getattr(_module, "__all__", ()):
        if hasattr(_module, _public):
            globals()[_public] = getattr(_module, _public)
