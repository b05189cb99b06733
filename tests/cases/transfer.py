"""Rows for ``autograd.ops.transfer``."""

from __future__ import annotations

from typing import Any

import numpy as np

import backends
from autograd.ops.transfer import transfer
from tests.cases.base import Case


def _there_and_back(x: Any) -> Any:
    """To main memory and back to where it was."""
    array = x.data if hasattr(x, "requires_grad") else x
    here, there = (backends.of(array).name, backends.of(array).device(array)), ("numpy", "cpu")
    return transfer(transfer(x, source=here, target=there), source=there, target=here)


ROWS = [
    Case(
        "transfer",
        _there_and_back,
        (np.array([[0.5, -1.25], [2.0, 0.75]]),),
        reference=lambda x: x,
        lacks="syncs: it is there to copy to the host",
    ),
]
