"""Refuses to be imported where HIPS autograd, whose import name is ours, shares the folder. Imports only `os`.

Both orders leave a mixture of two programs. Where ours came last, files of theirs that ours lacks are still there,
and `autograd/__init__.py` finds them by importing this module first. Where theirs came last, their `__init__.py` runs
instead of ours and imports their `tracer.py`; our package `autograd/tracer/` is found before it, and imports this
module. What neither can see is HIPS autograd in another folder that comes first on `sys.path`: nothing of ours is
imported then, until `nn` is.
"""

from __future__ import annotations

import os

# Modules that every HIPS autograd since 1.2 has and this package must never have (tests/test_clash.py).
FOREIGN = ("tracer.py", os.path.join("numpy", "numpy_boxes.py"))


def _refuse_mixture() -> None:
    """Look for HIPS autograd's files among ours; costs a few microseconds.

    Raises:
        ImportError: there are some; the text says where, and what to uninstall.
    """
    here = os.path.dirname(os.path.abspath(__file__))
    for name in FOREIGN:
        found = os.path.join(here, name)
        if os.path.exists(found):
            raise ImportError(
                f"autograd: expected xpgrad's files alone in {here}; got HIPS autograd (the distribution `autograd`) "
                f"installed over or under them: {found}. Uninstall both, since each overwrote files of the other, and "
                "install one: python -m pip uninstall -y autograd xpgrad && python -m pip install xpgrad"
            )


_refuse_mixture()
