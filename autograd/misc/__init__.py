"""HIPS autograd's helpers for examples: ``flatten`` and simple optimisers. Imports ``misc.flatten``."""

from autograd.misc.flatten import flatten

__all__ = ["flatten"]
