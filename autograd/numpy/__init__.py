"""The differentiable namespace: NumPy's functions over arrays and Tensors. Imports ``autograd.ops`` and ``backends``.

    import autograd.numpy as np

On plain arrays these functions return plain arrays, equal to NumPy's, and record nothing; with a Tensor among the
arguments they return Tensors. ``np.linalg``, ``np.fft`` and ``np.random`` come along.
"""
