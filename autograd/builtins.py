"""Python's own types under the names that programs written for HIPS autograd import. Imports nothing.

There, values inside a differentiated function are boxes that need types of their own; here lists, tuples and dicts
of Tensors are lists, tuples and dicts.
"""

from builtins import dict, isinstance, list, tuple, type  # noqa: UP029 - to be imported from here

__all__ = ["dict", "isinstance", "list", "tuple", "type"]
