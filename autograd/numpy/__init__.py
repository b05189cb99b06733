"""The differentiable namespace: NumPy's functions over arrays and Tensors. Imports ``autograd.ops`` and ``backends``."""
