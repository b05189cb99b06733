"""The random streams that initialisers, dropout and shuffling draw from: those of ``autograd.numpy.random``.

One per backend, seeded from the system until ``set_random_seed`` is called.
"""

from __future__ import annotations

from autograd.numpy.random import get_states as get_state
from autograd.numpy.random import seed as _seed
from autograd.numpy.random import set_states as set_state
from autograd.numpy.random import stream

__all__ = ["get_state", "set_random_seed", "set_state", "stream"]


def set_random_seed(seed: int) -> None:
    """Seed every backend's streams, and ``numpy.random`` as Keras does: the same seed, the same numbers on a backend.

    >>> import nn
    >>> set_random_seed(0)
    >>> first = nn.Linear(2, 1).weight
    >>> set_random_seed(0)
    >>> bool((first == nn.Linear(2, 1).weight).all())
    True
    """
    _seed(int(seed))
