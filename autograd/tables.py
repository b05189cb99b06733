"""Tables of pandas beside Tensors: their values, as an array. Imports nothing of this project, nor pandas."""

from __future__ import annotations

from typing import Any

import numpy as np


def is_table(x: Any) -> bool:
    """Whether ``x`` is a Series, DataFrame, Index or array of pandas: what has pandas's own mark of precedence."""
    return hasattr(x.__class__, "__pandas_priority__") and hasattr(x, "to_numpy")


def values_of(table: Any) -> Any:
    """The numbers in a table of pandas, as a NumPy array; of names and index nothing remains.

    Raises:
        TypeError: it holds something else than numbers.
    """
    values = np.asarray(table)
    if values.dtype.kind not in "biufc":
        kind = type(table)
        raise TypeError(
            f"{kind.__module__.partition('.')[0]}.{kind.__name__}: expected numbers; got {values.dtype}. "
            "Choose columns, encode text, fill what is missing, or convert it: x.to_numpy(dtype=float)."
        )
    return values
