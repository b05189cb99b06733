"""``nn.minimize``: SciPy's optimisers over nested arrays and modules, with derived gradients."""

from nn.minimizing.call import minimize

__all__ = ["minimize"]
